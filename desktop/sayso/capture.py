"""From the microphone to the take: kept warm, with a pre-roll, a tail and a watchdog.

PortAudio's thread only appends to a deque and wakes the loop; opening and closing, which may
block, happen in one thread of their own. All else is the loop's.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import attrs

from .core.pcm import Ring, Tail, VoiceMeter, Watch, all_zero, level_dbfs
from .core.problems import Problem, ProblemError
from .core.settings import Microphone as MicrophoneSettings
from .core.take import Take
from .edges.microphone import NOT_STARTED, ONLY_SILENCE, WENT_AWAY, DeviceGoneError

WATCH_EVERY_S = 0.1
WARM_S = {"held": 0.0, "30s": 30.0, "always": float("inf")}
LEVEL_EVERY_MS = 33.0


class Mic(Protocol):
    def open(
        self, device: str, block: Callable[[bytes], None], finished: Callable[[], None]
    ) -> int: ...
    def close(self) -> None: ...


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


class Capture:
    """Loop thread only, but for what `_open` hands to the microphone."""

    def __init__(self, mic: Mic, settings: MicrophoneSettings, told: Told) -> None:
        self._mic, self._settings, self._told = mic, settings, told
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="microphone")
        self._loop = asyncio.get_running_loop()
        self._incoming: deque[bytes] = deque()
        self._stream = 0
        """Number of the stream that counts; callbacks of older ones are dropped."""
        self._opening: asyncio.Task[None] | None = None
        self._rate_hz = 0
        """0 while no stream is open."""
        self._take: Take | None = None
        self._tail: Tail | None = None
        self._metering = False
        self._cooling: asyncio.TimerHandle | None = None
        self._watching: asyncio.TimerHandle | None = None
        self._level_at_ms = 0.0
        self._loudest = -96.0

    def configure(self, settings: MicrophoneSettings) -> None:
        """A changed device or warmth holds from the next take on."""
        if settings != self._settings:
            self._settings = settings
            if self._take is None:
                self._shut()
                self._want()

    def begin(self, take: Take) -> None:
        """Append to this take from now on, and the pre-roll before."""
        self._take = take
        self._watch = Watch(_now_ms())
        self._tail = None
        if self._rate_hz:
            take.rate_hz = self._rate_hz
            if preroll := self._ring.drain():
                self._append(take, preroll)
        self._want()
        if self._watching is None:
            self._look()

    def keep_tail(self, take: Take) -> None:
        """Tell `tail_over` as soon as the voice ends, which may be now."""
        if take is not self._take or not self._rate_hz:
            self._told.tail_over(take)
            return
        self._drain()
        self._tail = Tail(self._voice, self._rate_hz)
        if self._tail.over:
            self._told.tail_over(take)

    def end(self, take: Take) -> None:
        """Append nothing more to it."""
        if take is self._take:
            self._take = None
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
        for timer in (self._cooling, self._watching):
            if timer:
                timer.cancel()
        if self._opening:
            self._opening.cancel()
        self._stream += 1
        await self._loop.run_in_executor(self._thread, self._mic.close)
        self._thread.shutdown(wait=False)

    # The stream

    def _want(self) -> None:
        if self._cooling:
            self._cooling.cancel()
            self._cooling = None
        needed = self._take is not None or self._metering or self._settings.keep_warm == "always"
        if needed and not self._rate_hz and self._opening is None:
            self._stream += 1
            self._opening = self._loop.create_task(self._open(self._stream))

    async def _open(self, number: int) -> None:
        def block(pcm: bytes) -> None:  # PortAudio's thread
            if number == self._stream:
                self._incoming.append(pcm)
                self._loop.call_soon_threadsafe(self._drain)

        def finished() -> None:  # PortAudio's thread
            self._loop.call_soon_threadsafe(self._finished, number)

        try:
            rate_hz = await self._open_some(block, finished)
        except ProblemError as error:
            self._opening = None
            if self._take:
                self._lose(error.problem)
            elif self._metering:
                self._told.warned(error.problem)
            return
        self._opening = None
        if number == self._stream:
            self._opened(rate_hz)
        else:
            self._thread.submit(self._mic.close)  # nobody wants it any more
            self._want()

    async def _open_some(self, block: Callable[[bytes], None], finished: Callable[[], None]) -> int:
        """The chosen microphone; the system's default where that one is not there."""

        def opened(device: str) -> asyncio.Future[int]:
            return self._loop.run_in_executor(self._thread, self._mic.open, device, block, finished)

        try:
            return await opened(self._settings.device)
        except DeviceGoneError as error:
            rate_hz = await opened("")
            used = attrs.evolve(error.problem, remedy="Sayso uses the system's default.")
            self._told.warned(used)
            return rate_hz

    def _opened(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._ring = Ring(self._settings.preroll_ms, rate_hz)
        self._voice = VoiceMeter(rate_hz)
        if self._take:
            if not self._take.rate_hz:
                self._take.rate_hz = rate_hz
        else:
            self._cool()
        self._drain()

    def _cool(self) -> None:
        """Close the stream when its time has come."""
        warm_s = WARM_S[self._settings.keep_warm]
        if self._take or self._metering or warm_s == float("inf"):
            return
        if self._cooling:
            self._cooling.cancel()
        self._cooling = self._loop.call_later(warm_s, self._shut) if warm_s else None
        if not warm_s:
            self._shut()

    def _shut(self) -> None:
        """Blocks until now are dropped; PortAudio is let go of in its thread."""
        self._stream += 1
        self._rate_hz = 0
        self._incoming.clear()
        if self._opening is None:
            self._thread.submit(self._mic.close)

    # What it gives

    def _drain(self) -> None:
        while self._incoming and self._rate_hz:
            self._block(self._incoming.popleft())

    def _block(self, pcm: bytes) -> None:
        take = self._take
        if take is None:
            self._ring.add(pcm)
            if self._metering:
                self._measure(pcm)
            return
        if self._tail is not None:
            pcm = self._tail.feed(pcm)
        else:
            self._voice.feed(pcm)
        if pcm:
            self._append(take, pcm)
            self._trouble(self._watch.block(_now_ms(), all_zero(pcm)))
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
        if (now_ms := _now_ms()) - self._level_at_ms >= LEVEL_EVERY_MS:
            self._told.level(self._loudest)
            self._level_at_ms, self._loudest = now_ms, -96.0

    # What goes wrong

    def _look(self) -> None:
        if self._take is None:
            self._watching = None
            return
        self._watching = self._loop.call_later(WATCH_EVERY_S, self._look)
        self._trouble(self._watch.look(_now_ms()))

    def _trouble(self, trouble: str | None) -> None:
        if trouble == "silence":
            self._told.warned(ONLY_SILENCE)
        elif trouble and self._take:
            self._lose(WENT_AWAY if self._take.size_bytes else NOT_STARTED)

    def _finished(self, number: int) -> None:
        """The stream ended by itself."""
        if number != self._stream:
            return
        self._drain()
        if self._take:
            self._lose(WENT_AWAY if self._take.size_bytes else NOT_STARTED)
        else:
            self._shut()

    def _lose(self, problem: Problem) -> None:
        take = self._take
        self._shut()
        if take:
            self._told.lost(take, problem)


def _now_ms() -> float:
    return time.monotonic() * 1000
