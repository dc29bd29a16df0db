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

from ...core.problems import Problem, ProblemError, replaced
from ...core.settings.urls import is_loopback
from ..engine import EngineEvent
from ..reader import Reader
from ..server.errors.connection import connection_failed, error_detail, proxy_failed
from ..server.errors.http_status import from_http_status
from .protocol import Event, Kept, RealtimeProtocol
from .session import ConnectionClosedError, SessionRunner

OPEN_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 1.0
PING_INTERVAL_S, PONG_TIMEOUT_S = 1.0, 3.0
"""With `CLOSE_S`, a peer that is gone without a word is noticed within 5 s."""
MAX_UNSENT_BYTES = 1 << 15
"""So much waits in this computer at most: a ping behind a long backlog would come too late."""
MAX_IN_FLIGHT_BYTES, IN_FLIGHT_POLL_S = 80_000, 0.02
"""Of a second and a quarter, in base64. What a bad line holds back comes all at once, and a server
that drops what comes too fast would drop the rest. A line of 800 ms still takes it at 1.5 times its
speed. The system does not tell when something has arrived, so it is asked."""
LONGEST_S = 48 * 60.0
"""After that a socket is closed between takes: OpenAI ends a session after 60 min, and a take
may last for 10. The next key down opens another."""
MAX_MESSAGE_BYTES = 1 << 20
ABNORMAL_CLOSURE, MESSAGE_TOO_BIG = 1006, 1009

WEBSOCKET_LOG = logging.getLogger("sayso.stt.socket")
WEBSOCKET_LOG.setLevel(logging.INFO)


class _Connect(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


@attrs.define(eq=False)
class _WebSocket:
    """Follows `sayso.stt.realtime.session.Socket`."""

    ws: ClientConnection
    opened_s: float

    async def send(self, message: str) -> None:
        try:
            await self.ws.send(message)
            while self._congested:  # noqa: ASYNC110  nobody tells
                await asyncio.sleep(IN_FLIGHT_POLL_S)
        except ConnectionClosed as error:
            raise _connection_closed(error) from error

    @property
    def _congested(self) -> bool:
        return self.ws.state is State.OPEN and _in_flight_bytes(self.ws) > MAX_IN_FLIGHT_BYTES

    async def recv(self) -> str | bytes:
        try:
            return await self.ws.recv()
        except ConnectionClosed as error:
            raise _connection_closed(error) from error


@attrs.define(eq=False)
class _Warm:
    """A socket between two takes."""

    socket: _WebSocket
    kept: Kept
    place: tuple[str, dict[str, str]]
    """Address and headers: whoever has the same may go on with it."""
    cooled: asyncio.TimerHandle


@attrs.define(eq=False)
class WebSocketCarrier:
    """Opens a socket for each conversation, or goes on with the one before. For one loop."""

    tls: ssl.SSLContext | None = None
    """None: the certificates this computer trusts."""
    connect_to: tuple[str, int] | None = None
    """Host and port to connect to in place of the address's own: a tunnel, or a test."""
    keep_open_s: float = 0.0
    """How long a socket is kept warm after a take; 0: not at all."""
    _warm: _Warm | None = attrs.field(default=None, init=False)
    _closing: set[asyncio.Task[None]] = attrs.field(factory=set, init=False)

    async def run_session(
        self, protocol: RealtimeProtocol, audio: Reader, heard: Callable[[EngineEvent], None]
    ) -> str:
        """Send all the audio, and return all the text. May be cancelled, and does not wait then.

        Raises:
            ProblemError: No connection, refused, lost, or no final within the dialect's patience.
        """
        socket, first = self._warmed(protocol) or (await self._connect(protocol), ())
        said_all = False
        try:
            text = await SessionRunner(protocol, audio, heard, socket).run(first)
            said_all = True
            return text
        finally:
            if said_all:
                self._keep(socket, protocol)
            else:
                socket.ws.transport.abort()

    async def close(self) -> None:
        """Wait for the goodbyes under way, at most `CLOSE_S`."""
        self._cool()
        await asyncio.gather(*self._closing)

    async def _connect(self, protocol: RealtimeProtocol) -> _WebSocket:
        where: dict[str, Any] = (
            {"host": self.connect_to[0], "port": self.connect_to[1]} if self.connect_to else {}
        )
        if protocol.url.startswith("wss:") and self.tls is None:
            self.tls = ssl.create_default_context()
        if self.connect_to or is_loopback(protocol.host):
            where["proxy"] = None
        try:
            ws = await _Connect(
                protocol.url,
                additional_headers=protocol.headers(),
                ssl=self.tls if protocol.url.startswith("wss:") else None,
                compression=None,
                max_size=MAX_MESSAGE_BYTES,
                open_timeout=OPEN_TIMEOUT_S,
                close_timeout=CLOSE_TIMEOUT_S,
                ping_interval=PING_INTERVAL_S,
                ping_timeout=PONG_TIMEOUT_S,
                logger=WEBSOCKET_LOG,
                user_agent_header="Sayso",
                **where,
            )
        except (OSError, WebSocketException, ImportError) as error:  # ImportError: a SOCKS proxy
            raise ProblemError(_connection_problem(protocol.host, error)) from error
        _limit_send_buffer(ws)
        return _WebSocket(ws, asyncio.get_running_loop().time())

    def _warmed(self, dialect: RealtimeProtocol) -> tuple[_WebSocket, Sequence[Event]] | None:
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

    def _keep(self, socket: _WebSocket, dialect: RealtimeProtocol) -> None:
        kept = dialect.kept if self.keep_open_s else None
        if kept is None or self._old(socket) or socket.ws.state is not State.OPEN:
            self._close_gracefully(socket)
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
            self._close_gracefully(warm.socket)

    def _old(self, socket: _WebSocket) -> bool:
        return asyncio.get_running_loop().time() - socket.opened_s > LONGEST_S

    def _close_gracefully(self, socket: _WebSocket) -> None:
        """Close with a word, without keeping the text waiting for it."""
        task = asyncio.create_task(socket.ws.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def _limit_send_buffer(ws: ClientConnection) -> None:
    """Keep what is not sent yet out of the system's buffers (tcp(7), TCP_NOTSENT_LOWAT)."""
    plain = ws.transport.get_extra_info("socket")
    if plain is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
        with contextlib.suppress(OSError):  # an older kernel: pings are late behind a backlog
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MAX_UNSENT_BYTES)


def _in_flight_bytes(ws: ClientConnection) -> int:
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


def _connection_closed(error: ConnectionClosed) -> ConnectionClosedError:
    if error.rcvd is not None:
        return ConnectionClosedError(error.rcvd.code, error.rcvd.reason)
    if error.sent is not None and error.sent.code == MESSAGE_TOO_BIG:
        return ConnectionClosedError(MESSAGE_TOO_BIG, error.sent.reason)
    return ConnectionClosedError(ABNORMAL_CLOSURE, "")


def _connection_problem(host: str, error: Exception) -> Problem:
    match error:
        case InvalidStatus(response=response):
            return from_http_status(host, response.status_code, dict(response.headers.raw_items()))
        case InvalidProxyStatus(response=response) if response.status_code >= 500:
            return replaced(proxy_failed(host, error_detail(host, error)), retry_after_s=0.0)
        case ProxyError() | InvalidProxy():
            return proxy_failed(host, error_detail(host, error))
        case InvalidMessage(__cause__=EOFError()):  # while HTTP was still spoken
            return connection_failed(host, ConnectionResetError(str(error.__cause__)))
        case _:
            return connection_failed(host, error)
