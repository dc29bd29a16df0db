"""Runs one session: sends a take's audio over an open connection and receives its text."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Protocol

from ...core.dictation.take import BYTES_PER_SAMPLE
from ...core.problems import ProblemError
from ..engine import EngineEvent, Ready
from ..reader import Reader
from ..server.errors import messages as errors
from .messages import Completed, Event, FinalText, Rejected, Send
from .pacing import FrameSplitter, PauseDetector, SendPacer
from .protocol import RealtimeProtocol
from .timeouts import Timeouts


class ConnectionClosedError(Exception):
    """The connection is closed (RFC 6455, section 7.4; code 1006: abnormal closure)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"closed with {code}")
        self.code, self.reason = code, reason


class Connection(Protocol):
    """Both methods raise `ConnectionClosedError`."""

    async def send(self, message: str) -> None: ...

    async def recv(self) -> str | bytes: ...


class Carrier(Protocol):
    """Opens a connection for each session and runs the session on it."""

    async def run_session(
        self, protocol: RealtimeProtocol, audio: Reader, on_event: Callable[[EngineEvent], None]
    ) -> str:
        """Send all audio and return the whole text; raises `ProblemError`."""
        ...

    async def close(self) -> None: ...


class SessionRunner:
    """Sends and receives concurrently. The first result or failure ends the session."""

    def __init__(
        self,
        protocol: RealtimeProtocol,
        audio: Reader,
        on_event: Callable[[EngineEvent], None],
        connection: Connection,
        timeouts: Timeouts,
        pacer: SendPacer | None = None,
    ) -> None:
        self._protocol, self._audio, self._on_event = protocol, audio, on_event
        self._connection, self._timeouts = connection, timeouts
        self._pacer = pacer or SendPacer()
        self._loop = asyncio.get_running_loop()
        self._result: asyncio.Future[str] = self._loop.create_future()
        self._ready = asyncio.Event()
        self._deadline = asyncio.timeout(timeouts.ready_s)
        self._committed_s: float | None = None

    async def run(self) -> str:
        """Return the whole text; raises `ProblemError`. Call it once."""
        tasks = [asyncio.create_task(self._receive()), asyncio.create_task(self._send_audio())]
        for task in tasks:
            task.add_done_callback(self._on_task_done)
        try:
            return await self._result
        finally:
            for task in tasks:
                task.cancel()
            if self._result.done() and not self._result.cancelled():
                self._result.exception()  # marks it as retrieved if this coroutine was canceled

    async def _receive(self) -> None:
        try:
            async with self._deadline:
                while not self._result.done():
                    events = self._protocol.receive(await self._connection.recv())
                    self._protocol = self._protocol.active
                    await self._dispatch(events)
                    self._extend_deadline()
        except TimeoutError:
            await self._dispatch([self._protocol.on_timeout()])
        except ConnectionClosedError as error:
            await self._dispatch([self._protocol.on_close(error.code, error.reason)])

    async def _send_audio(self) -> None:
        await self._ready.wait()
        rate_hz = self._protocol.rate_hz
        splitter, pauses = FrameSplitter(rate_hz), PauseDetector(rate_hz)
        with contextlib.suppress(ConnectionClosedError):  # reported by _receive
            async with contextlib.aclosing(self._audio.chunks(rate_hz)) as chunks:
                async for pcm in chunks:
                    for frame in splitter.add(pcm):
                        await self._send_frame(frame)
                        if pauses.feed(frame) and (events := self._protocol.on_pause()):
                            pauses.reset()
                            await self._dispatch(events)
            for frame in splitter.flush():
                await self._send_frame(frame)
            await self._commit(self._protocol.commit())

    async def _send_frame(self, frame: bytes) -> None:
        audio_s = len(frame) / BYTES_PER_SAMPLE / self._protocol.rate_hz
        wait_s = self._pacer.wait_s(audio_s, self._loop.time())
        if wait_s:
            await asyncio.sleep(wait_s)
        await self._send(self._protocol.append_audio(frame))

    async def _commit(self, events: Sequence[Event]) -> None:
        await self._dispatch(events)
        self._committed_s = self._loop.time()
        self._extend_deadline()

    async def _dispatch(self, events: Sequence[Event]) -> None:
        for event in events:
            if self._result.done():
                return
            match event:
                case Send():
                    await self._send(event)
                case Completed(text):
                    self._result.set_result(text)
                case Rejected(problem):
                    self._result.set_exception(ProblemError(problem))
                case FinalText(text, sent_bytes):
                    end_bytes = self._audio.position_bytes(sent_bytes, self._protocol.rate_hz)
                    self._audio.take.commit(text, end_bytes)
                case _:
                    if isinstance(event, Ready):
                        self._ready.set()
                    self._on_event(event)

    async def _send(self, event: Send) -> None:
        try:
            async with asyncio.timeout(self._timeouts.send_s):
                await self._connection.send(event.message)
        except TimeoutError:
            problem = errors.no_response(self._protocol.host, "does not read")
            await self._dispatch([Rejected(problem)])

    def _extend_deadline(self) -> None:
        if self._committed_s is not None:
            response_s = self._loop.time() + self._protocol.response_timeout_s
            self._reschedule(min(response_s, self._committed_s + self._timeouts.final_s))
        elif self._ready.is_set():
            # While the user speaks, nothing has to arrive. Pings detect a lost connection.
            self._reschedule(None)

    def _reschedule(self, when_s: float | None) -> None:
        if not (self._deadline.expired() or self._result.done()):
            self._deadline.reschedule(when_s)

    def _on_task_done(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not self._result.done():
            self._result.set_exception(error)
