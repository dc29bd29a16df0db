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

DEFECTS = {
    "none": ({}, ""),
    "one token below the limit": ({"token_count": 33}, "token_limit"),
    "two tokens below the limit": ({"token_count": 32}, ""),
    "one token five times": ({"tokens": (7, 7, 7, 7, 7)}, "repeated_tokens"),
    "a phrase three times": ({"tokens": (1, 2, 1, 2, 1, 2)}, "repeated_tokens"),
    "one word only": ({"text": "blah " * 30}, "repetitive"),
    "no text for speech": ({"text": ""}, "empty"),
    "no text, and no speech detected": ({"text": "", "no_speech_probability": 0.7}, ""),
    "no text for short audio": ({"text": "", "duration_s": 0.7}, ""),
    "a sentence twice": ({"text": " It was late now. It was late now."}, "repeated_sentence"),
    "two words in two seconds": ({"loud_s": 2.1}, "too_few_tokens"),
    "enough for two seconds": ({"loud_s": 2.0}, ""),
    "one word in one second": ({"loud_s": 1.4, "tokens": (1,)}, ""),
    "low probability": ({"log_prob": -1.1}, "low_probability"),
    "the most serious of two": ({"log_prob": -1.1, "token_count": 34}, "token_limit"),
}


@pytest.mark.parametrize(("changes", "defect"), DEFECTS.values(), ids=DEFECTS)
def test_defects_are_detected(changes, defect):
    hypothesis = attrs.evolve(GOOD, **changes)
    assert hypothesis.defect == defect
    assert hypothesis.is_unusable == (defect not in ("", "too_few_tokens", "low_probability"))


REPEATED_TOKENS = {
    "none": ((), False),
    "one four times": ((5, 5, 5, 5), False),
    "one five times": ((1, 5, 5, 5, 5, 5), True),
    "a pair twice": ((1, 2, 1, 2), False),
    "a pair three times": ((9, 1, 2, 1, 2, 1, 2, 9), True),
    "three times, but not in a row": ((1, 2, 9, 1, 2, 9, 3, 1, 2), False),
    "fifteen three times": (tuple(range(15)) * 3, True),
    "sixteen three times": (tuple(range(16)) * 3, False),
}


@pytest.mark.parametrize(("tokens", "repeated"), REPEATED_TOKENS.values(), ids=REPEATED_TOKENS)
def test_repeated_groups_of_tokens_are_detected(tokens, repeated):
    assert repeats_tokens(tokens) is repeated


@given(st.lists(st.integers(0, 3), max_size=8), st.lists(st.integers(4, 9), min_size=2, max_size=9))
def test_a_phrase_three_times_is_detected_at_any_position(before, phrase):
    assert repeats_tokens([*before, *phrase * 3, *before])


@pytest.mark.parametrize(
    ("text", "repetitive"),
    [
        ("", False),
        ("It was the best of times, it was the worst of times.", False),
        ("ha" * 60, True),
    ],
)
def test_text_that_compresses_too_well_is_detected(text, repetitive):
    assert is_repetitive(text) is repetitive


REPEATED_SENTENCES = {
    "no text": ("", False),
    "four words": ("Go on with it, go on with it", True),
    "three words": ("go on now go on now", False),
    "a word in between": ("go on with it then go on with it", False),
    "in the middle": ("So I said that it was good, that it was good, and left.", True),
    "with other punctuation": ("It is 5, a 6, it is 5 a 6.", True),
}


@pytest.mark.parametrize(("text", "repeated"), REPEATED_SENTENCES.values(), ids=REPEATED_SENTENCES)
def test_four_words_twice_in_a_row_are_detected(text, repeated):
    assert repeats_sentence(text) is repeated


def test_longer_speech_may_have_more_tokens():
    assert max_tokens(0) == 16
    assert max_tokens(8.5) == 92
    assert likely_tokens(8.5) == 58


LOOPS = {
    "no": ({}, False),
    "tokens": ({"tokens": (1, 2, 1, 2, 1, 2)}, True),
    "words": ({"text": "so it was late so it was late"}, True),
}


@pytest.mark.parametrize(("changes", "looping"), LOOPS.values(), ids=LOOPS)
def test_a_loop_is_distinguished_from_long_text(changes, looping):
    assert attrs.evolve(GOOD, token_count=33, **changes).is_looping is looping
