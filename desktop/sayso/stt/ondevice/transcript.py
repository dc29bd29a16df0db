"""What is known of a take's text while it grows: which segments, which texts; pure.

Two tiers. Every segment is decoded at once in a short window. Beside that, runs of segments
are decoded again together as Whisper was trained to, in 30 s; where that text is there in
time it replaces theirs, which repairs what was torn at the seams.
"""

from __future__ import annotations

from difflib import SequenceMatcher

import attrs

from .segmenter import RATE_HZ, Guess, Segment
from .stitching import Piece, joined, plain_words

MOST_S = 28.5
"""A run decoded together fits in one window."""
LOST_WORDS = 4
"""A run in which so many in a row are gone has left a sentence out: seen where somebody said the
same sentence twice, and where the first was said in another voice."""
PAUSE_S = 2.0
"""There is no longer pause in it: Whisper fills those with words nobody said."""
SETTLED_S = 16.0
"""A run this long that ends at a pause is done with; the next begins after it."""
LEAST_S = 8.0
"""A run is not made shorter than this to end at a pause."""


@attrs.frozen
class Run:
    """Segments decoded together: from number `first` up to, not with, `after`."""

    first: int
    after: int
    start: int
    """Samples."""
    stop: int


class Rolling:
    """The segments of one take, in order, and their texts as they come."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []
        self._texts: dict[int, str] = {}
        self._runs: dict[int, tuple[int, str]] = {}
        """First segment to the one after the last, and the text."""
        self._guess: Guess | None = None
        self._guessed = ""
        self._anchor = 0
        self._tried = 0

    def add(self, segment: Segment) -> int:
        """Its number."""
        self.segments.append(segment)
        return len(self.segments) - 1

    def settle(self, number: int, text: str) -> None:
        self._texts[number] = text

    def guess(self, guess: Guess, text: str) -> None:
        """The text of what is pending."""
        self._guess, self._guessed = guess, text

    def end(self) -> None:
        """Nothing is pending any more."""
        self._guess = None

    def run(self, least_s: float = 0.0) -> Run | None:
        """What to decode together now; None if so little is new. Ask when that is idle."""
        while self._anchor < len(self.segments):
            first, after = self._anchor, self._fitting(self._anchor)
            full = after < len(self.segments)
            if full and self._tried > first:
                after = self._tried  # that is decoded, and its text ends there
            start, stop = self.segments[first].start, self.segments[after - 1].stop
            if not full and self._new(first, stop) < least_s * RATE_HZ:
                break
            long = stop - start >= SETTLED_S * RATE_HZ
            if full or (long and self.segments[after - 1].seam == "pause"):
                self._anchor = after
            if after > self._tried:
                self._tried = after
                return Run(first, after, start, stop)
            if not full:
                break
        return None

    def _new(self, first: int, stop: int) -> int:
        """Samples from what was not tried yet up to there."""
        number = max(first, self._tried)
        return stop - self.segments[number].start if number < len(self.segments) else 0

    def _fitting(self, first: int) -> int:
        """The segment after the last that can be decoded together with this one.

        Where not all fit, it ends at a pause if it can: nothing repairs the seams of runs.
        """
        start = before = self.segments[first].start
        paused = 0
        for number, segment in enumerate(self.segments[first:], first):
            if number > first and segment.start - before > PAUSE_S * RATE_HZ:
                return number
            if number > first and segment.stop - start > MOST_S * RATE_HZ:
                return paused or number
            before = segment.stop
            if segment.seam == "pause" and before - start >= LEAST_S * RATE_HZ:
                paused = number + 1
        return len(self.segments)

    def repair(self, run: Run, text: str) -> None:
        """The text of a run, unless a sentence is gone in it."""
        rows = [row for row in self._walk() if run.first <= row[0] < run.after]
        before = " ".join(said for _, _, said in rows if said)
        if text and not lost(before, text):
            self._runs[run.first] = (run.after, text)

    def missing(self) -> list[int]:
        """Segments whose text is neither there nor made good by a run."""
        return [number for number, after, text in self._walk() if text is None]

    def text(self, *, spaced: bool = True) -> str:
        """What is known from the beginning on, without a hole."""
        pieces: list[Piece] = []
        for _, after, text in self._walk():
            if text is None:
                return joined(pieces, spaced=spaced)
            pieces.append(Piece(text, self.segments[after - 1].seam))
        if self._guess and self._guess.start >= self._stop:
            pieces.append(Piece(self._guessed))
        return joined(pieces, spaced=spaced)

    @property
    def _stop(self) -> int:
        return self.segments[-1].stop if self.segments else 0

    def _walk(self) -> list[tuple[int, int, str | None]]:
        """First segment, the one after the last, and their text."""
        rows: list[tuple[int, int, str | None]] = []
        number = 0
        while number < len(self.segments):
            after, text = self._runs.get(number, (number + 1, self._texts.get(number)))
            rows.append((number, after, text))
            number = after
        return rows


def lost(before: str, after: str) -> bool:
    """Whether many words in a row have nothing in their place."""
    blocks = SequenceMatcher(None, plain_words(before), plain_words(after), autojunk=False)
    return any(
        (stop - start) - (stop_after - start_after) >= LOST_WORDS
        for _, start, stop, start_after, stop_after in blocks.get_opcodes()
    )
