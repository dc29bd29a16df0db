"""Notices that somebody pauses, in the audio that is sent. Pure."""

from __future__ import annotations

from ...core.audio.vad import EnergyVad
from ...core.dictation.take import BYTES_PER_SAMPLE

PAUSE_S = 1.0
STEP_MS = 40
"""A voice is looked for so often: the meter remembers one for 80 ms."""


class PauseDetector:
    """Audio is s16le mono at `rate_hz`, in blocks of any size."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._meter = EnergyVad(rate_hz)
        self._quiet_bytes = 0
        self._has_spoken = False

    def feed(self, pcm: bytes) -> bool:
        """Whether somebody has spoken since `over`, and then nobody for `PAUSE_S` up to now."""
        step = self._rate_hz * STEP_MS // 1000 * BYTES_PER_SAMPLE
        for start in range(0, len(pcm), step):
            block = pcm[start : start + step]
            self._meter.feed(block)
            if self._meter.is_speech:
                self._has_spoken, self._quiet_bytes = True, 0
            else:
                self._quiet_bytes += len(block)
        return self._has_spoken and self._quiet_s >= PAUSE_S

    def reset(self) -> None:
        """This pause was made use of."""
        self._has_spoken = False

    @property
    def _quiet_s(self) -> float:
        return self._quiet_bytes / BYTES_PER_SAMPLE / self._rate_hz
