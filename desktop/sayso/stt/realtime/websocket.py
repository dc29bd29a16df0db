"""Carries a dialect over a websocket: the only module that opens one.

Nothing is compressed (sound in base64 hardly is), redirects are not followed (they would
carry the key elsewhere), HTTP/1.1 is what websockets speaks, and the library's log is kept at
information, because at debugging it writes headers and frames. Proxies are those of this
computer's settings (HTTP_PROXY, HTTPS_PROXY, NO_PROXY), but not on the way to itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import sys
from collections.abc import Callable, Sequence
from typing import Any

import attrs
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidMessage,
    InvalidProxy,
    InvalidProxyStatus,
    InvalidStatus,
    ProxyError,
    WebSocketException,
)
from websockets.protocol import State

from ...core.problems import Problem, ProblemError
from ..engine import Heard
from ..reader import Reader
from ..server.errors.connection import by_proxy, detail_of, unreachable
from ..server.errors.http_status import by_status
from ..server.urls import is_this_computer
from .protocol import Dialect, Event, Kept
from .session import Conversation, HungUpError

OPEN_S = 10.0
CLOSE_S = 1.0
PING_S, PONG_S = 1.0, 3.0
"""With `CLOSE_S`, a peer that is gone without a word is noticed within 5 s."""
UNSENT_BYTES = 1 << 15
"""So much waits in this computer at most: a ping behind a long backlog would come too late."""
ON_THE_WAY_BYTES, LOOK_AGAIN_S = 80_000, 0.02
"""Of a second and a quarter, in base64. What a bad line holds back comes all at once, and a server
that drops what comes too fast would drop the rest. A line of 800 ms still takes it at 1.5 times its
speed. The system does not tell when something has arrived, so it is asked."""
LONGEST_S = 48 * 60.0
"""After that a socket is closed between takes: OpenAI ends a session after 60 min, and a take
may last for 10. The next key down opens another."""
MOST_BYTES = 1 << 20
WITHOUT_A_WORD, TOO_BIG = 1006, 1009

SOCKET_LOG = logging.getLogger("sayso.stt.socket")
SOCKET_LOG.setLevel(logging.INFO)


class _Connect(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


@attrs.define(eq=False)
class _Socket:
    """Follows `sayso.stt.realtime.session.Socket`."""

    ws: ClientConnection
    opened_s: float

    async def send(self, message: str) -> None:
        try:
            await self.ws.send(message)
            while self._crowded:  # noqa: ASYNC110  nobody tells
                await asyncio.sleep(LOOK_AGAIN_S)
        except ConnectionClosed as error:
            raise _hung_up(error) from error

    @property
    def _crowded(self) -> bool:
        return self.ws.state is State.OPEN and _on_the_way_bytes(self.ws) > ON_THE_WAY_BYTES

    async def recv(self) -> str | bytes:
        try:
            return await self.ws.recv()
        except ConnectionClosed as error:
            raise _hung_up(error) from error


@attrs.define(eq=False)
class _Warm:
    """A socket between two takes."""

    socket: _Socket
    kept: Kept
    place: tuple[str, dict[str, str]]
    """Address and headers: whoever has the same may go on with it."""
    cooled: asyncio.TimerHandle


@attrs.define(eq=False)
class Link:
    """Opens a socket for each conversation, or goes on with the one before. For one loop."""

    tls: ssl.SSLContext | None = None
    """None: the certificates this computer trusts."""
    through: tuple[str, int] | None = None
    """Host and port to connect to in place of the address's own: a tunnel, or a test."""
    keep_open_s: float = 0.0
    """How long a socket is kept warm after a take; 0: not at all."""
    _warm: _Warm | None = attrs.field(default=None, init=False)
    _closing: set[asyncio.Task[None]] = attrs.field(factory=set, init=False)

    async def converse(
        self, dialect: Dialect, audio: Reader, heard: Callable[[Heard], None]
    ) -> str:
        """Send all the audio, and return all the text. May be cancelled, and does not wait then.

        Raises:
            ProblemError: No connection, refused, lost, or no final within the dialect's patience.
        """
        socket, first = self._warmed(dialect) or (await self._open(dialect), ())
        said_all = False
        try:
            text = await Conversation(dialect, audio, heard, socket).text(first)
            said_all = True
            return text
        finally:
            if said_all:
                self._keep(socket, dialect)
            else:
                socket.ws.transport.abort()

    async def close(self) -> None:
        """Wait for the goodbyes under way, at most `CLOSE_S`."""
        self._cool()
        await asyncio.gather(*self._closing)

    async def _open(self, dialect: Dialect) -> _Socket:
        where: dict[str, Any] = (
            {"host": self.through[0], "port": self.through[1]} if self.through else {}
        )
        if dialect.url.startswith("wss:") and self.tls is None:
            self.tls = ssl.create_default_context()
        if self.through or is_this_computer(dialect.host):
            where["proxy"] = None
        try:
            ws = await _Connect(
                dialect.url,
                additional_headers=dialect.headers(),
                ssl=self.tls if dialect.url.startswith("wss:") else None,
                compression=None,
                max_size=MOST_BYTES,
                open_timeout=OPEN_S,
                close_timeout=CLOSE_S,
                ping_interval=PING_S,
                ping_timeout=PONG_S,
                logger=SOCKET_LOG,
                user_agent_header="Sayso",
                **where,
            )
        except (OSError, WebSocketException, ImportError) as error:  # ImportError: a SOCKS proxy
            raise ProblemError(_refused(dialect.host, error)) from error
        _hold_little(ws)
        return _Socket(ws, asyncio.get_running_loop().time())

    def _warmed(self, dialect: Dialect) -> tuple[_Socket, Sequence[Event]] | None:
        """The socket of the take before, if it is there and the same is asked of it.

        It belongs to this conversation from now on: two are never held on one socket.
        """
        warm = self._warm
        if warm is None:
            return None
        same = warm.place == (dialect.url, dialect.headers())
        alive = warm.socket.ws.state is State.OPEN and not self._old(warm.socket)
        first = dialect.go_on(warm.kept) if same and alive else []
        if not first:
            self._cool()
            return None
        self._warm = None
        warm.cooled.cancel()
        return warm.socket, first

    def _keep(self, socket: _Socket, dialect: Dialect) -> None:
        kept = dialect.kept if self.keep_open_s else None
        if kept is None or self._old(socket) or socket.ws.state is not State.OPEN:
            self._take_leave(socket)
            return
        self._cool()
        loop = asyncio.get_running_loop()
        left_s = socket.opened_s + LONGEST_S - loop.time()
        cooled = loop.call_later(min(self.keep_open_s, left_s), self._cool)
        self._warm = _Warm(socket, kept, (dialect.url, dialect.headers()), cooled)

    def _cool(self) -> None:
        warm, self._warm = self._warm, None
        if warm:
            warm.cooled.cancel()
            self._take_leave(warm.socket)

    def _old(self, socket: _Socket) -> bool:
        return asyncio.get_running_loop().time() - socket.opened_s > LONGEST_S

    def _take_leave(self, socket: _Socket) -> None:
        """Close with a word, without keeping the text waiting for it."""
        task = asyncio.create_task(socket.ws.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def _hold_little(ws: ClientConnection) -> None:
    """Keep what is not sent yet out of the system's buffers (tcp(7), TCP_NOTSENT_LOWAT)."""
    plain = ws.transport.get_extra_info("socket")
    if plain is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
        with contextlib.suppress(OSError):  # an older kernel: pings are late behind a backlog
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)


