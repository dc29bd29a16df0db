"""Temporary faults of a server and of its network.

Each fault is a function that returns a `StandIn` which has it while the `FaultWindow` is active.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable, Mapping
from http import HTTPStatus
from typing import Any

import attrs
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from .session import BYTES_PER_S, TRANSCRIPTION_PREFIX, Session, Stage, split_words
from .standin import Misbehavior, StandIn, close_with, send_raw, stay_silent

EXPIRED = "Your session hit the maximum duration of 60 minutes."
HUGE_BYTES = 3 << 20


@attrs.define(eq=False)
class FaultWindow:
    """Period that begins at its first use and lasts `duration_s`; `math.inf` never ends."""

    duration_s: float
    over: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)
    _ends_s: float | None = attrs.field(default=None, init=False)

    def active(self) -> bool:
        now_s = time.monotonic()
        if self._ends_s is None:
            self._ends_s = now_s + self.duration_s
            if self.duration_s < math.inf:
                asyncio.get_running_loop().call_later(self.duration_s, self.over.set)
        return now_s < self._ends_s


Service = contextlib.AbstractAsyncContextManager[StandIn]
Fault = Callable[..., Service]
"""Called with a `FaultWindow` and the options of `StandIn`."""


def at_stage(stage: Stage, misbehavior: Misbehavior) -> Fault:
    """Misbehave whenever that stage is reached during the window."""

    def made(window: FaultWindow, **options: Any) -> StandIn:
        async def while_there(session: Session) -> bool:
            return await misbehavior(session) if window.active() else True

        return StandIn(misbehavior={stage: while_there}, **options)

    return made


def http_status(status: HTTPStatus) -> Fault:
    """Answer the handshake with an HTTP status."""

    def made(window: FaultWindow, **options: Any) -> StandIn:
        class WithStatus(StandIn):
            def _check_handshake(
                self, connection: ServerConnection, request: Request
            ) -> Response | None:
                self.http_status = status if window.active() else None
                return super()._check_handshake(connection, request)

        return WithStatus(**options)

    return made


def rejects_session(code: str, close: int) -> Fault:
    """Reject the session after the handshake with an error and a close code."""

    def made(window: FaultWindow, **options: Any) -> StandIn:
        class Rejecting(Session):
            async def admitted(self, given: str | None, beta: bool) -> bool:
                if window.active():
                    return await self.reject(code, "No.", close)
                return await super().admitted(given, beta)

        return StandIn(session=Rejecting, **options)

    return made


@contextlib.asynccontextmanager
async def refuses_connection(window: FaultWindow, **options: Any) -> AsyncIterator[StandIn]:
    """Refuse connections: nothing listens on the port."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    service = StandIn(port=port, **options)
    window.active()
    async with contextlib.AsyncExitStack() as stack:

        async def listen() -> None:
            await window.over.wait()
            await stack.enter_async_context(service)

        listening = asyncio.create_task(listen())
        try:
            yield service
        finally:
            listening.cancel()
            await asyncio.wait([listening])


def reset_connection() -> Misbehavior:
    """Reset the TCP connection."""

    async def misbehave(session: Session) -> bool:
        transport = session.ws.transport
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        return False

    return misbehave


def stops_reading(window: FaultWindow, **options: Any) -> StandIn:
    """Keep the connection open without reading or sending."""

    async def misbehave(session: Session) -> bool:
        if window.active():
            session.ws.transport.pause_reading()
            await window.over.wait()
            session.ws.transport.resume_reading()
        return True

    return StandIn(misbehavior={"second": misbehave}, **options)


def delays_final(window: FaultWindow, **options: Any) -> StandIn:
    """Send the final text when the window is over."""

    async def misbehave(_: Session) -> bool:
        if window.active():
            await window.over.wait()
        return True

    return StandIn(misbehavior={"final": misbehave}, **options)


async def fails_item(session: Session) -> bool:
    await session.fail("server_error", "The server had an error while processing your request.")
    return False


async def sends_empty_final(session: Session) -> bool:
    """Send an empty final text."""
    item_id = session.previous_id
    await session.send(
        f"{TRANSCRIPTION_PREFIX}completed", item_id=item_id, content_index=0, transcript=""
    )
    return False


def drops_fast_audio(window: FaultWindow, **options: Any) -> StandIn:
    """Drop audio after the first second until the end of the connection, without an error.

    A shorter gap would not be visible in the usage, which has whole seconds.
    """

    class Dropping(Session):
        dropping = False

        async def on_append(self, event: dict[str, Any]) -> None:
            if len(self.buffer) >= BYTES_PER_S and (self.dropping or window.active()):
                self.dropping = True
                self.record.dropped_bytes += len(event.get("audio", "")) * 3 // 4
                return
            await super().on_append(event)

    return StandIn(session=Dropping, **options)


def reorders_finals(window: FaultWindow, **options: Any) -> StandIn:
    """Make two items, end the second one first, and end each of them twice."""

    class Disorderly(Session):
        async def transcribe(self, item_id: str, pcm: bytes, text: str | None, said: int) -> None:
            if not window.active() or self.service.transcribe is None:
                await super().transcribe(item_id, pcm, text, said)
                return
            words = split_words(self.service.transcribe(pcm))
            half, second = len(words) // 2, self.service.new_id("item")
            await self.send(
                "input_audio_buffer.committed", item_id=second, previous_item_id=item_id
            )
            for ended, part in (
                *((second, words[half:]), (second, words[half:])),
                *((item_id, words[:half]), (item_id, words[:half]), (second, words[half:])),
            ):
                transcript = "".join(part).strip()
                fields = {"item_id": ended, "content_index": 0, "transcript": transcript}
                await self.send(f"{TRANSCRIPTION_PREFIX}completed", **fields)

    return StandIn(session=Disorderly, **options)


HUGE_MESSAGE = json.dumps({"type": "conversation.item.added", "filler": "x" * HUGE_BYTES})

FAULTS: Mapping[str, Fault] = {
    "refused": refuses_connection,
    "HTTP 401": http_status(HTTPStatus.UNAUTHORIZED),
    "HTTP 429": http_status(HTTPStatus.TOO_MANY_REQUESTS),
    "HTTP 503": http_status(HTTPStatus.SERVICE_UNAVAILABLE),
    "close 3000, authentication": rejects_session("invalid_api_key", 3000),
    "close 4000, request": rejects_session("invalid_value", 4000),
    "close 1001, expired": at_stage("second", close_with(1001, EXPIRED)),
    "reset before the commit": at_stage("second", reset_connection()),
    "reset at the commit": at_stage("commit", reset_connection()),
    "reset after the commit": at_stage("committed", reset_connection()),
    "reset after a delta": at_stage("delta", reset_connection()),
    "half-open stall": stops_reading,
    "never final": at_stage("final", stay_silent()),
    "failed item": at_stage("final", fails_item),
    "empty final": at_stage("final", sends_empty_final),
    "finals out of order and twice": reorders_finals,
    "slow final": delays_final,
    "audio dropped as too fast": drops_fast_audio,
    "no JSON": at_stage("created", send_raw("\x00 not JSON")),
    "frame of 3 MB": at_stage("second", send_raw(HUGE_MESSAGE)),
}
"""Faults by name."""
