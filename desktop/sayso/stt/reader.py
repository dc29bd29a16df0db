"""A reader: a cursor over the audio of a take, resampled for an engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from ..core.dictation.take import BYTES_PER_SAMPLE, Take

MAX_CHUNK_BYTES = 1 << 18
"""Recorded audio is resampled in chunks of this size, so that it does not block the event loop."""


class Reader:
    """Reads a take from `start_bytes` to its end. A take may have several readers."""

    def __init__(self, take: Take, start_bytes: int = 0) -> None:
        self.take, self.start_bytes = take, start_bytes
        self.finished = False
        """True once the take has ended and the consumer has taken all of its audio."""

    async def chunks(self, rate_hz: int) -> AsyncGenerator[bytes, None]:
        """Yield audio as s16le mono at `rate_hz` as it arrives, until the take ends.

        Audio that has already been recorded is yielded at once; a consumer that must not send
        faster than real time has to limit its own speed.
        """
        import numpy as np  # importing numpy and soxr takes 100 ms and 20 MB
        import soxr

        take, cursor, resampler = self.take, self.start_bytes, None
        changed = asyncio.Event()
        remove_listener = take.add_listener(changed.set)
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
                    await asyncio.sleep(0)  # other tasks run between two chunks
        finally:
            remove_listener()

    def position_bytes(self, output_bytes: int, rate_hz: int) -> int:
        """Return the position in the take that `output_bytes` of audio at `rate_hz` end at."""
        samples = output_bytes // BYTES_PER_SAMPLE * self.take.rate_hz // rate_hz
        return min(self.start_bytes + samples * BYTES_PER_SAMPLE, self.take.size_bytes)

    @property
    def duration_s(self) -> float:
        """Duration of the audio recorded so far, from `start_bytes` on."""
        size_bytes = self.take.size_bytes - self.start_bytes
        return size_bytes / BYTES_PER_SAMPLE / (self.take.rate_hz or 1)
