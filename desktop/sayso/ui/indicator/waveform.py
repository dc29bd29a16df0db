"""The wave: loudness in, heights of seven bars out. Pure; instants in ms are handed in."""

from __future__ import annotations

import math
from collections import deque

BAR_COUNT = 7
ATTACK_MS, RELEASE_MS = 40.0, 180.0
BAR_DELAY_MS = 60.0
"""The newest level is in the middle and takes this long from bar to bar."""
_HISTORY_MS = BAR_DELAY_MS * (BAR_COUNT // 2 + 1)


def bar_level(dbfs: float) -> float:
    """0 to 1 for what a microphone gives: -50 dBFS and below, to -12 and above."""
    return min(1.0, max(0.0, (dbfs + 50.0) / 38.0))


class Waveform:
    def __init__(self) -> None:
        self._target = 0.0
        self._history: deque[tuple[float, float]] = deque()
        """(instant, level), oldest first."""

    @property
    def level(self) -> float:
        return self._history[-1][1] if self._history else 0.0

    def reset(self) -> None:
        self._target = 0.0
        self._history.clear()

    def add_level(self, dbfs: float) -> None:
        self._target = bar_level(dbfs)

    def advance(self, now: float) -> None:
        """Follow the loudness up to now; once a frame."""
        before, value = self._history[-1] if self._history else (now, 0.0)
        rate = ATTACK_MS if self._target > value else RELEASE_MS
        value += (self._target - value) * (1.0 - math.exp(-(now - before) / rate))
        self._history.append((now, value))
        while len(self._history) > 1 and self._history[1][0] <= now - _HISTORY_MS:
            self._history.popleft()

    def bars(self) -> tuple[float, ...]:
        """Levels 0 to 1 from the middle bar outward, four of them."""
        return tuple(self._level_before(i * BAR_DELAY_MS) for i in range(BAR_COUNT // 2 + 1))

    def _level_before(self, ago_ms: float) -> float:
        if not self._history:
            return 0.0
        when = self._history[-1][0] - ago_ms
        for at, value in reversed(self._history):
            if at <= when:
                return value
        return 0.0
