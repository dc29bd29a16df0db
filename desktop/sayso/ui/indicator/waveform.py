"""The wave: loudness in, heights of seven bars out. Pure; instants in ms are handed in."""

from __future__ import annotations

import math
from collections import deque

BARS = 7
ATTACK_MS, RELEASE_MS = 40.0, 180.0
OUTWARD_MS = 60.0
"""The newest level is in the middle and takes this long from bar to bar."""
_KEPT_MS = OUTWARD_MS * (BARS // 2 + 1)


def loudness(dbfs: float) -> float:
    """0 to 1 for what a microphone gives: -50 dBFS and below, to -12 and above."""
    return min(1.0, max(0.0, (dbfs + 50.0) / 38.0))


class Wave:
    def __init__(self) -> None:
        self._target = 0.0
        self._trail: deque[tuple[float, float]] = deque()
        """(instant, level), oldest first."""

    @property
    def level(self) -> float:
        return self._trail[-1][1] if self._trail else 0.0

    def reset(self) -> None:
        self._target = 0.0
        self._trail.clear()

    def hear(self, dbfs: float) -> None:
        self._target = loudness(dbfs)

    def step(self, now: float) -> None:
        """Follow the loudness up to now; once a frame."""
        before, value = self._trail[-1] if self._trail else (now, 0.0)
        rate = ATTACK_MS if self._target > value else RELEASE_MS
        value += (self._target - value) * (1.0 - math.exp(-(now - before) / rate))
        self._trail.append((now, value))
        while len(self._trail) > 1 and self._trail[1][0] <= now - _KEPT_MS:
            self._trail.popleft()

    def bars(self) -> tuple[float, ...]:
        """Levels 0 to 1 from the middle bar outward, four of them."""
        return tuple(self._at(i * OUTWARD_MS) for i in range(BARS // 2 + 1))

    def _at(self, ago_ms: float) -> float:
        if not self._trail:
            return 0.0
        when = self._trail[-1][0] - ago_ms
        for at, value in reversed(self._trail):
            if at <= when:
                return value
        return 0.0
