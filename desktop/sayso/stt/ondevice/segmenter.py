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


def to_frames(duration_s: float) -> int:
    return round(duration_s / FRAME_S)


SPEECH_START_PROBABILITY = 0.5
SPEECH_END_PROBABILITY = 0.35
MIN_PEAK_PROBABILITY = 0.75
"""One frame of a segment must be this certain."""
MIN_RUN_FRAMES = 3
"""Frames; a shorter run is a click."""
MIN_SPEECH_FRAMES = to_frames(0.2)
"""With fewer in all, nothing was said."""
LEAD_IN_FRAMES = to_frames(0.3)
"""Kept before speech: the detector is late at soft beginnings ..."""
LEAD_OUT_FRAMES = to_frames(0.25)
"""... and after it ..."""
FINAL_LEAD_OUT_FRAMES = to_frames(0.35)
"""... at the end of the take."""
SPECULATION_PAUSE_FRAMES = to_frames(0.2)
"""A pause in which the key may come up: what is pending is decoded on the chance of it."""
SPECULATION_INTERVAL_FRAMES = to_frames(1.5)
"""And so often without a pause, for the text on the screen; what is left at key-up is no longer."""
FIRST_SPECULATION_DELAY_FRAMES = to_frames(0.5)
"""The first of them, from fewer words, is seldom right."""
CUT_PAUSE_FRAMES = to_frames(0.35)
MIN_SEGMENT_FRAMES = to_frames(4.0)
"""A segment ends at such a pause once it is so long: shorter ones lose context, and words."""
LONG_PAUSE_FRAMES = to_frames(2.0)
"""It ends here however short it is: Whisper fills long silences with words nobody said."""
SOFT_LIMIT_FRAMES = to_frames(9.0)
"""Pending for so long, a segment ends in a gap that is past, of at least ..."""
MIN_GAP_FRAMES = to_frames(0.16)
"""... this: shorter ones are often inside a word."""
GAP_MARGIN_FRAMES = 3
"""The detector's gap begins late, so the quietest frame may be so many before it."""
HARD_LIMIT_FRAMES = to_frames(12.0)
"""Pending for so long, it ends at the quietest moment of the last ..."""
HARD_SEARCH_FRAMES = to_frames(4.0)
MIN_HEAD_FRAMES = to_frames(2.5)
"""Such cuts leave so much before them ..."""
SOFT_TAIL_FRAMES = to_frames(0.3)
HARD_TAIL_FRAMES = to_frames(0.5)
"""... and after."""
UNKNOWN_RMS = 9.0
"""Of the frames before speech began: louder than any, so never cut there."""

Boundary = Literal["pause", "gap", "hard"]
"""What a segment ends in. Of a gap one side may be heard on the other; 'hard': inside speech."""


@attrs.frozen
class SpeculativeSegment:
    """Decode this now: it is a segment if nothing more is said. Offsets in samples."""

    start: int
    stop: int


@attrs.frozen
class Segment:
    """A finished segment; offsets in samples."""

    start: int
    stop: int
    boundary: Boundary = "pause"
    speculative: SpeculativeSegment | None = None
    """The guess with the same speech in it: its text is this segment's."""
    last: bool = False
    """The take ended in it."""


