"""Levels, channel conversion and the pre-roll buffer for s16le audio. Pure."""

from __future__ import annotations

import math
from collections import deque

from ..dictation.take import BYTES_PER_SAMPLE

DIGITAL_SILENCE_DBFS = -96.0
"""Level of all-zero audio; one 16-bit step is at -90."""
FULL_SCALE = 32768.0


def level_dbfs(pcm: bytes) -> float:
    """Return the RMS level of s16le mono in dBFS; 0 is a square wave at full scale."""
    import numpy as np  # 20 MB; not needed before the first take

    samples = np.frombuffer(pcm, "<i2").astype(np.float32)
    if not samples.size:
        return DIGITAL_SILENCE_DBFS
    rms = math.sqrt(float(np.mean(np.square(samples)))) / FULL_SCALE
    return max(DIGITAL_SILENCE_DBFS, 20 * math.log10(rms)) if rms else DIGITAL_SILENCE_DBFS


def is_digital_silence(pcm: bytes) -> bool:
    """Return whether all samples are 0, as from a muted microphone but never from a live one."""
    return not any(pcm)


def downmix(pcm: bytes, channels: int) -> bytes:
    """Return interleaved s16le as mono, the mean of the channels."""
    if channels == 1:
        return pcm
    import numpy as np

    frames = np.frombuffer(pcm, "<i2").reshape(-1, channels)
    return bytes(frames.mean(axis=1).round().astype("<i2"))


class PreRollBuffer:
    """Keeps the last `max_ms` of s16le mono at `rate_hz`."""

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
        """Return the audio, oldest first, and empty the buffer."""
        audio = b"".join(self._blocks)
        self._blocks.clear()
        self._size_bytes = 0
        return audio[max(0, len(audio) - self._max_bytes) :]
