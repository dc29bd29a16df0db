"""Where in a take somebody speaks, from the verdicts of a voice detector; pure.

Noise, clicks, breath and hum stay under a probability of 0.15 with silero; two recordings of
noise out of three reached 0.66, and the shortest words reach 0.8 and last seven frames.
"""

from __future__ import annotations

RATE_HZ = 16000
FRAME_SAMPLES = 512
FRAME_S = FRAME_SAMPLES / RATE_HZ

ON = 0.5
OFF = 0.35
CERTAIN = 0.75
"""One frame of a take must be this certain."""
LEAST_RUN = 3
"""Frames; a shorter run is a click."""
LEAST_SPEECH_S = 0.2
"""With less in all, nothing was said."""
PAD_S = 0.4
"""Kept around speech: the detector is late at soft beginnings and ends."""
PART_S = 10.0
"""A take is recognised in parts of at least so much speech: shorter ones lose context, and words
(measured: parts of 1 s, 5.7 % wrong instead of 2.3; of 4 s and more, no difference) ..."""
PART_PAUSE_FRAMES = 16
"""... and a part ends only where somebody pauses for 0.5 s: there a sentence mostly does."""
LONGEST_PAUSE_S = 2.0
"""Longer ones are left out: Whisper fills them with words nobody said."""


class Speech:
    """Fed with one probability per frame of 32 ms."""

    def __init__(self) -> None:
        self._runs: list[tuple[int, int]] = []
        self._start: int | None = None
        self._frames = 0
        self._highest = 0.0
        self._parts: list[list[tuple[int, int]]] = []
        self._floor = 0
        """Samples before this belong to a part that was taken."""

    def feed(self, probability: float) -> None:
        if self._start is None and probability >= ON:
            self._start = self._frames
        elif self._start is not None and probability < OFF:
            self._runs = self._all_runs()
            self._start = None
        self._frames += 1
        self._highest = max(self._highest, probability)
        self._end_part()

    def _all_runs(self) -> list[tuple[int, int]]:
        """First frame and the one after the last, with the run that goes on."""
        if self._start is None or self._frames - self._start < LEAST_RUN:
            return self._runs
        return [*self._runs, (self._start, self._frames)]

    @property
    def heard_s(self) -> float:
        """How much was spoken so far, without the gaps."""
        return sum(stop - start for start, stop in self._all_runs()) * FRAME_S

    def spans(self, total_samples: int) -> list[tuple[int, int]]:
        """What to recognise of so many samples, as from and to; [] if nothing was said."""
        if self._highest < CERTAIN or self.heard_s < LEAST_SPEECH_S:
            return []
        pad = round(PAD_S * RATE_HZ)
        spans: list[tuple[int, int]] = []
        for start, stop in self._all_runs():
            first = max(self._floor, start * FRAME_SAMPLES - pad)
            last = min(total_samples, stop * FRAME_SAMPLES + pad)
            if spans and first - spans[-1][1] <= LONGEST_PAUSE_S * RATE_HZ - 2 * pad:
                spans[-1] = (spans[-1][0], last)
            else:
                spans.append((first, last))
        return spans

    def parts(self) -> list[list[tuple[int, int]]]:
        """The spans of each part that is complete, once."""
        parts, self._parts = self._parts, []
        return parts

    def _end_part(self) -> None:
        if self._start is not None or not self._runs:
            return
        last = self._runs[-1][1]
        if self._frames - last != PART_PAUSE_FRAMES or self.heard_s < PART_S:
            return
        cut = (last + self._frames) // 2 * FRAME_SAMPLES
        if spans := self.spans(cut):
            self._parts.append(spans)
        self._runs, self._floor = [], cut
