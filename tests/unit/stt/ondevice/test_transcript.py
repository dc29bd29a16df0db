from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.stt.ondevice.samples import RATE_HZ
from sayso.stt.ondevice.segmenter import Segment, SpeculativeSegment
from sayso.stt.ondevice.transcript import (
    COMPLETE_SPAN_S,
    MAX_SPAN_S,
    DecodeSpan,
    TranscriptAssembler,
)


def segment(start_s, stop_s, boundary="pause"):
    return Segment(int(start_s * RATE_HZ), int(stop_s * RATE_HZ), boundary)


def span(first, end, start_s, stop_s):
    return DecodeSpan(first, end, int(start_s * RATE_HZ), int(stop_s * RATE_HZ))


def assembler(*lengths_s, boundaries=None, texts=()):
    """Return one with consecutive segments of these lengths."""
    made, at_s = TranscriptAssembler(), 0.0
    for number, length_s in enumerate(lengths_s):
        made.add(segment(at_s, at_s + length_s, boundaries[number] if boundaries else "pause"))
        at_s += length_s
    for number, text in enumerate(texts):
        made.set_text(number, text)
    return made


def test_texts_are_in_the_order_of_their_segments_and_wait_for_earlier_ones():
    transcript = assembler(5, 5, 5)
    transcript.set_text(2, "Three.")
    transcript.set_text(0, "One.")
    assert transcript.text() == "One."
    assert transcript.missing_segments() == [1]
    transcript.set_text(1, "Two.")
    assert transcript.text() == "One. Two. Three."
    assert transcript.missing_segments() == []


def test_pending_text_is_shown_until_its_segment_exists():
    transcript = assembler(5)
    transcript.set_pending(SpeculativeSegment(5 * RATE_HZ, 7 * RATE_HZ), "And so")
    assert transcript.text() == ""
    transcript.set_text(0, "Yes.")
    assert transcript.text() == "Yes. And so"
    transcript.clear_pending()
    assert transcript.text() == "Yes."
    transcript.set_pending(SpeculativeSegment(5 * RATE_HZ, 7 * RATE_HZ), "And so")
    transcript.set_text(transcript.add(segment(5, 8)), "And so on.")
    assert transcript.text() == "Yes. And so on."


def test_a_span_replaces_the_texts_of_its_segments():
    transcript = assembler(5, 5, 5)
    found = transcript.next_span()
    assert found == span(0, 3, 0, 15)
    transcript.set_text(0, "wrong")
    transcript.apply_redecode(found, "All three.")
    assert transcript.text() == "All three."
    assert transcript.missing_segments() == []


SAID = "We came home. It was late and it was cold."
REDECODES = {
    "no text": ("", False),
    "other words": ("He came home. It was latent. It was old.", True),
    "three words less": ("We came home late and it was cold.", True),
    "the first sentence missing": ("It was late and it was cold.", True),
    "the second sentence missing": ("We came home.", False),
    "a sentence twice": (f"{SAID} It was late and it was cold.", True),
    "an additional sentence": (f"{SAID} So we went in.", True),
}


@pytest.mark.parametrize(("text", "used"), REDECODES.values(), ids=REDECODES)
def test_spans_may_change_words_but_not_drop_sentences(text, used):
    transcript = assembler(5, 5, texts=["We came home.", "It was late and it was cold."])
    transcript.apply_redecode(transcript.next_span(), text)
    assert transcript.text() == (text if used else SAID)


def test_a_span_that_drops_a_repeated_sentence_is_not_used():
    transcript = assembler(5, 5, texts=["He did it himself."] * 2)
    transcript.apply_redecode(transcript.next_span(), "He did it himself.")
    assert transcript.text() == "He did it himself. He did it himself."


def test_a_span_is_compared_with_the_earlier_span():
    transcript = assembler(5, 5, texts=["We game Rome."])
    transcript.apply_redecode(transcript.next_span(), "")
    transcript.set_text(1, "It was late and it was cold.")
    transcript.set_text(transcript.add(segment(10, 15)), "Yes.")
    transcript.apply_redecode(span(0, 2, 0, 10), SAID)
    transcript.apply_redecode(transcript.next_span(), "It was cold. Yes.")
    assert transcript.text() == f"{SAID} Yes."


def test_a_span_waits_for_enough_new_audio():
    transcript = assembler(3)
    assert transcript.next_span(4.0) is None
    transcript.add(segment(3, 6))
    assert transcript.next_span(4.0) == span(0, 2, 0, 6)
    transcript.add(segment(6, 9))
    assert transcript.next_span(4.0) is None
    assert transcript.next_span() == span(0, 3, 0, 9)


