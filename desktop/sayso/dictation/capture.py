"""From the microphone to the take: kept warm, with a pre-roll, a tail and one rate.

Loop thread only.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import attrs

from ..audio.input_stream import AudioInput, InputStream
from ..audio.input_stream import InputStreamListener as StreamTold
from ..core.audio.dropouts import Dropout, dropout_problem
from ..core.audio.pcm import PreRollBuffer, level_dbfs
from ..core.audio.vad import EnergyVad, ReleaseTail
from ..core.dictation.take import Take
from ..core.problems import Problem
from ..core.settings.settings import MicrophoneSettings as MicrophoneSettings

KEEP_WARM_S = {"held": 0.0, "30s": 30.0, "always": float("inf")}
LEVEL_INTERVAL_MS = 33.0


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
    def __init__(self, device: AudioInput, settings: MicrophoneSettings, told: Told) -> None:
        self._settings, self._told = settings, told
        self._loop = asyncio.get_running_loop()
        self._stream = InputStream(
            device,
            settings.device,
            StreamTold(
                on_opened=self._opened,
                on_open_failed=self._failed,
                on_block=self._block,
                on_lost=self._lost,
                on_interruption_changed=told.away,
                on_dropout=self._back,
                on_warning=told.warned,
            ),
        )
        self._take: Take | None = None
        self._tail: ReleaseTail | None = None
        self._tail_pending = False
        """It begins when the stream is open."""
        self._resampler: Any = None
        """From the rate of the stream to that of the take, where they differ."""
        self._dropouts = Dropout()
        """Of the take."""
        self._metering = False
        self._close_timer: asyncio.TimerHandle | None = None
        self._level_reported_ms = 0.0
        self._peak_dbfs = -96.0

    @property
    def microphone_lost(self) -> bool:
        """Whether a take goes on and its microphone has gone."""
        return self._stream.is_interrupted

    def configure(self, settings: MicrophoneSettings) -> None:
        """A changed device or warmth holds from the next take on."""
        if settings != self._settings:
            self._settings, self._stream.device = settings, settings.device
            if self._take is None:
                self._stream.close()
                self._open_if_needed()

    def begin(self, take: Take) -> None:
        """Append to this take from now on, and the pre-roll before."""
        self._take, self._tail, self._dropouts = take, None, Dropout()
        self._tail_pending = False
        if rate_hz := self._stream.rate_hz:
            take.rate_hz = rate_hz
            if preroll := self._ring.drain():
                self._append(take, preroll)
        self._stream.watch()
        self._open_if_needed()

    def keep_tail(self, take: Take) -> None:
        """Tell `tail_over` as soon as the voice ends, which may be now."""
        self._tail_pending = take is self._take and self._stream.has_buffered_audio
        if self._tail_pending:
            return  # what came belongs to it, and is handed on once the stream is open
        if take is not self._take or not self._stream.rate_hz:
            self._told.tail_over(take)
            return
        self._stream.drain()
        self._tail = ReleaseTail(self._voice, take.rate_hz)
        if self._tail.finished:
            self._told.tail_over(take)

    def end(self, take: Take) -> None:
        """Append nothing more to it."""
        if take is self._take:
            self._take = None
            if self._resampler is not None:
                self._flush_resampler(take)
                self._set_rate(self._stream.rate_hz)
            last = self._stream.unwatch()
            if (self._dropouts + last).is_reportable and last.duration_ms:
                self._told.warned(dropout_problem(last, at_end=True))
            self._close_when_unused()
        take.end()

    def enable_level_meter(self, enabled: bool) -> None:
        """Keep the microphone open for its level only."""
        self._metering = enabled
        if enabled:
            self._open_if_needed()
        elif self._take is None:
            self._close_when_unused()

    async def close(self) -> None:
        self._metering = False
        if self._close_timer:
            self._close_timer.cancel()
        await self._stream.shutdown()

    # Open or not

    def _open_if_needed(self) -> None:
        if self._close_timer:
            self._close_timer.cancel()
            self._close_timer = None
        if self._take or self._metering or self._settings.keep_warm == "always":
            self._stream.open()

    def _close_when_unused(self) -> None:
        """Close the stream when its time has come."""
        warm_s = KEEP_WARM_S[self._settings.keep_warm]
        if self._take or self._metering or warm_s == float("inf"):
            return
        if self._close_timer:
            self._close_timer.cancel()
        self._close_timer = self._loop.call_later(warm_s, self._stream.close) if warm_s else None
        if not warm_s:
            self._stream.close()

    # News of the stream

    def _opened(self, rate_hz: int) -> None:
        take = self._take
        if take is None:
            self._set_rate(rate_hz)
            self._close_when_unused()
            return
        if not take.rate_hz:
            take.rate_hz = rate_hz
            self._set_rate(rate_hz)
        self._flush_resampler(take)
        if self._tail_pending:
            self._loop.call_soon(self.keep_tail, take)  # after the blocks that have come
        if rate_hz != take.rate_hz:
            import soxr

            self._resampler = soxr.ResampleStream(rate_hz, take.rate_hz, 1, dtype="int16")

    def _set_rate(self, rate_hz: int) -> None:
        self._ring = PreRollBuffer(self._settings.preroll_ms, rate_hz)
        self._voice = EnergyVad(rate_hz)

    def _flush_resampler(self, take: Take) -> None:
        """What the resampler still holds belongs to the take."""
        resampler, self._resampler = self._resampler, None
        if resampler is not None and (rest := _resample(resampler, b"", last=True)):
            self._append(take, rest)

    def _failed(self, problem: Problem | None) -> None:
        if problem is None:
            self._open_if_needed()
        elif self._metering:
            self._told.warned(problem)

    def _lost(self, problem: Problem) -> None:
        if self._take:
            self._told.lost(self._take, problem)

    def _back(self, gap: Dropout) -> None:
        self._dropouts += gap
        if gap.duration_ms and self._dropouts.is_reportable:
            self._told.warned(dropout_problem(self._dropouts))

    def _block(self, pcm: bytes) -> None:
        take = self._take
        if take is None:
            self._ring.append(pcm)
            if self._metering:
                self._report_level(pcm)
            return
        if self._resampler is not None:
            pcm = _resample(self._resampler, pcm)
        if self._tail is not None:
            pcm = self._tail.feed(pcm)
        else:
            self._voice.feed(pcm)
        if pcm:
            self._append(take, pcm)
            self._report_level(pcm)
        if self._tail is not None and self._tail.finished and take is self._take:
            self._told.tail_over(take)

    def _append(self, take: Take, pcm: bytes) -> None:
        first = take.size_bytes == 0
        take.append(pcm)
        self._told.recorded(take, pcm)
        if first:
            self._told.arrived(take)

    def _report_level(self, pcm: bytes) -> None:
        self._peak_dbfs = max(self._peak_dbfs, level_dbfs(pcm))
        if (now_ms := time.monotonic() * 1000) - self._level_reported_ms >= LEVEL_INTERVAL_MS:
            self._told.level(self._peak_dbfs)
            self._level_reported_ms, self._peak_dbfs = now_ms, -96.0


def _resample(resampler: Any, pcm: bytes, last: bool = False) -> bytes:
    import numpy as np

    samples = resampler.resample_chunk(np.frombuffer(pcm, "<i2"), last=last)
    return bytes(samples.astype("<i2").tobytes())
