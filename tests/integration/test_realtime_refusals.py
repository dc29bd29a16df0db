"""Whatever a realtime server does, or does not, a take with it ends in a sentence."""

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

from event_loop import run
from integration.sample_takes import closing, realtime_engine, silent_take, transcribe
from sayso.core.dictation.take import Take
from sayso.core.problems import Problem, ProblemError
from sayso.core.settings.settings import Endpoint
from sayso.stt.reader import Reader
from sayso.stt.realtime import session as conversations
from sayso.stt.realtime import websocket as links
from sayso.stt.realtime.engine import RealtimeEngine
from sayso.stt.realtime.websocket import _connection_problem
from service import KEY, StandIn, close_with, drop_connection, send_raw, stay_silent

TEXT = "Put the kettle on, please, and tell nobody."


def transcription_problem(take: Take, key: str | None = KEY, **options: Any) -> Problem:
    """What a take against such a service ends in."""
    problems = []

    async def test() -> None:
        async with StandIn([TEXT], **options) as service:
            with pytest.raises(ProblemError) as caught:
                await transcribe(realtime_engine(service, key), take)
        problems.append(caught.value.problem)

    run(test)
    return problems[0]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"http_status": 401}, "Your API key was refused by 127.0.0.1:"),
        ({"http_status": 403}, "refused the connection. Check the key and the address"),
        ({"http_status": 404}, "The address may need /v1 at its end."),
        ({"http_status": 429}, "is busy. Your recording is kept."),
        ({"http_status": 503}, "cannot answer now. Your recording is kept."),
        ({"http_status": 301}, "sends Sayso elsewhere."),
        ({"misbehavior": {"created": close_with(3000)}}, "Your API key was refused by 127.0.0.1:"),
        ({"misbehavior": {"created": close_with(4000, "x.y")}}, "refused the settings"),
        ({"misbehavior": {"created": send_raw("\x00 garbage")}}, "No speech server answers at"),
        ({"misbehavior": {"created": send_raw(b"\x00\xff")}}, "No speech server answers at"),
        ({"misbehavior": {"created": send_raw("x" * (2 << 20))}}, "No speech server answers at"),
        ({"misbehavior": {"updated": drop_connection()}}, "was lost. Your recording is kept."),
        ({"misbehavior": {"audio": send_raw("x" * (2 << 20))}}, "No speech server answers at"),
        ({"misbehavior": {"audio": close_with(1001, "maximum")}}, "has run out"),
        ({"misbehavior": {"audio": close_with(1011)}}, "was lost. Your recording is kept."),
        ({"misbehavior": {"audio": drop_connection()}}, "was lost. Your recording is kept."),
        ({"misbehavior": {"commit": close_with(1000)}}, "was lost. Your recording is kept."),
        ({"misbehavior": {"commit": close_with(1012)}}, "was lost. Your recording is kept."),
        ({"misbehavior": {"commit": close_with(1013)}}, "was lost. Your recording is kept."),
        ({"misbehavior": {"final": close_with(1011)}}, "was lost. Your recording is kept."),
        ({"misbehavior": {"final": drop_connection()}}, "was lost. Your recording is kept."),
    ],
    ids=range(21),
)
def test_whatever_a_server_does_it_ends_in_a_sentence(
    options: dict[str, Any], sentence: str
) -> None:
    problem = transcription_problem(silent_take(0.8), **options)
    assert sentence in problem.sentence
    assert problem.action


def test_a_wrong_key_is_said_so_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    key = "sk-canary-5d41402abc4b2a76b9719d911017c592"
    problem = transcription_problem(silent_take(0.5), key)
    assert problem.message.startswith("Your API key was refused by 127.0.0.1:")
    assert problem.remedy == "Open Settings > Recognition to change it."
    assert "canary" not in repr(problem) + caplog.text


def test_a_right_key_is_in_no_log_and_no_repr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def test() -> None:
        async with StandIn([TEXT]) as service, closing(realtime_engine(service)) as engine:
            await engine.transcribe(Reader(silent_take(0.5)), lambda _: None)
            assert KEY not in repr(engine) + repr(vars(type(engine)))

    run(test)
    assert KEY not in caplog.text
    assert TEXT not in caplog.text


def test_a_failed_item_keeps_the_take() -> None:
    async def fails(session: Any) -> bool:
        await session.fail(None, f"Input transcription failed for \x1b[2J {KEY}.")
        return False

    problem = transcription_problem(silent_take(0.5), misbehavior={"final": fails})
    assert "could not recognise this. It says: “Input transcription failed" in problem.message
    assert problem.remedy == "Your recording is kept. Try again."
    assert problem.sentence.isprintable()
    assert KEY not in repr(problem)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"misbehavior": {"created": stay_silent()}}, "No speech server answers at"),
        ({"misbehavior": {"updated": stay_silent()}}, "No speech server answers at"),
        ({"misbehavior": {"commit": stay_silent()}}, "did not answer. Your recording is kept."),
        ({"misbehavior": {"final": stay_silent()}}, "did not answer. Your recording is kept."),
    ],
    ids=["no session", "not ready", "no commit", "no final"],
)
def test_a_server_that_falls_silent_is_not_waited_for(
    options: dict[str, Any], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations, "READY_TIMEOUT_S", 0.3)
    monkeypatch.setattr("sayso.stt.realtime.openai.RESPONSE_TIMEOUT_S", 0.3)
    assert sentence in transcription_problem(silent_take(0.5), **options).sentence


