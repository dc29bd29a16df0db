"""The stand-in: a WebSocket server that rejects what the real service is known to reject.

`StandIn(...)` is an async context manager; `in_thread` runs it in a thread for a synchronous test.
By default it accepts `model` in the address like a gateway; with `at_openai=True` it rejects it
like OpenAI. It does not detect pauses: only a commit ends an item.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Literal
from urllib.parse import urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from canary import KEY

from .session import ConnectionRecord, Session, Stage

LOG = logging.getLogger("service")
LOG.setLevel(logging.INFO)  # debug messages contain the API key
Misbehavior = Callable[[Session], Awaitable[bool]]
"""Called when a stage is reached; returns whether the normal behavior follows."""


class StandIn:
    """Answers each commit with the next text of `script` (the last one repeats).

    With `transcribe`, the text is its result for the audio (s16le mono at 24 kHz); it may block.
    With `live` it is fast, and is called while audio arrives too. `accepts_ephemeral` validates
    ephemeral keys.
    """

    def __init__(
        self,
        script: Sequence[str] = ("Hello from the stand-in.",),
        *,
        key: str | None = KEY,
        accepts_ephemeral: Callable[[str], bool] = lambda _: False,
        transcribe: Callable[[bytes], str] | None = None,
        live: bool = False,
        at_openai: bool = False,
        latency_s: float = 0.01,
        misbehavior: Mapping[Stage, Misbehavior] | None = None,
        http_status: int | None = None,
        answers_clear: bool = True,
        committed_item: Literal["same", "other", "none"] = "same",
        refused_fields: Sequence[str] = (),
        session: type[Session] = Session,
        port: int = 0,
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.script, self.key, self.transcribe = list(script), key, transcribe
        self.live, self.accepts_ephemeral = live, accepts_ephemeral
        self.at_openai, self.latency_s = at_openai, latency_s
        self.misbehavior = dict(misbehavior or {})
        self.http_status, self.answers_clear = http_status, answers_clear
        self.committed_item = committed_item
        self.refused_fields = tuple(refused_fields)
        self._session = session
        self.port, self.host, self._tls = port, host, tls
        self.records: list[ConnectionRecord] = []
        self._text_number = itertools.count()
        self._ids = itertools.count(1)
        self._handlers: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"{'wss' if self._tls else 'ws'}://{self.host}:{self.port}/v1/realtime"

    @property
    def record(self) -> ConnectionRecord:
        """Record of the latest connection."""
        return self.records[-1]

    def new_id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._ids):021d}"

    def next_text(self) -> str:
        return self.script[min(next(self._text_number), len(self.script) - 1)]

    async def __aenter__(self) -> StandIn:
        self._server = await serve(
            self._serve,
            self.host,
            self.port,
            process_request=self._check_handshake,
            max_size=24 << 20,
            ping_interval=20,
            logger=LOG,
            ssl=self._tls,
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        for connection in list(self._server.connections):
            connection.transport.abort()
        for handler in list(self._handlers):
            handler.cancel()
        self._server.close()
        await self._server.wait_closed()

    def _check_handshake(self, connection: ServerConnection, request: Request) -> Response | None:
        path = urlsplit(request.path).path
        if self.http_status is not None:
            return connection.respond(HTTPStatus(self.http_status), "no\n")
        if path == "/v1/realtime/transcription":
            return connection.respond(HTTPStatus.FORBIDDEN, "no\n")
        if path != "/v1/realtime":
            return connection.respond(HTTPStatus.NOT_FOUND, "no\n")
        return None

    async def _serve(self, ws: ServerConnection) -> None:
        request = ws.request
        assert request is not None
        given = request.headers.get("Authorization")
        token = (given or "").removeprefix("Bearer ")
        known = self.key is None or given == f"Bearer {self.key}"
        record = ConnectionRecord(request.path, known or self.accepts_ephemeral(token), token=token)
        record.ephemeral = not known and record.authorised
        self.records.append(record)
        session = self._session(self, ws, record)
        handler = asyncio.current_task()
        assert handler is not None
        self._handlers.add(handler)
        try:
            if await session.admitted(given, "OpenAI-Beta" in request.headers):
                await session.run()
        except (ConnectionClosed, asyncio.CancelledError):
            pass  # the client or the service is gone
        finally:
            self._handlers.discard(handler)
            session.cancel_tasks()
            record.close_code = ws.close_code
            record.ended.set()


def close_with(code: int, reason: str = "") -> Misbehavior:
    async def misbehave(session: Session) -> bool:
        await session.ws.close(code, reason)
        return False

    return misbehave


def drop_connection() -> Misbehavior:
    """Drop the connection without a close frame."""

    async def misbehave(session: Session) -> bool:
        session.ws.transport.abort()
        return False

    return misbehave


def send_raw(*messages: str | bytes, then_continue: bool = False) -> Misbehavior:
    async def misbehave(session: Session) -> bool:
        for message in messages:
            await session.ws.send(message)
        return then_continue

    return misbehave


def stay_silent() -> Misbehavior:
    async def misbehave(_: Session) -> bool:
        return False

    return misbehave


@contextlib.contextmanager
def in_thread(service: StandIn) -> Iterator[StandIn]:
    """Serve in a separate thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="stand-in", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(service.__aenter__(), loop).result(10)
        yield service
    finally:
        asyncio.run_coroutine_threadsafe(service.__aexit__(), loop).result(10)
        asyncio.run_coroutine_threadsafe(loop.shutdown_default_executor(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
