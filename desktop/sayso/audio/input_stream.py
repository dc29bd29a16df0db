"""The microphone's input stream. All decisions are made by `core.audio.mic_state`.

PortAudio's thread only appends blocks to a queue and wakes the loop. Opening, closing and asking
the sound server may block, so each runs in a thread. Everything else runs in the loop's thread.
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from ..core.audio import mic_state as m
from ..core.audio.dropouts import Dropout
from ..core.audio.pcm import is_digital_silence
from ..core.audio.watchdog import MicTimeouts
from ..core.problems import Problem, ProblemError
from .microphone import DeviceNotFoundError, OnBlock, OnFinished

CHECK_INTERVAL_S = 0.05


class AudioInput(Protocol):
    """The device; see `microphone.Microphone`."""

    def open(self, device: str, on_block: OnBlock, on_finished: OnFinished) -> int: ...
    def close(self) -> None: ...
    def reconnect_action(self, device: str, state: m.StreamState) -> m.ReconnectAction: ...


class InputStreamListener(Protocol):
    """Called in the loop's thread."""

    def on_opened(self, rate_hz: int) -> None: ...
    def on_open_failed(self, problem: Problem | None) -> None:
        """The stream is not open. None: it was closed or has ended and may be opened again."""

    def on_block(self, pcm: bytes) -> None: ...
    def on_lost(self, problem: Problem) -> None:
        """A watched stream delivers no more audio."""

    def on_interruption_changed(self) -> None: ...
    def on_dropout(self, dropout: Dropout) -> None:
        """Audio arrives again after an interruption."""

    def on_warning(self, problem: Problem) -> None: ...


class InputStream:
    """Call from the loop's thread only."""

    def __init__(
        self,
        microphone: AudioInput,
        device: str,
        listener: InputStreamListener,
        timeouts: MicTimeouts,
    ) -> None:
        self._microphone, self._listener = microphone, listener
        self._state = m.MicState(device, timeouts)
        self._device_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="microphone")
        self._query_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pactl")
        self._loop = asyncio.get_running_loop()
        self._blocks: deque[tuple[int, bytes]] = deque()
        self._query: asyncio.Future[m.ReconnectAction] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_shut_down = False

    @property
    def rate_hz(self) -> int:
        return self._state.rate_hz

    @property
    def is_interrupted(self) -> bool:
        return self._state.is_interrupted

    @property
    def has_buffered_audio(self) -> bool:
        """True if blocks have arrived although the stream is not completely open yet."""
        return not self.rate_hz and any(n == self._state.number for n, _ in self._blocks)

    def use_device(self, device: str) -> None:
        self._state.device = device

    def open(self) -> None:
        self._execute(self._state.open())

    def close(self) -> None:
        self._execute(self._state.close())

    def watch(self) -> None:
        """Begin to watch the stream and to continue with another device on interruptions."""
        self._execute(self._state.watch(_now_ms(), sleep_clock_ms()))
        if self._timer is None:
            self._timer = self._loop.call_later(CHECK_INTERVAL_S, self._tick)

    def unwatch(self) -> Dropout:
        commands, dropout = self._state.unwatch(_now_ms())
        self._execute(commands)
        return dropout

    def drain(self) -> None:
        while self._blocks and (self.rate_hz or self._blocks[0][0] != self._state.number):
            number, pcm = self._blocks.popleft()
            if number != self._state.number:
                continue
            is_silent = self._state.is_watched and is_digital_silence(pcm)
            self._execute(self._state.block(len(pcm), is_silent, _now_ms()), pcm)

    async def shutdown(self) -> None:
        self.unwatch()
        self._state.close()
        self._is_shut_down = True
        for pending in (self._timer, self._query):
            if pending:
                pending.cancel()
        await self._loop.run_in_executor(self._device_thread, self._microphone.close)
        for thread in (self._device_thread, self._query_thread):
            thread.shutdown(wait=False)

    def _tick(self) -> None:
        self.drain()
        self._execute(self._state.tick(_now_ms(), sleep_clock_ms()))
        self._timer = None
        if self._state.is_watched:
            self._timer = self._loop.call_later(CHECK_INTERVAL_S, self._tick)

    def _execute(self, commands: Iterable[m.Command], pcm: bytes = b"") -> None:
        for command in commands:
            match command:
                case m.DeliverBlock():
                    self._listener.on_block(pcm)
                case m.OpenDevice():
                    self._open(command)
                case m.CloseDevice():
                    self._device_thread.submit(self._microphone.close)
                case m.QueryServer():
                    self._ask(command)
                case m.Notify(method, arguments):
                    getattr(self._listener, method)(*arguments)

    def _open(self, command: m.OpenDevice) -> None:
        number = command.number

        def on_block(pcm: bytes) -> None:  # PortAudio's thread
            if number == self._state.number:
                self._blocks.append((number, pcm))
                self._loop.call_soon_threadsafe(self.drain)

        def on_finished() -> None:  # PortAudio's thread
            self._loop.call_soon_threadsafe(self._ended, number)

        self._loop.run_in_executor(
            self._device_thread, self._microphone.open, command.device, on_block, on_finished
        ).add_done_callback(functools.partial(self._opened, number))

    def _opened(self, number: int, result: asyncio.Future[int]) -> None:
        if self._is_shut_down:
            result.exception()
            return
        try:
            commands = self._state.opened(number, result.result(), _now_ms())
        except ProblemError as error:
            is_missing = isinstance(error, DeviceNotFoundError)
            commands = self._state.open_failed(
                number, error.problem, is_missing=is_missing, now_ms=_now_ms()
            )
        self._execute(commands)
        self.drain()

    def _ended(self, number: int) -> None:
        self.drain()
        self._execute(self._state.ended(number, _now_ms()))

    def _ask(self, command: m.QueryServer) -> None:
        if self._query:
            self._query.cancel()
        self._query = self._loop.run_in_executor(
            self._query_thread, self._microphone.reconnect_action, command.device, command.state
        )
        self._query.add_done_callback(functools.partial(self._answered, command.number))

    def _answered(self, number: int, answer: asyncio.Future[m.ReconnectAction]) -> None:
        if not answer.cancelled():
            self.drain()
            self._execute(self._state.answered(number, answer.result(), _now_ms()))


def _now_ms() -> float:
    return time.monotonic() * 1000


def sleep_clock_ms() -> float:
    """Return the total time the computer has slept, in ms; 0 where the system does not say.

    Linux has two clocks that differ only in whether they count sleep.
    """
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return 0.0
    boot_s = time.clock_gettime(time.CLOCK_BOOTTIME)
    return max(0.0, boot_s - time.clock_gettime(time.CLOCK_MONOTONIC)) * 1000
