"""The realtime engine against the stand-in."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import serve

from event_loop import in_event_loop, run
from integration.sample_takes import RATE_HZ, closing, realtime_engine, silent_take, transcribe
from sayso.core.dictation.take import Take
from sayso.core.problems import ProblemError
from sayso.core.recognition.plausibility import EngineReport
from sayso.core.settings.settings import Endpoint
from sayso.stt.connection_test import check_connection, success_message
from sayso.stt.engine import EngineEvent, Partial, Ready
from sayso.stt.reader import Reader
from sayso.stt.realtime.engine import RealtimeEngine
from sayso.stt.realtime.websocket import WebSocketCarrier
from sayso.stt.server.auth import api_key_for
from sayso.stt.server.request_options import language_code
from service import KEY, StandIn, in_thread
from service.session import Session

BLOCK = bytes(RATE_HZ // 200 * 2)
"""5 ms, like the blocks of a microphone."""
PADDING_BYTES = 9_600
"""200 ms."""
TEXT = "Put the kettle on, please, and tell nobody."


# A take


@in_event_loop()
async def test_text_arrives_while_and_after_the_user_speaks() -> None:
    received: list[EngineEvent] = []
    async with StandIn([TEXT]) as service:
        take, engine = silent_take(0, ended=False), realtime_engine(service)
        talking = asyncio.create_task(feed(take, 1.5))
        assert await transcribe(engine, take, received.append) == TEXT
        await talking
    record = service.record
    assert record.too_early_bytes == record.dropped_bytes == 0
    assert len(record.audio) == pytest.approx(1.5 * 48_000 + PADDING_BYTES, abs=480)
    assert min(record.frame_sizes[:-1]) >= 960  # 20 ms
    assert record.types[0] == "session.update"
    assert record.types[-2:] == ["input_audio_buffer.commit", "input_audio_buffer.clear"]
    assert set(record.types[1:-2]) == {"input_audio_buffer.append"}
    assert record.close_code == 1000
    assert received[0] == Ready()
    texts = [event.text for event in received if isinstance(event, Partial)]
    assert len(texts) > 3
    assert all(TEXT.startswith(text) for text in texts)


async def feed(take: Take, seconds: float) -> None:
    """Add blocks of 5 ms in real time."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    for number in range(int(seconds * 200)):
        await asyncio.sleep(began_s + number * 0.005 - loop.time())
        take.append(BLOCK)
    take.end()


@in_event_loop()
async def test_a_backlog_is_not_sent_faster_than_the_service_accepts() -> None:
    async with StandIn([TEXT]) as service:
        assert await transcribe(realtime_engine(service), silent_take(5)) == TEXT
    record = service.record
    began_s, sent_s = record.arrivals[0][0], 0.0
    for at_s, audio_s in record.arrivals:
        sent_s += audio_s
        assert sent_s <= 0.5 + 3 * (at_s - began_s) + 0.5  # the last is for a busy computer
    assert record.dropped_bytes == 0
    assert len(record.audio) == pytest.approx(5 * 48_000 + PADDING_BYTES, abs=480)


@pytest.mark.parametrize("seconds", [0, 0.05], ids=["nothing", "a tap"])
@in_event_loop()
async def test_a_short_take_is_empty_and_not_committed(seconds: float) -> None:
    async with StandIn([TEXT]) as service:
        assert await transcribe(realtime_engine(service), silent_take(seconds)) == ""
    assert "input_audio_buffer.commit" not in service.record.types


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
@in_event_loop()
async def test_deviating_servers_are_supported(options: dict[str, Any]) -> None:
    async with StandIn([TEXT], **options) as service:
        key = KEY if service.key else None
        assert await transcribe(realtime_engine(service, key), silent_take(0.5)) == TEXT


@in_event_loop()
async def test_silence_is_an_empty_text_and_control_characters_are_removed() -> None:
    async with StandIn(["", "Hi\x00\x1b[31m\r there\u0007 "]) as service:
        assert await transcribe(realtime_engine(service), silent_take(0.5)) == ""
        assert await transcribe(realtime_engine(service), silent_take(0.5)) == "Hi[31m there"


