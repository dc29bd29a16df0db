"""Splits a take into files for upload: WAV, FLAC if that is too large, and several parts if needed.

OpenAI accepts 25 MB per file, which is 13 minutes of WAV at 16 kHz, and its gpt-4o models 1,400 s.
Other servers adopted the first limit. See "File upload" in `docs/realtime-protocol.md`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import attrs

from ...core.dictation.take import BYTES_PER_SAMPLE

RATE_HZ = 16_000
"""Sample rate of the models, and the only one that the server of whisper.cpp accepts."""
BYTES_PER_S = RATE_HZ * BYTES_PER_SAMPLE
WAV_HEADER_BYTES = 44
PAUSE_SEARCH_S = 20
"""The cut is in the quietest part of this time before the latest position."""
PAUSE_MS, BLOCK_MS = 300, 10


@attrs.frozen
class FileLimits:
    max_bytes: int = 25_000_000
    max_s: int = 1200


@attrs.frozen
class AudioFile:
    name: str
    """'take.wav' or 'take.flac': servers use the extension."""
    media_type: str
    content: bytes = attrs.field(repr=False)
    audio_s: float
    end_bytes: int


def split_into_files(pcm: bytes, limits: FileLimits) -> Iterator[AudioFile]:
    """Yield the audio, s16le mono at `RATE_HZ`, as one or more files, cut at quiet positions.

    Each file is encoded when it is requested; 20 minutes of FLAC take about one second.
    """
    start = 0
    while start < len(pcm):
        max_s = limits.max_s
        while True:
            stop = _cut_position(pcm, start, max_s)
            file = _encode(pcm[start:stop], stop, limits)
            if len(file.content) <= limits.max_bytes or stop - start <= BYTES_PER_S:
                break
            max_s = (stop - start) // BYTES_PER_S // 2
        yield file
        start = stop


def _cut_position(pcm: bytes, start: int, max_s: int) -> int:
    """Return where a file that begins at `start` ends: in the quietest `PAUSE_MS` near its end."""
    latest = start + max(1, max_s) * BYTES_PER_S
    if latest >= len(pcm):
        return len(pcm)
    import numpy as np

    earliest = max(start + (latest - start) // 2, latest - PAUSE_SEARCH_S * BYTES_PER_S)
    samples = np.frombuffer(pcm[earliest:latest], "<i2").astype(np.float32)
    block = RATE_HZ * BLOCK_MS // 1000
    energy = np.square(samples[: samples.size // block * block]).reshape(-1, block).sum(axis=1)
    pause = min(PAUSE_MS // BLOCK_MS, len(energy))
    quietest = int(np.convolve(energy, np.ones(pause), "valid").argmin()) + pause // 2
    return earliest + quietest * block * BYTES_PER_SAMPLE


def _encode(pcm: bytes, end_bytes: int, limits: FileLimits) -> AudioFile:
    import numpy as np
    import soundfile

    kind = "wav" if len(pcm) + WAV_HEADER_BYTES <= limits.max_bytes else "flac"
    file = io.BytesIO()
    soundfile.write(file, np.frombuffer(pcm, "<i2"), RATE_HZ, format=kind, subtype="PCM_16")
    audio_s = len(pcm) / BYTES_PER_S
    return AudioFile(f"take.{kind}", f"audio/{kind}", file.getvalue(), audio_s, end_bytes)
