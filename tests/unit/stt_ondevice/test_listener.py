"""The listener with a detector that takes loud for speech."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.stt.ondevice.listener import Listener
from sayso.stt.ondevice.speech import FRAME_SAMPLES, RATE_HZ

LOUD, QUIET = 8000, 0


class Detector:
    """Follows silero's session: frames with 64 samples of context, and its state handed on."""

    def run(self, _, given):
        frames = given["input"]
        assert frames.shape[1] == 64 + FRAME_SAMPLES
        assert np.array_equal(frames[1:, :64], frames[:-1, -64:])
        loud = np.abs(frames[:, 64:]).mean(1) > 0.1
        return np.where(loud, 0.95, 0.05), given["h"] + len(frames), given["c"]


def listener():
    made = Listener()
    made._session = Detector()
    return made


def take(*runs):
    """Each run is (seconds, loudness); every sample differs, so that each can be told apart."""
    levels = np.concatenate([np.full(round(s * RATE_HZ), level) for s, level in runs])
    return (levels + np.arange(len(levels)) % 97).astype("<i2")


def heard(samples, sizes):
    """All parts and the rest, and how many there were."""
    ears, given, start, turn = listener(), [], 0, 0
    while start < len(samples):
        stop = start + sizes[turn % len(sizes)]
        ears.feed(samples[start:stop].tobytes())
        given += ears.parts()
        start, turn = stop, turn + 1
    ears.end()
    given += ears.parts()
    return [*given, ears.rest()]


LONG = take((1, QUIET), (11, LOUD), (1, QUIET), (12, LOUD), (0.9, QUIET), (3, LOUD))


def test_what_is_given_while_it_goes_on_and_at_the_end_is_all_of_the_speech():
    parts = heard(LONG, (8000,))
    assert len(parts) == 3
    loud = LONG[LONG >= LOUD].astype(np.float32) / 32768
    given = np.concatenate(parts)
    assert np.array_equal(given[given >= LOUD / 32768], loud)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 60000), min_size=1, max_size=5).filter(lambda s: sum(s) > 500))
def test_it_does_not_matter_in_which_blocks_the_audio_came(sizes):
    for one, other in zip(heard(LONG, sizes), heard(LONG, (len(LONG),)), strict=True):
        assert np.array_equal(one, other)


ENDS = {
    "in the pause that ends a part": [(11, LOUD), (0.505, QUIET)],
    "just before that": [(11, LOUD), (0.45, QUIET)],
    "in mid-word": [(11, LOUD)],
    "shortly after": [(11, LOUD), (0.6, QUIET), (0.5, LOUD)],
}


@pytest.mark.parametrize("runs", ENDS.values(), ids=ENDS)
def test_nothing_is_lost_wherever_the_key_comes_up(runs):
    samples = take(*runs)
    given = np.concatenate(heard(samples, (160,)))
    assert (given >= LOUD / 32768).sum() == (samples >= LOUD).sum()


def test_nothing_was_said():
    (rest,) = heard(take((3, QUIET)), (1000,))
    assert len(rest) == 0
    ears = listener()
    ears.end()
    assert len(ears.rest()) == 0
