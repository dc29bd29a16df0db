"""Division of a take into segments while it is recorded. Pure.

The input is the speech probability and the RMS of each frame. A segment ends at a pause. If there
is none, it ends at the quietest moment of a short gap, and without a gap at the quietest moment
of the last seconds. Longer segments are more accurate but take longer to decode. These lengths
were the best on 42 takes of 3 to 60 s with Whisper base.

Silero gives noise, clicks, breath and hum a probability below 0.15 (two of three recordings of
noise reached 0.66). The shortest words reach 0.8 and last seven frames.
"""

from __future__ import annotations

from typing import Literal

import attrs

from .samples import FRAME_SAMPLES, RATE_HZ


def _frames(duration_s: float) -> int:
    return round(duration_s * RATE_HZ / FRAME_SAMPLES)


SPEECH_START_PROBABILITY = 0.5
SPEECH_END_PROBABILITY = 0.35
MIN_PEAK_PROBABILITY = 0.75
"""A segment needs at least one frame with this probability."""
MIN_RUN_FRAMES = 3
"""Shorter runs of speech are clicks."""
MIN_SPEECH_FRAMES = _frames(0.2)
"""A segment with less speech than this is not decoded."""

LEAD_IN_FRAMES = _frames(0.3)
"""Audio kept before speech, because the detector is late at soft beginnings."""
LEAD_OUT_FRAMES = _frames(0.25)
FINAL_LEAD_OUT_FRAMES = _frames(0.35)
"""Audio kept after speech at the end of the take."""

SPECULATION_PAUSE_FRAMES = _frames(0.2)
"""The user may release the key during a pause of this length, so it is decoded at once."""
SPECULATION_INTERVAL_FRAMES = _frames(1.5)
"""Interval of speculative decodes without a pause: they provide the text on the screen and limit
what is left to decode at the end."""
FIRST_SPECULATION_DELAY_FRAMES = _frames(0.5)
"""Added to the interval once, because a decode of very few words is seldom accurate."""

CUT_PAUSE_FRAMES = _frames(0.35)
"""A pause of this length ends a segment ..."""
MIN_SEGMENT_FRAMES = _frames(4.0)
"""... of at least this length. Shorter segments lack context and lose words."""
LONG_PAUSE_FRAMES = _frames(2.0)
"""A pause of this length ends every segment: Whisper hallucinates in long silences."""
SOFT_LIMIT_FRAMES = _frames(9.0)
"""A segment of at least this length ends at an earlier gap ..."""
MIN_GAP_FRAMES = _frames(0.16)
"""... of at least this length. Shorter gaps are often inside a word."""
GAP_MARGIN_FRAMES = 3
"""The quietest frame of a gap may be this long before the detector reports the gap."""
HARD_LIMIT_FRAMES = _frames(12.0)
"""A segment of this length ends at the quietest moment ..."""
HARD_SEARCH_FRAMES = _frames(4.0)
"""... of the last frames."""
MIN_HEAD_FRAMES = _frames(2.5)
"""Minimum length before a cut inside speech."""
SOFT_TAIL_FRAMES = _frames(0.3)
HARD_TAIL_FRAMES = _frames(0.5)
"""Minimum length after a cut, in a gap and without one."""
UNKNOWN_RMS = 9.0
"""Assumed for the frames before speech; louder than any frame, so the cut is never there."""

Boundary = Literal["pause", "gap", "hard"]
"""End of a segment. At a 'gap', audio of one side may contain speech of the other. 'hard': inside
speech."""


@attrs.frozen
class SpeculativeSegment:
    """Part of the take to decode now; it becomes a segment if nothing more is said."""

    start: int
    stop: int


@attrs.frozen
class Segment:
    """A finished segment; `start` and `stop` are in samples."""

    start: int
    stop: int
    boundary: Boundary = "pause"
    speculative: SpeculativeSegment | None = None
    """Speculative segment with the same speech: its text is the text of this segment."""
    last: bool = False