class Segmenter:
    """Frames of 32 ms in, what to decode out. Segments never overlap and are in order."""

    def __init__(self) -> None:
        self._frame_count = 0
        self._speaking = False
        self._first_free_frame = 0
        """First frame that no segment has yet."""
        self._pending_start: int | None = None
        """First frame of what is pending; None in silence."""
        self._speech_flags: list[bool] = []
        self._rms: list[float] = []
        self._speech_end = 0
        """The frame after the last one with speech."""
        self._peak_probability = 0.0
        self._speculative: list[SpeculativeSegment] = []
        self._speculated_at = 0

    def feed(self, probability: float, rms: float) -> SpeculativeSegment | Segment | None:
        """One frame: how likely it has speech in it (0 to 1), and its RMS."""
        self._speaking = probability >= (
            SPEECH_END_PROBABILITY if self._speaking else SPEECH_START_PROBABILITY
        )
        self._frame_count += 1
        if self._pending_start is None:
            if not self._speaking:
                return None
            self._start_pending()
        self._speech_flags.append(self._speaking)
        self._rms.append(rms)
        self._peak_probability = max(self._peak_probability, probability)
        if self._speaking:
            self._speech_end = self._frame_count
            return self._in_speech()
        return self._in_pause()

    def finish(self, total_samples: int) -> Segment | None:
        """The take ended after so many samples: what is left of it, if anything was said."""
        if self._pending_start is None:
            return None
        stop = min(self._frame_count, self._speech_end + FINAL_LEAD_OUT_FRAMES)
        segment = self._cut(stop, "pause")
        if segment is None:
            return None
        return attrs.evolve(segment, stop=min(total_samples, segment.stop), last=True)

    @property
    def _start(self) -> int:
        assert self._pending_start is not None
        return self._pending_start

    def _start_pending(self) -> None:
        now = self._frame_count - 1
        self._pending_start = max(self._first_free_frame, now - LEAD_IN_FRAMES)
        self._speech_flags = [False] * (now - self._pending_start)
        self._rms = [UNKNOWN_RMS] * (now - self._pending_start)
        self._peak_probability, self._speculative = 0.0, []
        self._speculated_at = now + FIRST_SPECULATION_DELAY_FRAMES

    def _in_pause(self) -> SpeculativeSegment | Segment | None:
        pause, spoken = self._frame_count - self._speech_end, self._speech_end - self._start
        if pause >= LONG_PAUSE_FRAMES or (
            pause >= CUT_PAUSE_FRAMES and spoken >= MIN_SEGMENT_FRAMES
        ):
            return self._cut(self._speech_end + LEAD_OUT_FRAMES, "pause")
        return self._speculate() if pause == SPECULATION_PAUSE_FRAMES else None

    def _in_speech(self) -> SpeculativeSegment | Segment | None:
        length = self._frame_count - self._start
        if length >= SOFT_LIMIT_FRAMES:
            at, gap = self._longest_gap()
            if at:
                return self._cut(self._start + at, "pause" if gap >= CUT_PAUSE_FRAMES else "gap")
            if length >= HARD_LIMIT_FRAMES:
                return self._cut(self._start + self._quietest_frame(), "hard")
        return (
            self._speculate()
            if self._frame_count - self._speculated_at >= SPECULATION_INTERVAL_FRAMES
            else None
        )

    def _speculate(self) -> SpeculativeSegment | None:
        self._speculated_at = self._frame_count
        if not self._has_speech(self._speech_flags):
            return None
        guess = SpeculativeSegment(self._start * FRAME_SAMPLES, self._frame_count * FRAME_SAMPLES)
        self._speculative.append(guess)
        return guess

    def _cut(self, stop: int, boundary: Boundary) -> Segment | None:
        """End the segment before this frame; None if nothing was said in it."""
        start, size = self._start, stop - self._start
        segment = None
        if self._has_speech(self._speech_flags[:size]):
            segment = Segment(
                start * FRAME_SAMPLES,
                stop * FRAME_SAMPLES,
                boundary,
                speculative=self._matching_speculative(size),
            )
        self._first_free_frame = stop
        if stop > self._speech_end:
            self._pending_start = None
        else:
            self._pending_start, self._speculative = stop, []
            self._speech_flags, self._rms = self._speech_flags[size:], self._rms[size:]
        return segment

    def _has_speech(self, flags: list[bool]) -> bool:
        return (
            self._peak_probability >= MIN_PEAK_PROBABILITY
            and count_speech_frames(flags) >= MIN_SPEECH_FRAMES
        )

    def _matching_speculative(self, size: int) -> SpeculativeSegment | None:
        """The last guess that ends in the same silence."""
        for guess in reversed(self._speculative):
            stop = guess.stop // FRAME_SAMPLES - self._start
            if not any(self._speech_flags[min(stop, size) : max(stop, size)]):
                return guess
        return None

    def _longest_gap(self) -> tuple[int, int]:
        """The quietest frame of the longest gap, and how long that is; from the start of what is
        pending, 0 if there is none."""
        at, stop = MIN_HEAD_FRAMES, len(self._speech_flags) - SOFT_TAIL_FRAMES
        longest, begin = 0, 0
        while at < stop:
            end = at
            while end < stop and not self._speech_flags[end]:
                end += 1
            if end - at > longest:
                longest, begin = end - at, at
            at = end + 1
        if longest < MIN_GAP_FRAMES:
            return 0, 0
        return self._quietest_between(begin - GAP_MARGIN_FRAMES, begin + longest), longest

    def _quietest_frame(self) -> int:
        stop = len(self._speech_flags) - HARD_TAIL_FRAMES
        return self._quietest_between(max(MIN_HEAD_FRAMES, stop - HARD_SEARCH_FRAMES), stop)

    def _quietest_between(self, start: int, stop: int) -> int:
        """The middle of the quietest three frames."""
        return min(range(start, stop), key=lambda at: sum(self._rms[at - 1 : at + 2]))


def count_speech_frames(flags: list[bool]) -> int:
    """How many frames have speech in them, clicks left out."""
    total = run = 0
    for flag in [*flags, False]:
        if flag:
            run += 1
        else:
            total += run if run >= MIN_RUN_FRAMES else 0
            run = 0
    return total