def _on_the_way_bytes(ws: ClientConnection) -> int:
    """What has not left, and what the other end has not confirmed where that is told
    (tcp(7), SIOCOUTQ)."""
    unsent = ws.transport.get_write_buffer_size()
    plain = ws.transport.get_extra_info("socket")
    if plain is None or plain.fileno() < 0 or not hasattr(socket, "AF_UNIX"):
        return unsent
    import fcntl
    import termios

    try:
        told = fcntl.ioctl(plain.fileno(), termios.TIOCOUTQ, bytes(4))
    except OSError:  # a system that does not tell
        return unsent
    return unsent + int.from_bytes(told, sys.byteorder)


def _hung_up(error: ConnectionClosed) -> HungUpError:
    if error.rcvd is not None:
        return HungUpError(error.rcvd.code, error.rcvd.reason)
    if error.sent is not None and error.sent.code == TOO_BIG:
        return HungUpError(TOO_BIG, error.sent.reason)
    return HungUpError(WITHOUT_A_WORD, "")


def _refused(host: str, error: Exception) -> Problem:
    match error:
        case InvalidStatus(response=response):
            return by_status(host, response.status_code, dict(response.headers.raw_items()))
        case InvalidProxyStatus(response=response) if response.status_code >= 500:
            return attrs.evolve(by_proxy(host, detail_of(host, error)), again_s=0.0)
        case ProxyError() | InvalidProxy():
            return by_proxy(host, detail_of(host, error))
        case InvalidMessage(__cause__=EOFError()):  # while HTTP was still spoken
            return unreachable(host, ConnectionResetError(str(error.__cause__)))
        case _:
            return unreachable(host, error)
