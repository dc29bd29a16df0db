"""Where a take is cut into segments while somebody speaks; pure.

Fed with what the voice detector says of each frame, it says what to decode. A pause ends a
segment; where nobody pauses, the least loud moment of a short gap does, and where there is no
gap, the quietest moment of all. Longer segments are righter and later: these lengths were the
best of those measured on 42 takes of 3 to 60 s with Whisper base.

Noise, clicks, breath and hum stay under a probability of 0.15 with silero; two recordings of
noise out of three reached 0.66, and the shortest words reach 0.8 and last seven frames.
"""

from __future__ import annotations

from typing import Literal

import attrs

RATE_HZ = 16000
FRAME_SAMPLES = 512
FRAME_S = FRAME_SAMPLES / RATE_HZ


def frames(duration_s: float) -> int:
    return round(duration_s / FRAME_S)


ON = 0.5
OFF = 0.35
CERTAIN = 0.75
"""One frame of a segment must be this certain."""
LEAST_RUN = 3
"""Frames; a shorter run is a click."""
LEAST_SPEECH = frames(0.2)
"""With fewer in all, nothing was said."""
BEFORE = frames(0.3)
"""Kept before speech: the detector is late at soft beginnings ..."""
AFTER = frames(0.25)
"""... and after it ..."""
AFTER_LAST = frames(0.35)
"""... at the end of the take."""
GUESS_PAUSE = frames(0.2)
"""A pause in which the key may come up: what is pending is decoded on the chance of it."""
GUESS_EVERY = frames(1.5)
"""And so often without a pause, for the text on the screen; what is left at key-up is no longer."""
FIRST_LATER = frames(0.5)
"""The first of them, from fewer words, is seldom right."""
CUT_PAUSE = frames(0.35)
LEAST_SEGMENT = frames(4.0)
"""A segment ends at such a pause once it is so long: shorter ones lose context, and words."""
LONG_PAUSE = frames(2.0)
"""It ends here however short it is: Whisper fills long silences with words nobody said."""
SOFT = frames(9.0)
"""Pending for so long, a segment ends in a gap that is past, of at least ..."""
GAP = frames(0.16)
"""... this: shorter ones are often inside a word."""
GAP_EARLY = 3
"""The detector's gap begins late, so the quietest frame may be so many before it."""
HARD = frames(12.0)
"""Pending for so long, it ends at the quietest moment of the last ..."""
HARD_LOOK = frames(4.0)
HEAD = frames(2.5)
"""Such cuts leave so much before them ..."""
SOFT_TAIL = frames(0.3)
HARD_TAIL = frames(0.5)
"""... and after."""
UNKNOWN_LOUDNESS = 9.0
"""Of the frames before speech began: louder than any, so never cut there."""

Seam = Literal["pause", "gap", "hard"]
"""What a segment ends in. Of a gap one side may be heard on the other; 'hard': inside speech."""


@attrs.frozen
class Guess:
    """Decode this now: it is a segment if nothing more is said. Offsets in samples."""

    start: int
    stop: int


@attrs.frozen
class Segment:
    """A finished segment; offsets in samples."""

    start: int
    stop: int
    seam: Seam = "pause"
    guess: Guess | None = None
    """The guess with the same speech in it: its text is this segment's."""
    last: bool = False
    """The take ended in it."""