@in_event_loop()
async def test_takes_may_overlap() -> None:
    async with StandIn(["same"]) as service, closing(realtime_engine(service)) as engine:
        takes = [engine.transcribe(Reader(silent_take(0.5)), lambda _: None) for _ in range(3)]
        assert await asyncio.gather(*takes) == ["same"] * 3
    assert len(service.records) == 3


@in_event_loop()
async def test_the_connection_test_returns_seconds() -> None:
    async with StandIn(at_openai=False) as service, closing(realtime_engine(service)) as engine:
        assert engine.ready
        assert 0 < await check_connection(engine) < 5
    assert len(service.record.audio) == 48_000 + PADDING_BYTES
    with in_thread(StandIn(at_openai=False)) as service:
        assert 0 < await check_connection(realtime_engine(service)) < 5
    assert success_message(0.62) == "It works. A one-second sample was transcribed in 0.6 s."


@in_event_loop()
async def test_sent_and_processed_audio_are_reported() -> None:
    class Hurried(Session):
        def usage(self, size_bytes: int, text: str) -> dict[str, Any]:
            return {"type": "duration", "seconds": 1}

    news: list[EngineEvent] = []
    async with StandIn([TEXT], session=Hurried) as service:
        engine = realtime_engine(service, keywords="Xenolab, AC-42", prompt="At sea.")
        assert await transcribe(engine, silent_take(2.5), news.append) == TEXT
    [account] = [event for event in news if isinstance(event, EngineReport)]
    assert account.engine.startswith("127.0.0.1:")
    assert (account.processed_s, account.sent_s) == (1.0, pytest.approx(2.7, abs=0.02))
    assert account.prompt_terms == ("At sea.", "Xenolab", "AC-42")
    assert not account.skips_pauses


def test_the_stand_in_runs_as_a_program() -> None:
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
                with pytest.raises(
                    ProblemError, match=r"“gpt-4o-trans.*” is not a transcription model\."
                ):
                    await transcribe(engine, silent_take(0.5))

            run(test)
        finally:
            process.terminate()
        assert word == "ready"
        assert json.dumps(process.wait(10)) == "0"


# Cancellation


@pytest.mark.parametrize("stage", ["created", "audio", "commit", "final"])
@in_event_loop()
async def test_a_canceled_take_leaves_no_task(stage: str) -> None:
    reached = asyncio.Event()

    async def stop_here(_: Any) -> bool:
        reached.set()
        return False

    async with StandIn([TEXT], misbehavior={stage: stop_here}) as service:  # type: ignore[dict-item]
        take, engine = silent_take(0.5, ended=stage != "audio"), realtime_engine(service)
        before = asyncio.all_tasks()
        work = asyncio.create_task(engine.transcribe(Reader(take), lambda _: None))
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


# Keys


@in_event_loop()
async def test_a_redirect_does_not_carry_the_api_key() -> None:
    asked = []
    async with StandIn() as elsewhere:

        def redirect(connection: Any, request: Any) -> Any:
            asked.append(request.path)
            response = connection.respond(302, "")
            response.headers["Location"] = elsewhere.url
            return response

        async def unreachable(_: Any) -> None:
            raise AssertionError("no connection is expected")

        async with serve(unreachable, "127.0.0.1", 0, process_request=redirect) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            endpoint = Endpoint(url=f"ws://127.0.0.1:{port}/v1")
            engine = RealtimeEngine(endpoint, "", lambda _: KEY)
            with pytest.raises(ProblemError, match=r"another address\. Enter 127\.0\.0\.1:"):
                await transcribe(engine, silent_take(0.5))
    assert elsewhere.records == []
    assert asked == ["/v1/realtime?intent=transcription&model=gpt-live-transcribe"]


