"""The microphone's stream: opened when wanted, watched while a take goes on, opened anew.

Microphones are unplugged, taken by others and switched to another profile, sound servers end
and come back, computers sleep. While somebody relies on the stream each of these is met alike:
the sound server is asked where to go on, and that is opened, again and again until something
is heard, or for `LONGEST_AWAY_S`.

PortAudio's thread only appends to a deque and wakes the loop; opening, closing and asking, which
may block, happen in threads of their own. All else is the loop's.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import attrs

from ..core.audio.dropouts import Dropout, DropoutTracker
from ..core.audio.pcm import BLOCK_TIMEOUT_MS, StreamWatchdog, is_digital_silence
from ..core.problems import Problem, ProblemError, replaced
from .microphone import DISCONNECTED, NO_MICROPHONE, ONLY_SILENCE, START_FAILED, DeviceNotFoundError
from .pulse import ReconnectAction, StreamState

log = logging.getLogger(__name__)

CHECK_INTERVAL_S = 0.1
SOURCE_CHECK_INTERVAL_S = 1.0
"""How often the sound server is asked whether it still is a microphone that is heard: one that
is unplugged may have been replaced by what a loudspeaker plays."""
REOPEN_INTERVAL_S = 0.15
STALLED_RETRY_S = 0.4
REOPEN_BLOCK_TIMEOUT_S = 2.5
"""How long a stream opened anew may take for its first block."""
MAX_INTERRUPTION_S = 10.0
MAX_START_INTERRUPTION_S = 3.0
"""After this long without a microphone the take ends with what was heard before; or if it has
given nothing at all, after which it had 5 s already."""
BUFFERED_AUDIO_WAIT_S = 0.3
"""How long after a stream gave blocks again those that it had kept may still be coming."""


class AudioInput(Protocol):
    def open(
        self, device: str, on_block: Callable[[bytes], None], on_finished: Callable[[], None]
    ) -> int: ...
    def close(self) -> None: ...
    def reconnect_action(self, device: str, state: StreamState) -> ReconnectAction: ...


@attrs.frozen(kw_only=True)
class InputStreamListener:
    """Called in the loop."""

    on_opened: Callable[[int], None]
    """A stream is open and has this rate in Hz; blocks follow."""
    on_open_failed: Callable[[Problem | None], None]
    """It is not open; why it could not be opened, or None where it was not tried."""
    on_block: Callable[[bytes], None]
    on_lost: Callable[[Problem], None]
    """Whoever relies on it gets nothing more."""
    on_interruption_changed: Callable[[], None]
    """`away` is another now."""
    on_dropout: Callable[[Dropout], None]
    """Blocks come again."""
    on_warning: Callable[[Problem], None]
    """Something is odd, and blocks come all the same."""


class InputStream:
    """Loop thread only, but for what is handed to the microphone."""

    def __init__(self, mic: AudioInput, device: str, told: InputStreamListener) -> None:
        self._mic, self.device, self._told = mic, device, told
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="microphone")
        self._asking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ask-sound")
        self._loop = asyncio.get_running_loop()
        self._incoming: deque[bytes] = deque()
        self._number = 0
        """Of the stream that counts; callbacks of older ones are dropped."""
        self._opening: asyncio.Task[bool] | None = None
        self.rate_hz = 0
        """0 while no stream is open."""
        self._watch: StreamWatchdog | None = None
        """While somebody relies on it."""
        self._silence_told = False
        self._looking: asyncio.TimerHandle | None = None
        self._search: asyncio.Task[None] | None = None
        """The question where to go on, or what follows from it."""
        self._giving_up: asyncio.TimerHandle | None = None
        self._last: Problem | None = None
        """Why it could not be opened again."""
        self._hearing = DropoutTracker()
        self._known = False
        """The sound server has said that it is a microphone."""
        self._broken = 0
        """Which stream it was."""
        self._settling: asyncio.TimerHandle | None = None

    # What its owner asks for

    @property
    def is_interrupted(self) -> bool:
        """Whether somebody relies on it and nothing is heard."""
        return self._giving_up is not None

    @property
    def has_buffered_audio(self) -> bool:
        """Whether it is being opened and blocks have come already."""
        return not self.rate_hz and bool(self._incoming)

    def open(self) -> None:
        """Open it if it is not open."""
        if not self.rate_hz and self._opening is None and not self.is_interrupted:
            self._opening = self._loop.create_task(self._open_chosen(self._next()))

    def watch(self) -> None:
        """Watch over it from now on, and go on with another where it breaks."""
        now_ms = _now_ms()
        self._watch = (
            StreamWatchdog(now_ms, BLOCK_TIMEOUT_MS) if self.rate_hz else StreamWatchdog(now_ms)
        )
        self._silence_told = self._known = False
        self._hearing.start(now_ms, _sleep_clock_ms())
        self._asked_s = time.monotonic()
        if self._looking is None:
            self._look()
        if self.rate_hz:
            self._ask_in_doubt()

    def unwatch(self) -> Dropout:
        """Nobody relies on it any more; what was not heard until now."""
        if self._settling:
            self._settling.cancel()
            self._settle(Dropout())
        gap = self._hearing.dropout(_now_ms()) if self.is_interrupted else Dropout()
        self._watch = None
        self._end_search()
        return gap

    def close(self) -> None:
        """Blocks until now are dropped; PortAudio is let go of in its thread."""
        self._next()
        self.rate_hz = 0
        self._incoming.clear()
        if self._opening is None:
            self._thread.submit(self._mic.close)

    def drain(self) -> None:
        """Hand on what has come."""
        while self._incoming and self.rate_hz:
            self._block(self._incoming.popleft())

    async def shutdown(self) -> None:
        self.unwatch()
        if self._looking:
            self._looking.cancel()
        if self._opening:
            self._opening.cancel()
        self._next()
        self.rate_hz = 0
        await self._loop.run_in_executor(self._thread, self._mic.close)
        for thread in (self._thread, self._asking):
            thread.shutdown(wait=False)

    # Opening

    def _next(self) -> int:
        self._number += 1
        return self._number

    async def _open_chosen(self, number: int) -> bool:
        """The chosen microphone; the system's default where that one is not there."""
        try:
            try:
                rate_hz = await self._asked_to_open(self.device, number)
            except DeviceNotFoundError as error:
                rate_hz = await self._asked_to_open("", number)
                used = replaced(error.problem, remedy="Sayso uses the system's default.")
                self._told.on_warning(used)
        except ProblemError as error:
            self._opening = None
            (self._told.on_lost if self._watch else self._told.on_open_failed)(error.problem)
            return False
        return self._use(rate_hz, number)

    async def _open_anew(self, device: str, number: int) -> bool:
        """As advised; whether it is open."""
        try:
            rate_hz = await self._asked_to_open(device, number)
        except ProblemError as error:
            self._opening, self._last = None, error.problem
            return False
        return self._use(rate_hz, number)

    def _asked_to_open(self, device: str, number: int) -> asyncio.Future[int]:
        def block(pcm: bytes) -> None:  # PortAudio's thread
            if number == self._number:
                self._incoming.append(pcm)
                self._loop.call_soon_threadsafe(self.drain)

        def finished() -> None:  # PortAudio's thread
            self._loop.call_soon_threadsafe(self._finished, number)

        return self._loop.run_in_executor(self._thread, self._mic.open, device, block, finished)

    def _use(self, rate_hz: int, number: int) -> bool:
        self._opening = None
        if number != self._number:
            self._thread.submit(self._mic.close)  # nobody wants it any more
            self._told.on_open_failed(None)
            return False
        self.rate_hz = rate_hz
        self._hearing.stream_opened(rate_hz)
        self._told.on_opened(rate_hz)
        self._ask_in_doubt()
        self.drain()
        return True

    # What it gives

    def _block(self, pcm: bytes) -> None:
        trouble = None
        if self._watch:
            now_ms = _now_ms()
            self._hearing.count_block(now_ms, len(pcm))
            if self.is_interrupted:
                self._back()
            zeros = is_digital_silence(pcm)
            self._hearing.mark_block(now_ms, zeros)
            trouble = self._watch.on_block(now_ms, zeros)
        self._told.on_block(pcm)
        self._trouble(trouble)

    def _look(self) -> None:
        self.drain()
        if (watch := self._watch) is None:
            self._looking = None
            return
        self._looking = self._loop.call_later(CHECK_INTERVAL_S, self._look)
        if self._hearing.has_slept(_sleep_clock_ms()):
            self._broke("still")
        else:
            self._trouble(watch.check(_now_ms()))
        if time.monotonic() - self._asked_s > SOURCE_CHECK_INTERVAL_S:
            self._ask_in_doubt()

    def _trouble(self, trouble: str | None) -> None:
        if trouble == "zeros":
            self._ask_in_doubt()
        elif trouble == "silence" and not self._silence_told:
            self._silence_told = True
            self._told.on_warning(ONLY_SILENCE)
        elif trouble == "no-callback":
            self._broke("still")

    def _finished(self, number: int) -> None:
        """The stream ended by itself."""
        if number != self._number:
            return
        self.drain()
        self.close()
        if self._watch:
            self._broke("closed")
        else:
            self._told.on_open_failed(None)

    # Going on after it broke

    def _ask_in_doubt(self) -> None:
        """Whether what is heard is a microphone, when that is not sure."""
        self._asked_s = time.monotonic()
        if self._watch and not self.is_interrupted and self._search is None and self.rate_hz:
            self._search = self._loop.create_task(self._find("silent"))

    def _broke(self, trouble: StreamState) -> None:
        if self.is_interrupted:
            return
        limit_s = MAX_INTERRUPTION_S if self._hearing.has_audio else MAX_START_INTERRUPTION_S
        self._giving_up = self._loop.call_later(limit_s, self._give_up)
        self._last, self._broken = None, self._number
        self._hearing.interrupt()
        if self._search:
            self._search.cancel()
        self._search = self._loop.create_task(self._find(trouble))
        self._told.on_interruption_changed()

    async def _find(self, trouble: StreamState) -> None:
        """Ask and open until there is one; `_back`, `_give_up` or `leave` end it too."""
        while True:
            asked = self._loop.run_in_executor(
                self._asking, self._mic.reconnect_action, self.device, trouble
            )
            advice = await asked
            if trouble == "silent":
                self._search = None
                self._doubted(advice)
                return
            if advice.action == "stay":
                await asyncio.sleep(STALLED_RETRY_S)
                continue
            self.close()
            trouble = "closed"
            if advice.action == "open" and await self._opens(advice.device):
                await asyncio.sleep(REOPEN_BLOCK_TIMEOUT_S)
                trouble = "still"
            else:
                await asyncio.sleep(REOPEN_INTERVAL_S)

    def _doubted(self, advice: ReconnectAction) -> None:
        if advice.action == "stay":
            self._known = True
            return
        log.info("What is heard is no microphone: %s", advice)
        self.drain()
        self.close()
        if advice.action == "wait" and not self._known:
            self._watch = None
            self._told.on_lost(NO_MICROPHONE)
        else:
            self._hearing.rewind_to_last_audio()
            self._broke("closed")

    async def _opens(self, device: str) -> bool:
        """The opening goes on when the search is cancelled, so that it is closed again."""
        if self._opening:
            await asyncio.wait([self._opening])
        opening = self._opening = self._loop.create_task(self._open_anew(device, self._next()))
        return await asyncio.shield(opening)

    def _back(self) -> None:
        gap, slept = self._hearing.dropout(_now_ms()), self._hearing.sleep_dropout()
        self._watch = StreamWatchdog(_now_ms())
        self._end_search()
        if self._broken == self._number:
            self._settling = self._loop.call_later(BUFFERED_AUDIO_WAIT_S, self._settle, slept)
        else:
            self._told.on_dropout(gap)
        self._told.on_interruption_changed()

    def _settle(self, slept: Dropout) -> None:
        """The stream itself came back: only what it did not keep meanwhile was not heard."""
        self._settling = None
        self._told.on_dropout(self._hearing.shortfall() + slept)

    def _end_search(self) -> None:
        if self._giving_up:
            self._giving_up.cancel()
            self._giving_up = None
        if self._search:
            self._search.cancel()
            self._search = None
        self._hearing.end_dropout()

    def _give_up(self) -> None:
        self._end_search()
        self._watch = None
        self.close()
        self._told.on_lost(DISCONNECTED if self._hearing.has_audio else self._last or START_FAILED)


def _now_ms() -> float:
    return time.monotonic() * 1000


def _sleep_clock_ms() -> float:
    """How long the computer has slept since some instant, in ms; 0 where it does not tell.

    Linux counts sleep in one of two clocks that agree in all else.
    """
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return 0.0
    boot = time.clock_gettime(time.CLOCK_BOOTTIME)
    return max(0.0, boot - time.clock_gettime(time.CLOCK_MONOTONIC)) * 1000
