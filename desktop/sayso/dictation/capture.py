"""Records takes: keeps the microphone open, adds pre-roll and tail, and resamples to one rate.

Worker thread only.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, Protocol

from ..audio.input_stream import AudioInput, InputStream
from ..core.audio.dropouts import Dropout, dropout_problem
from ..core.audio.pcm import DIGITAL_SILENCE_DBFS, PreRollBuffer, level_dbfs
from ..core.audio.vad import EnergyVad, ReleaseTail
from ..core.audio.watchdog import MicTimeouts
from ..core.dictation.take import Take
from ..core.problems import Problem
from ..core.settings.settings import MicrophoneSettings

KEEP_WARM_S = {"held": 0.0, "30s": 30.0, "always": float("inf")}
LEVEL_INTERVAL_MS = 33.0


class CaptureListener(Protocol):
    """Called in the worker's loop."""

    def on_recorded(self, take: Take, pcm: bytes) -> None: ...

    def on_tail_ended(self, take: Take) -> None: ...

    def on_audio_lost(self, take: Take, problem: Problem) -> None: ...

    def on_problem(self, problem: Problem) -> None: ...

    def on_level(self, dbfs: float) -> None:
        """Handle the peak level since the last call, at most 30 times a second."""

    def on_microphone_changed(self) -> None: ...  # `Capture.microphone_lost`


class Capture:
    def __init__(
        self,
        device: AudioInput,
        settings: MicrophoneSettings,
        listener: CaptureListener,
        timeouts: MicTimeouts,
    ) -> None:
        self._settings, self._listener = settings, listener
        self.on_warning = listener.on_problem
        self.on_interruption_changed = listener.on_microphone_changed
        self._loop = asyncio.get_running_loop()
        self._stream = InputStream(device, settings.device, self, timeouts)
        self._take: Take | None = None
        self._tail: ReleaseTail | None = None
        self._tail_pending = False
        """True if the tail starts as soon as the stream is open."""
        self._resampler: Any = None
        """Converts from the rate of the stream to that of the take, if they differ."""
        self._dropouts = Dropout()
        self._metering = False
        self._close_timer: asyncio.TimerHandle | None = None
        self._level_reported_ms = 0.0
        self._peak_dbfs = DIGITAL_SILENCE_DBFS

    @property
    def microphone_lost(self) -> bool:
        """True while a take is recorded and its microphone is gone."""
        return self._stream.is_interrupted

    def configure(self, settings: MicrophoneSettings) -> None:
        """Apply the settings; a take that is being recorded keeps its microphone."""
        if settings != self._settings:
            self._settings = settings
            self._stream.use_device(settings.device)
            if self._take is None:
                self._stream.close()
                self._open_if_needed()

    def begin(self, take: Take) -> None:
        """Append audio to this take from now on, starting with the pre-roll."""
        self._take, self._tail, self._dropouts = take, None, Dropout()
        self._tail_pending = False
        if rate_hz := self._stream.rate_hz:
            take.rate_hz = rate_hz
            if pcm := self._preroll.drain():
                self._append(take, pcm)
        self._stream.watch()
        self._open_if_needed()

    def keep_tail(self, take: Take) -> None:
        """Call `on_tail_ended` as soon as speech ends, which may be at once."""
        self._tail_pending = take is self._take and self._stream.has_buffered_audio
        if self._tail_pending:
            return  # the buffered audio belongs to the take; it comes when the stream is open
        if take is not self._take or not self._stream.rate_hz:
            self._listener.on_tail_ended(take)
            return
        self._stream.drain()
        self._tail = ReleaseTail(self._vad, take.rate_hz)
        if self._tail.finished:
            self._listener.on_tail_ended(take)

    def end(self, take: Take) -> None:
        if take is self._take:
            self._take = None
            if self._resampler is not None:
                self._flush_resampler(take)
                self._set_rate(self._stream.rate_hz)
            last = self._stream.unwatch()
            if (self._dropouts + last).is_reportable and last.duration_ms:
                self._listener.on_problem(dropout_problem(last, at_end=True))
            self._close_when_unused()
        take.end()

    def enable_level_meter(self, enabled: bool) -> None:
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

    # Opening and closing

    def _open_if_needed(self) -> None:
        if self._close_timer:
            self._close_timer.cancel()
            self._close_timer = None
        if self._take or self._metering or self._settings.keep_warm == "always":
            self._stream.open()

    def _close_when_unused(self) -> None:
        warm_s = KEEP_WARM_S[self._settings.keep_warm]
        if self._take or self._metering or warm_s == float("inf"):
            return
        if self._close_timer:
            self._close_timer.cancel()
        self._close_timer = self._loop.call_later(warm_s, self._stream.close) if warm_s else None
        if not warm_s:
            self._stream.close()

    # InputStreamListener

    def on_opened(self, rate_hz: int) -> None:
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
            self._loop.call_soon(self.keep_tail, take)  # after the buffered blocks
        if rate_hz != take.rate_hz:
            import soxr

            self._resampler = soxr.ResampleStream(rate_hz, take.rate_hz, 1, dtype="int16")

    def _set_rate(self, rate_hz: int) -> None:
        self._preroll = PreRollBuffer(self._settings.preroll_ms, rate_hz)
        self._vad = EnergyVad(rate_hz)

    def _flush_resampler(self, take: Take) -> None:
        resampler, self._resampler = self._resampler, None
        if resampler is not None and (rest := _resample(resampler, b"", last=True)):
            self._append(take, rest)

    def on_open_failed(self, problem: Problem | None) -> None:
        if problem is None:
            self._open_if_needed()
        elif self._metering:
            self._listener.on_problem(problem)

    def on_lost(self, problem: Problem) -> None:
        if self._take:
            self._listener.on_audio_lost(self._take, problem)

    def on_dropout(self, dropout: Dropout) -> None:
        self._dropouts += dropout
        if dropout.duration_ms and self._dropouts.is_reportable:
            self._listener.on_problem(dropout_problem(self._dropouts))

    def on_block(self, pcm: bytes) -> None:
        take = self._take
        if take is None:
            self._preroll.append(pcm)
            if self._metering:
                self._report_level(pcm)
            return
        if self._resampler is not None:
            pcm = _resample(self._resampler, pcm)
        if self._tail is not None:
            pcm = self._tail.feed(pcm)
        else:
            self._vad.feed(pcm)
        if pcm:
            self._append(take, pcm)
            self._report_level(pcm)
        if self._tail is not None and self._tail.finished and take is self._take:
            self._listener.on_tail_ended(take)

    def _append(self, take: Take, pcm: bytes) -> None:
        take.append(pcm)
        self._listener.on_recorded(take, pcm)

    def _report_level(self, pcm: bytes) -> None:
        self._peak_dbfs = max(self._peak_dbfs, level_dbfs(pcm))
        if (now_ms := time.monotonic() * 1000) - self._level_reported_ms >= LEVEL_INTERVAL_MS:
            self._listener.on_level(self._peak_dbfs)
            self._level_reported_ms, self._peak_dbfs = now_ms, DIGITAL_SILENCE_DBFS


def _resample(resampler: Any, pcm: bytes, last: bool = False) -> bytes:
    import numpy as np

    samples = resampler.resample_chunk(np.frombuffer(pcm, "<i2"), last=last)
    return bytes(samples.astype("<i2").tobytes())
