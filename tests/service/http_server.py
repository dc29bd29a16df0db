"""HTTP server that forwards WebSockets to a `StandIn`.

`HttpServer({("POST", "/v1/x"): handler}, websockets=standin)` is an async context manager. A
handler takes a `Request` and returns a `Reply`. Other paths are 404, other methods 405.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from email.message import Message
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
import h11

from .standin import StandIn

MAX_BODY_BYTES = 64 << 20


@attrs.frozen
class Part:
    """Part of a form."""

    name: str
    value: bytes = attrs.field(repr=False)
    filename: str = ""
    media_type: str = ""


@attrs.frozen
class Request:
    method: str
    target: str
    headers: Mapping[str, str]
    """Lower-case names."""
    body: bytes = attrs.field(repr=False)

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip()

    def json(self) -> Any:
        """Return the JSON body; None if it is invalid."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def form(self) -> list[Part]:
        """Return the parts of a multipart/form-data body; empty if it is not a form."""
        head = Message()
        head["Content-Type"] = self.headers.get("content-type", "")
        boundary = head.get_param("boundary")
        if self.media_type != "multipart/form-data" or not isinstance(boundary, str):
            return []
        mark = b"--" + boundary.encode()
        pieces = (b"\r\n" + self.body).split(b"\r\n" + mark)[1:-1]
        return [_part(piece.removeprefix(b"\r\n")) for piece in pieces]


def _part(piece: bytes) -> Part:
    head, _, value = piece.partition(b"\r\n\r\n")
    headers = BytesParser().parsebytes(head + b"\r\n\r\n")
    name = headers.get_param("name", header="Content-Disposition")
    kind = headers.get_content_type() if "Content-Type" in headers else ""
    return Part(str(name), value, headers.get_filename() or "", kind)


@attrs.frozen
class Reply:
    status: int = 200
    body: bytes | AsyncIterator[bytes] = b""
    media_type: str = "application/json"
    headers: Mapping[str, str] = attrs.field(factory=dict)


Handler = Callable[[Request], Awaitable[Reply]]


def json_reply(status: int, value: Any, **headers: str) -> Reply:
    """Return a JSON reply."""
    return Reply(status, json.dumps(value).encode(), headers=headers)


def error_reply(
    status: int, message: str, code: str | None = None, param: str | None = None, **headers: str
) -> Reply:
    """Return an error reply in OpenAI's form."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    error = {"message": message, "type": kind, "param": param, "code": code}
    return json_reply(status, {"error": error}, **headers)


def authorization_error(
    request: Request, key: str | None, accepts_ephemeral: Callable[[str], bool]
) -> Reply | None:
    """Return None if the request has `key` or an accepted ephemeral key, or if `key` is None."""
    given = request.headers.get("authorization")
    if key is None:
        return None
    if given is None:
        message = "Missing bearer or basic authentication in header"
        return error_reply(401, message)
    token = given.removeprefix("Bearer ")
    if token == key or accepts_ephemeral(token):
        return None
    message = f"Incorrect API key provided: {token[:8]}{'*' * 12}."
    return error_reply(401, message, "invalid_api_key")


class HttpServer:
    def __init__(
        self,
        handlers: Mapping[tuple[str, str], Handler],
        *,
        websockets: StandIn | None = None,
        on_close: Callable[[], Awaitable[None]] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.handlers, self.websockets, self._tls = dict(handlers), websockets, tls
        self._on_close = on_close
        self.requests: list[Request] = []
        self.sent_bytes = self.received_bytes = 0
        """Bytes of HTTP and of WebSockets."""
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def base(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/v1"

    @property
    def url(self) -> str:
        """Return the WebSocket address, like `StandIn.url`."""
        return f"{self.base.replace('http', 'ws', 1)}/realtime"

    async def __aenter__(self) -> HttpServer:
        if self.websockets:
            await self.websockets.__aenter__()
        self._server = await asyncio.start_server(
            self._on_connection, "127.0.0.1", 0, ssl=self._tls
        )
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._on_close:
            await self._on_close()
        if self.websockets:
            await self.websockets.__aexit__()

    def _on_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, h11.RemoteProtocolError):
                while await self._exchange(h11.Connection(h11.SERVER), reader, writer):
                    pass
        finally:
            writer.transport.abort()

    async def _exchange(
        self, http: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Handle one request; returns whether another may follow."""
        head, body, raw = None, bytearray(), bytearray()
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                data = await reader.read(1 << 16)
                self.received_bytes += len(data)
                if head is None:
                    raw += data
                http.receive_data(data)
            elif isinstance(event, h11.Request):
                head = event
                if dict(event.headers).get(b"upgrade", b"").lower() == b"websocket":
                    await self._forward_websocket(bytes(raw), reader, writer)
                    return False
            elif isinstance(event, h11.Data):
                body += event.data
                assert len(body) <= MAX_BODY_BYTES
            elif isinstance(event, h11.EndOfMessage):
                break
            else:
                return False
        assert head is not None
        headers = {name.decode().lower(): value.decode() for name, value in head.headers}
        request = Request(head.method.decode(), head.target.decode(), headers, bytes(body))
        self.requests.append(request)
        await self._reply(http, await self._handled(request), writer)
        return http.our_state is h11.DONE and http.their_state is h11.DONE

    async def _handled(self, request: Request) -> Reply:
        handler = self.handlers.get((request.method, request.path))
        if handler:
            return await handler(request)
        if any(path == request.path for _, path in self.handlers):
            return error_reply(405, f"Not allowed to {request.method} on {request.path}.")
        return error_reply(404, f"Invalid URL ({request.method} {request.path})")

    async def _reply(
        self, http: h11.Connection, reply: Reply, writer: asyncio.StreamWriter
    ) -> None:
        headers = [("Content-Type", reply.media_type), *reply.headers.items()]
        pieces = reply.body
        if isinstance(pieces, bytes):
            headers.append(("Content-Length", str(len(pieces))))
            pieces = _single_chunk(pieces)
        self._write(http, writer, h11.Response(status_code=reply.status, headers=headers))
        async for piece in pieces:
            self._write(http, writer, h11.Data(data=piece))
            await writer.drain()
        self._write(http, writer, h11.EndOfMessage())
        await writer.drain()

    def _write(self, http: h11.Connection, writer: asyncio.StreamWriter, event: Any) -> None:
        data = http.send(event) or b""
        self.sent_bytes += len(data)
        writer.write(data)

    async def _forward_websocket(
        self, begun: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Forward a WebSocket to the stand-in."""
        assert self.websockets is not None
        there, here = await asyncio.open_connection("127.0.0.1", self.websockets.port)
        here.write(begun)

        async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter, up: bool) -> None:
            while data := await source.read(1 << 16):
                if up:
                    self.received_bytes += len(data)
                else:
                    self.sent_bytes += len(data)
                sink.write(data)
                await sink.drain()
            sink.write_eof()

        try:
            await asyncio.gather(carry(reader, here, True), carry(there, writer, False))
        finally:
            here.transport.abort()


async def _single_chunk(body: bytes) -> AsyncIterator[bytes]:
    if body:
        yield body
