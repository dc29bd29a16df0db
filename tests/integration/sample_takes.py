"""Create takes, and transcribe a take with an engine that is closed afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from sayso.core.dictation.take import Take
from sayso.core.settings.settings import Endpoint
from sayso.stt.engine import Engine, EngineEvent
from sayso.stt.reader import Reader
from sayso.stt.realtime.engine import RealtimeEngine
from sayso.stt.realtime.timeouts import Timeouts
from service import KEY, StandIn

RATE_HZ = 16_000
E = TypeVar("E", bound=Engine)


def take_from(*pieces: bytes, rate_hz: int = RATE_HZ, ended: bool = True) -> Take:
    """Create a take from pieces of s16le mono audio."""
    take = Take(number=1, id="1", rate_hz=rate_hz)
    for piece in pieces:
        take.append(piece)
    if ended:
        take.end()
    return take


def silent_take(seconds: float, ended: bool = True, rate_hz: int = RATE_HZ) -> Take:
    """Create a take of silence, for a service that returns scripted text."""
    return take_from(bytes(int(rate_hz * seconds) * 2), rate_hz=rate_hz, ended=ended)


@asynccontextmanager
async def closing(engine: E) -> AsyncIterator[E]:
    try:
        yield engine
    finally:
        await engine.close()


async def transcribe(
    engine: Engine, take: Take, on_event: Callable[[EngineEvent], None] = lambda _: None
) -> str:
    async with closing(engine):
        return await engine.transcribe(Reader(take), on_event)


def realtime_engine(
    service: StandIn, key: str | None = KEY, timeouts: Timeouts | None = None, **fields: str
) -> RealtimeEngine:
    endpoint = Endpoint(url=service.url, **fields)
    return RealtimeEngine(endpoint, "en", lambda _: key, timeouts=timeouts or Timeouts())
