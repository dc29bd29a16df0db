"""The realtime engine against the strict stand-in on this computer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import serve
from websockets.datastructures import Headers
from websockets.exceptions import (
    InvalidMessage,
    InvalidProxy,
    InvalidProxyStatus,
    InvalidStatus,
    ProxyError,
)
from websockets.http11 import Response

from loops import run
from sayso.core.doubt import Account
from sayso.core.problems import Problem, ProblemError
from sayso.core.settings import Endpoint
from sayso.core.take import Take
from sayso.stt import conversation as conversations
from sayso.stt import link as links
from sayso.stt.engine import Heard, Partial, Ready
from sayso.stt.link import Link, _refused
from sayso.stt.openai import PADDING_BYTES
from sayso.stt.reader import Reader
from sayso.stt.realtime import RealtimeEngine, it_works, language_code, try_out
from service import KEY, StandIn, drop, hang_up, in_thread, say, stay_silent
from service.session import Session

RATE_HZ = 16_000
BLOCK = bytes(RATE_HZ // 200 * 2)
"""5 ms, as a microphone gives them."""
TEXT = "Put the kettle on, please, and tell nobody."


def engine_for(service: StandIn, key: str | None = KEY, **fields: str) -> RealtimeEngine:
    endpoint = Endpoint(url=service.url, **fields)
    return RealtimeEngine(endpoint, "en", lambda _: key)


def spoken(seconds: float, ended: bool = True) -> Take:
    take = Take(number=1, id="1", rate_hz=RATE_HZ)
    take.add(bytes(int(RATE_HZ * seconds) * 2))
    if ended:
        take.end()
    return take


@contextlib.asynccontextmanager
async def closing(engine: RealtimeEngine) -> AsyncIterator[RealtimeEngine]:
    try:
        yield engine
    finally:
        await engine.close()


async def recognised(
    engine: RealtimeEngine, take: Take, heard: Callable[[Heard], None] = lambda _: None
) -> str:
    async with closing(engine):
        return await engine.recognise(Reader(take), heard)


def problem_of(take: Take, key: str | None = KEY, **options: Any) -> Problem:
    """What a take against such a service ends in."""
    problems = []

    async def test() -> None:
        async with StandIn([TEXT], **options) as service:
            with pytest.raises(ProblemError) as caught:
                await recognised(engine_for(service, key), take)
        problems.append(caught.value.problem)

    run(test)
    return problems[0]


# A take


def test_what_is_spoken_comes_back_while_and_after_it_is_spoken() -> None:
    heard: list[Heard] = []

    async def test() -> None:
        async with StandIn([TEXT]) as service:
            take, engine = spoken(0, ended=False), engine_for(service)
            talking = asyncio.create_task(speak(take, 1.5))
            assert await recognised(engine, take, heard.append) == TEXT
            await talking
        record = service.record
        assert record.too_early_bytes == record.dropped_bytes == 0
        assert len(record.audio) == pytest.approx(1.5 * 48_000 + PADDING_BYTES, abs=480)
        assert min(record.frame_sizes[:-1]) >= 960  # 20 ms
        assert record.types[0] == "session.update"
        assert record.types[-2:] == ["input_audio_buffer.commit", "input_audio_buffer.clear"]
        assert set(record.types[1:-2]) == {"input_audio_buffer.append"}
        assert record.close_code == 1000

    run(test)
    assert heard[0] == Ready()
    texts = [event.text for event in heard if isinstance(event, Partial)]
    assert len(texts) > 3
    assert all(TEXT.startswith(text) for text in texts)


async def speak(take: Take, seconds: float) -> None:
    """In blocks of 5 ms, as fast as they are spoken."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    for number in range(int(seconds * 200)):
        await asyncio.sleep(began_s + number * 0.005 - loop.time())
        take.add(BLOCK)
    take.end()


