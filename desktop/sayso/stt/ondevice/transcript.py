"""Assembles the text of a take from segments and spans. Pure.

There are two levels. Each segment is decoded at once in a short window. In addition, spans of
consecutive segments are decoded again in the 30 s window that Whisper was trained on. If the text
of a span is ready in time, it replaces the texts of its segments and so corrects errors at
segment boundaries.
"""

from __future__ import annotations

from difflib import SequenceMatcher

import attrs

from .samples import RATE_HZ
from .segmenter import Segment, SpeculativeSegment
from .stitching import TextPart, join, normalized_words

MAX_SPAN_S = 28.5
"""A span fits into one window of Whisper."""
DROPPED_SENTENCE_WORDS = 4
"""A span that lacks this many consecutive words has lost a sentence. It happens if the same
sentence is said twice, or if two voices speak."""
MAX_PAUSE_S = 2.0
"""A span contains no longer pause, because Whisper hallucinates in pauses."""
COMPLETE_SPAN_S = 16.0
"""A span of at least this length that ends at a pause is complete; the next one starts after it."""
MIN_SPAN_S = 8.0
"""A span is not made shorter than this to end at a pause."""


@attrs.frozen
class DecodeSpan:
    """Segments to decode together, from `first_segment` up to but not including `end_segment`.

    `start` and `stop` are in samples.
    """

    first_segment: int
    end_segment: int
    start: int
    stop: int


class TranscriptAssembler:
    """Segments of one take in order, and their texts in the order in which they are decoded."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []
        self._segment_texts: dict[int, str] = {}
        self._span_texts: dict[int, tuple[int, str]] = {}
        """First segment of a span to its end segment and text."""
        self._pending: SpeculativeSegment | None = None
        self._pending_text = ""
        self._span_start = 0
        """First segment of the current span."""
        self._decoded_until = 0
        """End segment of the last span that was returned by `next_span`."""

    def add(self, segment: Segment) -> int:
        """Return the number of the segment."""
        self.segments.append(segment)
        return len(self.segments) - 1

    def set_text(self, number: int, text: str) -> None:
        self._segment_texts[number] = text

    def set_pending(self, pending: SpeculativeSegment, text: str) -> None:
        """Set the text of the audio after the last segment."""
        self._pending, self._pending_text = pending, text

    def clear_pending(self) -> None:
        self._pending = None

    def next_span(self, min_new_s: float = 0.0) -> DecodeSpan | None:
        """Return the next span, if it is full or has `min_new_s` of audio that is new to spans."""
        while self._span_start < len(self.segments):
            first, end = self._span_start, self._span_end(self._span_start)
            full = end < len(self.segments)
            if full and self._decoded_until > first:
                end = self._decoded_until  # the text of the decoded span ends there
            start, stop = self.segments[first].start, self.segments[end - 1].stop
            new = max(first, self._decoded_until)  # first segment that was in no span yet
            new_samples = stop - self.segments[new].start if new < len(self.segments) else 0
            if not full and new_samples < min_new_s * RATE_HZ:
                break
            complete = stop - start >= COMPLETE_SPAN_S * RATE_HZ
            if full or (complete and self.segments[end - 1].boundary == "pause"):
                self._span_start = end
            if end > self._decoded_until:
                self._decoded_until = end
                return DecodeSpan(first, end, start, stop)
            if not full:
                break
        return None

    def _span_end(self, first: int) -> int:
        """Return the segment after the last one that fits into a span starting at `first`.

        A full span ends at a pause if possible, because boundaries of spans are not corrected.
        """
        start = before = self.segments[first].start
        after_pause = 0
        for number, segment in enumerate(self.segments[first:], first):
            if number > first and segment.start - before > MAX_PAUSE_S * RATE_HZ:
                return number
            if number > first and segment.stop - start > MAX_SPAN_S * RATE_HZ:
                return after_pause or number
            before = segment.stop
            if segment.boundary == "pause" and before - start >= MIN_SPAN_S * RATE_HZ:
                after_pause = number + 1
        return len(self.segments)

    def apply_redecode(self, span: DecodeSpan, text: str) -> None:
        """Use the text of a span, unless it is empty or lacks a sentence."""
        rows = [row for row in self._rows() if span.first_segment <= row[0] < span.end_segment]
        before = " ".join(part for _, _, part in rows if part)
        if text and not drops_sentence(before, text):
            self._span_texts[span.first_segment] = (span.end_segment, text)

    def missing_segments(self) -> list[int]:
        """Return the segments that have no text, neither their own nor that of a span."""
        return [number for number, _, text in self._rows() if text is None]

    def text(self, *, spaced: bool = True) -> str:
        """Return the text up to the first segment that has none."""
        parts: list[TextPart] = []
        for _, end, text in self._rows():
            if text is None:
                return join(parts, spaced=spaced)
            parts.append(TextPart(text, self.segments[end - 1].boundary))
        stop = self.segments[-1].stop if self.segments else 0
        if self._pending and self._pending.start >= stop:
            parts.append(TextPart(self._pending_text))
        return join(parts, spaced=spaced)

    def _rows(self) -> list[tuple[int, int, str | None]]:
        """Return first segment, end segment and text of each span or single segment."""
        rows: list[tuple[int, int, str | None]] = []
        number = 0
        while number < len(self.segments):
            single = (number + 1, self._segment_texts.get(number))
            end, text = self._span_texts.get(number, single)
            rows.append((number, end, text))
            number = end
        return rows


def drops_sentence(before: str, after: str) -> bool:
    """Return whether consecutive words of a sentence were dropped without replacement."""
    left, right = normalized_words(before), normalized_words(after)
    changes = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    return any(
        (stop - start) - (new_stop - new_start) >= DROPPED_SENTENCE_WORDS
        for _, start, stop, new_start, new_stop in changes
    )
