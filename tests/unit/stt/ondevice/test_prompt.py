import pytest

from sayso.stt.ondevice.decoding.prompt import build_prompt, caused_by_prompt, leaks_prompt

NAMES = ("Saoirse", "Kubernetes", "Forgejo")
HINT = "About servers. With Saoirse, Kubernetes, Forgejo."

HINTS = {
    "neither": ("", (), ""),
    "a sentence": (" About servers. ", (), "About servers."),
    "words": ("", NAMES, "With Saoirse, Kubernetes, Forgejo."),
    "both": ("About servers.", NAMES, HINT),
}


@pytest.mark.parametrize(("prompt", "keywords", "told"), HINTS.values(), ids=HINTS)
def test_words_make_a_sentence_at_the_end(prompt, keywords, told):
    assert build_prompt(prompt, keywords) == told


ECHOES = {
    "nothing": ("", HINT, False),
    "no hint": ("Kubernetes", "", False),
    "all of it": (HINT, HINT, True),
    "one word": ("kubernetes!", HINT, True),
    "the end of it": ("Kubernetes, Forgejo", HINT, True),
    "a long part among other words": ("And so Saoirse Kubernetes Forgejo it is.", HINT, True),
    "a name in a sentence": ("Ask Saoirse whether the cluster is ready.", HINT, False),
    "other words": ("The train leaves at nine.", HINT, False),
    "no letters": ("...", HINT, False),
    "without spaces": ("关于服务器的会议", "关于服务器的会议和预算", True),
}


@pytest.mark.parametrize(("text", "told", "suspect"), ECHOES.values(), ids=ECHOES)
def test_what_stands_in_the_hint_is_looked_into(text, told, suspect):
    assert leaks_prompt(text, told) == suspect


ADDED = {
    "nothing was said": ("Kubernetes", "", True),
    "a click": ("Saoirse, Kubernetes, Forgejo", "you", True),
    "a name put right": ("Kubernetes", "Cooper Netties", False),
    "a short name put right": ("Siobhan", "Shiv on", False),
    "a phrase more": ("It is ready. Saoirse, Kubernetes, Forgejo", "It is ready.", True),
    "neither has any": ("", "", False),
}


@pytest.mark.parametrize(("text", "without", "more"), ADDED.values(), ids=ADDED)
def test_what_only_the_hint_brought_is_told_from_what_it_put_right(text, without, more):
    assert caused_by_prompt(text, without) == more
