"""How much audio is sent at once, and how fast. Pure.

OpenAI drops audio without a word when it comes faster than about four times as fast as it was
spoken, so a backlog goes out at three times that, after half a second at once.
"""

from __future__ import annotations

import attrs

MAX_SPEED = 3.0
BURST_S = 0.5
MIN_FRAME_MS = 40
MAX_FRAME_MS = 100


@attrs.define(eq=False)
class SendPacer:
    """A bucket of audio that fills at `speed` and holds `burst_s`; every instant is handed in."""

    speed: float = MAX_SPEED
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
class FrameSplitter:
    """Audio, s16le mono, cut to messages of `LEAST_MS` to `MOST_MS`; the last may be shorter."""

    rate_hz: int
    _buffer: bytearray = attrs.field(factory=bytearray, init=False)

    def add(self, pcm: bytes) -> list[bytes]:
        self._buffer += pcm
        frames = []
        while len(self._buffer) >= self._bytes(MIN_FRAME_MS):
            frames.append(bytes(self._buffer[: self._bytes(MAX_FRAME_MS)]))
            del self._buffer[: self._bytes(MAX_FRAME_MS)]
        return frames

    def flush(self) -> list[bytes]:
        """What is left at the end; at most one."""
        frames = [bytes(self._buffer)] if self._buffer else []
        self._buffer.clear()
        return frames

    def _bytes(self, ms: int) -> int:
        return self.rate_hz * ms // 1000 * 2
