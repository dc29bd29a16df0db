from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.stt.ondevice.samples import FRAME_SAMPLES
from sayso.stt.ondevice.segmenter import (
    FINAL_LEAD_OUT_FRAMES,
    FIRST_SPECULATION_DELAY_FRAMES,
    HARD_LIMIT_FRAMES,
    LEAD_IN_FRAMES,
    LEAD_OUT_FRAMES,
    MIN_PEAK_PROBABILITY,
    MIN_RUN_FRAMES,
    MIN_SPEECH_FRAMES,
    SOFT_LIMIT_FRAMES,
    SPECULATION_INTERVAL_FRAMES,
    SPECULATION_PAUSE_FRAMES,
    SPEECH_END_PROBABILITY,
    SPEECH_START_PROBABILITY,
    Segment,
    Segmenter,
    SpeculativeSegment,
    count_speech_frames,
)

YES, MAYBE, NO = 0.95, 0.6, 0.02


def segmented(*runs, quiet=()):
    """Return all results for runs of (frames, probability); `quiet` frames are less loud."""
    segmenter, found, total = Segmenter(), [], 0
    for count, probability in runs:
        for _ in range(count):
            rms = 0.001 if total in quiet or probability < SPEECH_END_PROBABILITY else 0.1
            if part := segmenter.feed(probability, rms):
                found.append(part)
            total += 1
    if last := segmenter.finish(total * FRAME_SAMPLES):
        found.append(last)
    return found


def segments(*runs, quiet=()):
    return [part for part in segmented(*runs, quiet=quiet) if isinstance(part, Segment)]


