"""What the level meter says about a microphone. Pure; instants in ms are handed in."""

from __future__ import annotations

from collections import deque

SILENT_DBFS, QUIET_DBFS, GOOD_DBFS, LOUD_DBFS = -90.0, -48.0, -36.0, -3.0
RANGE_DB = 60.0
WINDOW_MS, SETTLING_MS, PEAK_HOLD_MS = 3000, 2000, 1200

SPEAK = "Speak to see the level."
GOOD = "Good. Speak as you normally would; the bar should pass the middle."
QUIET = "Very quiet. Move closer or raise the level."
LOUD = "Too loud. Lower the level."
SILENT = "No sound. Is it muted?"
_SUMMARIES = {SPEAK: "waiting", GOOD: "good", QUIET: "very quiet", LOUD: "too loud", SILENT: "none"}


def meter_position(dbfs: float) -> float:
    """0 to 1 along the meter; the middle is -30 dBFS, where speech should be."""
    return min(1.0, max(0.0, (dbfs + RANGE_DB) / RANGE_DB))


class LevelVerdict:
    """Looks at the last three seconds."""

    def __init__(self) -> None:
        self._levels: deque[tuple[float, float]] = deque()
        self._started_ms: float | None = None
        self.message = SPEAK

    @property
    def summary(self) -> str:
        return _SUMMARIES[self.message]

    @property
    def level(self) -> float:
        return meter_position(self._levels[-1][1]) if self._levels else 0.0

    @property
    def peak(self) -> float:
        """The highest of the last moments, which the meter holds."""
        if not self._levels:
            return 0.0
        now = self._levels[-1][0]
        return meter_position(max(dbfs for at, dbfs in self._levels if at >= now - PEAK_HOLD_MS))

    def add(self, dbfs: float, now: float) -> None:
        self._started_ms = now if self._started_ms is None else self._started_ms
        self._levels.append((now, dbfs))
        while self._levels[0][0] < now - WINDOW_MS:
            self._levels.popleft()
        self.message = self._evaluate(now - self._started_ms)

    def _evaluate(self, since_ms: float) -> str:
        highest = max(dbfs for _, dbfs in self._levels)
        if highest >= LOUD_DBFS:
            return LOUD
        if highest >= GOOD_DBFS:
            return GOOD
        if since_ms < SETTLING_MS:
            return SPEAK
        if highest <= SILENT_DBFS:
            return SILENT
        return QUIET if highest >= QUIET_DBFS else SPEAK
