"""What of a take goes out next where sound cannot be sent faster than it is spoken. Pure.

RTP carries 20 ms in 20 ms, so what was said before the connection stood would stay behind for
the whole take. Every word is sent; of pauses, while something is behind, the middle is left out:
300 ms of each remain, enough for the end of one sentence and the breath before the next.
"""

from __future__ import annotations

from collections import deque

import attrs

from ...core.audio.pcm import level_dbfs

FRAME_MS = 20
MIN_BACKLOG_MS = 240
"""Less is let be: blocks of the microphone come in no even step either."""
QUIET_FRAMES_AFTER_SPEECH, QUIET_FRAMES_BEFORE_SPEECH = 10, 5
"""Quiet frames that are sent after a word, and before one."""
FLOOR_MS = 3000
FLOOR_SHARE = 0.1
"""The room's noise is the level that a tenth of that time stayed under: gaps between syllables."""
HIGHEST_FLOOR_DBFS = -50.0
"""Somebody may speak on and on, or hum: in a room louder than this nothing is left out."""
OVER_FLOOR_DB = 6.0


@attrs.define(eq=False)
class SilenceTrimmer:
    """Audio, s16le mono at `rate_hz`, handed in as it comes and out in frames of `FRAME_MS`."""

    rate_hz: int
    left_out_ms: int = attrs.field(default=0, init=False)
    _buffer: bytearray = attrs.field(factory=bytearray, init=False)
    _frames: deque[tuple[bytes, bool]] = attrs.field(factory=deque, init=False)
    """Each with whether it is quiet."""
    _levels: deque[float] = attrs.field(init=False)
    _quiet_count: int = attrs.field(default=0, init=False)
    """So many quiet ones in a row, up to the one that went out last."""

    def __attrs_post_init__(self) -> None:
        self._levels = deque(maxlen=FLOOR_MS // FRAME_MS)

    def append(self, pcm: bytes) -> None:
        self._buffer += pcm
        size = self.frame_bytes
        whole = len(self._buffer) // size * size
        for start in range(0, whole, size):
            self._add_frame(bytes(self._buffer[start : start + size]))
        del self._buffer[:whole]

    def end(self) -> None:
        """No more comes: the last frame is filled up."""
        self.append(bytes(-len(self._buffer) % self.frame_bytes))

    def next(self) -> bytes | None:
        """The next frame to send; None where there is none yet."""
        while self._frames:
            frame, quiet = self._frames.popleft()
            self._quiet_count = self._quiet_count + 1 if quiet else 0
            if not self._can_drop():
                return frame
            self.left_out_ms += FRAME_MS
        return None

    @property
    def frame_bytes(self) -> int:
        return self.rate_hz * FRAME_MS // 1000 * 2

    @property
    def backlog_ms(self) -> int:
        return len(self._frames) * FRAME_MS

    def _add_frame(self, frame: bytes) -> None:
        level = level_dbfs(frame)
        self._levels.append(level)
        floor = sorted(self._levels)[int(len(self._levels) * FLOOR_SHARE)]
        self._frames.append((frame, level < min(floor, HIGHEST_FLOOR_DBFS) + OVER_FLOOR_DB))

    def _can_drop(self) -> bool:
        if self._quiet_count <= QUIET_FRAMES_AFTER_SPEECH or self.backlog_ms < MIN_BACKLOG_MS:
            return False
        return all(self._frames[index][1] for index in range(QUIET_FRAMES_BEFORE_SPEECH))
