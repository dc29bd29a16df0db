"""WebRTC sessions against a local answerer, with real Opus, DTLS and SCTP."""

from __future__ import annotations

import asyncio
import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from aiortc import RTCDtlsTransport

from event_loop import in_event_loop, run
from integration.sample_takes import RATE_HZ, take_from, transcribe
from sayso.core.dictation.take import Take
from sayso.core.problems import Problem, ProblemError
from sayso.core.settings.settings import Endpoint
from sayso.stt.engine import EngineEvent, Partial, Ready
from sayso.stt.reader import Reader
from sayso.stt.realtime.engine import RealtimeEngine
from sayso.stt.realtime.timeouts import Timeouts
from sayso.stt.webrtc.carrier import WebRtcCarrier
from service import KEY, StandIn, close_with, drop_connection, send_raw, stay_silent
from service.calls import CallService
from service.ephemeral_keys import EphemeralKeyService
from service.http_server import HttpServer, Reply, Request, error_reply
from service.session import Session, Stage
from service.standin import Misbehavior

TEXT = "Put the kettle on, please, and tell nobody."


@pytest.fixture(autouse=True)
def _on_this_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the loopback interface, which WebRTC ignores otherwise."""
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])


def call_server(calls: CallService) -> HttpServer:
    handlers = {**calls.handlers, **calls.ephemeral_keys.handlers}
    return HttpServer(handlers, websockets=calls.service, on_close=calls.close)


def engine_for(
    server: HttpServer,
    key: str | None = KEY,
    timeouts: Timeouts | None = None,
    connect_timeout_s: float = 5.0,
    max_backlog_s: float = 6.0,
    **fields: Any,
) -> RealtimeEngine:
    endpoint = Endpoint(url=server.base, transport="webrtc", dialect="openai", **fields)
    timeouts = timeouts or Timeouts()
    carrier = WebRtcCarrier(endpoint, timeouts, connect_timeout_s, max_backlog_s)
    return RealtimeEngine(endpoint, "en", lambda _: key, carrier, timeouts)


def tone(seconds: float, level: int = 6000) -> bytes:
    at = np.arange(int(RATE_HZ * seconds))
    return (np.sin(at * math.tau * 220 / RATE_HZ) * level).astype("<i2").tobytes()


def transcription_problem(calls: Callable[[], CallService], **fields: Any) -> Problem:
    problems = []

    async def test() -> None:
        async with call_server(calls()) as server:
            with pytest.raises(ProblemError) as caught:
                await transcribe(engine_for(server, **fields), take_from(tone(0.3)))
            problems.append(caught.value.problem)

    run(test)
    return problems[0]


def loud_s(pcm: bytes) -> float:
    """Return the seconds of tone in audio at 24 kHz."""
    samples = np.abs(np.frombuffer(pcm, "<i2").astype(np.int32))
    blocks = samples[: samples.size // 480 * 480].reshape(-1, 480).max(axis=1)
    return float((blocks > 1500).sum()) * 0.02


# A take


@pytest.mark.parametrize("secrets", ["", "openai"], ids=["form, with the key", "bare, with ek_"])
@pytest.mark.parametrize("answers_sound", [False, True], ids=["one way", "both ways"])
@in_event_loop()
async def test_a_take_is_transcribed_over_webrtc(secrets: str, answers_sound: bool) -> None:
    received: list[EngineEvent] = []
    calls = CallService(StandIn([TEXT]), sends_audio=answers_sound)
    async with call_server(calls) as server:
        take = take_from(tone(0.2), ended=False)
        engine = engine_for(server, secrets_url=secrets)
        await engine.prepare()
        talking = asyncio.create_task(feed(take, 1.3))
        assert await transcribe(engine, take, received.append) == TEXT
        await talking
    call = next(r for r in server.requests if r.path == "/v1/realtime/calls")
    assert call.query == {}
    assert call.media_type == ("application/sdp" if secrets else "multipart/form-data")
    assert (KEY in call.headers["authorization"]) == (not secrets)
    assert set(calls.codecs) == {"opus/48000/2"}
    record = calls.record
    assert record.types == [
        "session.update", "input_audio_buffer.commit", "input_audio_buffer.clear"
    ]  # fmt: skip
    assert record.too_early_bytes == 0
    assert loud_s(bytes(record.audio)) == pytest.approx(1.5, abs=0.1)
    assert received[0] == Ready()
    assert len([event for event in received if isinstance(event, Partial)]) > 3


async def feed(take: Take, seconds: float) -> None:
    """Add blocks of 10 ms in real time."""
    loop = asyncio.get_running_loop()
    began_s, pcm = loop.time(), tone(seconds)
    for number in range(int(seconds * 100)):
        await asyncio.sleep(began_s + number * 0.01 - loop.time())
        take.append(pcm[number * 320 : number * 320 + 320])
    take.end()


@in_event_loop()
async def test_audio_before_the_connection_arrives_with_shorter_pauses() -> None:
    calls = CallService(StandIn([TEXT]))
    async with call_server(calls) as server:
        quiet = (np.arange(RATE_HZ * 2) % 2 * 6 - 3).astype("<i2").tobytes()
        take = take_from(quiet[:6400] + tone(0.5) + quiet + tone(0.5))
        assert await transcribe(engine_for(server), take) == TEXT
    audio = bytes(calls.record.audio)
    assert loud_s(audio) == pytest.approx(1.0, abs=0.1)
    assert 1.5 < len(audio) / 48_000 < 2.5  # 1.0 of tone, 0.2 + 0.3 of quiet, 0.6 of silence


@in_event_loop()
async def test_a_server_with_a_jitter_buffer_has_all_audio_at_the_commit() -> None:
    calls = CallService(StandIn([TEXT]), jitter_delay_s=0.35)
    async with call_server(calls) as server:
        assert await transcribe(engine_for(server), take_from(tone(0.6))) == TEXT
    sent = [event for event in calls.record.sent if event["type"].endswith("completed")]
    assert sent[0]["usage"] == {"type": "duration", "seconds": 1}
    assert loud_s(bytes(calls.record.audio)) == pytest.approx(0.6, abs=0.06)


@pytest.mark.parametrize("seconds", [0, 0.05], ids=["nothing", "a tap"])
@in_event_loop()
async def test_a_short_take_is_empty_and_not_committed(seconds: float) -> None:
    calls = CallService(StandIn([TEXT]))
    async with call_server(calls) as server:
        assert await transcribe(engine_for(server), take_from(tone(seconds))) == ""
    assert "input_audio_buffer.commit" not in calls.record.types


async def transcribe_twice_over_websocket(
    calls: CallService, take: Take, **fields: Any
) -> list[str]:
    """Transcribe twice and check that a WebSocket was used; returns the requested paths."""
    async with call_server(calls) as server:
        engine = engine_for(server, **fields)
        for _ in range(2):
            assert await engine.transcribe(Reader(take), lambda _: None) == TEXT
        await engine.close()
        assert {"input_audio_buffer.append"} < set(calls.record.types)
        assert len(calls.service.records) == 2
        return [request.path for request in server.requests]


UNUSABLE_ANSWERS: dict[str, Callable[[str], str]] = {
    "other peer": lambda sdp: sdp.replace("a=ice-pwd:", "a=ice-pwd:x"),
    "no peer": lambda _: "v=0\r\n",
    "half an answer": lambda _: "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n",
    "garbage": lambda _: "v=0\r\nm=\xff\r\na=b",
}


@pytest.mark.parametrize("answer", UNUSABLE_ANSWERS.values(), ids=UNUSABLE_ANSWERS)
@pytest.mark.parametrize("secrets", ["", "openai"], ids=["key", "ek_"])
@in_event_loop()
async def test_without_webrtc_a_websocket_is_used_now_and_the_next_time(
    answer: Callable[[str], str], secrets: str
) -> None:
    calls = CallService(StandIn([TEXT], at_openai=True), edit_answer=answer)
    calls.service.accepts_ephemeral = calls.ephemeral_keys.valid
    take = take_from(tone(0.3))
    paths = await transcribe_twice_over_websocket(
        calls, take, secrets_url=secrets, model_in_url=False, connect_timeout_s=1.0
    )
    assert paths.count("/v1/realtime/calls") == 1


@in_event_loop()
async def test_a_large_backlog_is_sent_over_a_websocket() -> None:
    assert (
        await transcribe_twice_over_websocket(
            CallService(StandIn([TEXT])), take_from(tone(0.3)), max_backlog_s=0.2
        )
        == []
    )


@in_event_loop()
async def test_lost_audio_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = RTCDtlsTransport._send_rtp

    async def leaky(transport: RTCDtlsTransport, data: bytes) -> None:
        """Drop every 16th audio packet (RFC 5761 separates RTCP)."""
        if 192 <= data[1] <= 223 or data[3] % 16:
            await whole(transport, data)

    monkeypatch.setattr(RTCDtlsTransport, "_send_rtp", leaky)
    calls = CallService(StandIn([TEXT]))
    async with call_server(calls) as server:
        engine, take = engine_for(server), take_from(tone(4.0))
        with pytest.raises(ProblemError, match=r"Lost the connection to") as caught:
            await engine.transcribe(Reader(take), lambda _: None)
        assert "of audio lost" in caught.value.problem.detail
        assert caught.value.problem.retry_after_s == 0
        assert await engine.transcribe(Reader(take), lambda _: None) == TEXT
        await engine.close()
    assert "input_audio_buffer.append" in calls.record.types


# Refusals


@in_event_loop()
async def test_a_model_without_webrtc_is_reported_before_a_take() -> None:
    engine = RealtimeEngine(
        Endpoint(transport="webrtc", model="gpt-transcribe"), "", lambda _: None
    )
    with pytest.raises(ProblemError, match="gpt-transcribe does not support WebRTC"):
        await engine.prepare()


@in_event_loop()
async def test_a_missing_dependency_names_the_command_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "sayso.stt.webrtc.call", raising=False)
    monkeypatch.delattr("sayso.stt.webrtc.call", raising=False)
    monkeypatch.setitem(sys.modules, "aiortc", None)
    with pytest.raises(ProblemError, match=r"pip install 'sayso\[webrtc\]'") as caught:
        await RealtimeEngine(Endpoint(transport="webrtc"), "", lambda _: KEY).prepare()
    assert caught.value.problem.message == "WebRTC is not installed."


def replying(reply: Reply) -> Callable[[], CallService]:
    async def answers(_: Request) -> Reply:
        return reply

    def made() -> CallService:
        calls = CallService(StandIn([TEXT]))
        calls.create = answers  # type: ignore[method-assign]
        return calls

    return made


def misbehaving(stage: Stage, misbehavior: Misbehavior) -> Callable[[], CallService]:
    return lambda: CallService(StandIn([TEXT], misbehavior={stage: misbehavior}))


REJECTIONS: dict[str, tuple[Callable[[], CallService], str]] = {
    "no reason": (replying(error_reply(400, "")), "rejected the WebRTC connection."),
    "a reason": (replying(error_reply(400, "No such thing.")), ": “No such thing.”"),
    "key": (replying(error_reply(401, "", "invalid_api_key")), "rejected your API key"),
    "busy": (replying(error_reply(429, "Slow down")), "is busy. Your recording is kept."),
    "no calls": (replying(error_reply(404, "")), "There is no speech server at"),
    "down": (replying(Reply(503)), "is unavailable."),
    "a page": (replying(Reply(200, b"<html>", "text/html")), "There is no speech server at"),
    "no session": (misbehaving("created", stay_silent()), "There is no speech server"),
    "drop": (misbehaving("audio", drop_connection()), "Lost the connection to"),
    "not JSON": (misbehaving("created", send_raw("\x00 not JSON")), "There is no speech server"),
    "close": (misbehaving("commit", close_with(1000)), "Lost the connection to"),
    "no final": (misbehaving("final", stay_silent()), "did not respond. Your recording is kept."),
}  # fmt: skip


@pytest.mark.parametrize(("calls", "sentence"), REJECTIONS.values(), ids=REJECTIONS)
def test_every_failure_of_a_server_is_a_problem(
    calls: Callable[[], CallService], sentence: str
) -> None:
    problem = transcription_problem(calls, timeouts=Timeouts(ready_s=2.0, response_s=0.4))
    assert sentence in problem.sentence
    assert problem.remedy


def test_a_failed_item_keeps_the_take() -> None:
    async def fails(session: Session) -> bool:
        await session.fail(None, "Input transcription failed.")
        return False

    problem = transcription_problem(
        lambda: CallService(StandIn([TEXT], misbehavior={"final": fails}))
    )
    assert "could not transcribe this: “Input transcription failed" in problem.message


@pytest.mark.parametrize("stage", ["created", "audio"])
@in_event_loop()
async def test_a_canceled_take_closes_its_connection(stage: Any) -> None:
    reached = asyncio.Event()

    async def tells(_: Session) -> bool:
        reached.set()
        return True

    calls = CallService(StandIn([TEXT], misbehavior={stage: tells}))
    async with call_server(calls) as server:
        engine = engine_for(server)
        work = asyncio.create_task(
            engine.transcribe(Reader(take_from(tone(0.5), ended=False)), lambda _: None)
        )
        await reached.wait()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        await engine.close()
        assert "input_audio_buffer.commit" not in calls.record.types


def test_a_rejected_api_key_is_reported_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    key = "sk-wrong-5d41402abc4b2a76b9719d911017c592"
    problem = transcription_problem(lambda: CallService(StandIn([TEXT])), key=key)
    assert problem.code == "server.key_rejected"
    assert "wrong-5d" not in repr(problem) + caplog.text


def test_an_expired_key_is_rejected() -> None:
    problem = transcription_problem(
        lambda: CallService(
            StandIn([TEXT]), ephemeral_keys=EphemeralKeyService(expires_after_s=-1)
        ),
        secrets_url="openai",
    )
    assert problem.code == "server.key_rejected"
