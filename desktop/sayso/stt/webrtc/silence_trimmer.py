"""Reduces the delay of audio that cannot be sent faster than real time. Pure.

RTP sends 20 ms of audio in 20 ms, so audio from before the connection would be late for the whole
take. While there is a backlog, the middle of each pause is dropped: 300 ms of the pause remain.
Speech is never dropped.
"""

from __future__ import annotations

from collections import deque

import attrs

from ...core.audio.pcm import level_dbfs
from ...core.audio.vad import NoiseFloor
from ...core.dictation.take import BYTES_PER_SAMPLE

FRAME_MS = 20
MIN_BACKLOG_MS = 240
"""A smaller backlog is left alone, because the microphone's blocks vary by that much too."""
QUIET_FRAMES_AFTER_SPEECH, QUIET_FRAMES_BEFORE_SPEECH = 10, 5
MAX_FLOOR_DBFS = -50.0
"""Nothing is dropped above this noise floor, because the noise may be continuous speech."""
ABOVE_FLOOR_DB = 6.0


@attrs.define(eq=False)
class SilenceTrimmer:
    """Takes audio, s16le mono at `rate_hz`, and returns it in frames of `FRAME_MS`."""

    rate_hz: int
    _buffer: bytearray = attrs.field(factory=bytearray, init=False)
    _frames: deque[tuple[bytes, bool]] = attrs.field(factory=deque, init=False)
    _floor: NoiseFloor = attrs.field(factory=lambda: NoiseFloor(FRAME_MS), init=False)
    _quiet_count: int = attrs.field(default=0, init=False)

    def append(self, pcm: bytes) -> None:
        self._buffer += pcm
        size = self.frame_bytes
        complete = len(self._buffer) // size * size
        for start in range(0, complete, size):
            self._add_frame(bytes(self._buffer[start : start + size]))
        del self._buffer[:complete]

    def end(self) -> None:
        """Fill the last frame with silence."""
        self.append(bytes(-len(self._buffer) % self.frame_bytes))

    def next(self) -> bytes | None:
        """Return the next frame to send; None if there is none yet."""
        while self._frames:
            frame, quiet = self._frames.popleft()
            self._quiet_count = self._quiet_count + 1 if quiet else 0
            if not self._can_drop():
                return frame
        return None

    @property
    def frame_bytes(self) -> int:
        return self.rate_hz * FRAME_MS // 1000 * BYTES_PER_SAMPLE

    @property
    def backlog_ms(self) -> int:
        return len(self._frames) * FRAME_MS

    def _add_frame(self, frame: bytes) -> None:
        level = level_dbfs(frame)
        self._floor.add(level)
        quiet = level < min(self._floor.dbfs, MAX_FLOOR_DBFS) + ABOVE_FLOOR_DB
        self._frames.append((frame, quiet))

    def _can_drop(self) -> bool:
        if self._quiet_count <= QUIET_FRAMES_AFTER_SPEECH or self.backlog_ms < MIN_BACKLOG_MS:
            return False
        return all(self._frames[index][1] for index in range(QUIET_FRAMES_BEFORE_SPEECH))