def frames_of(found):
    """Return (first frame, frame after the last, boundary) of each segment."""
    return [(s.start // FRAME_SAMPLES, s.stop // FRAME_SAMPLES, s.boundary) for s in found]


NO_SPEECH = {
    "no audio": [],
    "silence": [(400, NO)],
    "noise of medium probability": [(20, NO), (60, MAYBE), (100, NO)],
    "clicks": [(10, NO), (2, YES)] * 60,
    "too short for a word": [(20, NO), (MIN_SPEECH_FRAMES - 1, YES), (40, NO)],
    "noise that is longer than a segment": [(20, NO), (600, MAYBE), (40, NO)],
}


@pytest.mark.parametrize("runs", NO_SPEECH.values(), ids=NO_SPEECH)
def test_audio_without_speech_is_never_decoded(runs):
    assert segmented(*runs) == []


CUTS = {
    "a word at the end of the take": ([(50, NO), (12, YES)], [(50 - LEAD_IN_FRAMES, 62, "pause")]),
    "a word and then silence": (
        [(50, NO), (12, YES), (30, NO)],
        [(50 - LEAD_IN_FRAMES, 62 + FINAL_LEAD_OUT_FRAMES, "pause")],
    ),
    "speech from the first frame": ([(30, YES), (4, NO)], [(0, 34, "pause")]),
    "a pause in a short segment does not end it": (
        [(20, NO), (50, YES), (20, NO), (30, YES)],
        [(20 - LEAD_IN_FRAMES, 120, "pause")],
    ),
    "a pause after four seconds ends it": (
        [(20, NO), (130, YES), (20, NO), (30, YES)],
        [(20 - LEAD_IN_FRAMES, 150 + LEAD_OUT_FRAMES, "pause"),
         (170 - LEAD_IN_FRAMES, 200, "pause")],
    ),
    "a long pause ends a short segment": (
        [(20, NO), (20, YES), (100, NO), (20, YES)],
        [(20 - LEAD_IN_FRAMES, 40 + LEAD_OUT_FRAMES, "pause"),
         (140 - LEAD_IN_FRAMES, 160, "pause")],
    ),
    "a click before speech is left out": (
        [(20, NO), (2, YES), (100, NO), (20, YES)],
        [(122 - LEAD_IN_FRAMES, 142, "pause")],
    ),
    "a gap instead of a pause": (
        [(9, NO), (110, YES), (6, NO), (180, YES)],
        [(0, 120, "gap"), (120, 305, "pause")],
    ),
    "a pause that came too early ends it later": (
        [(9, NO), (90, YES), (16, NO), (200, YES)],
        [(0, 100, "pause"), (100, 315, "pause")],
    ),
    "the longer of two gaps": (
        [(9, NO), (110, YES), (5, NO), (40, YES), (8, NO), (130, YES)],
        [(0, 165, "gap"), (165, 302, "pause")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("runs", "expected"), CUTS.values(), ids=CUTS)
def test_segments_end_at_pauses_and_gaps(runs, expected):
    assert frames_of(segments(*runs)) == expected


def test_without_a_gap_a_segment_ends_at_the_quietest_moment():
    found = segments((400, YES), quiet=(299, 300, 301))
    assert frames_of(found) == [(0, 300, "hard"), (300, 400, "pause")]


NO_GAPS = {
    "too early": [(40, YES), (8, NO), (HARD_LIMIT_FRAMES - 47, YES)],
    "too short": [(150, YES), (4, NO), (HARD_LIMIT_FRAMES - 153, YES)],
}


@pytest.mark.parametrize("runs", NO_GAPS.values(), ids=NO_GAPS)
def test_a_gap_that_is_too_early_or_too_short_is_not_used(runs):
    assert [segment.boundary for segment in segments(*runs)] == ["hard", "pause"]


def test_a_pause_is_decoded_speculatively():
    speculative, segment = segmented((20, NO), (40, YES), (SPECULATION_PAUSE_FRAMES, NO))
    start, stop = 20 - LEAD_IN_FRAMES, 60 + SPECULATION_PAUSE_FRAMES
    assert speculative == SpeculativeSegment(start * FRAME_SAMPLES, stop * FRAME_SAMPLES)
    assert segment.speculative == speculative


SPECULATIVE = {
    "at the pause that ends the segment": ([(150, YES), (40, NO)], "pause", 150),
    "without the last words": (
        [(40, YES), (SPECULATION_PAUSE_FRAMES, NO), (10, YES)], "pause", None,
    ),
    "before one with words of the next segment": (
        [(120, YES), (8, NO), (30, YES), (7, NO), (130, YES)], "gap", 120,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("runs", "boundary", "spoken"), SPECULATIVE.values(), ids=SPECULATIVE)
def test_a_speculative_segment_is_used_if_it_has_the_same_words(runs, boundary, spoken):
    found = segments(*runs)[0]
    assert found.boundary == boundary
    stop = ((spoken or 0) + SPECULATION_PAUSE_FRAMES) * FRAME_SAMPLES
    assert found.speculative == (SpeculativeSegment(0, stop) if spoken else None)


def test_continuous_speech_is_decoded_speculatively_at_regular_intervals():
    found = [p for p in segmented((SOFT_LIMIT_FRAMES, YES)) if isinstance(p, SpeculativeSegment)]
    assert [part.stop for part in found] == [
        (FIRST_SPECULATION_DELAY_FRAMES + count * SPECULATION_INTERVAL_FRAMES) * FRAME_SAMPLES
        for count in range(1, 6)
    ]
    assert all(part.start == 0 for part in found)


@pytest.mark.parametrize(
    ("flags", "count"),
    [("", 0), ("--", 0), ("-##-", 0), ("-###-", 3), ("##-####-##", 4), ("###-###", 6)],
)
def test_clicks_are_not_counted_as_speech(flags, count):
    assert count_speech_frames([flag == "#" for flag in flags]) == count


RUN = st.tuples(st.integers(1, 120), st.sampled_from([YES, YES, MAYBE, 0.4, NO, NO]))


@settings(deadline=None)  # the computer may be busy
@given(st.lists(RUN, max_size=15), st.integers(0, 99), st.integers(0, 511))
def test_segments_are_in_order_and_no_speech_is_lost(runs, seed, missing):
    random = Random(seed)
    probabilities = [probability for count, probability in runs for _ in range(count)]
    total = max(0, len(probabilities) * FRAME_SAMPLES - missing)  # the last frame may be short
    segmenter, found, free, flags, speaking = Segmenter(), [], 0, [], False
    for number, probability in enumerate(probabilities):
        threshold = SPEECH_END_PROBABILITY if speaking else SPEECH_START_PROBABILITY
        speaking = probability >= threshold
        flags.append(speaking)
        part = segmenter.feed(probability, random.random())
        if isinstance(part, SpeculativeSegment):
            assert free <= part.start < part.stop == (number + 1) * FRAME_SAMPLES
        elif part:
            assert free <= part.start < part.stop <= (number + 1) * FRAME_SAMPLES
            assert not part.last
            found.append(part)
            free = part.stop
    if last := segmenter.finish(total):
        assert free <= last.start <= last.stop <= total
        assert last.last
        found.append(last)
    for segment in found:
        longest = HARD_LIMIT_FRAMES + FINAL_LEAD_OUT_FRAMES
        assert segment.stop - segment.start < longest * FRAME_SAMPLES
        if segment.speculative:
            low, high = sorted((segment.speculative.stop, segment.stop))
            assert segment.speculative.start == segment.start
            assert not any(flags[-(-low // FRAME_SAMPLES) : high // FRAME_SAMPLES])
    _check_audio_outside(probabilities, flags, found)


def _check_audio_outside(probabilities, flags, found):
    """The audio outside the segments is not speech, or a click at the most."""
    stops = [0, *(-(-s.stop // FRAME_SAMPLES) for s in found)]
    starts = [*(s.start // FRAME_SAMPLES for s in found), len(flags)]
    for stop, start in zip(stops, starts, strict=True):
        run = longest = 0
        certain = False
        for probability, flag in zip(probabilities[stop:start], flags[stop:start], strict=True):
            certain = flag and (certain or probability >= MIN_PEAK_PROBABILITY)
            run = run + 1 if flag else 0
            longest = max(longest, run if certain else 0)
        assert longest < max(MIN_SPEECH_FRAMES, MIN_RUN_FRAMES)