def test_a_backlog_is_sent_no_faster_than_the_service_takes() -> None:
    async def test() -> None:
        async with StandIn([TEXT]) as service:
            assert await recognised(engine_for(service), spoken(5)) == TEXT
        record = service.record
        began_s, sent_s = record.arrivals[0][0], 0.0
        for at_s, audio_s in record.arrivals:
            sent_s += audio_s
            assert sent_s <= 0.5 + 3 * (at_s - began_s) + 0.5  # the last is for a busy computer
        assert record.dropped_bytes == 0
        assert len(record.audio) == pytest.approx(5 * 48_000 + PADDING_BYTES, abs=480)

    run(test)


@pytest.mark.parametrize("seconds", [0, 0.05], ids=["nothing", "a tap"])
def test_too_short_a_take_is_empty_and_not_committed(seconds: float) -> None:
    async def test() -> None:
        async with StandIn([TEXT]) as service:
            assert await recognised(engine_for(service), spoken(seconds)) == ""
        assert "input_audio_buffer.commit" not in service.record.types

    run(test)


@pytest.mark.parametrize(
    "options",
    [
        {"answers_clear": False},
        {"committed_item": "other"},
        {"committed_item": "none"},
        {"refused_fields": ["languages"]},
        {"at_openai": False, "key": None},
    ],
    ids=["no clear", "LocalAI", "aimock", "no language", "no key"],
)
def test_servers_that_differ_are_understood(options: dict[str, Any]) -> None:
    async def test() -> None:
        async with StandIn([TEXT], **options) as service:
            key = KEY if service.key else None
            assert await recognised(engine_for(service, key), spoken(0.5)) == TEXT

    run(test)


def test_silence_is_an_empty_text_and_control_characters_are_left_out() -> None:
    async def test() -> None:
        async with StandIn(["", "Hi\x00\x1b[31m\r there\u0007 "]) as service:
            assert await recognised(engine_for(service), spoken(0.5)) == ""
            assert await recognised(engine_for(service), spoken(0.5)) == "Hi[31m there"

    run(test)


def test_takes_may_overlap() -> None:
    async def test() -> None:
        async with StandIn(["same"]) as service, closing(engine_for(service)) as engine:
            takes = [engine.recognise(Reader(spoken(0.5)), lambda _: None) for _ in range(3)]
            assert await asyncio.gather(*takes) == ["same"] * 3
        assert len(service.records) == 3

    run(test)


def test_a_test_of_the_settings_tells_the_seconds() -> None:
    async def test() -> None:
        async with StandIn(at_openai=False) as service, closing(engine_for(service)) as engine:
            await engine.prepare()
            assert engine.ready
            seconds = await engine.test()
            assert 0 < seconds < 5
        assert len(service.record.audio) == 48_000 + PADDING_BYTES

    run(test)
    with in_thread(StandIn(at_openai=False)) as service:
        assert 0 < try_out(engine_for(service)) < 5
    assert it_works(0.62) == "It works. A one-second sample came back in 0.6 s."