def test_a_full_span_does_not_wait():
    assert assembler(12, 12).next_span(4.0) == span(0, 2, 0, 24)
    transcript = assembler(10, 3, 12, 12)
    assert transcript.next_span(30.0) == span(0, 3, 0, 25)
    assert transcript.next_span(30.0) is None


SPANS = {
    "none is decoded twice": ([(0, 5), (5, 10)], [span(0, 1, 0, 5), span(0, 2, 0, 10)]),
    "after a complete span the next one starts": (
        [(0, 8), (8, 16.5), (16.5, 20)],
        [span(0, 1, 0, 8), span(0, 2, 0, 16.5), span(2, 3, 16.5, 20)],
    ),
    "a span never contains a long pause": (
        [(0, 10), (13, 15)], [span(0, 1, 0, 10), span(1, 2, 13, 15)],
    ),
    "a long span that ends inside speech is continued": (
        [(0, 9), (9, 18, "gap"), (18, 27), (27, 30)],
        [span(0, 1, 0, 9), span(0, 2, 0, 18), span(0, 3, 0, 27), span(3, 4, 27, 30)],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("segments", "spans"), SPANS.values(), ids=SPANS)
def test_a_span_is_decoded_after_each_segment(segments, spans):
    transcript, found = TranscriptAssembler(), []
    for arguments in segments:
        transcript.add(segment(*arguments))
        while next_span := transcript.next_span():
            found.append(next_span)
    assert found == spans


def test_a_full_span_fits_into_one_window_and_ends_at_a_pause_if_possible():
    assert assembler(8, 8, 8, 8).next_span() == span(0, 3, 0, 24)
    transcript = assembler(8, 8, 8, 8, boundaries=["pause", "gap", "gap", "gap"])
    assert transcript.next_span() == span(0, 1, 0, 8)
    assert transcript.next_span() == span(1, 4, 8, 32)


def test_a_decoded_span_is_kept_if_no_more_segments_fit():
    transcript = assembler(9, 9, boundaries=["pause", "gap"])
    transcript.apply_redecode(transcript.next_span(), "One, two.")
    assert transcript.text() == "One, two."
    transcript.add(segment(18, 29))
    found = transcript.next_span()
    assert found == span(2, 3, 18, 29)
    transcript.apply_redecode(found, "Three.")
    assert transcript.text() == "One, two. Three."


def test_the_text_of_a_span_covers_only_its_own_segments():
    transcript = assembler(5, 5)
    first = transcript.next_span()
    transcript.set_text(transcript.add(segment(10, 15)), "Three.")
    transcript.apply_redecode(first, "One, two.")
    assert transcript.text() == "One, two. Three."


def test_languages_without_spaces_are_joined_without_spaces():
    transcript = assembler(5, 5, texts=["今日は。", "はい。"])
    assert transcript.text(spaced=False) == "今日は。はい。"


def test_an_empty_take_has_no_text():
    transcript = TranscriptAssembler()
    assert (transcript.text(), transcript.missing_segments()) == ("", [])
    assert transcript.next_span() is None


LENGTHS = st.lists(st.floats(0.3, 12.3), min_size=1, max_size=30)


@settings(deadline=None)
@given(LENGTHS, st.lists(st.booleans(), min_size=30, max_size=30), st.integers(0, 99))
@pytest.mark.parametrize("in_time", [True, False], ids=["spans in time", "spans late"])
def test_every_segment_is_in_the_text_once(in_time, lengths, idle, seed):
    transcript, at, random = TranscriptAssembler(), 0, Random(seed)
    for number, (length_s, is_idle) in enumerate(zip(lengths, idle, strict=False)):
        start = at + random.choice([0, 0, 5]) * RATE_HZ
        at = start + int(length_s * RATE_HZ)
        boundary = random.choice(["pause", "gap", "hard"])
        transcript.set_text(transcript.add(Segment(start, at, boundary)), f"w{number}")
        if is_idle and (found := transcript.next_span()):
            assert (found.stop - found.start) / RATE_HZ <= MAX_SPAN_S
            if in_time:
                numbers = range(found.first_segment, found.end_segment)
                transcript.apply_redecode(found, " ".join(f"w{n}" for n in numbers))
    assert transcript.missing_segments() == []
    assert transcript.text() == " ".join(f"w{n}" for n in range(len(lengths)))
    assert COMPLETE_SPAN_S < MAX_SPAN_S
