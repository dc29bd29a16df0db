"""Connections: closing, detecting a lost server, and proxies."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from event_loop import in_event_loop
from integration.sample_takes import closing, silent_take
from sayso.core.dictation.take import Take
from sayso.core.problems import ProblemError
from sayso.core.settings.endpoint import Endpoint
from sayso.stt.reader import Reader
from sayso.stt.realtime.engine import RealtimeEngine
from sayso.stt.realtime.websocket import WebSocketCarrier
from service import KEY, StandIn
from service.session import Session

RATE_HZ = 24_000


@contextlib.asynccontextmanager
async def engine_for(
    service: StandIn, key: Callable[[str], str] = lambda _: KEY
) -> AsyncIterator[RealtimeEngine]:
    endpoint = Endpoint(url=service.url)
    async with closing(RealtimeEngine(endpoint, "en", key)) as engine:
        yield engine


async def transcribe(engine: RealtimeEngine, take: Take | None = None) -> str:
    return await engine.transcribe(
        Reader(take or silent_take(0.4, rate_hz=RATE_HZ)), lambda _: None
    )


# Connections


@in_event_loop()
async def test_each_take_has_a_connection_that_is_closed_afterwards() -> None:
    async with StandIn(["One.", "Two."]) as service, engine_for(service) as engine:
        assert [await transcribe(engine) for _ in range(2)] == ["One.", "Two."]
        assert [await record.wait_closed() for record in service.records] == [1000, 1000]


# Lost servers


@in_event_loop()
async def test_a_server_that_stops_responding_is_detected_within_5_s() -> None:
    gone_s: list[float] = []

    async def asleep(session: Session) -> bool:
        gone_s.append(time.monotonic())
        session.ws.transport.pause_reading()
        await asyncio.Event().wait()
        return False

    async with StandIn(misbehavior={"audio": asleep}) as service, engine_for(service) as engine:
        with pytest.raises(ProblemError, match="Lost the connection to") as caught:
            await transcribe(engine, silent_take(0.4, ended=False, rate_hz=RATE_HZ))
        assert caught.value.problem.retry_after_s == 0.0
        assert time.monotonic() - gone_s[0] < 5.3


# Through a proxy


class Proxy:
    """HTTP proxy that tunnels every CONNECT request to one local port."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self.asked: list[str] = []

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(head.partition(" HTTP")[0])
        there, thither = await asyncio.open_connection("127.0.0.1", self._to_port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_pipe(reader, thither), _pipe(there, writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 14):
            writer.write(data)
            await writer.drain()
    writer.close()


@in_event_loop()
async def test_openai_is_reached_through_the_system_proxy(
    certificate: Path, serving: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        StandIn(["Hello."], at_openai=True, tls=serving) as service,
        Proxy(service.port) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        carrier = WebSocketCarrier(tls=ssl.create_default_context(cafile=str(certificate)))
        engine = RealtimeEngine(Endpoint(), "en", lambda _: KEY, carrier)
        assert await transcribe(engine) == "Hello."
        await engine.close()
        assert proxy.asked == ["CONNECT api.openai.com:443"]
        assert service.record.path == "/v1/realtime?intent=transcription"


@in_event_loop()
async def test_an_unencrypted_server_uses_the_proxy_and_this_computer_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with StandIn(["Hello."]) as service, Proxy(service.port) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        fields = {"url": "ws://speech.lan:8000/v1", "allow_insecure": "speech.lan"}
        engine = RealtimeEngine(Endpoint(**fields), "en", lambda _: KEY)
        assert await transcribe(engine) == "Hello."
        await engine.close()
        assert proxy.asked == ["CONNECT speech.lan:8000"]
        async with engine_for(service) as here:
            assert await transcribe(here) == "Hello."
        assert len(proxy.asked) == 1


@in_event_loop()
async def test_an_unreachable_proxy_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Proxy(0) as proxy:
        pass
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "")
    engine = RealtimeEngine(Endpoint(), "en", lambda _: KEY)
    with pytest.raises(ProblemError) as caught:
        await transcribe(engine)
    assert caught.value.problem.message in (
        "There is no internet connection.",
        "The proxy cannot reach api.openai.com.",
    )
    await engine.close()


@in_event_loop()
async def test_the_connection_is_uncompressed_http_1_1() -> None:
    seen: list[dict[str, str]] = []

    class RecordingStandIn(StandIn):
        def _check_handshake(self, connection: Any, request: Any) -> Any:
            seen.append(dict(request.headers.raw_items()))
            return super()._check_handshake(connection, request)

    async with RecordingStandIn(["Hello."]) as service, engine_for(service) as engine:
        await transcribe(engine)
    assert "Sec-WebSocket-Extensions" not in seen[0]
    assert seen[0]["Upgrade"] == "websocket"
    assert json.dumps(sorted(seen[0])).count("Authorization") == 1
