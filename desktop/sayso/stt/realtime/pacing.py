"""Pacing of the audio that is sent, and detection of pauses in it. Pure.

OpenAI drops audio without an error if it arrives faster than about four times real time. A backlog
is therefore sent at three times real time, after a burst of half a second.
"""

from __future__ import annotations

import attrs

from ...core.audio.vad import EnergyVad
from ...core.dictation.take import BYTES_PER_SAMPLE

MAX_SPEED = 3.0
BURST_S = 0.5
MIN_FRAME_MS, MAX_FRAME_MS = 40, 100
PAUSE_S = 1.0
STEP_MS = 40
"""Interval of the voice detection, which holds its result for 80 ms."""


@attrs.define(eq=False)
class SendPacer:
    """Token bucket of audio that fills at `speed` and holds `burst_s`."""

    speed: float = MAX_SPEED
    burst_s: float = BURST_S
    _level_s: float = attrs.field(init=False)
    _at_s: float | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self._level_s = self.burst_s

    def wait_s(self, audio_s: float, now_s: float) -> float:
        """Take audio of that length from the bucket; returns the wait before it may be sent."""
        if self._at_s is not None:
            filled_s = self._level_s + max(0.0, now_s - self._at_s) * self.speed
            self._level_s = min(self.burst_s, filled_s)
        self._at_s = now_s
        self._level_s -= audio_s
        return max(0.0, -self._level_s / self.speed)


@attrs.define(eq=False)
class FrameSplitter:
    """Splits audio, s16le mono, into frames of `MIN_FRAME_MS` to `MAX_FRAME_MS`."""

    rate_hz: int
    _buffer: bytearray = attrs.field(factory=bytearray, init=False)

    def add(self, pcm: bytes) -> list[bytes]:
        """Add audio; returns the frames that are complete."""
        self._buffer += pcm
        frames = []
        while len(self._buffer) >= self._bytes(MIN_FRAME_MS):
            frames.append(bytes(self._buffer[: self._bytes(MAX_FRAME_MS)]))
            del self._buffer[: self._bytes(MAX_FRAME_MS)]
        return frames

    def flush(self) -> list[bytes]:
        """Return the rest as at most one frame, which may be shorter."""
        frames = [bytes(self._buffer)] if self._buffer else []
        self._buffer.clear()
        return frames

    def _bytes(self, ms: int) -> int:
        return self.rate_hz * ms // 1000 * BYTES_PER_SAMPLE


class PauseDetector:
    """Detects pauses after speech in audio, s16le mono at `rate_hz`, in blocks of any size."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._vad = EnergyVad(rate_hz)
        self._silence_bytes = 0
        self._has_spoken = False

    def feed(self, pcm: bytes) -> bool:
        """True if there was speech since `reset`, and then none for the last `PAUSE_S`."""
        step = self._rate_hz * STEP_MS // 1000 * BYTES_PER_SAMPLE
        for start in range(0, len(pcm), step):
            block = pcm[start : start + step]
            self._vad.feed(block)
            if self._vad.is_speech:
                self._has_spoken, self._silence_bytes = True, 0
            else:
                self._silence_bytes += len(block)
        silence_s = self._silence_bytes / BYTES_PER_SAMPLE / self._rate_hz
        return self._has_spoken and silence_s >= PAUSE_S

    def reset(self) -> None:
        """Ignore this pause from now on."""
        self._has_spoken = False
