"""Holds one conversation: a dialect, a take's audio, and a socket that is open already."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Protocol

from ...core.problems import ProblemError
from ..engine import Heard, Ready
from ..reader import Reader
from ..server.errors import messages
from .pacing import Frames, Pace
from .pauses import Pauses
from .protocol import Complete, Dialect, Event, Refused, Send, Settled

READY_S = 10.0
SEND_S = 4.0
"""A message that has not left by then never will: the peer is gone."""
FINAL_S = 120.0
"""From the commit on, whatever the server keeps saying."""


class HungUpError(Exception):
    """The socket is closed (RFC 6455 section 7.4; 1006 if without a word)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"closed with {code}")
        self.code, self.reason = code, reason


class Socket(Protocol):
    """Both raise `HungUpError`."""

    async def send(self, message: str) -> None: ...

    async def recv(self) -> str | bytes: ...


class Conversation:
    """Says and hears at the same time; the first to come to an end sets `_end`."""

    def __init__(
        self, dialect: Dialect, audio: Reader, heard: Callable[[Heard], None], socket: Socket
    ) -> None:
        self._dialect, self._audio, self._heard, self._socket = dialect, audio, heard, socket
        self._loop = asyncio.get_running_loop()
        self._end: asyncio.Future[str] = self._loop.create_future()
        self._ready = asyncio.Event()
        self._deadline = asyncio.timeout(READY_S)
        self._committed_s: float | None = None

    async def text(self, first: Sequence[Event] = ()) -> str:
        """All the text, once; `first` is what has been heard already.

        Raises:
            ProblemError: Refused, lost, or no final within the dialect's patience.
        """
        tasks = [asyncio.create_task(self._hear(first)), asyncio.create_task(self._say())]
        for task in tasks:
            task.add_done_callback(self._fell)
        try:
            return await self._end
        finally:
            for task in tasks:
                task.cancel()
            if self._end.done() and not self._end.cancelled():
                self._end.exception()  # seen, though we may have been cancelled meanwhile

    async def _hear(self, first: Sequence[Event]) -> None:
        try:
            async with self._deadline:
                await self._follow(first)
                self._wait_on()
                while not self._end.done():
                    message = await self._socket.recv()
                    await self._follow(self._dialect.hear(message))
                    self._wait_on()
        except TimeoutError:
            await self._follow([self._dialect.lapsed()])
        except HungUpError as error:
            await self._follow([self._dialect.closed(error.code, error.reason)])

    async def _say(self) -> None:
        await self._ready.wait()
        rate_hz = self._dialect.rate_hz
        frames, pace, pauses = Frames(rate_hz), Pace(), Pauses(rate_hz)
        with contextlib.suppress(HungUpError):  # _hear tells it
            async with contextlib.aclosing(self._audio.chunks(rate_hz)) as chunks:
                async for pcm in chunks:
                    for frame in frames.add(pcm):
                        await self._append(frame, pace)
                        if pauses.feed(frame) and (events := self._dialect.pause()):
                            pauses.over()
                            await self._follow(events)
            for frame in frames.rest():
                await self._append(frame, pace)
            await self._follow(self._dialect.commit())
            self._committed_s = self._loop.time()
            self._wait_on()

    async def _append(self, frame: bytes, pace: Pace) -> None:
        audio_s = len(frame) / 2 / self._dialect.rate_hz
        wait_s = pace.wait_s(audio_s, self._loop.time())
        if wait_s:
            await asyncio.sleep(wait_s)
        await self._send(self._dialect.audio(frame))

    async def _follow(self, events: Sequence[Event]) -> None:
        for event in events:
            if self._end.done():
                return
            match event:
                case Send():
                    await self._send(event)
                case Complete(text):
                    self._end.set_result(text)
                case Refused(problem):
                    self._end.set_exception(ProblemError(problem))
                case Settled(text, sent_bytes):
                    until_bytes = self._audio.position_bytes(sent_bytes, self._dialect.rate_hz)
                    self._audio.take.settle(text, until_bytes)
                case _:
                    if isinstance(event, Ready):
                        self._ready.set()
                    self._heard(event)

    async def _send(self, event: Send) -> None:
        try:
            async with asyncio.timeout(SEND_S):
                await self._socket.send(event.message)
        except TimeoutError:
            await self._follow([Refused(messages.no_answer(self._dialect.host, "takes nothing"))])

    def _wait_on(self) -> None:
        """There was news: the server has time again."""
        if self._committed_s is not None:
            patient_till_s = self._loop.time() + self._dialect.patience_s
            self._reschedule(min(patient_till_s, self._committed_s + FINAL_S))
        elif self._ready.is_set():
            self._reschedule(None)  # nothing need come while somebody speaks; pings find the dead

    def _reschedule(self, when_s: float | None) -> None:
        if not (self._deadline.expired() or self._end.done()):
            self._deadline.reschedule(when_s)

    def _fell(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not self._end.done():
            self._end.set_exception(error)
