"""What the level meter says about a microphone. Pure; instants in ms are handed in."""

from __future__ import annotations

from collections import deque

SILENT_DBFS, QUIET_DBFS, GOOD_DBFS, LOUD_DBFS = -90.0, -48.0, -36.0, -3.0
FLOOR_DB = 60.0
LOOKED_AT_MS, SETTLED_MS, PEAK_HELD_MS = 3000, 2000, 1200

SPEAK = "Speak to see the level."
GOOD = "Good. Speak as you normally would; the bar should pass the middle."
QUIET = "Very quiet. Move closer or raise the level."
LOUD = "Too loud. Lower the level."
NOTHING = "No sound. Is it muted?"
_WORDS = {SPEAK: "waiting", GOOD: "good", QUIET: "very quiet", LOUD: "too loud", NOTHING: "none"}


def scale(dbfs: float) -> float:
    """0 to 1 along the meter; the middle is -30 dBFS, where speech should be."""
    return min(1.0, max(0.0, (dbfs + FLOOR_DB) / FLOOR_DB))


class LevelJudge:
    """Looks at the last three seconds."""

    def __init__(self) -> None:
        self._heard: deque[tuple[float, float]] = deque()
        self._began: float | None = None
        self.sentence = SPEAK

    @property
    def word(self) -> str:
        return _WORDS[self.sentence]

    @property
    def level(self) -> float:
        return scale(self._heard[-1][1]) if self._heard else 0.0

    @property
    def peak(self) -> float:
        """The highest of the last moments, which the meter holds."""
        if not self._heard:
            return 0.0
        now = self._heard[-1][0]
        return scale(max(dbfs for at, dbfs in self._heard if at >= now - PEAK_HELD_MS))

    def hear(self, dbfs: float, now: float) -> None:
        self._began = now if self._began is None else self._began
        self._heard.append((now, dbfs))
        while self._heard[0][0] < now - LOOKED_AT_MS:
            self._heard.popleft()
        self.sentence = self._said(now - self._began)

    def _said(self, since_ms: float) -> str:
        highest = max(dbfs for _, dbfs in self._heard)
        if highest >= LOUD_DBFS:
            return LOUD
        if highest >= GOOD_DBFS:
            return GOOD
        if since_ms < SETTLED_MS:
            return SPEAK
        if highest <= SILENT_DBFS:
            return NOTHING
        return QUIET if highest >= QUIET_DBFS else SPEAK
