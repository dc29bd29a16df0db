"""A reader: a cursor over a take's audio, resampled to what the engine wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from ..core.dictation.take import BYTES_PER_SAMPLE, Take

MAX_CHUNK_BYTES = 1 << 18
"""Resampled in pieces, so that a long backlog does not block the loop."""


class Reader:
    """Reads a take from `start_bytes` on; several readers may read one take."""

    def __init__(self, take: Take, start_bytes: int = 0) -> None:
        self.take, self.start_bytes = take, start_bytes
        self.finished = False
        """The take has ended, and all of it was taken by whoever reads."""

    async def chunks(self, rate_hz: int) -> AsyncGenerator[bytes, None]:
        """Audio as s16le mono at `rate_hz`, as soon as there is some, until the take ends.

        What was recorded before is given at once: whoever must not send faster than the
        voice came paces it.
        """
        import numpy as np  # with soxr 100 ms and 20 MB, and not needed before the first take
        import soxr

        take, cursor, resampler = self.take, self.start_bytes, None
        changed = asyncio.Event()
        stop = take.add_listener(changed.set)
        try:
            while True:
                changed.clear()
                pcm = take.read(cursor, MAX_CHUNK_BYTES)
                cursor += len(pcm)
                if pcm and resampler is None and take.rate_hz != rate_hz:
                    resampler = soxr.ResampleStream(take.rate_hz, rate_hz, 1, dtype="int16")
                at_end = take.ended and cursor >= take.size_bytes
                if resampler is not None:
                    samples = np.frombuffer(pcm, "<i2")
                    pcm = resampler.resample_chunk(samples, last=at_end).astype("<i2").tobytes()
                if pcm:
                    yield pcm
                if at_end:
                    self.finished = True
                    return
                if cursor >= take.size_bytes and not take.ended:
                    await changed.wait()
                else:
                    await asyncio.sleep(0)  # let the loop breathe between pieces of a backlog
        finally:
            stop()

    def position_bytes(self, output_bytes: int, rate_hz: int) -> int:
        """Where in the take the audio ends of which so many bytes came out at `rate_hz`."""
        samples = output_bytes // BYTES_PER_SAMPLE * self.take.rate_hz // rate_hz
        return min(self.start_bytes + samples * BYTES_PER_SAMPLE, self.take.size_bytes)

    @property
    def duration_s(self) -> float:
        """Length of what has been recorded so far, from `start_bytes` on."""
        size_bytes = self.take.size_bytes - self.start_bytes
        return size_bytes / BYTES_PER_SAMPLE / (self.take.rate_hz or 1)
