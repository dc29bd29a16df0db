"""Every failure of a realtime server becomes a problem."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from typing import Any

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import (
    InvalidMessage,
    InvalidProxy,
    InvalidProxyStatus,
    InvalidStatus,
    ProxyError,
)
from websockets.http11 import Response

from event_loop import in_event_loop, run
from integration.sample_takes import closing, realtime_engine, silent_take, transcribe
from sayso.core.dictation.take import Take
from sayso.core.problems import Problem, ProblemError
from sayso.core.settings.settings import Endpoint
from sayso.stt.reader import Reader
from sayso.stt.realtime.engine import RealtimeEngine
from sayso.stt.realtime.pacing import SendPacer
from sayso.stt.realtime.timeouts import Timeouts
from sayso.stt.realtime.websocket import WebSocketCarrier, connection_problem
from service import KEY, StandIn, close_with, drop_connection, send_raw, stay_silent

TEXT = "Put the kettle on, please, and tell nobody."


def transcription_problem(
    take: Take, key: str | None = KEY, timeouts: Timeouts | None = None, **options: Any
) -> Problem:
    """Return the problem of a take with such a service."""
    problems = []

    async def test() -> None:
        async with StandIn([TEXT], **options) as service:
            with pytest.raises(ProblemError) as caught:
                await transcribe(realtime_engine(service, key, timeouts), take)
        problems.append(caught.value.problem)

    run(test)
    return problems[0]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"http_status": 401}, "rejected your API key"),
        ({"http_status": 403}, "refused the connection. Check the API key and the address"),
        ({"http_status": 404}, "The address may need /v1 at its end."),
        ({"http_status": 429}, "is busy. Your recording is kept."),
        ({"http_status": 503}, "is unavailable. Your recording is kept."),
        ({"http_status": 301}, "redirects to another address."),
        ({"misbehavior": {"created": close_with(3000)}}, "rejected your API key"),
        ({"misbehavior": {"created": close_with(4000, "x.y")}}, "rejected the settings"),
        ({"misbehavior": {"created": send_raw("\x00 garbage")}}, "There is no speech server at"),
        ({"misbehavior": {"created": send_raw(b"\x00\xff")}}, "There is no speech server at"),
        ({"misbehavior": {"created": send_raw("x" * (2 << 20))}}, "There is no speech server at"),
        ({"misbehavior": {"updated": drop_connection()}}, "Lost the connection to"),
        ({"misbehavior": {"audio": send_raw("x" * (2 << 20))}}, "There is no speech server at"),
        ({"misbehavior": {"audio": close_with(1001, "maximum")}}, "has expired"),
        ({"misbehavior": {"audio": close_with(1011)}}, "Lost the connection to"),
        ({"misbehavior": {"audio": drop_connection()}}, "Lost the connection to"),
        ({"misbehavior": {"commit": close_with(1000)}}, "Lost the connection to"),
        ({"misbehavior": {"commit": close_with(1012)}}, "Lost the connection to"),
        ({"misbehavior": {"commit": close_with(1013)}}, "Lost the connection to"),
        ({"misbehavior": {"final": close_with(1011)}}, "Lost the connection to"),
        ({"misbehavior": {"final": drop_connection()}}, "Lost the connection to"),
    ],
    ids=range(21),
)
def test_every_failure_of_a_server_is_a_problem(options: dict[str, Any], sentence: str) -> None:
    problem = transcription_problem(silent_take(0.8), **options)
    assert sentence in problem.sentence
    assert problem.remedy


def test_a_rejected_api_key_is_reported_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    key = "sk-canary-5d41402abc4b2a76b9719d911017c592"
    problem = transcription_problem(silent_take(0.5), key)
    assert problem.code == "server.key_rejected"
    assert problem.remedy == "Check the key, or enter another one."
    assert "canary" not in repr(problem) + caplog.text


@in_event_loop()
async def test_a_valid_api_key_is_in_no_log_and_no_repr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with StandIn([TEXT]) as service, closing(realtime_engine(service)) as engine:
        await engine.transcribe(Reader(silent_take(0.5)), lambda _: None)
        assert KEY not in repr(engine) + repr(vars(type(engine)))
    assert KEY not in caplog.text
    assert TEXT not in caplog.text


def test_a_failed_item_keeps_the_take() -> None:
    async def fails(session: Any) -> bool:
        await session.fail(None, f"Input transcription failed for \x1b[2J {KEY}.")
        return False

    problem = transcription_problem(silent_take(0.5), misbehavior={"final": fails})
    assert "could not transcribe this: “Input transcription failed" in problem.message
    assert problem.remedy == "Your recording is kept. Try again."
    assert problem.sentence.isprintable()
    assert KEY not in repr(problem)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"misbehavior": {"created": stay_silent()}}, "There is no speech server at"),
        ({"misbehavior": {"updated": stay_silent()}}, "There is no speech server at"),
        ({"misbehavior": {"commit": stay_silent()}}, "did not respond. Your recording is kept."),
        ({"misbehavior": {"final": stay_silent()}}, "did not respond. Your recording is kept."),
    ],
    ids=["no session", "not ready", "no commit", "no final"],
)
def test_a_silent_server_is_not_awaited(options: dict[str, Any], sentence: str) -> None:
    timeouts = Timeouts(ready_s=0.3, response_s=0.3)
    problem = transcription_problem(silent_take(0.5), timeouts=timeouts, **options)
    assert sentence in problem.sentence


def test_a_session_without_an_end_is_limited() -> None:
    async def chatters(session: Any) -> bool:
        async def chatter() -> None:
            while True:
                await session.ws.send("{}")
                await asyncio.sleep(0.02)

        session.start(chatter())
        return False

    problem = transcription_problem(
        silent_take(0.5), timeouts=Timeouts(final_s=0.3), misbehavior={"commit": chatters}
    )
    assert "did not respond" in problem.sentence


async def stop_reading(session: Any) -> bool:
    session.ws.transport.pause_reading()
    await asyncio.Event().wait()
    return False


@in_event_loop()
async def test_a_server_that_stops_reading_is_detected_while_sending() -> None:
    async with StandIn([TEXT], misbehavior={"audio": stop_reading}) as service:
        engine = realtime_engine(service)
        engine.carrier = WebSocketCarrier(
            Timeouts(send_s=0.3), create_pacer=lambda: SendPacer(speed=1e9, burst_s=1e9)
        )
        with pytest.raises(ProblemError, match="did not respond"):
            await transcribe(engine, silent_take(600))


@in_event_loop()
async def test_a_server_that_stops_responding_is_detected_while_the_user_speaks() -> None:
    timeouts = Timeouts(ping_interval_s=0.2, close_s=0.1)
    async with StandIn([TEXT], misbehavior={"audio": stop_reading}) as service:
        with pytest.raises(ProblemError, match=r"Lost the connection to"):
            await transcribe(
                realtime_engine(service, timeouts=timeouts), silent_take(0.5, ended=False)
            )


@in_event_loop(timeout_s=5)
async def test_a_missing_handshake_is_not_awaited() -> None:
    called = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.set()
        await reader.read()  # to its end
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        endpoint = Endpoint(url=f"ws://127.0.0.1:{port}")
        timeouts = Timeouts(open_s=0.2)
        hasty = RealtimeEngine(endpoint, "", lambda _: None, timeouts=timeouts)
        with pytest.raises(ProblemError, match="did not respond"):
            await transcribe(hasty, silent_take(0.5))
        called.clear()
        engine = RealtimeEngine(endpoint, "", lambda _: None)
        work = asyncio.create_task(transcribe(engine, silent_take(0.5)))
        await called.wait()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work


@in_event_loop()
async def test_an_unreachable_server_is_named_with_host_and_port() -> None:
    async with StandIn() as service:
        pass
    with pytest.raises(ProblemError) as caught:
        await transcribe(realtime_engine(service), silent_take(0.5))
    host = f"127.0.0.1:{service.port}"
    sentence = f"No server responds at {host}. Check that the server is running."
    assert caught.value.problem.sentence == sentence


@pytest.mark.parametrize(
    ("scheme", "sentence"),
    [
        ("ws", "There is no speech server at"),
        ("wss", "There is no secure connection to 127.0.0.1:"),
    ],
)
@in_event_loop()
async def test_another_service_is_not_a_speech_server(scheme: str, sentence: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await writer.drain()
        await reader.read(1 << 16)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = f"{scheme}://127.0.0.1:{port}/v1"
    engine = RealtimeEngine(Endpoint(url=url), "", lambda _: None)
    async with server:
        with pytest.raises(ProblemError) as caught:
            await transcribe(engine, silent_take(0.5))
    assert sentence in caught.value.problem.sentence


# No connection


def response(status: int) -> Response:
    return Response(status, "", Headers())


CONNECTION_CUT = InvalidMessage("did not receive a valid HTTP response")
CONNECTION_CUT.__cause__ = EOFError("connection closed while reading HTTP status line")
OPENAI, OTHER = "api.openai.com", "my.example"


@pytest.mark.parametrize(
    ("error", "host", "sentence", "may_pass"),
    [
        (socket.gaierror(-2, "not known"), OPENAI, "no internet connection. Your", True),
        (OSError(101, "Network is unreachable"), OPENAI, "can be transcribed later.", True),
        (socket.gaierror(-2, "not known"), OTHER, "was not found.", True),
        (OSError("Multiple exceptions: [Errno 111]"), OTHER, "No server responds at my.e", True),
        (TimeoutError(), OTHER, "my.example did not respond.", True),
        (ConnectionResetError(104, "reset"), OPENAI, "Lost the connection to OpenAI", True),
        (ConnectionResetError(104, "reset"), OTHER, "my.example closed the connection.", True),
        (CONNECTION_CUT, OTHER, "my.example closed the connection.", True),
        (ssl.SSLEOFError(8, "EOF occurred"), OTHER, "no secure connection to my.e", True),
        (ssl.SSLError(1, "wrong version number"), OTHER, "no secure connection", False),
        (ProxyError("no"), OTHER, "The proxy cannot reach my.ex", False),
        (InvalidProxy("odd", "no"), OTHER, "Check the proxy in the system settings.", False),
        (InvalidProxyStatus(response(407)), OTHER, "Check the proxy in the system", False),
        (InvalidProxyStatus(response(503)), OTHER, "Check the proxy in the system", True),
        (ImportError("python-socks"), OTHER, "Check the proxy in the system settings.", False),
        (InvalidStatus(response(503)), OTHER, "my.example is unavailable.", True),
        (InvalidStatus(response(401)), OTHER, "rejected your API key", False),
    ],
    ids=str,
)
def test_connection_errors_become_problems(
    error: Exception, host: str, sentence: str, may_pass: bool
) -> None:
    problem = connection_problem(host, error)
    assert sentence in problem.sentence
    assert (problem.retry_after_s is not None) == may_pass