class Segmenter:
    """Receives frames of 32 ms and returns segments, in order and without overlap."""

    def __init__(self) -> None:
        self._frame_count = 0
        self._speaking = False
        self._first_free_frame = 0
        self._pending_start: int | None = None
        """First frame of the pending segment; None during silence."""
        self._speech_flags: list[bool] = []
        self._rms: list[float] = []
        self._speech_end = 0
        self._peak_probability = 0.0
        self._speculative: list[SpeculativeSegment] = []
        self._speculated_at = 0

    def feed(self, probability: float, rms: float) -> SpeculativeSegment | Segment | None:
        """Add a frame with its probability of speech, 0 to 1, and its RMS."""
        threshold = SPEECH_END_PROBABILITY if self._speaking else SPEECH_START_PROBABILITY
        self._speaking = probability >= threshold
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
            return self._on_speech()
        return self._on_pause()

    def finish(self, total_samples: int) -> Segment | None:
        """Return the rest of a take of `total_samples`, or None if there is no speech in it."""
        if self._pending_start is None:
            return None
        stop = min(self._frame_count, self._speech_end + FINAL_LEAD_OUT_FRAMES)
        if segment := self._cut(stop, "pause"):
            return attrs.evolve(segment, stop=min(total_samples, segment.stop), last=True)
        return None

    @property
    def _start(self) -> int:
        assert self._pending_start is not None
        return self._pending_start

    def _start_pending(self) -> None:
        now = self._frame_count - 1
        self._pending_start = max(self._first_free_frame, now - LEAD_IN_FRAMES)
        lead_in = now - self._pending_start
        self._speech_flags = [False] * lead_in
        self._rms = [UNKNOWN_RMS] * lead_in
        self._peak_probability, self._speculative = 0.0, []
        self._speculated_at = now + FIRST_SPECULATION_DELAY_FRAMES

    def _on_pause(self) -> SpeculativeSegment | Segment | None:
        pause = self._frame_count - self._speech_end
        long_enough = self._speech_end - self._start >= MIN_SEGMENT_FRAMES
        if pause >= (CUT_PAUSE_FRAMES if long_enough else LONG_PAUSE_FRAMES):
            return self._cut(self._speech_end + LEAD_OUT_FRAMES, "pause")
        return self._speculate() if pause == SPECULATION_PAUSE_FRAMES else None

    def _on_speech(self) -> SpeculativeSegment | Segment | None:
        length = self._frame_count - self._start
        if length >= SOFT_LIMIT_FRAMES:
            at, gap = self._longest_gap()
            if at:
                return self._cut(self._start + at, "pause" if gap >= CUT_PAUSE_FRAMES else "gap")
            if length >= HARD_LIMIT_FRAMES:
                stop = len(self._speech_flags) - HARD_TAIL_FRAMES
                first = max(MIN_HEAD_FRAMES, stop - HARD_SEARCH_FRAMES)
                return self._cut(self._start + self._quietest_between(first, stop), "hard")
        if self._frame_count - self._speculated_at < SPECULATION_INTERVAL_FRAMES:
            return None
        return self._speculate()

    def _speculate(self) -> SpeculativeSegment | None:
        self._speculated_at = self._frame_count
        if not self._has_speech(self._speech_flags):
            return None
        found = SpeculativeSegment(self._start * FRAME_SAMPLES, self._frame_count * FRAME_SAMPLES)
        self._speculative.append(found)
        return found

    def _cut(self, stop: int, boundary: Boundary) -> Segment | None:
        """End the pending segment before frame `stop`; return None if it has no speech."""
        start, size = self._start, stop - self._start
        segment = None
        if self._has_speech(self._speech_flags[:size]):
            speculative = self._matching_speculative(size)
            first, last = start * FRAME_SAMPLES, stop * FRAME_SAMPLES
            segment = Segment(first, last, boundary, speculative)
        self._first_free_frame = stop
        if stop > self._speech_end:
            self._pending_start = None
        else:
            self._pending_start, self._speculative = stop, []
            self._speech_flags, self._rms = self._speech_flags[size:], self._rms[size:]
        return segment

    def _has_speech(self, flags: list[bool]) -> bool:
        certain = self._peak_probability >= MIN_PEAK_PROBABILITY
        return certain and count_speech_frames(flags) >= MIN_SPEECH_FRAMES

    def _matching_speculative(self, size: int) -> SpeculativeSegment | None:
        """Return the last speculative segment that ends in the same silence."""
        for speculative in reversed(self._speculative):
            stop = speculative.stop // FRAME_SAMPLES - self._start
            if not any(self._speech_flags[min(stop, size) : max(stop, size)]):
                return speculative
        return None

    def _longest_gap(self) -> tuple[int, int]:
        """Return the quietest frame of the longest gap and the length of the gap.

        The frame is relative to the start of the pending segment; (0, 0) if there is no gap.
        """
        at, stop = MIN_HEAD_FRAMES, len(self._speech_flags) - SOFT_TAIL_FRAMES
        longest, start = 0, 0
        while at < stop:
            end = at
            while end < stop and not self._speech_flags[end]:
                end += 1
            if end - at > longest:
                longest, start = end - at, at
            at = end + 1
        if longest < MIN_GAP_FRAMES:
            return 0, 0
        return self._quietest_between(start - GAP_MARGIN_FRAMES, start + longest), longest

    def _quietest_between(self, start: int, stop: int) -> int:
        return min(range(start, stop), key=lambda at: sum(self._rms[at - 1 : at + 2]))


def count_speech_frames(flags: list[bool]) -> int:
    """Count the frames with speech, without runs that are as short as a click."""
    total = run = 0
    for flag in [*flags, False]:
        if flag:
            run += 1
        else:
            total += run if run >= MIN_RUN_FRAMES else 0
            run = 0
    return total
