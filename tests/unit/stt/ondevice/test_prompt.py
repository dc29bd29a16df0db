import pytest

from sayso.stt.ondevice.decoding.prompt import build_prompt, caused_by_prompt, leaks_prompt

NAMES = ("Saoirse", "Kubernetes", "Forgejo")
PROMPT = "About servers. With Saoirse, Kubernetes, Forgejo."

PROMPTS = {
    "neither": ("", (), ""),
    "a topic": (" About servers. ", (), "About servers."),
    "keywords": ("", NAMES, "With Saoirse, Kubernetes, Forgejo."),
    "both": ("About servers.", NAMES, PROMPT),
}


@pytest.mark.parametrize(("topic", "keywords", "prompt"), PROMPTS.values(), ids=PROMPTS)
def test_keywords_become_a_sentence_at_the_end(topic, keywords, prompt):
    assert build_prompt(topic, keywords) == prompt


LEAKS = {
    "no text": ("", PROMPT, False),
    "no prompt": ("Kubernetes", "", False),
    "the whole prompt": (PROMPT, PROMPT, True),
    "one word": ("kubernetes!", PROMPT, True),
    "the end of the prompt": ("Kubernetes, Forgejo", PROMPT, True),
    "a long part among other words": ("And so Saoirse Kubernetes Forgejo it is.", PROMPT, True),
    "a name in a sentence": ("Ask Saoirse whether the cluster is ready.", PROMPT, False),
    "other words": ("The train leaves at nine.", PROMPT, False),
    "no letters": ("...", PROMPT, False),
    "a language without spaces": ("关于服务器的会议", "关于服务器的会议和预算", True),
}


@pytest.mark.parametrize(("text", "prompt", "leaks"), LEAKS.values(), ids=LEAKS)
def test_text_from_the_prompt_is_detected(text, prompt, leaks):
    assert leaks_prompt(text, prompt) == leaks


CAUSED = {
    "silence": ("Kubernetes", "", True),
    "a click": ("Saoirse, Kubernetes, Forgejo", "you", True),
    "a corrected name": ("Kubernetes", "Cooper Netties", False),
    "a corrected short name": ("Siobhan", "Shiv on", False),
    "an added phrase": ("It is ready. Saoirse, Kubernetes, Forgejo", "It is ready.", True),
    "no text at all": ("", "", False),
}


@pytest.mark.parametrize(("text", "unprompted", "caused"), CAUSED.values(), ids=CAUSED)
def test_leaked_text_is_distinguished_from_corrected_names(text, unprompted, caused):
    assert caused_by_prompt(text, unprompted) == caused