# Refusals


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"http_status": 401}, "Your API key was refused by 127.0.0.1:"),
        ({"http_status": 403}, "refused the connection. Check the key and the address"),
        ({"http_status": 404}, "not as a speech server. The address may need /v1 at its end."),
        ({"http_status": 429}, "is busy. Your recording is kept."),
        ({"http_status": 503}, "cannot answer now. Your recording is kept."),
        ({"http_status": 301}, "sends Sayso elsewhere."),
        ({"mischief": {"created": hang_up(3000)}}, "Your API key was refused by 127.0.0.1:"),
        ({"mischief": {"created": hang_up(4000, "x.y")}}, "did not take the settings"),
        ({"mischief": {"created": say("\x00 garbage")}}, "not as a speech server"),
        ({"mischief": {"created": say(b"\x00\xff")}}, "not as a speech server"),
        ({"mischief": {"created": say("x" * (2 << 20))}}, "not as a speech server"),
        ({"mischief": {"updated": drop()}}, "was lost. Your recording is kept."),
        ({"mischief": {"audio": say("x" * (2 << 20))}}, "not as a speech server"),
        ({"mischief": {"audio": hang_up(1001, "maximum")}}, "has run out"),
        ({"mischief": {"audio": hang_up(1011)}}, "was lost. Your recording is kept."),
        ({"mischief": {"audio": drop()}}, "was lost. Your recording is kept."),
        ({"mischief": {"commit": hang_up(1000)}}, "was lost. Your recording is kept."),
        ({"mischief": {"commit": hang_up(1012)}}, "was lost. Your recording is kept."),
        ({"mischief": {"commit": hang_up(1013)}}, "was lost. Your recording is kept."),
        ({"mischief": {"final": hang_up(1011)}}, "was lost. Your recording is kept."),
        ({"mischief": {"final": drop()}}, "was lost. Your recording is kept."),
    ],
    ids=range(21),
)
def test_whatever_a_server_does_it_ends_in_a_sentence(
    options: dict[str, Any], sentence: str
) -> None:
    problem = problem_of(spoken(0.8), **options)
    assert sentence in problem.sentence
    assert problem.action


def test_a_wrong_key_is_said_so_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    key = "sk-canary-5d41402abc4b2a76b9719d911017c592"
    problem = problem_of(spoken(0.5), key)
    assert problem.what.startswith("Your API key was refused by 127.0.0.1:")
    assert problem.remedy == "Open Settings > Recognition to change it."
    assert "canary" not in repr(problem) + caplog.text


def test_a_right_key_is_in_no_log_and_no_repr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def test() -> None:
        async with StandIn([TEXT]) as service, closing(engine_for(service)) as engine:
            await engine.recognise(Reader(spoken(0.5)), lambda _: None)
            assert KEY not in repr(engine) + repr(vars(type(engine)))

    run(test)
    assert KEY not in caplog.text
    assert TEXT not in caplog.text


def test_a_failed_item_keeps_the_take() -> None:
    async def fails(session: Any) -> bool:
        await session.fail(None, f"Input transcription failed for \x1b[2J {KEY}.")
        return False

    problem = problem_of(spoken(0.5), mischief={"final": fails})
    assert "could not recognise this. It says: “Input transcription failed" in problem.what
    assert problem.remedy == "Your recording is kept. Try again."
    assert problem.sentence.isprintable()
    assert KEY not in repr(problem)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"mischief": {"created": stay_silent()}}, "not as a speech server"),
        ({"mischief": {"updated": stay_silent()}}, "not as a speech server"),
        ({"mischief": {"commit": stay_silent()}}, "did not answer. Your recording is kept."),
        ({"mischief": {"final": stay_silent()}}, "did not answer. Your recording is kept."),
    ],
    ids=["no session", "not ready", "no commit", "no final"],
)
def test_a_server_that_falls_silent_is_not_waited_for(
    options: dict[str, Any], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations, "READY_S", 0.3)
    monkeypatch.setattr("sayso.stt.openai.ANSWER_S", 0.3)
    assert sentence in problem_of(spoken(0.5), **options).sentence


def test_a_server_that_never_comes_to_an_end_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(conversations, "FINAL_S", 0.3)

    async def chatters(session: Any) -> bool:
        async def chatter() -> None:
            while True:
                await session.ws.send("{}")
                await asyncio.sleep(0.02)

        session.start(chatter())
        return False

    problem = problem_of(spoken(0.5), mischief={"commit": chatters})
    assert "did not answer" in problem.sentence


