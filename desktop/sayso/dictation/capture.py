"""From the microphone to the take: kept warm, with a pre-roll, a tail and one rate.

Loop thread only.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import attrs

from ..audio.input_stream import Mic, Stream
from ..audio.input_stream import Told as StreamTold
from ..core.audio.dropouts import Gap, not_heard
from ..core.audio.pcm import Ring, Tail, VoiceMeter, level_dbfs
from ..core.dictation.take import Take
from ..core.problems import Problem
from ..core.settings.settings import Microphone as MicrophoneSettings

WARM_S = {"held": 0.0, "30s": 30.0, "always": float("inf")}
LEVEL_EVERY_MS = 33.0


@attrs.frozen(kw_only=True)
class Told:
    """Who is told what; called in the loop."""

    recorded: Callable[[Take, bytes], None]
    """A block was appended."""
    arrived: Callable[[Take], None]
    """The first sample of the take is there."""
    tail_over: Callable[[Take], None]
    lost: Callable[[Take, Problem], None]
    warned: Callable[[Problem], None]
    """Something is odd, and recording goes on."""
    level: Callable[[float], None]
    """dBFS, at most 30 times a second, while a take or the meter wants it."""
    away: Callable[[], None]
    """`Capture.away` is another now."""


class Capture:
    def __init__(self, mic: Mic, settings: MicrophoneSettings, told: Told) -> None:
        self._settings, self._told = settings, told
        self._loop = asyncio.get_running_loop()
        self._stream = Stream(
            mic,
            settings.device,
            StreamTold(
                opened=self._opened,
                failed=self._failed,
                block=self._block,
                lost=self._lost,
                away=told.away,
                back=self._back,
                warned=told.warned,
            ),
        )
        self._take: Take | None = None
        self._tail: Tail | None = None
        self._tail_wanted = False
        """It begins when the stream is open."""
        self._resampler: Any = None
        """From the rate of the stream to that of the take, where they differ."""
        self._missed = Gap()
        """Of the take."""
        self._metering = False
        self._cooling: asyncio.TimerHandle | None = None
        self._level_at_ms = 0.0
        self._loudest = -96.0

    @property
    def away(self) -> bool:
        """Whether a take goes on and its microphone has gone."""
        return self._stream.away

    def configure(self, settings: MicrophoneSettings) -> None:
        """A changed device or warmth holds from the next take on."""
        if settings != self._settings:
            self._settings, self._stream.device = settings, settings.device
            if self._take is None:
                self._stream.shut()
                self._want()

    def begin(self, take: Take) -> None:
        """Append to this take from now on, and the pre-roll before."""
        self._take, self._tail, self._missed = take, None, Gap()
        self._tail_wanted = False
        if rate_hz := self._stream.rate_hz:
            take.rate_hz = rate_hz
            if preroll := self._ring.drain():
                self._append(take, preroll)
        self._stream.rely()
        self._want()

    def keep_tail(self, take: Take) -> None:
        """Tell `tail_over` as soon as the voice ends, which may be now."""
        self._tail_wanted = take is self._take and self._stream.keeps
        if self._tail_wanted:
            return  # what came belongs to it, and is handed on once the stream is open
        if take is not self._take or not self._stream.rate_hz:
            self._told.tail_over(take)
            return
        self._stream.drain()
        self._tail = Tail(self._voice, take.rate_hz)
        if self._tail.over:
            self._told.tail_over(take)

    def end(self, take: Take) -> None:
        """Append nothing more to it."""
        if take is self._take:
            self._take = None
            if self._resampler is not None:
                self._end_of_rate(take)
                self._listen_at(self._stream.rate_hz)
            last = self._stream.leave()
            if (self._missed + last).is_worth_telling and last.ms:
                self._told.warned(not_heard(last, at_end=True))
            self._cool()
        take.end()

    def meter(self, on: bool) -> None:
        """Keep the microphone open for its level only."""
        self._metering = on
        if on:
            self._want()
        elif self._take is None:
            self._cool()

    async def close(self) -> None:
        self._metering = False
        if self._cooling:
            self._cooling.cancel()
        await self._stream.close()

    # Open or not

    def _want(self) -> None:
        if self._cooling:
            self._cooling.cancel()
            self._cooling = None
        if self._take or self._metering or self._settings.keep_warm == "always":
            self._stream.want()

    def _cool(self) -> None:
        """Close the stream when its time has come."""
        warm_s = WARM_S[self._settings.keep_warm]
        if self._take or self._metering or warm_s == float("inf"):
            return
        if self._cooling:
            self._cooling.cancel()
        self._cooling = self._loop.call_later(warm_s, self._stream.shut) if warm_s else None
        if not warm_s:
            self._stream.shut()

    # News of the stream

    def _opened(self, rate_hz: int) -> None:
        take = self._take
        if take is None:
            self._listen_at(rate_hz)
            self._cool()
            return
        if not take.rate_hz:
            take.rate_hz = rate_hz
            self._listen_at(rate_hz)
        self._end_of_rate(take)
        if self._tail_wanted:
            self._loop.call_soon(self.keep_tail, take)  # after the blocks that have come
        if rate_hz != take.rate_hz:
            import soxr

            self._resampler = soxr.ResampleStream(rate_hz, take.rate_hz, 1, dtype="int16")

    def _listen_at(self, rate_hz: int) -> None:
        self._ring = Ring(self._settings.preroll_ms, rate_hz)
        self._voice = VoiceMeter(rate_hz)

    def _end_of_rate(self, take: Take) -> None:
        """What the resampler still holds belongs to the take."""
        resampler, self._resampler = self._resampler, None
        if resampler is not None and (rest := _resampled(resampler, b"", last=True)):
            self._append(take, rest)

    def _failed(self, problem: Problem | None) -> None:
        if problem is None:
            self._want()
        elif self._metering:
            self._told.warned(problem)

    def _lost(self, problem: Problem) -> None:
        if self._take:
            self._told.lost(self._take, problem)

    def _back(self, gap: Gap) -> None:
        self._missed += gap
        if gap.ms and self._missed.is_worth_telling:
            self._told.warned(not_heard(self._missed))

    def _block(self, pcm: bytes) -> None:
        take = self._take
        if take is None:
            self._ring.add(pcm)
            if self._metering:
                self._measure(pcm)
            return
        if self._resampler is not None:
            pcm = _resampled(self._resampler, pcm)
        if self._tail is not None:
            pcm = self._tail.feed(pcm)
        else:
            self._voice.feed(pcm)
        if pcm:
            self._append(take, pcm)
            self._measure(pcm)
        if self._tail is not None and self._tail.over and take is self._take:
            self._told.tail_over(take)

    def _append(self, take: Take, pcm: bytes) -> None:
        first = take.size_bytes == 0
        take.add(pcm)
        self._told.recorded(take, pcm)
        if first:
            self._told.arrived(take)

    def _measure(self, pcm: bytes) -> None:
        self._loudest = max(self._loudest, level_dbfs(pcm))
        if (now_ms := time.monotonic() * 1000) - self._level_at_ms >= LEVEL_EVERY_MS:
            self._told.level(self._loudest)
            self._level_at_ms, self._loudest = now_ms, -96.0


def _resampled(resampler: Any, pcm: bytes, last: bool = False) -> bytes:
    import numpy as np

    samples = resampler.resample_chunk(np.frombuffer(pcm, "<i2"), last=last)
    return bytes(samples.astype("<i2").tobytes())
