"""The realtime engine against stand-ins with other protocols."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest

from event_loop import in_event_loop, run
from integration.sample_takes import RATE_HZ, closing, take_from
from sayso.core.problems import Problem, ProblemError
from sayso.core.settings.settings import Endpoint
from sayso.stt.connection_test import check_connection
from sayso.stt.engine import EngineEvent, Partial
from sayso.stt.reader import Reader
from sayso.stt.realtime.engine import RealtimeEngine
from sayso.stt.realtime.timeouts import Timeouts
from sayso.stt.server.pricing import record_usage
from service import KEY, StandIn, close_with, drop_connection, stay_silent
from service.server_vad import LemonadeSession, ServerVadSession, TogetherSession
from service.vllm import MODEL, OldVLLMSession, VLLMSession

FAST = Timeouts(response_s=2.0, no_speech_s=0.3, missing_done_s=0.3)
TEXT = "Put the kettle on, please."
SESSIONS = {
    "vllm": VLLMSession,
    "speaches": ServerVadSession,
    "lemonade": LemonadeSession,
    "together": TogetherSession,
}


def noise(seconds: float) -> bytes:
    """Return audio that the stand-ins detect as speech."""
    samples = np.random.default_rng(1).integers(900, 2000, int(RATE_HZ * seconds))
    pcm: bytes = samples.astype("<i2").tobytes()
    return pcm


def silence(seconds: float) -> bytes:
    return bytes(int(RATE_HZ * seconds) * 2)


@contextlib.asynccontextmanager
async def engine_for(
    service: StandIn,
    dialect: str = "auto",
    key: str | None = KEY,
    timeouts: Timeouts | None = None,
    **fields: Any,
) -> AsyncIterator[RealtimeEngine]:
    endpoint = Endpoint(url=service.url, dialect=dialect, **{"model": MODEL, **fields})
    async with closing(
        RealtimeEngine(endpoint, "de", lambda _: key, timeouts=timeouts or FAST)
    ) as engine:
        yield engine


def transcription_problem(
    dialect: str,
    key: str | None = KEY,
    model: str = MODEL,
    timeouts: Timeouts | None = None,
    **options: Any,
) -> Problem:
    problems = []

    async def test() -> None:
        session = SESSIONS[dialect]
        async with (
            StandIn([TEXT], session=session, **options) as service,
            engine_for(service, dialect, key, timeouts, model=model) as engine,
        ):
            with pytest.raises(ProblemError) as caught:
                await engine.transcribe(Reader(take_from(noise(0.5))), lambda _: None)
            problems.append(caught.value.problem)

    run(test)
    return problems[0]


@pytest.mark.parametrize("dialect", SESSIONS)
@in_event_loop()
async def test_a_take_is_transcribed_with_each_protocol(dialect: str) -> None:
    received: list[EngineEvent] = []
    async with (
        StandIn([TEXT], session=SESSIONS[dialect]) as service,
        engine_for(service, dialect) as engine,
    ):
        take = take_from(noise(1.2))
        assert await engine.transcribe(Reader(take), received.append) == TEXT
        assert take.cost_usd is None  # the price of a custom server is unknown
        await engine.transcribe(Reader(take), lambda _: None)
        assert len(service.records) == 2
        rate_hz = 24_000 if dialect == "speaches" else 16_000
        sound = bytes(service.record.audio).rstrip(b"\x00")
        assert len(sound) == pytest.approx(1.2 * rate_hz * 2, rel=0.02)
        assert [e for e in service.record.sent if e["type"] == "error"] == []
    texts = [event.text for event in received if isinstance(event, Partial)]
    assert texts[-1] == TEXT
    assert all(TEXT.startswith(text) for text in texts)
    assert len(texts) > 2 or dialect == "speaches"  # which has finals only


@in_event_loop()
async def test_vllm_is_detected_by_its_first_message() -> None:
    async with StandIn([TEXT], session=VLLMSession) as service, engine_for(service) as engine:
        assert await engine.transcribe(Reader(take_from(noise(0.8))), lambda _: None) == TEXT
        types = service.record.types
        assert types[:2] == ["session.update", "input_audio_buffer.commit"]
        assert service.record.events[-1] == {"type": "input_audio_buffer.commit", "final": True}


@in_event_loop()
async def test_an_old_vllm_without_done_is_not_awaited_long() -> None:
    async with (
        StandIn([TEXT], session=OldVLLMSession) as service,
        engine_for(service, "vllm") as engine,
    ):
        assert await engine.transcribe(Reader(take_from(noise(0.8))), lambda _: None) == TEXT


@in_event_loop()
async def test_speaches_makes_two_items_of_two_stretches_of_speech() -> None:
    async with (
        StandIn(["One.", "Two."], session=ServerVadSession) as service,
        engine_for(service, "speaches") as engine,
    ):
        take = take_from(noise(0.8), silence(0.9), noise(0.6))
        assert await engine.transcribe(Reader(take), lambda _: None) == "One. Two."
        assert "input_audio_buffer.commit" not in service.record.types
        assert "language=de" in service.record.path


@in_event_loop()
async def test_silence_is_an_empty_text_with_server_vad() -> None:
    async with (
        StandIn([TEXT], session=ServerVadSession) as service,
        engine_for(service, "speaches") as engine,
    ):
        assert await engine.transcribe(Reader(take_from(silence(1))), lambda _: None) == ""


@in_event_loop()
async def test_an_undetected_protocol_names_the_setting() -> None:
    async with (
        StandIn([TEXT], session=ServerVadSession) as service,
        engine_for(service, timeouts=Timeouts(response_s=0.3)) as engine,
    ):
        with pytest.raises(ProblemError) as caught:
            await engine.transcribe(Reader(take_from(noise(0.8))), lambda _: None)
        assert caught.value.problem.code == "server.other_protocol"


@pytest.mark.parametrize("dialect", SESSIONS)
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"misbehavior": {"created": close_with(1011)}}, "Lost the connection to"),
        ({"misbehavior": {"audio": drop_connection()}}, "Lost the connection to"),
        ({"misbehavior": {"final": drop_connection()}}, "Lost the connection to"),
        ({"http_status": 404}, "There is no speech server at"),
        ({"key": "another"}, "rejected your API key"),
    ],
    ids=["close", "drop", "late drop", "404", "key"],
)
def test_every_failure_of_a_server_is_a_problem(
    dialect: str, options: dict[str, Any], sentence: str
) -> None:
    assert sentence in transcription_problem(dialect, **options).sentence


@pytest.mark.parametrize("dialect", SESSIONS)
def test_a_silent_server_is_not_awaited(dialect: str) -> None:
    timeouts = Timeouts(response_s=0.3, missing_done_s=0.3)
    if dialect != "vllm":  # its deltas have arrived already, and are used
        problem = transcription_problem(
            dialect, timeouts=timeouts, misbehavior={"final": stay_silent()}
        )
        assert "did not respond. Your recording is kept." in problem.sentence
    problem = transcription_problem(dialect, misbehavior={"audio": close_with(1000)})
    assert "Lost the connection to" in problem.sentence


def test_a_model_unknown_to_vllm_is_named() -> None:
    assert "does not know “other”" in transcription_problem("vllm", model="other").sentence


@in_event_loop()
async def test_the_connection_test_works_with_each_protocol() -> None:
    for dialect, session in SESSIONS.items():
        async with (
            StandIn([TEXT], session=session) as service,
            engine_for(service, dialect) as engine,
        ):
            assert 0 < await check_connection(engine) < 8


@in_event_loop()
async def test_rejected_options_are_removed() -> None:
    fields = {
        "model": "gpt-live-transcribe",
        "prompt": "At sea.",
        "keywords": "Xenolab, AC-42",
        "delay": "low",
        "noise": "far_field",
    }
    for refused in ([], ["prompt"], ["prompt", "keywords", "languages"]):
        async with (
            StandIn([TEXT], refused_fields=refused) as service,
            engine_for(service, **fields) as engine,
        ):
            assert await engine.transcribe(Reader(take_from(noise(0.5))), lambda _: None) == TEXT
            updates = [e for e in service.record.events if e["type"] == "session.update"]
            said = updates[-1]["session"]["audio"]["input"]
            assert len(updates) == 1 + len(refused)
            everything = {"model", "languages", "prompt", "keywords", "delay"}
            assert said["transcription"].keys() == everything - set(refused)
            assert said["noise_reduction"] == {"type": "far_field"}


@pytest.mark.parametrize(
    ("model", "used_s", "cost_usd"),
    [("gpt-live-transcribe", 60.0, 0.017), ("whisper-1", 30.0, 0.003), ("mine", 60.0, None)],
)
def test_a_take_has_a_cost_only_at_openai(
    model: str, used_s: float, cost_usd: float | None
) -> None:
    take = take_from()
    record_usage(take, "api.openai.com", model, "OpenAI", seconds=0)
    assert take.cost_usd is None
    record_usage(take, "127.0.0.1", model, "Own", seconds=used_s)
    assert take.cost_usd is None
    record_usage(take, "api.openai.com", model, "OpenAI", seconds=used_s)
    assert take.summary()["cost_usd"] == cost_usd
    record_usage(take, "api.openai.com", model, "OpenAI", seconds=used_s)  # tried again
    assert take.summary()["cost_usd"] == (None if cost_usd is None else 2 * cost_usd)