def test_a_server_that_stops_reading_is_noticed_while_sending(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(conversations, "SEND_S", 0.3)

    async def sleeps(session: Any) -> bool:
        session.ws.transport.pause_reading()
        await asyncio.Event().wait()
        return False

    async def test() -> None:
        async with StandIn([TEXT], mischief={"audio": sleeps}) as service:
            pace = conversations.Pace
            monkeypatch.setattr(conversations, "Pace", lambda: pace(speed=1e9, burst_s=1e9))
            with pytest.raises(ProblemError, match="did not answer"):
                await recognised(engine_for(service), spoken(600))

    run(test)


def test_a_server_that_is_gone_without_a_word_is_noticed_while_somebody_speaks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(links, "PING_S", 0.2)
    monkeypatch.setattr(links, "CLOSE_S", 0.1)

    async def asleep(session: Any) -> bool:
        session.ws.transport.pause_reading()
        await asyncio.Event().wait()
        return False

    async def test() -> None:
        async with StandIn([TEXT], mischief={"audio": asleep}) as service:
            with pytest.raises(ProblemError, match=r"was lost. Your recording is kept"):
                await recognised(engine_for(service), spoken(0.5, ended=False))

    run(test)


def test_what_was_sent_and_what_was_used_is_accounted_for() -> None:
    class Hurried(Session):
        def usage(self, size_bytes: int, text: str) -> dict[str, Any]:
            return {"type": "duration", "seconds": 1}

    news: list[Heard] = []

    async def test() -> None:
        async with StandIn([TEXT], session=Hurried) as service:
            engine = engine_for(service, keywords="Xenolab, AC-42", prompt="At sea.")
            assert await recognised(engine, spoken(2.5), news.append) == TEXT

    run(test)
    [account] = [event for event in news if isinstance(event, Account)]
    assert account.engine.startswith("127.0.0.1:")
    assert (account.used_s, account.sent_s) == (1.0, pytest.approx(2.7, abs=0.02))
    assert account.told == ("At sea.", "Xenolab", "AC-42")
    assert not account.skips_pauses


def test_a_server_that_does_not_shake_hands_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(links, "OPEN_S", 0.2)

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
                await recognised(engine, spoken(0.5))
            monkeypatch.setattr(links, "OPEN_S", 10.0)
            called.clear()
            work = asyncio.create_task(recognised(engine, spoken(0.5)))
            await called.wait()
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work

    run(test, within_s=5)


def test_nothing_there_is_said_with_host_and_port() -> None:
    async def test() -> None:
        async with StandIn() as service:
            pass
        with pytest.raises(ProblemError) as caught:
            await recognised(engine_for(service), spoken(0.5))
        sentence = f"Nothing answers at 127.0.0.1:{service.port}. Is the server running?"
        assert caught.value.problem.sentence == sentence

    run(test)


@pytest.mark.parametrize(
    ("scheme", "sentence"),
    [("ws", "not as a speech server"), ("wss", "There is no secure connection to 127.0.0.1:")],
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
                await recognised(engine, spoken(0.5))
        assert sentence in caught.value.problem.sentence

    run(test)


def test_a_redirect_does_not_carry_the_key_away() -> None:
    asked = []

    async def test() -> None:
        async with StandIn() as elsewhere:

            def redirect(connection: Any, request: Any) -> Any:
                asked.append(request.path)
                response = connection.respond(302, "")
                response.headers["Location"] = elsewhere.url
                return response

            async def nobody(_: Any) -> None:
                raise AssertionError("nobody comes here")

            async with serve(nobody, "127.0.0.1", 0, process_request=redirect) as server:
                port = next(iter(server.sockets)).getsockname()[1]
                endpoint = Endpoint(url=f"ws://127.0.0.1:{port}/v1")
                engine = RealtimeEngine(endpoint, "", lambda _: KEY)
                with pytest.raises(ProblemError, match=r"sends Sayso to 127\.0\.0\.1:"):
                    await recognised(engine, spoken(0.5))
        assert elsewhere.records == []

    run(test)
    assert asked == ["/v1/realtime?intent=transcription&model=gpt-live-transcribe"]


# Cancelling


@pytest.mark.parametrize("stage", ["created", "audio", "commit", "final"])
def test_a_cancelled_take_leaves_nothing_behind(stage: str) -> None:
    async def test() -> None:
        reached = asyncio.Event()

        async def stop_here(_: Any) -> bool:
            reached.set()
            return False

        async with StandIn([TEXT], mischief={stage: stop_here}) as service:  # type: ignore[dict-item]
            take, engine = spoken(0.5, ended=stage != "audio"), engine_for(service)
            before = asyncio.all_tasks()
            work = asyncio.create_task(engine.recognise(Reader(take), lambda _: None))
            await reached.wait()
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work
            await asyncio.sleep(0)
            ours = [
                task
                for task in asyncio.all_tasks() - before
                if task.get_coro().cr_code.co_filename.endswith(("link.py", "reader.py"))
            ]
            assert ours == []
            assert take._listeners == []
            await engine.close()

    run(test)


# Keys


@pytest.mark.parametrize("key", [None, ""], ids=repr)
def test_openai_is_not_asked_without_a_key(key: str | None) -> None:
    async def test() -> None:
        engine = RealtimeEngine(Endpoint(), "", lambda _: key)
        with pytest.raises(ProblemError) as caught:
            await engine.recognise(Reader(spoken(0.5)), lambda _: None)
        assert caught.value.problem.sentence == (
            "There is no API key for api.openai.com. Open Settings > Recognition to enter it."
        )

    run(test)


def test_the_key_is_asked_for_by_host_and_port_at_each_take() -> None:
    asked: list[str] = []

    def key_of(host: str) -> str:
        asked.append(host)
        return KEY

    async def test() -> None:
        async with StandIn([TEXT]) as service:
            engine = RealtimeEngine(Endpoint(url=service.url), "", key_of)
            async with closing(engine):
                for _ in range(2):
                    await engine.recognise(Reader(spoken(0.2)), lambda _: None)
        assert asked == [f"127.0.0.1:{service.port}"] * 2

    run(test)


def test_a_keyring_that_does_not_open_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sayso.stt.keys.KEY_S", 0.05)
    import threading

    let_go = threading.Event()

    async def test() -> None:
        engine = RealtimeEngine(Endpoint(), "", lambda _: str(let_go.wait(10)))
        try:
            with pytest.raises(ProblemError, match="The keyring is locked"):
                await engine.recognise(Reader(spoken(0.5)), lambda _: None)
        finally:
            let_go.set()

    run(test)


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ("", ""),
        ("en", "en"),
        ("pt-BR", "pt"),
        ("zh-CN", "zh-cn"),
        ("yue", "yue"),
        ("zh-Hans", "zh"),
    ],
)
def test_languages_are_named_as_servers_name_them(setting: str, code: str) -> None:
    assert language_code(setting) == code


