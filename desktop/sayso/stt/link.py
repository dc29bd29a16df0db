"""Carries a dialect over a websocket: the only module that opens one.

Nothing is compressed (sound in base64 hardly is), redirects are not followed (they would
carry the key elsewhere), and the library's log is kept at information, because at debugging
it writes headers and frames.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any

import attrs
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidProxy,
    InvalidStatus,
    ProxyError,
    WebSocketException,
)

from ..core.problems import Problem, ProblemError
from . import refusals
from .dialect import Complete, Dialect, Event, Refused, Send
from .endpoints import OPENAI
from .engine import Heard, Ready
from .pace import Frames, Pace
from .reader import Reader

OPEN_S = 10.0
READY_S = 10.0
SEND_S = 10.0
"""A message that has not left by then never will: the peer is gone."""
FINAL_S = 120.0
"""From the commit on, whatever the server keeps saying."""
CLOSE_S = 1.0
PING_S = 10.0
MOST_BYTES = 1 << 20
NORMAL, WITHOUT_A_WORD, TOO_BIG = 1000, 1006, 1009

SOCKET_LOG = logging.getLogger("sayso.stt.socket")
SOCKET_LOG.setLevel(logging.INFO)


class _Connect(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


@attrs.define(eq=False)
class Link:
    """Opens a socket for each conversation."""

    tls: ssl.SSLContext | None = None
    """None: the certificates this computer trusts."""
    through: tuple[str, int] | None = None
    """Host and port to connect to in place of the address's own: a tunnel, or a test."""
    _closing: set[asyncio.Task[None]] = attrs.field(factory=set, init=False)

    async def converse(
        self, dialect: Dialect, audio: Reader, heard: Callable[[Heard], None]
    ) -> str:
        """Send all the audio, and return all the text. May be cancelled, and does not wait then.

        Raises:
            ProblemError: No connection, refused, lost, or no final within the dialect's patience.
        """
        ws = await self._open(dialect)
        said_all = False
        try:
            text = await _Conversation(dialect, audio, heard, ws).text()
            said_all = True
            return text
        finally:
            if said_all:
                self._take_leave(ws)
            else:
                ws.transport.abort()

    async def close(self) -> None:
        """Wait for the goodbyes under way, at most `CLOSE_S`."""
        await asyncio.gather(*self._closing)

    async def _open(self, dialect: Dialect) -> ClientConnection:
        where: dict[str, Any] = (
            {"host": self.through[0], "port": self.through[1]} if self.through else {}
        )
        if dialect.url.startswith("wss:") and self.tls is None:
            self.tls = ssl.create_default_context()
        try:
            return await _Connect(
                dialect.url,
                additional_headers=dialect.headers(),
                ssl=self.tls if dialect.url.startswith("wss:") else None,
                compression=None,
                max_size=MOST_BYTES,
                open_timeout=OPEN_S,
                close_timeout=CLOSE_S,
                ping_interval=PING_S,
                ping_timeout=PING_S,
                logger=SOCKET_LOG,
                user_agent_header="Sayso",
                **where,
            )
        except (OSError, WebSocketException, ImportError) as error:  # ImportError: a SOCKS proxy
            raise ProblemError(unreachable(dialect.host, error)) from error

    def _take_leave(self, ws: ClientConnection) -> None:
        """Close with a word, without keeping the text waiting for it."""
        task = asyncio.create_task(ws.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


class _Conversation:
    """Says and hears at the same time; the first to come to an end sets `_end`."""

    def __init__(
        self, dialect: Dialect, audio: Reader, heard: Callable[[Heard], None], ws: ClientConnection
    ) -> None:
        self._dialect, self._audio, self._heard, self._ws = dialect, audio, heard, ws
        self._loop = asyncio.get_running_loop()
        self._end: asyncio.Future[str] = self._loop.create_future()
        self._ready = asyncio.Event()
        self._deadline = asyncio.timeout(READY_S)
        self._committed_s: float | None = None

    async def text(self) -> str:
        tasks = [asyncio.create_task(self._hear()), asyncio.create_task(self._say())]
        for task in tasks:
            task.add_done_callback(self._fell)
        try:
            return await self._end
        finally:
            for task in tasks:
                task.cancel()
            if self._end.done() and not self._end.cancelled():
                self._end.exception()  # seen, though we may have been cancelled meanwhile

    async def _hear(self) -> None:
        try:
            async with self._deadline:
                while not self._end.done():
                    message = await self._ws.recv()
                    await self._follow(self._dialect.hear(message))
                    self._wait_on()
        except TimeoutError:
            await self._follow([self._dialect.lapsed()])
        except ConnectionClosed as error:
            await self._follow([self._dialect.closed(*_close_of(error))])

    async def _say(self) -> None:
        await self._ready.wait()
        rate_hz = self._dialect.rate_hz
        frames, pace = Frames(rate_hz), Pace()
        with contextlib.suppress(ConnectionClosed):  # _hear tells it
            async with contextlib.aclosing(self._audio.chunks(rate_hz)) as chunks:
                async for pcm in chunks:
                    for frame in frames.add(pcm):
                        await self._append(frame, pace)
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
                case _:
                    if isinstance(event, Ready):
                        self._ready.set()
                    self._heard(event)

    async def _send(self, event: Send) -> None:
        try:
            async with asyncio.timeout(SEND_S):
                await self._ws.send(event.message)
        except TimeoutError:
            await self._follow([Refused(refusals.no_answer(self._dialect.host, "takes nothing"))])

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


def _close_of(error: ConnectionClosed) -> tuple[int, str]:
    if error.rcvd is not None:
        return error.rcvd.code, error.rcvd.reason
    if error.sent is not None and error.sent.code == TOO_BIG:
        return TOO_BIG, error.sent.reason
    return WITHOUT_A_WORD, ""


def unreachable(host: str, error: Exception) -> Problem:
    """Why there is no connection."""
    detail = f"{host}: {type(error).__name__}: {refusals.said(str(error))}"
    match error:
        case InvalidStatus():
            return refusals.by_status(host, error.response.status_code)
        case TimeoutError():
            return refusals.no_answer(host, detail)
        case ssl.SSLCertVerificationError():
            return Problem(
                f"The certificate of {host} is not trusted.",
                "Check the address before you go on.",
                "recognition",
                detail,
            )
        case ssl.SSLError():
            return Problem(
                f"There is no secure connection to {host}.",
                "Check the address and the port in Settings > Recognition.",
                "recognition",
                detail,
            )
        case ProxyError() | InvalidProxy() | ImportError():
            return Problem(
                f"The proxy of this computer does not lead to {host}.",
                "Check the proxy in the system settings.",
                "try-again",
                detail,
            )
        case ConnectionResetError() if host != OPENAI:
            return Problem(
                f"{host} hung up at once.",
                "The address may need https:// in place of http://, or the other way round.",
                "recognition",
                detail,
            )
        case socket.gaierror() if host != OPENAI:
            return Problem(
                f"{host} was not found.",
                "Check the address in Settings > Recognition, and the network.",
                "recognition",
                detail,
            )
        case OSError() if host == OPENAI:
            return Problem(
                "There is no internet.",
                f"{refusals.KEPT[:-1]} and can be recognised later.",
                "try-again",
                detail,
            )
        case OSError():
            return Problem(
                f"Nothing answers at {host}.", "Is the server running?", "recognition", detail
            )
        case _:
            return refusals.not_a_speech_server(host, detail)
