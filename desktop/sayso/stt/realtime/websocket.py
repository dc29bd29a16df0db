"""Runs sessions over WebSockets. The only module that opens one.

Compression is off, because base64 audio hardly compresses. Redirects are not followed, because
they would carry the API key to another host. The library logs at INFO, because its debug messages
contain headers and frames. The proxies of this computer are used (HTTP_PROXY, HTTPS_PROXY,
NO_PROXY), except for servers on this computer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import sys
from collections.abc import Callable
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
from ...core.settings.urls import is_loopback
from ..engine import EngineEvent
from ..reader import Reader
from ..server.errors.connection import connection_failed, proxy_failed
from ..server.errors.http_status import from_http_status
from .pacing import SendPacer
from .protocol import RealtimeProtocol
from .session import ConnectionClosedError, SessionRunner
from .timeouts import Timeouts

MAX_UNSENT_BYTES = 1 << 15
"""Limit for unsent data in the operating system, so that pings are not delayed by a backlog."""
MAX_IN_FLIGHT_BYTES, IN_FLIGHT_POLL_S = 80_000, 0.02
"""At most 1.25 s of audio (in base64) may be unacknowledged. After a network delay, queued audio
arrives in a burst, and servers drop audio that arrives faster than about four times real time. With
800 ms round-trip time this still allows 1.5 times real time. There is no notification of
acknowledged bytes, so they are polled."""
MAX_MESSAGE_BYTES = 1 << 20
ABNORMAL_CLOSURE, MESSAGE_TOO_BIG = 1006, 1009

WEBSOCKET_LOG = logging.getLogger("sayso.stt.socket")
WEBSOCKET_LOG.setLevel(logging.INFO)


class _Connect(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


@attrs.define(eq=False)
class _WebSocket:
    ws: ClientConnection

    async def send(self, message: str) -> None:
        try:
            await self.ws.send(message)
            while self._congested:  # noqa: ASYNC110  there is no event to wait for
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
class WebSocketCarrier:
    """Implements `sayso.stt.realtime.session.Carrier` for one event loop."""

    timeouts: Timeouts = attrs.field(factory=Timeouts)
    tls: ssl.SSLContext | None = None
    connect_to: tuple[str, int] | None = None
    """Host and port to connect to instead of those in the address: a tunnel, or a test."""
    create_pacer: Callable[[], SendPacer] = SendPacer
    _closing: set[asyncio.Task[None]] = attrs.field(factory=set, init=False)

    async def run_session(
        self, protocol: RealtimeProtocol, audio: Reader, on_event: Callable[[EngineEvent], None]
    ) -> str:
        ws = await self._connect(protocol)
        connection, pacer = _WebSocket(ws), self.create_pacer()
        runner = SessionRunner(protocol, audio, on_event, connection, self.timeouts, pacer)
        try:
            text = await runner.run()
        except BaseException:
            ws.transport.abort()
            raise
        self._close_gracefully(ws)
        return text

    async def close(self) -> None:
        await asyncio.gather(*self._closing)

    async def _connect(self, protocol: RealtimeProtocol) -> ClientConnection:
        options: dict[str, Any] = {}
        if self.connect_to:
            options |= {"host": self.connect_to[0], "port": self.connect_to[1]}
        if self.connect_to or is_loopback(protocol.host):
            options["proxy"] = None
        secure = protocol.url.startswith("wss:")
        if secure and self.tls is None:
            self.tls = ssl.create_default_context()
        try:
            ws = await _Connect(
                protocol.url,
                additional_headers=protocol.headers,
                ssl=self.tls if secure else None,
                compression=None,
                max_size=MAX_MESSAGE_BYTES,
                open_timeout=self.timeouts.open_s,
                close_timeout=self.timeouts.close_s,
                ping_interval=self.timeouts.ping_interval_s,
                ping_timeout=self.timeouts.pong_s,
                logger=WEBSOCKET_LOG,
                user_agent_header="Sayso",
                **options,
            )
        except (OSError, WebSocketException, ImportError) as error:  # ImportError: a SOCKS proxy
            raise ProblemError(connection_problem(protocol.host, error)) from error
        _limit_send_buffer(ws)
        return ws

    def _close_gracefully(self, ws: ClientConnection) -> None:
        """Send a close frame in the background, so that the text is not delayed."""
        task = asyncio.create_task(ws.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def connection_problem(host: str, error: Exception) -> Problem:
    """Return the problem for an exception of the library that was raised while connecting."""
    match error:
        case InvalidStatus(response=response):
            return from_http_status(host, response.status_code, dict(response.headers.raw_items()))
        case InvalidProxyStatus(response=response) if response.status_code >= 500:
            return proxy_failed(host, error, retry_after_s=0.0)
        case ProxyError() | InvalidProxy():
            return proxy_failed(host, error)
        case InvalidMessage(__cause__=EOFError()):  # closed during the HTTP request
            return connection_failed(host, ConnectionResetError(str(error.__cause__)))
        case _:
            return connection_failed(host, error)


def _limit_send_buffer(ws: ClientConnection) -> None:
    """Limit unsent data in the operating system (tcp(7), TCP_NOTSENT_LOWAT)."""
    plain = ws.transport.get_extra_info("socket")
    if plain is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
        with contextlib.suppress(OSError):  # an older kernel; pings are late behind a backlog
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MAX_UNSENT_BYTES)


def _in_flight_bytes(ws: ClientConnection) -> int:
    """Bytes that are unsent, plus those not yet acknowledged where the system reports them
    (tcp(7), SIOCOUTQ)."""
    unsent = ws.transport.get_write_buffer_size()
    plain = ws.transport.get_extra_info("socket")
    if plain is None or plain.fileno() < 0 or not hasattr(socket, "AF_UNIX"):
        return unsent
    import fcntl
    import termios

    try:
        queued = fcntl.ioctl(plain.fileno(), termios.TIOCOUTQ, bytes(4))
    except OSError:  # not supported by this system
        return unsent
    return unsent + int.from_bytes(queued, sys.byteorder)


def _connection_closed(error: ConnectionClosed) -> ConnectionClosedError:
    if error.rcvd is not None:
        return ConnectionClosedError(error.rcvd.code, error.rcvd.reason)
    if error.sent is not None and error.sent.code == MESSAGE_TOO_BIG:
        return ConnectionClosedError(MESSAGE_TOO_BIG, error.sent.reason)
    return ConnectionClosedError(ABNORMAL_CLOSURE, "")
