"""Segmentation with a detector that takes loud audio for speech."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.stt.ondevice.samples import FRAME_SAMPLES, RATE_HZ
from sayso.stt.ondevice.segmenter import Segment, SpeculativeSegment
from sayso.stt.ondevice.vad import SileroVad, VadSegmenter

LOUD, QUIET = 8000, 0


def loudness_vad(frames):
    assert frames.shape[1] == FRAME_SAMPLES
    return np.where(np.abs(frames).mean(1) > 0.1, 0.95, 0.05)


def take(*runs):
    """Return audio of (seconds, loudness); all samples differ, so that they can be identified."""
    levels = np.concatenate([np.full(round(s * RATE_HZ), level) for s, level in runs])
    return (levels + np.arange(len(levels)) % 97).astype("<i2")


def segmented(samples, block_sizes):
    """Return all results for audio that arrives in blocks of these sizes in turn."""
    segmenter, found, start, turn = VadSegmenter(loudness_vad), [], 0, 0
    while start < len(samples):
        stop = start + block_sizes[turn % len(block_sizes)]
        found += segmenter.feed(samples[start:stop].tobytes())
        start, turn = stop, turn + 1
    return found + segmenter.finish()


def segments(samples, block_sizes=(3200,)):
    return [part for part in segmented(samples, block_sizes) if isinstance(part, Segment)]


LONG = take((1, QUIET), (5, LOUD), (1, QUIET), (16, LOUD), (0.9, QUIET), (3, LOUD))


def test_every_loud_sample_is_in_one_segment():
    found = segments(LONG)
    assert [segment.last for segment in found] == [False, False, False, True]
    covered = np.concatenate([LONG[segment.start : segment.stop] for segment in found])
    assert np.array_equal(covered[covered >= LOUD], LONG[LONG >= LOUD])


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 60000), min_size=1, max_size=5).filter(lambda s: sum(s) > 500))
def test_the_block_sizes_do_not_matter(sizes):
    assert segmented(LONG, sizes) == segmented(LONG, (len(LONG),))


ENDS = {
    "in the pause that ends a segment": [(5, LOUD), (0.36, QUIET)],
    "shortly before that": [(5, LOUD), (0.3, QUIET)],
    "inside a word": [(5, LOUD)],
    "shortly after a pause": [(5, LOUD), (0.6, QUIET), (0.5, LOUD)],
}


@pytest.mark.parametrize("runs", ENDS.values(), ids=ENDS)
def test_no_speech_is_lost_at_the_end_of_the_take(runs):
    samples = take(*runs)
    found = segments(samples, (160,))
    covered = np.concatenate([samples[segment.start : segment.stop] for segment in found])
    assert (covered >= LOUD).sum() == (samples >= LOUD).sum()
    assert found[-1].stop <= len(samples)


def test_a_pause_is_decoded_speculatively():
    segmenter = VadSegmenter(loudness_vad)
    assert segmenter.feed(take((1, LOUD)).tobytes()) == []
    (speculative,) = segmenter.feed(take((0.3, QUIET)).tobytes())
    assert isinstance(speculative, SpeculativeSegment)
    assert segmenter.finish()[-1].speculative == speculative


def test_silence_gives_no_segment():
    assert segmented(take((3, QUIET)), (1000,)) == []
    assert VadSegmenter(loudness_vad).finish() == []


def test_the_detector_keeps_its_state_between_calls():
    """The same frames in one call and in several calls have the same probabilities."""
    frames = np.random.default_rng(0).standard_normal((40, FRAME_SAMPLES)).astype(np.float32) / 20
    together, apart = SileroVad(), SileroVad()
    parts = [apart(frames[start : start + 8]) for start in range(0, 40, 8)]
    assert np.concatenate(parts) == pytest.approx(together(frames), abs=1e-4)
