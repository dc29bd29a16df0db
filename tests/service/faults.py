"""Faults of a server and of the way to it that come, and go again after a while.

Each is a function from a `Trouble`, which says whether it is there now, to a `StandIn` with it.
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

from .session import BYTES_PER_S, SPOKEN, Session, Stage, pieces
from .standin import Mischief, StandIn, hang_up, say, stay_silent

EXPIRED = "Your session hit the maximum duration of 60 minutes."
HUGE_BYTES = 3 << 20


@attrs.define(eq=False)
class Trouble:
    """Begins when it is first met, and lasts so long; `math.inf` for ever."""

    lasts_s: float
    over: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)
    _ends_s: float | None = attrs.field(default=None, init=False)

    def here(self) -> bool:
        now_s = time.monotonic()
        if self._ends_s is None:
            self._ends_s = now_s + self.lasts_s
            if self.lasts_s < math.inf:
                asyncio.get_running_loop().call_later(self.lasts_s, self.over.set)
        return now_s < self._ends_s


Service = contextlib.AbstractAsyncContextManager[StandIn]
Fault = Callable[..., Service]
"""Takes a `Trouble` and the options of `StandIn`."""


def at(stage: Stage, mischief: Mischief) -> Fault:
    """A mischief whenever that stage is reached while the trouble is there."""

    def made(trouble: Trouble, **options: Any) -> StandIn:
        async def while_there(session: Session) -> bool:
            return await mischief(session) if trouble.here() else True

        return StandIn(mischief={stage: while_there}, **options)

    return made


def answers(status: HTTPStatus) -> Fault:
    """HTTP in place of a socket."""

    def made(trouble: Trouble, **options: Any) -> StandIn:
        class Closed(StandIn):
            def _at_the_door(
                self, connection: ServerConnection, request: Request
            ) -> Response | None:
                self.http_status = status if trouble.here() else None
                return super()._at_the_door(connection, request)

        return Closed(**options)

    return made


def turns_away(code: str, close: int) -> Fault:
    """Right after the handshake, with an error and a close code."""

    def made(trouble: Trouble, **options: Any) -> StandIn:
        class Unwelcoming(Session):
            async def admitted(self, given: str | None, beta: bool) -> bool:
                if trouble.here():
                    return await self.turn_away(code, "No.", close)
                return await super().admitted(given, beta)

        return StandIn(session=Unwelcoming, **options)

    return made


@contextlib.asynccontextmanager
async def refuses(trouble: Trouble, **options: Any) -> AsyncIterator[StandIn]:
    """Nothing listens."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    service = StandIn(port=port, **options)
    trouble.here()
    async with contextlib.AsyncExitStack() as stack:

        async def listen() -> None:
            await trouble.over.wait()
            await stack.enter_async_context(service)

        listening = asyncio.create_task(listen())
        try:
            yield service
        finally:
            listening.cancel()
            await asyncio.wait([listening])


def reset() -> Mischief:
    """The connection is gone, and the other end is told so by TCP."""

    async def mischief(session: Session) -> bool:
        transport = session.ws.transport
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        return False

    return mischief


def stalls(trouble: Trouble, **options: Any) -> StandIn:
    """Half-open: nothing is read and nothing is said, and the connection stays."""

    async def mischief(session: Session) -> bool:
        if trouble.here():
            session.ws.transport.pause_reading()
            await trouble.over.wait()
            session.ws.transport.resume_reading()
        return True

    return StandIn(mischief={"second": mischief}, **options)


def is_slow(trouble: Trouble, **options: Any) -> StandIn:
    """The final comes when the trouble is over."""

    async def mischief(_: Session) -> bool:
        if trouble.here():
            await trouble.over.wait()
        return True

    return StandIn(mischief={"final": mischief}, **options)


async def fails(session: Session) -> bool:
    await session.fail("server_error", "The server had an error while processing your request.")
    return False


async def hears_nothing(session: Session) -> bool:
    """An empty final for speech."""
    item_id = session.previous_id
    await session.send(f"{SPOKEN}completed", item_id=item_id, content_index=0, transcript="")
    return False


def drops(trouble: Trouble, **options: Any) -> StandIn:
    """Takes audio beyond the first second for too fast, and drops it without a word.

    To the end of the connection: less than a second of it could not be known from the usage,
    which is in whole seconds.
    """

    class Choosy(Session):
        dropping = False

        async def on_append(self, event: dict[str, Any]) -> None:
            if len(self.buffer) >= BYTES_PER_S and (self.dropping or trouble.here()):
                self.dropping = True
                self.record.dropped_bytes += len(event.get("audio", "")) * 3 // 4
                return
            await super().on_append(event)

    return StandIn(session=Choosy, **options)


def is_disorderly(trouble: Trouble, **options: Any) -> StandIn:
    """Makes two items of what was said, and ends the second first, and each of them twice."""

    class Disorderly(Session):
        async def transcribe(self, item_id: str, pcm: bytes, text: str | None, said: int) -> None:
            if not trouble.here() or self.service.recognise is None:
                await super().transcribe(item_id, pcm, text, said)
                return
            words = pieces(self.service.recognise(pcm))
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
                await self.send(f"{SPOKEN}completed", **fields)

    return StandIn(session=Disorderly, **options)


HUGE = json.dumps({"type": "conversation.item.added", "filler": "x" * HUGE_BYTES})

FAULTS: Mapping[str, Fault] = {
    "refused": refuses,
    "HTTP 401": answers(HTTPStatus.UNAUTHORIZED),
    "HTTP 429": answers(HTTPStatus.TOO_MANY_REQUESTS),
    "HTTP 503": answers(HTTPStatus.SERVICE_UNAVAILABLE),
    "close 3000, authentication": turns_away("invalid_api_key", 3000),
    "close 4000, request": turns_away("invalid_value", 4000),
    "close 1001, expired": at("second", hang_up(1001, EXPIRED)),
    "reset before the commit": at("second", reset()),
    "reset at the commit": at("commit", reset()),
    "reset after the commit": at("committed", reset()),
    "reset after a delta": at("delta", reset()),
    "half-open stall": stalls,
    "never final": at("final", stay_silent()),
    "failed item": at("final", fails),
    "empty final": at("final", hears_nothing),
    "finals out of order and twice": is_disorderly,
    "slow final": is_slow,
    "audio dropped as too fast": drops,
    "no JSON": at("created", say("\x00 not JSON")),
    "frame of 3 MB": at("second", say(HUGE)),
}
"""What may go wrong, by name."""
