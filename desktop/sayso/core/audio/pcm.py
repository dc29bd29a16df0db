"""Sound as numbers: levels, a ring for the pre-roll, whether a voice goes on, what is wrong.

Everywhere s16le. Pure: instants are handed in, in ms of any one clock.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Literal

from ..dictation.take import BYTES_PER_SAMPLE

DIGITAL_SILENCE_DBFS = -96.0
"""Level of digital silence: one step of 16 bits lies at -90."""
FULL_SCALE = 32768.0


def level_dbfs(pcm: bytes) -> float:
    """Root mean square of s16le mono; 0 is a square wave at full scale, -96 is nothing at all."""
    import numpy as np  # 20 MB, and not needed before the first take

    samples = np.frombuffer(pcm, "<i2").astype(np.float32)
    if not samples.size:
        return DIGITAL_SILENCE_DBFS
    rms = math.sqrt(float(np.mean(np.square(samples)))) / FULL_SCALE
    return max(DIGITAL_SILENCE_DBFS, 20 * math.log10(rms)) if rms else DIGITAL_SILENCE_DBFS


def is_digital_silence(pcm: bytes) -> bool:
    """Digital silence: what a muted or vanished microphone gives, and a live one never."""
    return not any(pcm)


def downmix(pcm: bytes, channels: int) -> bytes:
    """Interleaved s16le of several channels as mono, their mean."""
    if channels == 1:
        return pcm
    import numpy as np

    frames = np.frombuffer(pcm, "<i2").reshape(-1, channels)
    return bytes(frames.mean(axis=1).round().astype("<i2"))


class PreRollBuffer:
    """The last `most_ms` of audio, for the pre-roll; s16le mono at `rate_hz`."""

    def __init__(self, max_ms: int, rate_hz: int) -> None:
        self._max_bytes = max_ms * rate_hz // 1000 * BYTES_PER_SAMPLE
        self._blocks: deque[bytes] = deque()
        self._size_bytes = 0

    def append(self, pcm: bytes) -> None:
        self._blocks.append(pcm)
        self._size_bytes += len(pcm)
        while self._blocks and self._size_bytes - len(self._blocks[0]) >= self._max_bytes:
            self._size_bytes -= len(self._blocks.popleft())

    def drain(self) -> bytes:
        """All of it, oldest first, and nothing is left."""
        audio = b"".join(self._blocks)
        self._blocks.clear()
        self._size_bytes = 0
        return audio[max(0, len(audio) - self._max_bytes) :]


StreamFault = Literal["no-callback", "zeros", "silence"]

BLOCK_TIMEOUT_MS = 400
FIRST_BLOCK_TIMEOUT_MS = 5000
"""A Bluetooth headset needs seconds to change to its microphone profile."""
MAX_CHECK_INTERVAL_MS = 200
"""Who looks every 100 ms and comes later than this was kept waiting itself, as the blocks were:
no more than this counts against the microphone."""
ZEROS_TIMEOUT_MS = 200
"""A microphone that is live never gives so many; one that has gone, or is muted, may."""
SILENCE_TIMEOUT_MS = 2000


class StreamWatchdog:
    """Notices a microphone that is open and gives nothing.

    Sound servers say nothing at all when a source is suspended (no more blocks) or its device
    has gone (blocks of zeros): measured with PulseAudio 16 and PipeWire 0.3. Each trouble is
    told once, "zeros" once in each run of them.
    """

    def __init__(
        self, opened_ms: float, first_block_timeout_ms: float = FIRST_BLOCK_TIMEOUT_MS
    ) -> None:
        """`first_ms`: how long the first block may take."""
        self._timeout_ms = first_block_timeout_ms
        self._checked_ms, self._idle_ms = opened_ms, 0.0
        self._silent_since_ms: float | None = None
        self._reported: set[StreamFault] = set()

    def on_block(self, now_ms: float, is_silent: bool) -> StreamFault | None:
        """A block has come."""
        if not is_silent:
            self._silent_since_ms = None
            self._reported.discard("zeros")
        elif self._silent_since_ms is None:
            self._silent_since_ms = now_ms
        self._timeout_ms = BLOCK_TIMEOUT_MS
        self._checked_ms, self._idle_ms = now_ms, 0.0
        return self.check(now_ms)

    def check(self, now_ms: float) -> StreamFault | None:
        """Time has gone by; ask every 100 ms or so."""
        self._idle_ms += min(now_ms - self._checked_ms, MAX_CHECK_INTERVAL_MS)
        self._checked_ms = now_ms
        if self._idle_ms >= self._timeout_ms:
            return self._report("no-callback")
        if self._silent_since_ms is None:
            return None
        zeros_ms = now_ms - self._silent_since_ms
        if zeros_ms >= SILENCE_TIMEOUT_MS and (silence := self._report("silence")):
            return silence
        return self._report("zeros") if zeros_ms >= ZEROS_TIMEOUT_MS else None

    def _report(self, fault: StreamFault) -> StreamFault | None:
        if fault in self._reported:
            return None
        self._reported.add(fault)
        return fault
