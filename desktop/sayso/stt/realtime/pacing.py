"""How much audio is sent at once, and how fast. Pure.

OpenAI drops audio without a word when it comes faster than about four times as fast as it was
spoken, so a backlog goes out at three times that, after half a second at once.
"""

from __future__ import annotations

import attrs

SPEED = 3.0
BURST_S = 0.5
LEAST_MS = 40
MOST_MS = 100


@attrs.define(eq=False)
class Pace:
    """A bucket of audio that fills at `speed` and holds `burst_s`; every instant is handed in."""

    speed: float = SPEED
    burst_s: float = BURST_S
    _level_s: float = attrs.field(init=False)
    _at_s: float | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self._level_s = self.burst_s

    def wait_s(self, audio_s: float, now_s: float) -> float:
        """Take audio of that length out; returns how long to wait before it is sent."""
        if self._at_s is not None:
            filled = self._level_s + max(0.0, now_s - self._at_s) * self.speed
            self._level_s = min(self.burst_s, filled)
        self._at_s = now_s
        self._level_s -= audio_s
        return max(0.0, -self._level_s / self.speed)


@attrs.define(eq=False)
class Frames:
    """Audio, s16le mono, cut to messages of `LEAST_MS` to `MOST_MS`; the last may be shorter."""

    rate_hz: int
    _held: bytearray = attrs.field(factory=bytearray, init=False)

    def add(self, pcm: bytes) -> list[bytes]:
        self._held += pcm
        frames = []
        while len(self._held) >= self._bytes(LEAST_MS):
            frames.append(bytes(self._held[: self._bytes(MOST_MS)]))
            del self._held[: self._bytes(MOST_MS)]
        return frames

    def rest(self) -> list[bytes]:
        """What is left at the end; at most one."""
        frames = [bytes(self._held)] if self._held else []
        self._held.clear()
        return frames

    def _bytes(self, ms: int) -> int:
        return self.rate_hz * ms // 1000 * 2