def test_an_address_that_cannot_be_used_is_not_ready() -> None:
    async def test() -> None:
        engine = RealtimeEngine(Endpoint(url="ws://speech.example/v1"), "", lambda _: None)
        assert not engine.ready
        with pytest.raises(ProblemError, match="for all to read"):
            await engine.prepare()

    run(test)


# OpenAI itself: the name and the certificate are looked at, and the address has no model


def at_openai(service: StandIn, trusted: ssl.SSLContext | None, key: str = KEY) -> RealtimeEngine:
    link = Link(tls=trusted, through=("127.0.0.1", service.port))
    return RealtimeEngine(Endpoint(), "en", lambda _: key, link)


def test_openai_is_spoken_to_over_tls_and_without_a_model_in_the_address(
    certificate: Path, serving: ssl.SSLContext
) -> None:
    async def test() -> None:
        async with StandIn([TEXT], at_openai=True, tls=serving) as service:
            trusted = ssl.create_default_context(cafile=str(certificate))
            assert await recognised(at_openai(service, trusted), spoken(0.5)) == TEXT
        assert service.record.path == "/v1/realtime?intent=transcription"
        update = service.record.events[0]["session"]["audio"]["input"]
        assert update["transcription"] == {"model": "gpt-live-transcribe", "languages": ["en"]}

    run(test)


