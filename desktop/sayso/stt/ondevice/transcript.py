"""What is known of a take's text while it grows: which segments, which texts; pure.

Two tiers. Every segment is decoded at once in a short window. Beside that, runs of segments
are decoded again together as Whisper was trained to, in 30 s; where that text is there in
time it replaces theirs, which repairs what was torn at the seams.
"""

from __future__ import annotations

from difflib import SequenceMatcher

import attrs

from .segmenter import RATE_HZ, Segment, SpeculativeSegment
from .stitching import TextPart, join, normalized_words

MAX_SPAN_S = 28.5
"""A run decoded together fits in one window."""
DROPPED_SENTENCE_WORDS = 4
"""A run in which so many in a row are gone has left a sentence out: seen where somebody said the
same sentence twice, and where the first was said in another voice."""
MAX_PAUSE_S = 2.0
"""There is no longer pause in it: Whisper fills those with words nobody said."""
COMPLETE_SPAN_S = 16.0
"""A run this long that ends at a pause is done with; the next begins after it."""
MIN_SPAN_S = 8.0
"""A run is not made shorter than this to end at a pause."""


@attrs.frozen
class DecodeSpan:
    """Segments decoded together: from number `first` up to, not with, `after`."""

    first_segment: int
    end_segment: int
    start: int
    """Samples."""
    stop: int


class TranscriptAssembler:
    """The segments of one take, in order, and their texts as they come."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []
        self._segment_texts: dict[int, str] = {}
        self._span_texts: dict[int, tuple[int, str]] = {}
        """First segment to the one after the last, and the text."""
        self._pending: SpeculativeSegment | None = None
        self._pending_text = ""
        self._span_start = 0
        self._decoded_until = 0

    def add(self, segment: Segment) -> int:
        """Its number."""
        self.segments.append(segment)
        return len(self.segments) - 1

    def set_text(self, number: int, text: str) -> None:
        self._segment_texts[number] = text

    def set_pending(self, pending: SpeculativeSegment, text: str) -> None:
        """The text of what is pending."""
        self._pending, self._pending_text = pending, text

    def clear_pending(self) -> None:
        """Nothing is pending any more."""
        self._pending = None

    def next_span(self, min_new_s: float = 0.0) -> DecodeSpan | None:
        """What to decode together now; None if so little is new. Ask when that is idle."""
        while self._span_start < len(self.segments):
            first, after = self._span_start, self._span_end(self._span_start)
            full = after < len(self.segments)
            if full and self._decoded_until > first:
                after = self._decoded_until  # that is decoded, and its text ends there
            start, stop = self.segments[first].start, self.segments[after - 1].stop
            if not full and self._new_samples(first, stop) < min_new_s * RATE_HZ:
                break
            long = stop - start >= COMPLETE_SPAN_S * RATE_HZ
            if full or (long and self.segments[after - 1].boundary == "pause"):
                self._span_start = after
            if after > self._decoded_until:
                self._decoded_until = after
                return DecodeSpan(first, after, start, stop)
            if not full:
                break
        return None

    def _new_samples(self, first: int, stop: int) -> int:
        """Samples from what was not tried yet up to there."""
        number = max(first, self._decoded_until)
        return stop - self.segments[number].start if number < len(self.segments) else 0

    def _span_end(self, first: int) -> int:
        """The segment after the last that can be decoded together with this one.

        Where not all fit, it ends at a pause if it can: nothing repairs the seams of runs.
        """
        start = before = self.segments[first].start
        paused = 0
        for number, segment in enumerate(self.segments[first:], first):
            if number > first and segment.start - before > MAX_PAUSE_S * RATE_HZ:
                return number
            if number > first and segment.stop - start > MAX_SPAN_S * RATE_HZ:
                return paused or number
            before = segment.stop
            if segment.boundary == "pause" and before - start >= MIN_SPAN_S * RATE_HZ:
                paused = number + 1
        return len(self.segments)

    def apply_redecode(self, span: DecodeSpan, text: str) -> None:
        """The text of a run, unless a sentence is gone in it."""
        rows = [row for row in self._rows() if span.first_segment <= row[0] < span.end_segment]
        before = " ".join(said for _, _, said in rows if said)
        if text and not drops_sentence(before, text):
            self._span_texts[span.first_segment] = (span.end_segment, text)

    def missing_segments(self) -> list[int]:
        """Segments whose text is neither there nor made good by a run."""
        return [number for number, after, text in self._rows() if text is None]

    def text(self, *, spaced: bool = True) -> str:
        """What is known from the beginning on, without a hole."""
        pieces: list[TextPart] = []
        for _, after, text in self._rows():
            if text is None:
                return join(pieces, spaced=spaced)
            pieces.append(TextPart(text, self.segments[after - 1].boundary))
        if self._pending and self._pending.start >= self._stop:
            pieces.append(TextPart(self._pending_text))
        return join(pieces, spaced=spaced)

    @property
    def _stop(self) -> int:
        return self.segments[-1].stop if self.segments else 0

    def _rows(self) -> list[tuple[int, int, str | None]]:
        """First segment, the one after the last, and their text."""
        rows: list[tuple[int, int, str | None]] = []
        number = 0
        while number < len(self.segments):
            after, text = self._span_texts.get(
                number, (number + 1, self._segment_texts.get(number))
            )
            rows.append((number, after, text))
            number = after
        return rows


def drops_sentence(before: str, after: str) -> bool:
    """Whether many words in a row have nothing in their place."""
    blocks = SequenceMatcher(
        None, normalized_words(before), normalized_words(after), autojunk=False
    )
    return any(
        (stop - start) - (stop_after - start_after) >= DROPPED_SENTENCE_WORDS
        for _, start, stop, start_after, stop_after in blocks.get_opcodes()
    )
