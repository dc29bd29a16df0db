"""Holds one conversation: a dialect, a take's audio, and a socket that is open already."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Protocol

from ...core.problems import ProblemError
from ..engine import EngineEvent, Ready
from ..reader import Reader
from ..server.errors import messages
from .pacing import FrameSplitter, SendPacer
from .pauses import PauseDetector
from .protocol import Completed, Event, FinalText, RealtimeProtocol, Rejected, Send

READY_TIMEOUT_S = 10.0
SEND_TIMEOUT_S = 4.0
"""A message that has not left by then never will: the peer is gone."""
FINAL_TIMEOUT_S = 120.0
"""From the commit on, whatever the server keeps saying."""


class ConnectionClosedError(Exception):
    """The socket is closed (RFC 6455 section 7.4; 1006 if without a word)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"closed with {code}")
        self.code, self.reason = code, reason


class Connection(Protocol):
    """Both raise `HungUpError`."""

    async def send(self, message: str) -> None: ...

    async def recv(self) -> str | bytes: ...


class SessionRunner:
    """Says and hears at the same time; the first to come to an end sets `_end`."""

    def __init__(
        self,
        dialect: RealtimeProtocol,
        audio: Reader,
        heard: Callable[[EngineEvent], None],
        socket: Connection,
    ) -> None:
        self._protocol, self._audio, self._heard, self._connection = dialect, audio, heard, socket
        self._loop = asyncio.get_running_loop()
        self._result: asyncio.Future[str] = self._loop.create_future()
        self._ready = asyncio.Event()
        self._deadline = asyncio.timeout(READY_TIMEOUT_S)
        self._committed_s: float | None = None

    async def run(self, first: Sequence[Event] = ()) -> str:
        """All the text, once; `first` is what has been heard already.

        Raises:
            ProblemError: Refused, lost, or no final within the dialect's patience.
        """
        tasks = [asyncio.create_task(self._receive(first)), asyncio.create_task(self._send_audio())]
        for task in tasks:
            task.add_done_callback(self._on_task_done)
        try:
            return await self._result
        finally:
            for task in tasks:
                task.cancel()
            if self._result.done() and not self._result.cancelled():
                self._result.exception()  # seen, though we may have been cancelled meanwhile

    async def _receive(self, first: Sequence[Event]) -> None:
        try:
            async with self._deadline:
                await self._dispatch(first)
                self._extend_deadline()
                while not self._result.done():
                    message = await self._connection.recv()
                    await self._dispatch(self._protocol.receive(message))
                    self._extend_deadline()
        except TimeoutError:
            await self._dispatch([self._protocol.on_timeout()])
        except ConnectionClosedError as error:
            await self._dispatch([self._protocol.on_close(error.code, error.reason)])

    async def _send_audio(self) -> None:
        await self._ready.wait()
        rate_hz = self._protocol.rate_hz
        frames, pace, pauses = FrameSplitter(rate_hz), SendPacer(), PauseDetector(rate_hz)
        with contextlib.suppress(ConnectionClosedError):  # _hear tells it
            async with contextlib.aclosing(self._audio.chunks(rate_hz)) as chunks:
                async for pcm in chunks:
                    for frame in frames.add(pcm):
                        await self._send_frame(frame, pace)
                        if pauses.feed(frame) and (events := self._protocol.on_pause()):
                            pauses.reset()
                            await self._dispatch(events)
            for frame in frames.flush():
                await self._send_frame(frame, pace)
            await self._dispatch(self._protocol.commit())
            self._committed_s = self._loop.time()
            self._extend_deadline()

    async def _send_frame(self, frame: bytes, pacer: SendPacer) -> None:
        audio_s = len(frame) / 2 / self._protocol.rate_hz
        wait_s = pacer.wait_s(audio_s, self._loop.time())
        if wait_s:
            await asyncio.sleep(wait_s)
        await self._send(self._protocol.append_audio(frame))

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
                    until_bytes = self._audio.position_bytes(sent_bytes, self._protocol.rate_hz)
                    self._audio.take.commit(text, until_bytes)
                case _:
                    if isinstance(event, Ready):
                        self._ready.set()
                    self._heard(event)

    async def _send(self, event: Send) -> None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._connection.send(event.message)
        except TimeoutError:
            await self._dispatch(
                [Rejected(messages.no_response(self._protocol.host, "takes nothing"))]
            )

    def _extend_deadline(self) -> None:
        """There was news: the server has time again."""
        if self._committed_s is not None:
            patient_till_s = self._loop.time() + self._protocol.response_timeout_s
            self._reschedule(min(patient_till_s, self._committed_s + FINAL_TIMEOUT_S))
        elif self._ready.is_set():
            self._reschedule(None)  # nothing need come while somebody speaks; pings find the dead

    def _reschedule(self, when_s: float | None) -> None:
        if not (self._deadline.expired() or self._result.done()):
            self._deadline.reschedule(when_s)

    def _on_task_done(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not self._result.done():
            self._result.set_exception(error)
