"""Notices that somebody pauses, in the audio that is sent. Pure."""

from __future__ import annotations

from ..core.pcm import VoiceMeter
from ..core.take import BYTES_PER_SAMPLE

PAUSE_S = 1.0
STEP_MS = 40
"""A voice is looked for so often: the meter remembers one for 80 ms."""


class Pauses:
    """Audio is s16le mono at `rate_hz`, in blocks of any size."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._meter = VoiceMeter(rate_hz)
        self._quiet_bytes = 0

    def feed(self, pcm: bytes) -> bool:
        """Whether nobody has spoken for `PAUSE_S` up to the end of this block."""
        step = self._rate_hz * STEP_MS // 1000 * BYTES_PER_SAMPLE
        for start in range(0, len(pcm), step):
            block = pcm[start : start + step]
            self._meter.feed(block)
            self._quiet_bytes = 0 if self._meter.voice_now else self._quiet_bytes + len(block)
        return self._quiet_bytes >= PAUSE_S * self._rate_hz * BYTES_PER_SAMPLE
