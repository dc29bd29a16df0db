import attrs
import pytest

from sayso.stt.ondevice.decoder import Draft, repeats, repetitive

GOOD = Draft(
    text="He was not an ill-disposed young man.",
    raw=" He was not an ill-disposed young man.",
    tokens=(1, 2, 3, 4, 5, 6, 7, 8),
    most_tokens=43,
    log_prob=-0.3,
    language="en",
)

UNSURE = {
    "the model doubts": {"log_prob": -0.37},
    "empty": {"text": "", "raw": ""},
    "cut off at the most tokens": {"most_tokens": 9},
    "a group three times": {"tokens": (9, 1, 2, 1, 2, 1, 2)},
    "a word five times": {"tokens": (7, 7, 7, 7, 7)},
    "a text that compresses too well": {"raw": "hello world " * 20},
}


@pytest.mark.parametrize("flaw", UNSURE.values(), ids=UNSURE)
def test_a_flawed_draft_is_not_taken(flaw):
    assert GOOD.sure
    assert not attrs.evolve(GOOD, **flaw).sure


REPEATS = {
    "none": ((1, 2, 3, 4), False),
    "a word four times": ((1, 1, 1, 1), False),
    "a word five times": ((3, 1, 1, 1, 1, 1, 4), True),
    "a pair twice": ((1, 2, 1, 2), False),
    "a pair three times": ((1, 2, 1, 2, 1, 2), True),
    "three words three times at the end": ((8, 9, 1, 2, 3, 1, 2, 3, 1, 2, 3), True),
    "nothing": ((), False),
}


@pytest.mark.parametrize(("tokens", "repeated"), REPEATS.values(), ids=REPEATS)
def test_what_counts_as_going_round_in_circles(tokens, repeated):
    assert repeats(tokens) is repeated


def test_a_text_that_repeats_itself_is_seen_by_its_size():
    assert repetitive("yes and no " * 30)
    assert not repetitive("He might even have been made amiable himself.")
    assert not repetitive("")
