"""Heights of the waveform's bars. Pure: times in ms are parameters."""

from __future__ import annotations

import math
from collections import deque

BAR_COUNT = 7
ATTACK_MS, RELEASE_MS = 40.0, 180.0
BAR_DELAY_MS = 60.0
"""The newest level is shown in the middle, and this much later in the next bars outward."""
_HISTORY_MS = BAR_DELAY_MS * (BAR_COUNT // 2 + 1)


def bar_level(dbfs: float) -> float:
    """Map -50 dBFS and below to 0, -12 dBFS and above to 1."""
    return min(1.0, max(0.0, (dbfs + 50.0) / 38.0))


class Waveform:
    def __init__(self) -> None:
        self._target = 0.0
        self._history: deque[tuple[float, float]] = deque()
        """(time, level), oldest first."""

    def reset(self) -> None:
        self._target = 0.0
        self._history.clear()

    def add_level(self, dbfs: float) -> None:
        self._target = bar_level(dbfs)

    def advance(self, now: float) -> None:
        """Move the level toward the newest one; call this for each frame."""
        previous, level = self._history[-1] if self._history else (now, 0.0)
        time_constant = ATTACK_MS if self._target > level else RELEASE_MS
        level += (self._target - level) * (1.0 - math.exp(-(now - previous) / time_constant))
        self._history.append((now, level))
        while len(self._history) > 1 and self._history[1][0] <= now - _HISTORY_MS:
            self._history.popleft()

    def bars(self) -> tuple[float, ...]:
        """Return levels from 0 to 1, from the middle bar outward."""
        return tuple(self._level_before(i * BAR_DELAY_MS) for i in range(BAR_COUNT // 2 + 1))

    def _level_before(self, delay_ms: float) -> float:
        if not self._history:
            return 0.0
        time = self._history[-1][0] - delay_ms
        return next((level for at, level in reversed(self._history) if at <= time), 0.0)
