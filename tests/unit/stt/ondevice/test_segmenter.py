from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.stt.ondevice.segmenter import (
    FINAL_LEAD_OUT_FRAMES,
    FIRST_SPECULATION_DELAY_FRAMES,
    FRAME_SAMPLES,
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


def fed(*runs, quiet=()):
    """Each run is (frames, probability); `quiet` frames are less loud. Released at the end."""
    segmenter, actions, total = Segmenter(), [], 0
    for count, probability in runs:
        for _ in range(count):
            loud = 0.001 if total in quiet or probability < SPEECH_END_PROBABILITY else 0.1
            if action := segmenter.feed(probability, loud):
                actions.append(action)
            total += 1
    if last := segmenter.finish(total * FRAME_SAMPLES):
        actions.append(last)
    return actions


def segments(actions):
    """As (first frame, frame after the last, seam)."""
    return [
        (a.start // FRAME_SAMPLES, a.stop // FRAME_SAMPLES, a.boundary)
        for a in actions
        if isinstance(a, Segment)
    ]


NOTHING = {
    "no audio": [],
    "silence": [(400, NO)],
    "noise that is never certain": [(20, NO), (60, MAYBE), (100, NO)],
    "clicks": [(10, NO), (2, YES)] * 60,
    "too short for a word": [(20, NO), (MIN_SPEECH_FRAMES - 1, YES), (40, NO)],
    "noise for longer than a segment": [(20, NO), (600, MAYBE), (40, NO)],
}


@pytest.mark.parametrize("runs", NOTHING.values(), ids=NOTHING)
def test_what_is_no_speech_is_never_decoded(runs):
    assert fed(*runs) == []


CUT = {
    "a word, the key up at its end": ([(50, NO), (12, YES)], [(50 - LEAD_IN_FRAMES, 62, "pause")]),
    "a word and then silence": (
        [(50, NO), (12, YES), (30, NO)],
        [(50 - LEAD_IN_FRAMES, 62 + FINAL_LEAD_OUT_FRAMES, "pause")],
    ),
    "speech from the first frame": ([(30, YES), (4, NO)], [(0, 34, "pause")]),
    "a pause in a short segment does not end it": (
        [(20, NO), (50, YES), (20, NO), (30, YES)],
        [(20 - LEAD_IN_FRAMES, 120, "pause")],
    ),
    "a pause after four seconds does": (
        [(20, NO), (130, YES), (20, NO), (30, YES)],
        [
            (20 - LEAD_IN_FRAMES, 150 + LEAD_OUT_FRAMES, "pause"),
            (170 - LEAD_IN_FRAMES, 200, "pause"),
        ],
    ),
    "a long pause ends a short one": (
        [(20, NO), (20, YES), (100, NO), (20, YES)],
        [
            (20 - LEAD_IN_FRAMES, 40 + LEAD_OUT_FRAMES, "pause"),
            (140 - LEAD_IN_FRAMES, 160, "pause"),
        ],
    ),
    "a click before speech is left out": (
        [(20, NO), (2, YES), (100, NO), (20, YES)],
        [(122 - LEAD_IN_FRAMES, 142, "pause")],
    ),
    "nobody pauses, but there is a gap": (
        [(9, NO), (110, YES), (6, NO), (180, YES)],
        [(0, 120, "gap"), (120, 305, "pause")],
    ),
    "a pause that came too early ends it later": (
        [(9, NO), (90, YES), (16, NO), (200, YES)],
        [(0, 100, "pause"), (100, 315, "pause")],
    ),
    "of two gaps the longer": (
        [(9, NO), (110, YES), (5, NO), (40, YES), (8, NO), (130, YES)],
        [(0, 165, "gap"), (165, 302, "pause")],
    ),
}


@pytest.mark.parametrize(("runs", "expected"), CUT.values(), ids=CUT)
def test_segments_end_where_somebody_pauses(runs, expected):
    assert segments(fed(*runs)) == expected


def test_where_there_is_no_gap_the_quietest_moment_is_cut():
    assert segments(fed((400, YES), quiet=(299, 300, 301))) == [
        (0, 300, "hard"),
        (300, 400, "pause"),
    ]


def test_a_gap_too_early_or_too_short_is_none():
    early = [(40, YES), (8, NO), (HARD_LIMIT_FRAMES - 47, YES)]
    short = [(150, YES), (4, NO), (HARD_LIMIT_FRAMES - 153, YES)]
    assert [seam for *_, seam in segments(fed(*early))] == ["hard", "pause"]
    assert [seam for *_, seam in segments(fed(*short))] == ["hard", "pause"]


def test_a_pause_is_guessed_at_once():
    actions = fed((20, NO), (40, YES), (SPECULATION_PAUSE_FRAMES, NO))
    guess = SpeculativeSegment(
        (20 - LEAD_IN_FRAMES) * FRAME_SAMPLES, (60 + SPECULATION_PAUSE_FRAMES) * FRAME_SAMPLES
    )
    assert actions[0] == guess
    assert actions[1].speculative == guess
    assert len(actions) == 2


def test_the_guess_at_a_pause_is_the_text_of_the_segment_it_ends():
    cut = next(a for a in fed((150, YES), (40, NO)) if isinstance(a, Segment))
    assert cut.speculative == SpeculativeSegment(
        0, (150 + SPECULATION_PAUSE_FRAMES) * FRAME_SAMPLES
    )


def test_a_guess_that_misses_the_last_words_is_not_taken():
    last = fed((40, YES), (SPECULATION_PAUSE_FRAMES, NO), (10, YES))[-1]
    assert isinstance(last, Segment)
    assert last.speculative is None


def test_a_guess_that_has_words_of_the_next_segment_is_not_taken():
    cut = next(
        a
        for a in fed((120, YES), (8, NO), (30, YES), (7, NO), (130, YES))
        if isinstance(a, Segment)
    )
    assert cut.boundary == "gap"
    assert cut.speculative == SpeculativeSegment(
        0, (120 + SPECULATION_PAUSE_FRAMES) * FRAME_SAMPLES
    )


def test_somebody_who_does_not_pause_is_guessed_again_and_again():
    guesses = [a for a in fed((SOFT_LIMIT_FRAMES, YES)) if isinstance(a, SpeculativeSegment)]
    assert [guess.stop for guess in guesses] == [
        (FIRST_SPECULATION_DELAY_FRAMES + count * SPECULATION_INTERVAL_FRAMES) * FRAME_SAMPLES
        for count in range(1, 6)
    ]
    assert all(guess.start == 0 for guess in guesses)


@pytest.mark.parametrize(
    ("flags", "count"),
    [("", 0), ("--", 0), ("-##-", 0), ("-###-", 3), ("##-####-##", 4), ("###-###", 6)],
)
def test_runs_of_clicks_are_not_heard(flags, count):
    assert count_speech_frames([flag == "#" for flag in flags]) == count


RUN = st.tuples(st.integers(1, 120), st.sampled_from([YES, YES, MAYBE, 0.4, NO, NO]))


@settings(deadline=None)  # the computer may be busy
@given(st.lists(RUN, max_size=15), st.integers(0, 99), st.integers(0, 511))
def test_every_take_is_cut_in_order_and_no_speech_is_lost(runs, seed, missing):
    random = Random(seed)
    probabilities = [probability for count, probability in runs for _ in range(count)]
    total = max(0, len(probabilities) * FRAME_SAMPLES - missing)  # the last frame may be short
    segmenter, found, pending, verdicts, speaking = Segmenter(), [], 0, [], False
    for number, probability in enumerate(probabilities):
        speaking = probability >= (SPEECH_END_PROBABILITY if speaking else SPEECH_START_PROBABILITY)
        verdicts.append(speaking)
        action = segmenter.feed(probability, random.random())
        if isinstance(action, SpeculativeSegment):
            assert pending <= action.start < action.stop == (number + 1) * FRAME_SAMPLES
        elif action:
            assert pending <= action.start < action.stop <= (number + 1) * FRAME_SAMPLES
            assert not action.last
            found.append(action)
            pending = action.stop
    if last := segmenter.finish(total):
        assert pending <= last.start <= last.stop <= total
        assert last.last
        found.append(last)
    for segment in found:
        assert (
            segment.stop - segment.start
            < (HARD_LIMIT_FRAMES + FINAL_LEAD_OUT_FRAMES) * FRAME_SAMPLES
        )
        if segment.speculative:
            low, high = sorted((segment.speculative.stop, segment.stop))
            assert segment.speculative.start == segment.start
            between = verdicts[-(-low // FRAME_SAMPLES) : high // FRAME_SAMPLES]
            assert not any(between)
    _left_out(probabilities, verdicts, found)


def _left_out(probabilities, verdicts, found):
    """What lies between segments, or after them, is not speech, or only a click of it."""
    stops = [0, *(-(-s.stop // FRAME_SAMPLES) for s in found)]
    starts = [*(s.start // FRAME_SAMPLES for s in found), len(verdicts)]
    for stop, start in zip(stops, starts, strict=True):
        run = best = 0
        certain = False
        for probability, flag in zip(probabilities[stop:start], verdicts[stop:start], strict=True):
            certain = flag and (certain or probability >= MIN_PEAK_PROBABILITY)
            run = run + 1 if flag else 0
            best = max(best, run if certain else 0)
        assert best < max(MIN_SPEECH_FRAMES, MIN_RUN_FRAMES)
