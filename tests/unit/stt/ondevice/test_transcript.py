from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.stt.ondevice.segmenter import Segment, SpeculativeSegment
from sayso.stt.ondevice.transcript import (
    COMPLETE_SPAN_S,
    MAX_SPAN_S,
    RATE_HZ,
    DecodeSpan,
    TranscriptAssembler,
)


def take(*lengths_s):
    """Segments of these lengths, one after the other."""
    rolling, at = TranscriptAssembler(), 0
    for length_s in lengths_s:
        stop = at + int(length_s * RATE_HZ)
        rolling.add(Segment(at, stop))
        at = stop
    return rolling


def test_texts_stand_in_the_order_of_their_segments_and_not_before_those_before_them():
    rolling = take(5, 5, 5)
    rolling.set_text(2, "Three.")
    rolling.set_text(0, "One.")
    assert rolling.text() == "One."
    assert rolling.missing_segments() == [1]
    rolling.set_text(1, "Two.")
    assert rolling.text() == "One. Two. Three."
    assert rolling.missing_segments() == []


def test_what_is_pending_is_shown_until_it_is_a_segment():
    rolling = take(5)
    rolling.set_pending(SpeculativeSegment(5 * RATE_HZ, 7 * RATE_HZ), "And so")
    assert rolling.text() == ""
    rolling.set_text(0, "Yes.")
    assert rolling.text() == "Yes. And so"
    rolling.set_text(rolling.add(Segment(5 * RATE_HZ, 8 * RATE_HZ)), "And so on.")
    assert rolling.text() == "Yes. And so on."


def test_a_run_replaces_the_texts_of_its_segments():
    rolling = take(5, 5, 5)
    run = rolling.next_span()
    assert run == DecodeSpan(0, 3, 0, 15 * RATE_HZ)
    rolling.set_text(0, "wrong")
    rolling.apply_redecode(run, "All three.")
    assert rolling.text() == "All three."
    assert rolling.missing_segments() == []


def test_a_run_without_text_repairs_nothing():
    rolling = take(5)
    rolling.set_text(0, "Yes.")
    rolling.apply_redecode(rolling.next_span(), "")
    assert rolling.text() == "Yes."


def test_a_run_that_lost_a_sentence_repairs_nothing():
    rolling = take(5, 5)
    rolling.set_text(0, "He did it himself.")
    rolling.set_text(1, "He did it himself.")
    rolling.apply_redecode(rolling.next_span(), "He did it himself.")
    assert rolling.text() == "He did it himself. He did it himself."


SAID = "We came home. It was late and it was cold."
REPAIRED = {
    "other words": ("He came home. It was latent. It was old.", True),
    "three words less": ("We came home late and it was cold.", True),
    "four words less in a row": ("It was late and it was cold.", True),
    "a sentence less": ("We came home.", False),
    "a sentence twice": (f"{SAID} It was late and it was cold.", True),
    "a sentence more": (f"{SAID} So we went in.", True),
}


@pytest.mark.parametrize(("text", "taken"), REPAIRED.values(), ids=REPAIRED)
def test_what_a_run_may_change(text, taken):
    rolling = take(5, 5)
    rolling.set_text(0, "We came home.")
    rolling.set_text(1, "It was late and it was cold.")
    rolling.apply_redecode(rolling.next_span(), text)
    assert rolling.text() == (text if taken else SAID)


def test_a_run_is_held_against_the_runs_before_it():
    rolling = take(5, 5)
    rolling.set_text(0, "We game Rome.")
    rolling.apply_redecode(rolling.next_span(), "")
    rolling.set_text(1, "It was late and it was cold.")
    rolling.set_text(rolling.add(Segment(10 * RATE_HZ, 15 * RATE_HZ)), "Yes.")
    rolling.apply_redecode(DecodeSpan(0, 2, 0, 10 * RATE_HZ), SAID)
    rolling.apply_redecode(rolling.next_span(), "It was cold. Yes.")
    assert rolling.text() == f"{SAID} Yes."


def test_a_run_waits_for_enough_that_is_new():
    rolling = take(3)
    assert rolling.next_span(4.0) is None
    rolling.add(Segment(3 * RATE_HZ, 6 * RATE_HZ))
    assert rolling.next_span(4.0) == DecodeSpan(0, 2, 0, 6 * RATE_HZ)
    rolling.add(Segment(6 * RATE_HZ, 9 * RATE_HZ))
    assert rolling.next_span(4.0) is None
    assert rolling.next_span() == DecodeSpan(0, 3, 0, 9 * RATE_HZ)


def test_a_run_that_is_full_does_not_wait():
    rolling = take(12, 12)
    assert rolling.next_span(4.0) == DecodeSpan(0, 2, 0, 24 * RATE_HZ)
    rolling = take(10, 3, 12, 12)
    assert rolling.next_span(30.0) == DecodeSpan(0, 3, 0, 25 * RATE_HZ)
    assert rolling.next_span(30.0) is None


def test_nothing_is_decoded_together_twice():
    rolling = take(5)
    assert rolling.next_span() == DecodeSpan(0, 1, 0, 5 * RATE_HZ)
    assert rolling.next_span() is None
    rolling.add(Segment(5 * RATE_HZ, 10 * RATE_HZ))
    assert rolling.next_span() == DecodeSpan(0, 2, 0, 10 * RATE_HZ)