def test_openai_refusing_a_key_is_named(certificate: Path, serving: ssl.SSLContext) -> None:
    async def test() -> None:
        async with StandIn([TEXT], at_openai=True, tls=serving) as service:
            trusted = ssl.create_default_context(cafile=str(certificate))
            with pytest.raises(ProblemError) as caught:
                await recognised(at_openai(service, trusted, "sk-wrong"), spoken(0.5))
        assert caught.value.problem.sentence == (
            "Your API key was refused by api.openai.com. Open Settings > Recognition to change it."
        )

    run(test)


@pytest.mark.expect_log  # asyncio tells of the handshake on the side of the stand-in
def test_a_certificate_that_nobody_signed_is_not_trusted(serving: ssl.SSLContext) -> None:
    async def test() -> None:
        async with StandIn(at_openai=True, tls=serving) as service:
            with pytest.raises(ProblemError, match=r"The certificate of api.openai.com is not"):
                await recognised(at_openai(service, None), spoken(0.5))
        assert service.records == []

    run(test)


@pytest.mark.expect_log
def test_a_server_without_tls_hangs_up() -> None:
    async def test() -> None:
        async with StandIn() as service:
            url = f"wss://127.0.0.1:{service.port}/v1"
            engine = RealtimeEngine(Endpoint(url=url), "", lambda _: KEY)
            with pytest.raises(ProblemError, match=r"hung up at once. The address may need http"):
                await recognised(engine, spoken(0.5))

    run(test)


def answer(status: int) -> Response:
    return Response(status, "", Headers())


CUT_OFF = InvalidMessage("did not receive a valid HTTP response")
CUT_OFF.__cause__ = EOFError("connection closed while reading HTTP status line")
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
        (CUT_OFF, OTHER, "my.example hung up at once.", True),
        (ssl.SSLEOFError(8, "EOF occurred"), OTHER, "no secure connection to my.e", True),
        (ssl.SSLError(1, "wrong version number"), OTHER, "no secure connection", False),
        (ProxyError("no"), OTHER, "The proxy of this computer does not lead to my.ex", False),
        (InvalidProxy("odd", "no"), OTHER, "Check the proxy in the system settings.", False),
        (InvalidProxyStatus(answer(407)), OTHER, "Check the proxy in the system", False),
        (InvalidProxyStatus(answer(503)), OTHER, "Check the proxy in the system", True),
        (ImportError("python-socks"), OTHER, "Check the proxy in the system settings.", False),
        (InvalidStatus(answer(503)), OTHER, "my.example cannot answer now.", True),
        (InvalidStatus(answer(401)), OTHER, "Your API key was refused by my.example", False),
    ],
    ids=str,
)
def test_why_there_is_no_connection(
    error: Exception, host: str, sentence: str, may_pass: bool
) -> None:
    problem = _refused(host, error)
    assert sentence in problem.sentence
    assert (problem.again_s is not None) == may_pass


def test_the_stand_in_serves_as_a_process_too() -> None:
    import subprocess
    import sys

    tests = Path(__file__).parents[1]
    command = [sys.executable, "-m", "service", "--text", TEXT, "--key", "", "--at-openai"]
    with subprocess.Popen(command, cwd=tests, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            word, url = process.stdout.readline().split()
            endpoint = Endpoint(url=url, model="gpt-4o-transcribe")
            engine = RealtimeEngine(endpoint, "", lambda _: None)

            async def test() -> None:
                with pytest.raises(ProblemError, match="does not transcribe with “gpt-4o-trans"):
                    await recognised(engine, spoken(0.5))

            run(test)
        finally:
            process.terminate()
        assert word == "ready"
        assert json.dumps(process.wait(10)) == "0"
