import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.stt.ondevice.decoding.quality import (
    Hypothesis,
    is_repetitive,
    likely_tokens,
    max_tokens,
    repeats_sentence,
    repeats_tokens,
)

GOOD = Hypothesis(
    text="It was late.",
    tokens=(1, 2, 3, 4),
    token_count=6,
    token_limit=34,
    log_prob=-0.3,
    no_speech_probability=0.1,
    duration_s=2.0,
    language="en",
)

FLAWS = {
    "none": ({}, ""),
    "one token before the limit": ({"token_count": 33}, "capped"),
    "two tokens before the limit": ({"token_count": 32}, ""),
    "one token again and again": ({"tokens": (7, 7, 7, 7, 7)}, "repeats"),
    "a phrase three times": ({"tokens": (1, 2, 1, 2, 1, 2)}, "repeats"),
    "text that is one word": ({"text": "blah " * 30}, "repetitive"),
    "no text for speech": ({"text": ""}, "empty"),
    "no text, and the model hears no speech": ({"text": "", "no_speech_probability": 0.7}, ""),
    "no text for a moment": ({"text": "", "duration_s": 0.7}, ""),
    "a sentence twice": ({"text": " It was late now. It was late now."}, "twice"),
    "two words in two seconds": ({"loud_s": 2.1}, "sparse"),
    "enough for two seconds": ({"loud_s": 2.0}, ""),
    "one word in one second": ({"loud_s": 1.4, "tokens": (1,)}, ""),
    "not sure": ({"log_prob": -1.1}, "unsure"),
    "the worst counts": ({"log_prob": -1.1, "token_count": 34}, "capped"),
}


@pytest.mark.parametrize(("changes", "flaw"), FLAWS.values(), ids=FLAWS)
def test_what_is_wrong_with_a_draft(changes, flaw):
    draft = attrs.evolve(GOOD, **changes)
    assert draft.defect == flaw
    assert draft.is_unusable == (flaw not in ("", "sparse", "unsure"))


REPEATS = {
    "nothing": ((), False),
    "four of one": ((5, 5, 5, 5), False),
    "five of one": ((1, 5, 5, 5, 5, 5), True),
    "a pair twice": ((1, 2, 1, 2), False),
    "a pair three times": ((9, 1, 2, 1, 2, 1, 2, 9), True),
    "three times, but not in a row": ((1, 2, 9, 1, 2, 9, 3, 1, 2), False),
    "fifteen three times": (tuple(range(15)) * 3, True),
    "sixteen three times": (tuple(range(16)) * 3, False),
}


@pytest.mark.parametrize(("tokens", "expected"), REPEATS.values(), ids=REPEATS)
def test_groups_of_tokens_that_come_again(tokens, expected):
    assert repeats_tokens(tokens) is expected


@given(st.lists(st.integers(0, 3), max_size=8), st.lists(st.integers(4, 9), min_size=2, max_size=9))
def test_any_phrase_three_times_is_seen_wherever_it_stands(before, phrase):
    assert repeats_tokens([*before, *phrase * 3, *before])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", False),
        ("It was the best of times, it was the worst of times.", False),
        ("ha" * 60, True),
    ],
)
def test_text_that_can_be_packed_too_small(text, expected):
    assert is_repetitive(text) is expected


TWICE = {
    "nothing": ("", False),
    "four words": ("Go on with it, go on with it", True),
    "three words": ("go on now go on now", False),
    "with one between": ("go on with it then go on with it", False),
    "in the middle": ("So I said that it was good, that it was good, and left.", True),
    "numbers of other signs": ("It is 5, a 6, it is 5 a 6.", True),
}


@pytest.mark.parametrize(("text", "expected"), TWICE.values(), ids=TWICE)
def test_four_words_said_twice_in_a_row(text, expected):
    assert repeats_sentence(text) is expected


def test_more_speech_may_have_more_tokens():
    assert max_tokens(0) == 16
    assert max_tokens(8.5) == 92
    assert likely_tokens(8.5) == 58


@pytest.mark.parametrize(
    ("changes", "loops"),
    [
        ({}, False),
        ({"tokens": (1, 2, 1, 2, 1, 2)}, True),
        ({"text": "so it was late so it was late"}, True),
    ],
)
def test_who_says_the_same_again_and_again_loops(changes, loops):
    assert attrs.evolve(GOOD, token_count=33, **changes).is_looping is loops