def test_after_a_long_run_the_next_begins_behind_it():
    rolling = take(8, 8.5)
    assert rolling.next_span() == DecodeSpan(0, 2, 0, int(16.5 * RATE_HZ))
    rolling.add(Segment(int(16.5 * RATE_HZ), 20 * RATE_HZ))
    assert rolling.next_span() == DecodeSpan(2, 3, int(16.5 * RATE_HZ), 20 * RATE_HZ)


def test_a_run_that_would_not_fit_is_made_of_fewer_segments():
    assert take(8, 8, 8, 8).next_span() == DecodeSpan(0, 3, 0, 24 * RATE_HZ)


def test_a_long_pause_is_never_inside_a_run():
    rolling = take(5, 5)
    rolling.add(Segment(13 * RATE_HZ, 15 * RATE_HZ))
    assert rolling.next_span() == DecodeSpan(0, 2, 0, 10 * RATE_HZ)
    assert rolling.next_span() == DecodeSpan(2, 3, 13 * RATE_HZ, 15 * RATE_HZ)
    assert rolling.next_span() is None


def test_what_was_pending_at_the_end_and_was_nothing_is_not_in_the_text():
    rolling = take(5)
    rolling.set_text(0, "Yes.")
    rolling.set_pending(SpeculativeSegment(5 * RATE_HZ, 6 * RATE_HZ), "Uh")
    rolling.clear_pending()
    assert rolling.text() == "Yes."


def test_a_run_ends_where_nobody_spoke_if_it_can():
    rolling = TranscriptAssembler()
    for at, seam in enumerate(["pause", "gap", "gap", "gap"]):
        rolling.add(Segment(8 * at * RATE_HZ, 8 * (at + 1) * RATE_HZ, seam))
    assert rolling.next_span() == DecodeSpan(0, 1, 0, 8 * RATE_HZ)
    assert rolling.next_span() == DecodeSpan(1, 4, 8 * RATE_HZ, 32 * RATE_HZ)


def test_a_long_run_inside_speech_goes_on():
    rolling = TranscriptAssembler()
    for at, seam in enumerate(["pause", "gap"]):
        rolling.add(Segment(9 * at * RATE_HZ, 9 * (at + 1) * RATE_HZ, seam))
    assert rolling.next_span() == DecodeSpan(0, 2, 0, 18 * RATE_HZ)
    rolling.add(Segment(18 * RATE_HZ, 27 * RATE_HZ))
    assert rolling.next_span() == DecodeSpan(0, 3, 0, 27 * RATE_HZ)
    rolling.add(Segment(27 * RATE_HZ, 30 * RATE_HZ))
    assert rolling.next_span() == DecodeSpan(3, 4, 27 * RATE_HZ, 30 * RATE_HZ)


def test_a_run_that_was_decoded_stays_as_it_is_when_no_more_fits():
    rolling = TranscriptAssembler()
    for at, seam in enumerate(["pause", "gap"]):
        rolling.add(Segment(9 * at * RATE_HZ, 9 * (at + 1) * RATE_HZ, seam))
    rolling.apply_redecode(rolling.next_span(), "One, two.")
    assert rolling.text() == "One, two."
    rolling.add(Segment(18 * RATE_HZ, 29 * RATE_HZ))
    run = rolling.next_span()
    assert run == DecodeSpan(2, 3, 18 * RATE_HZ, 29 * RATE_HZ)
    rolling.apply_redecode(run, "Three.")
    assert rolling.text() == "One, two. Three."


def test_a_shorter_run_that_was_waiting_is_not_taken_for_a_longer():
    rolling = take(5, 5)
    first = rolling.next_span()
    rolling.add(Segment(10 * RATE_HZ, 15 * RATE_HZ))
    rolling.set_text(2, "Three.")
    rolling.apply_redecode(first, "One, two.")
    assert rolling.text() == "One, two. Three."


def test_languages_without_spaces_are_joined_without():
    rolling = take(5, 5)
    rolling.set_text(0, "今日は。")
    rolling.set_text(1, "はい。")
    assert rolling.text(spaced=False) == "今日は。はい。"


def test_an_empty_take_has_no_text():
    assert (
        TranscriptAssembler().text(),
        TranscriptAssembler().missing_segments(),
        TranscriptAssembler().next_span(),
    ) == ("", [], None)


LENGTHS = st.lists(st.floats(0.3, 12.3), min_size=1, max_size=30)


@settings(deadline=None)
@given(LENGTHS, st.lists(st.booleans(), min_size=30, max_size=30), st.integers(0, 99))
@pytest.mark.parametrize("in_time", [True, False], ids=["runs in time", "runs late"])
def test_every_segment_is_in_the_text_once_whatever_was_decoded_together(
    in_time, lengths, idle, seed
):
    rolling, at, random = TranscriptAssembler(), 0, Random(seed)
    for number, (length_s, free) in enumerate(zip(lengths, idle, strict=False)):
        stop = at + int(length_s * RATE_HZ)
        seam = random.choice(["pause", "gap", "hard"])
        start = at + random.choice([0, 0, 5]) * RATE_HZ
        rolling.set_text(rolling.add(Segment(start, start + stop - at, seam)), f"w{number}")
        at = start + stop - at
        if free and (run := rolling.next_span()):
            assert (run.stop - run.start) / RATE_HZ <= MAX_SPAN_S
            if in_time:
                rolling.apply_redecode(
                    run, " ".join(f"w{n}" for n in range(run.first_segment, run.end_segment))
                )
    assert rolling.missing_segments() == []
    assert rolling.text() == " ".join(f"w{n}" for n in range(len(lengths)))
    assert COMPLETE_SPAN_S < MAX_SPAN_S