class Segmenter:
    """Frames of 32 ms in, what to decode out. Segments never overlap and are in order."""

    def __init__(self) -> None:
        self._count = 0
        self._speaking = False
        self._floor = 0
        """First frame that no segment has yet."""
        self._first: int | None = None
        """First frame of what is pending; None in silence."""
        self._flags: list[bool] = []
        self._loud: list[float] = []
        self._end = 0
        """The frame after the last one with speech."""
        self._highest = 0.0
        self._guesses: list[Guess] = []
        self._guessed_at = 0

    def feed(self, probability: float, loudness: float) -> Guess | Segment | None:
        """One frame: how likely it has speech in it (0 to 1), and its RMS."""
        self._speaking = probability >= (OFF if self._speaking else ON)
        self._count += 1
        if self._first is None:
            if not self._speaking:
                return None
            self._begin()
        self._flags.append(self._speaking)
        self._loud.append(loudness)
        self._highest = max(self._highest, probability)
        if self._speaking:
            self._end = self._count
            return self._in_speech()
        return self._in_pause()

    def release(self, total_samples: int) -> Segment | None:
        """The take ended after so many samples: what is left of it, if anything was said."""
        if self._first is None:
            return None
        stop = min(self._count, self._end + AFTER_LAST)
        segment = self._cut(stop, "pause")
        if segment is None:
            return None
        return attrs.evolve(segment, stop=min(total_samples, segment.stop), last=True)

    @property
    def _start(self) -> int:
        assert self._first is not None
        return self._first

    def _begin(self) -> None:
        now = self._count - 1
        self._first = max(self._floor, now - BEFORE)
        self._flags = [False] * (now - self._first)
        self._loud = [UNKNOWN_LOUDNESS] * (now - self._first)
        self._highest, self._guesses = 0.0, []
        self._guessed_at = now + FIRST_LATER

    def _in_pause(self) -> Guess | Segment | None:
        pause, spoken = self._count - self._end, self._end - self._start
        if pause >= LONG_PAUSE or (pause >= CUT_PAUSE and spoken >= LEAST_SEGMENT):
            return self._cut(self._end + AFTER, "pause")
        return self._guess() if pause == GUESS_PAUSE else None

    def _in_speech(self) -> Guess | Segment | None:
        length = self._count - self._start
        if length >= SOFT:
            at, gap = self._gap()
            if at:
                return self._cut(self._start + at, "pause" if gap >= CUT_PAUSE else "gap")
            if length >= HARD:
                return self._cut(self._start + self._quietest(), "hard")
        return self._guess() if self._count - self._guessed_at >= GUESS_EVERY else None

    def _guess(self) -> Guess | None:
        self._guessed_at = self._count
        if not self._said(self._flags):
            return None
        guess = Guess(self._start * FRAME_SAMPLES, self._count * FRAME_SAMPLES)
        self._guesses.append(guess)
        return guess

    def _cut(self, stop: int, seam: Seam) -> Segment | None:
        """End the segment before this frame; None if nothing was said in it."""
        start, size = self._start, stop - self._start
        segment = None
        if self._said(self._flags[:size]):
            segment = Segment(
                start * FRAME_SAMPLES, stop * FRAME_SAMPLES, seam, guess=self._guess_of(size)
            )
        self._floor = stop
        if stop > self._end:
            self._first = None
        else:
            self._first, self._guesses = stop, []
            self._flags, self._loud = self._flags[size:], self._loud[size:]
        return segment

    def _said(self, flags: list[bool]) -> bool:
        return self._highest >= CERTAIN and heard(flags) >= LEAST_SPEECH

    def _guess_of(self, size: int) -> Guess | None:
        """The last guess that ends in the same silence."""
        for guess in reversed(self._guesses):
            stop = guess.stop // FRAME_SAMPLES - self._start
            if not any(self._flags[min(stop, size) : max(stop, size)]):
                return guess
        return None

    def _gap(self) -> tuple[int, int]:
        """The quietest frame of the longest gap, and how long that is; from the start of what is
        pending, 0 if there is none."""
        at, stop = HEAD, len(self._flags) - SOFT_TAIL
        longest, begin = 0, 0
        while at < stop:
            end = at
            while end < stop and not self._flags[end]:
                end += 1
            if end - at > longest:
                longest, begin = end - at, at
            at = end + 1
        if longest < GAP:
            return 0, 0
        return self._least_loud(begin - GAP_EARLY, begin + longest), longest

    def _quietest(self) -> int:
        stop = len(self._flags) - HARD_TAIL
        return self._least_loud(max(HEAD, stop - HARD_LOOK), stop)

    def _least_loud(self, start: int, stop: int) -> int:
        """The middle of the quietest three frames."""
        return min(range(start, stop), key=lambda at: sum(self._loud[at - 1 : at + 2]))


def heard(flags: list[bool]) -> int:
    """How many frames have speech in them, clicks left out."""
    total = run = 0
    for flag in [*flags, False]:
        if flag:
            run += 1
        else:
            total += run if run >= LEAST_RUN else 0
            run = 0
    return total
