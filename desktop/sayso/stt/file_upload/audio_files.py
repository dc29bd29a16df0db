"""A take's sound as files that a server takes: WAV, FLAC where that is too big, else in parts.

OpenAI takes 25 MB in one file (guide "Speech to text"), which is 13 minutes as WAV at 16 kHz, and
its gpt-4o models 1,400 s (what their error says); other servers took over the first.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator

import attrs

RATE_HZ = 16_000
"""Of the models themselves; whisper.cpp's server takes nothing else."""
BYTES_PER_S = RATE_HZ * 2
MAX_FILE_BYTES = 25_000_000
MAX_FILE_S = 1200
PAUSE_SEARCH_S = 20
"""How far from where it has to be cut a pause is looked for."""
PAUSE_MS = 300


@attrs.frozen
class AudioFile:
    name: str
    """'take.wav' or 'take.flac': servers go by the ending."""
    media_type: str
    """Media type."""
    content: bytes = attrs.field(repr=False)
    audio_s: float
    end_bytes: int
    """Where in the sound it was made of this part ends."""


def split_into_files(pcm: bytes) -> Iterator[AudioFile]:
    """Sound, s16le mono at `RATE_HZ`, as one file, or as several cut where it is quiet.

    Each is made when it is asked for; a FLAC of 20 minutes takes about a second.
    """
    start = 0
    while start < len(pcm):
        stop = _cut_position(pcm, start, MAX_FILE_S)
        parcel = _encode(pcm[start:stop], stop)
        while len(parcel.content) > MAX_FILE_BYTES and stop - start > BYTES_PER_S:
            stop = _cut_position(pcm, start, (stop - start) // BYTES_PER_S // 2)
            parcel = _encode(pcm[start:stop], stop)
        yield parcel
        start = stop


def _cut_position(pcm: bytes, start: int, longest_s: int) -> int:
    """Where a part that begins at `start` ends: in the quietest 300 ms of its last seconds."""
    latest = start + max(1, longest_s) * BYTES_PER_S
    if latest >= len(pcm):
        return len(pcm)
    import numpy as np

    earliest = max(start + (latest - start) // 2, latest - PAUSE_SEARCH_S * BYTES_PER_S)
    samples = np.frombuffer(pcm[earliest:latest], "<i2").astype(np.float32)
    block = RATE_HZ // 100
    energy = np.square(samples[: samples.size // block * block]).reshape(-1, block).sum(axis=1)
    pause = min(PAUSE_MS // 10, len(energy))
    quietest = int(np.convolve(energy, np.ones(pause), "valid").argmin()) + pause // 2
    return earliest + quietest * block * 2


def _encode(pcm: bytes, end_bytes: int) -> AudioFile:
    audio_s = len(pcm) / BYTES_PER_S
    if len(pcm) + 44 <= MAX_FILE_BYTES:
        return AudioFile("take.wav", "audio/wav", _wav(pcm), audio_s, end_bytes)
    return AudioFile("take.flac", "audio/flac", _flac(pcm), audio_s, end_bytes)


def _wav(pcm: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(pcm)
    return file.getvalue()


def _flac(pcm: bytes) -> bytes:
    import numpy as np
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, np.frombuffer(pcm, "<i2"), RATE_HZ, format="FLAC", subtype="PCM_16")
    return file.getvalue()