@pytest.mark.parametrize("key", [None, ""], ids=repr)
@in_event_loop()
async def test_openai_is_not_contacted_without_an_api_key(key: str | None) -> None:
    engine = RealtimeEngine(Endpoint(), "", lambda _: key)
    with pytest.raises(ProblemError) as caught:
        await engine.transcribe(Reader(silent_take(0.5)), lambda _: None)
    assert caught.value.problem.sentence == ("There is no API key for OpenAI. Enter your API key.")


@in_event_loop()
async def test_the_api_key_is_requested_by_host_and_port_for_each_take() -> None:
    asked: list[str] = []

    def key_of(host: str) -> str:
        asked.append(host)
        return KEY

    async with StandIn([TEXT]) as service:
        engine = RealtimeEngine(Endpoint(url=service.url), "", key_of)
        async with closing(engine):
            for _ in range(2):
                await engine.transcribe(Reader(silent_take(0.2)), lambda _: None)
    assert asked == [f"127.0.0.1:{service.port}"] * 2


@in_event_loop()
async def test_a_locked_keyring_causes_a_problem() -> None:
    let_go = threading.Event()
    try:
        with pytest.raises(ProblemError, match="The keyring is locked"):
            await api_key_for("api.openai.com", lambda _: str(let_go.wait(10)), timeout_s=0.05)
    finally:
        let_go.set()


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
def test_language_codes_follow_the_servers(setting: str, code: str) -> None:
    assert language_code(setting) == code


@in_event_loop()
async def test_an_engine_with_an_unusable_address_is_not_ready() -> None:
    engine = RealtimeEngine(Endpoint(url="ws://speech.example/v1"), "", lambda _: None)
    assert not engine.ready
    with pytest.raises(ProblemError, match="would not be encrypted"):
        await engine.prepare()


# OpenAI: host name and certificate are checked, and the address has no model


def at_openai(service: StandIn, trusted: ssl.SSLContext | None, key: str = KEY) -> RealtimeEngine:
    carrier = WebSocketCarrier(tls=trusted, connect_to=("127.0.0.1", service.port))
    return RealtimeEngine(Endpoint(), "en", lambda _: key, carrier)


@in_event_loop()
async def test_openai_is_contacted_over_tls_without_a_model_in_the_address(
    certificate: Path, serving: ssl.SSLContext
) -> None:
    async with StandIn([TEXT], at_openai=True, tls=serving) as service:
        trusted = ssl.create_default_context(cafile=str(certificate))
        assert await transcribe(at_openai(service, trusted), silent_take(0.5)) == TEXT
    assert service.record.path == "/v1/realtime?intent=transcription"
    update = service.record.events[0]["session"]["audio"]["input"]
    assert update["transcription"] == {"model": "gpt-live-transcribe", "languages": ["en"]}


@in_event_loop()
async def test_an_api_key_rejected_by_openai_is_a_problem(
    certificate: Path, serving: ssl.SSLContext
) -> None:
    async with StandIn([TEXT], at_openai=True, tls=serving) as service:
        trusted = ssl.create_default_context(cafile=str(certificate))
        with pytest.raises(ProblemError) as caught:
            await transcribe(at_openai(service, trusted, "sk-wrong"), silent_take(0.5))
    assert caught.value.problem.sentence == (
        "OpenAI rejected your API key. Check the key, or enter another one."
    )


@pytest.mark.expect_log  # asyncio logs the failed handshake of the stand-in
@in_event_loop()
async def test_a_self_signed_certificate_is_not_trusted(serving: ssl.SSLContext) -> None:
    async with StandIn(at_openai=True, tls=serving) as service:
        with pytest.raises(ProblemError, match=r"The certificate of OpenAI is not"):
            await transcribe(at_openai(service, None), silent_take(0.5))
    assert service.records == []


@pytest.mark.expect_log
@in_event_loop()
async def test_a_server_without_tls_closes_the_connection() -> None:
    async with StandIn() as service:
        url = f"wss://127.0.0.1:{service.port}/v1"
        engine = RealtimeEngine(Endpoint(url=url), "", lambda _: KEY)
        with pytest.raises(ProblemError, match=r"closed the connection\. Try https"):
            await transcribe(engine, silent_take(0.5))
