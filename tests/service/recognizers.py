"""Transcribes real speech for the stand-in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import soxr

from sayso.storage import paths
from sayso.stt.ondevice.models import locate
from sayso.stt.ondevice.models.catalog import WHISPER_BASE

RATE_HZ = 24_000


def whisper(language: str | None = "en", threads: int = 2) -> Callable[[bytes], str]:
    """Load Whisper base, which takes seconds, and return a function that transcribes with it."""
    from faster_whisper import WhisperModel

    folder = locate.locate(WHISPER_BASE, paths.models(), paths.cache())
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=threads)

    def transcribe(pcm24k: bytes) -> str:
        samples = np.frombuffer(pcm24k, "<i2").astype(np.float32) / 32768
        resampled = soxr.resample(samples, RATE_HZ, 16_000)
        segments, _ = model.transcribe(resampled, language=language, beam_size=1)
        return "".join(segment.text for segment in segments).strip()

    return transcribe
