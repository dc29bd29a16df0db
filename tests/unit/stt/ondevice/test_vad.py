"""The listener with a detector that takes loud for speech."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.stt.ondevice.segmenter import FRAME_SAMPLES, RATE_HZ, Segment, SpeculativeSegment
from sayso.stt.ondevice.vad import SileroVad

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
    made = SileroVad()
    made._session = Detector()
    return made


def take(*runs):
    """Each run is (seconds, loudness); every sample differs, so that each can be told apart."""
    levels = np.concatenate([np.full(round(s * RATE_HZ), level) for s, level in runs])
    return (levels + np.arange(len(levels)) % 97).astype("<i2")


def told(samples, sizes):
    """All that can be decoded, the audio coming in blocks of these sizes in turn."""
    ears, actions, start, turn = listener(), [], 0, 0
    while start < len(samples):
        stop = start + sizes[turn % len(sizes)]
        actions += ears.feed(samples[start:stop].tobytes())
        start, turn = stop, turn + 1
    return actions + ears.finish()


def segments(samples, sizes=(3200,)):
    return [action for action in told(samples, sizes) if isinstance(action, Segment)]


LONG = take((1, QUIET), (5, LOUD), (1, QUIET), (16, LOUD), (0.9, QUIET), (3, LOUD))


def test_every_loud_sample_is_in_one_segment():
    found = segments(LONG)
    assert [segment.last for segment in found] == [False, False, False, True]
    given = np.concatenate([LONG[segment.start : segment.stop] for segment in found])
    assert np.array_equal(given[given >= LOUD], LONG[LONG >= LOUD])


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 60000), min_size=1, max_size=5).filter(lambda s: sum(s) > 500))
def test_it_does_not_matter_in_which_blocks_the_audio_came(sizes):
    assert told(LONG, sizes) == told(LONG, (len(LONG),))


ENDS = {
    "in the pause that ends a segment": [(5, LOUD), (0.36, QUIET)],
    "just before that": [(5, LOUD), (0.3, QUIET)],
    "in mid-word": [(5, LOUD)],
    "shortly after": [(5, LOUD), (0.6, QUIET), (0.5, LOUD)],
}


@pytest.mark.parametrize("runs", ENDS.values(), ids=ENDS)
def test_nothing_is_lost_wherever_the_key_comes_up(runs):
    samples = take(*runs)
    found = segments(samples, (160,))
    given = np.concatenate([samples[segment.start : segment.stop] for segment in found])
    assert (given >= LOUD).sum() == (samples >= LOUD).sum()
    assert found[-1].stop <= len(samples)


def test_a_pause_is_told_when_it_comes():
    ears = listener()
    assert ears.feed(take((1, LOUD)).tobytes()) == []
    (guess,) = ears.feed(take((0.3, QUIET)).tobytes())
    assert isinstance(guess, SpeculativeSegment)
    assert ears.finish()[-1].speculative == guess


def test_nothing_was_said():
    assert told(take((3, QUIET)), (1000,)) == []
    assert listener().finish() == []