def test_a_server_that_never_comes_to_an_end_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(conversations, "FINAL_TIMEOUT_S", 0.3)

    async def chatters(session: Any) -> bool:
        async def chatter() -> None:
            while True:
                await session.ws.send("{}")
                await asyncio.sleep(0.02)

        session.start(chatter())
        return False

    problem = transcription_problem(silent_take(0.5), misbehavior={"commit": chatters})
    assert "did not answer" in problem.sentence


async def stop_reading(session: Any) -> bool:
    session.ws.transport.pause_reading()
    await asyncio.Event().wait()
    return False


def test_a_server_that_stops_reading_is_noticed_while_sending(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(conversations, "SEND_TIMEOUT_S", 0.3)

    async def test() -> None:
        async with StandIn([TEXT], misbehavior={"audio": stop_reading}) as service:
            pace = conversations.SendPacer
            monkeypatch.setattr(conversations, "SendPacer", lambda: pace(speed=1e9, burst_s=1e9))
            with pytest.raises(ProblemError, match="did not answer"):
                await transcribe(realtime_engine(service), silent_take(600))

    run(test)


def test_a_server_that_is_gone_without_a_word_is_noticed_while_somebody_speaks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(links, "PING_INTERVAL_S", 0.2)
    monkeypatch.setattr(links, "CLOSE_TIMEOUT_S", 0.1)

    async def test() -> None:
        async with StandIn([TEXT], misbehavior={"audio": stop_reading}) as service:
            with pytest.raises(ProblemError, match=r"was lost. Your recording is kept"):
                await transcribe(realtime_engine(service), silent_take(0.5, ended=False))

    run(test)


def test_a_server_that_does_not_shake_hands_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(links, "OPEN_TIMEOUT_S", 0.2)

    async def test() -> None:
        called = asyncio.Event()

        async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            called.set()
            await reader.read()  # to its end
            writer.close()

        async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            engine = RealtimeEngine(Endpoint(url=f"ws://127.0.0.1:{port}"), "", lambda _: None)
            with pytest.raises(ProblemError, match="did not answer"):
                await transcribe(engine, silent_take(0.5))
            monkeypatch.setattr(links, "OPEN_TIMEOUT_S", 10.0)
            called.clear()
            work = asyncio.create_task(transcribe(engine, silent_take(0.5)))
            await called.wait()
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work

    run(test, timeout_s=5)


def test_nothing_there_is_said_with_host_and_port() -> None:
    async def test() -> None:
        async with StandIn() as service:
            pass
        with pytest.raises(ProblemError) as caught:
            await transcribe(realtime_engine(service), silent_take(0.5))
        sentence = f"Nothing answers at 127.0.0.1:{service.port}. Is the server running?"
        assert caught.value.problem.sentence == sentence

    run(test)


@pytest.mark.parametrize(
    ("scheme", "sentence"),
    [("ws", "No speech server answers at"), ("wss", "There is no secure connection to 127.0.0.1:")],
)
def test_something_else_there_is_no_speech_server(scheme: str, sentence: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await writer.drain()
        await reader.read(1 << 16)
        writer.close()

    async def test() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        url = f"{scheme}://127.0.0.1:{port}/v1"
        engine = RealtimeEngine(Endpoint(url=url), "", lambda _: None)
        async with server:
            with pytest.raises(ProblemError) as caught:
                await transcribe(engine, silent_take(0.5))
        assert sentence in caught.value.problem.sentence

    run(test)


# No connection


def response(status: int) -> Response:
    return Response(status, "", Headers())


CONNECTION_CUT = InvalidMessage("did not receive a valid HTTP response")
CONNECTION_CUT.__cause__ = EOFError("connection closed while reading HTTP status line")
OPENAI, OTHER = "api.openai.com", "my.example"


@pytest.mark.parametrize(
    ("error", "host", "sentence", "may_pass"),
    [
        (socket.gaierror(-2, "not known"), OPENAI, "no internet. Your", True),
        (OSError(101, "Network is unreachable"), OPENAI, "can be recognised later.", True),
        (socket.gaierror(-2, "not known"), OTHER, "was not found.", True),
        (OSError("Multiple exceptions: [Errno 111]"), OTHER, "Nothing answers at my.e", True),
        (TimeoutError(), OTHER, "my.example did not answer.", True),
        (ConnectionResetError(104, "reset"), OPENAI, "to api.openai.com was lost", True),
        (ConnectionResetError(104, "reset"), OTHER, "my.example hung up at once.", True),
        (CONNECTION_CUT, OTHER, "my.example hung up at once.", True),
        (ssl.SSLEOFError(8, "EOF occurred"), OTHER, "no secure connection to my.e", True),
        (ssl.SSLError(1, "wrong version number"), OTHER, "no secure connection", False),
        (ProxyError("no"), OTHER, "The proxy does not lead to my.ex", False),
        (InvalidProxy("odd", "no"), OTHER, "Check the proxy in the system settings.", False),
        (InvalidProxyStatus(response(407)), OTHER, "Check the proxy in the system", False),
        (InvalidProxyStatus(response(503)), OTHER, "Check the proxy in the system", True),
        (ImportError("python-socks"), OTHER, "Check the proxy in the system settings.", False),
        (InvalidStatus(response(503)), OTHER, "my.example cannot answer now.", True),
        (InvalidStatus(response(401)), OTHER, "Your API key was refused by my.example", False),
    ],
    ids=str,
)
def test_why_there_is_no_connection(
    error: Exception, host: str, sentence: str, may_pass: bool
) -> None:
    problem = _connection_problem(host, error)
    assert sentence in problem.sentence
    assert (problem.retry_after_s is not None) == may_pass
