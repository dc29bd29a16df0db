"""The stand-in rejects what the real service rejects, with the same messages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect as connect_here

from event_loop import run

from .client import ONE_SECOND, TRANSCRIPTION_PREFIX, Client, connected, session_settings
from .standin import KEY, StandIn, in_thread


def with_service(test: Callable[[StandIn], Awaitable[None]], **options: Any) -> None:
    async def with_service() -> None:
        async with StandIn(**options) as service:
            await test(service)

    run(with_service)


def with_client(test: Callable[[Client], Awaitable[None]], **options: Any) -> None:
    async def with_client(service: StandIn) -> None:
        async with connected(service) as client:
            await test(client)

    with_service(with_client, **options)


@pytest.mark.parametrize(
    ("query", "code", "close"),
    [
        ("?intent=transcription&model=gpt-4o-transcribe", "invalid_model", 4000),
        ("?model=gpt-4o-mini-transcribe", "invalid_model", 4000),
        ("", "missing_model", 4000),
    ],
)
def test_a_wrong_address_is_rejected_after_the_handshake(query: str, code: str, close: int) -> None:
    async def test(service: StandIn) -> None:
        async with connected(service, query) as client:
            assert (await client.error())["code"] == code
            with pytest.raises(ConnectionClosed) as closed:
                await client.next()
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (
            close,
            f"invalid_request_error.{code}",
        )

    with_service(test, at_openai=True)


@pytest.mark.parametrize(
    ("headers", "code", "close", "reason"),
    [
        ({"Authorization": "Bearer sk-wrong"}, "invalid_api_key", 3000, ".invalid_api_key"),
        ({}, None, 3000, ""),
        (
            {"Authorization": f"Bearer {KEY}", "OpenAI-Beta": "realtime=v1"},
            "beta_api_shape_disabled",
            4000,
            ".beta_api_shape_disabled",
        ),
    ],
    ids=["wrong", "none", "beta"],
)
def test_a_wrong_header_is_rejected_after_the_handshake(
    headers: dict[str, str], code: str | None, close: int, reason: str
) -> None:
    async def test(service: StandIn) -> None:
        async with connected(service, headers=headers) as client:
            assert (await client.error())["code"] == code
            with pytest.raises(ConnectionClosed) as closed:
                await client.next()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == close
        assert closed.value.rcvd.reason == f"invalid_request_error{reason}"

    with_service(test)


@pytest.mark.parametrize(("path", "status"), [("/transcription", 403), ("s", 404)])
def test_a_wrong_path_is_rejected_in_the_handshake(path: str, status: int) -> None:
    async def test(service: StandIn) -> None:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{service.url}{path}", proxy=None)
        assert refused.value.response.status_code == status

    with_service(test)


def test_a_conversation_rejects_transcription_settings() -> None:
    async def test(service: StandIn) -> None:
        async with connected(service, "?model=gpt-realtime") as client:
            assert (await client.next())["session"]["type"] == "realtime"
            await client.update(session_settings({"model": "gpt-live-transcribe"}))
            assert "is not allowed" in (await client.error())["message"]

    with_service(test)


LIVE = {"model": "gpt-live-transcribe"}
VAD = {"type": "server_vad"}
AT = "session.audio.input"


@pytest.mark.parametrize(
    ("session", "code", "param"),
    [
        (None, "invalid_type", "session"),
        ({"audio": {}}, "invalid_value", "session.type"),
        ({"type": "realtime"}, "invalid_value", "session.type"),
        (session_settings(LIVE) | {"voice": "a"}, "unknown_parameter", "session.voice"),
        (session_settings(LIVE, rate=1), "unknown_parameter", f"{AT}.rate"),
        (
            session_settings(LIVE, format={"type": "audio/pcm", "rate": 16000}),
            "integer_below_min_value",
            f"{AT}.format.rate",
        ),
        (session_settings(LIVE, format={"type": "pcm16"}), "invalid_value", f"{AT}.format.type"),
        (session_settings({}), "missing_required_parameter", f"{AT}.transcription.model"),
        (session_settings({"model": "whisper-9"}), "invalid_model", f"{AT}.transcription.model"),
        (session_settings(LIVE, turn_detection=VAD), "invalid_value", f"{AT}.turn_detection"),
        (
            {"type": "transcription", "audio": {"input": {"transcription": LIVE}}},
            "invalid_value",  # left out, it stays on
            f"{AT}.turn_detection",
        ),
        (
            session_settings(LIVE | {"language": "en"}),
            "unknown_parameter",
            f"{AT}.transcription.language",
        ),
        (
            session_settings({"model": "whisper-1", "languages": ["en"]}),
            "unknown_parameter",
            f"{AT}.transcription.languages",
        ),
        (
            session_settings(LIVE | {"languages": ["xx"]}),
            "invalid_value",
            f"{AT}.transcription.languages[0]",
        ),
        (
            session_settings(LIVE | {"languages": []}),
            "invalid_value",
            f"{AT}.transcription.languages",
        ),
        (
            session_settings(LIVE | {"languages": None}),
            "invalid_value",
            f"{AT}.transcription.languages",
        ),
        (
            session_settings(LIVE | {"keywords": ["<a>"]}),
            "invalid_value",
            f"{AT}.transcription.keywords",
        ),
        (session_settings(LIVE | {"delay": "none"}), "invalid_value", f"{AT}.transcription.delay"),
        (
            session_settings(LIVE | {"prompt": "x" * 1025}),
            "string_above_max_length",
            f"{AT}.transcription.prompt",
        ),
        (
            session_settings(LIVE, noise_reduction={"type": "near"}),
            "invalid_value",
            f"{AT}.noise_reduction.type",
        ),
        (
            session_settings(LIVE) | {"include": ["item.input_audio_transcription.logprobs"]},
            "invalid_value",
            "include",
        ),
    ],
    ids=range(21),
)
def test_invalid_settings_are_rejected(session: Any, code: str, param: str) -> None:
    async def test(client: Client) -> None:
        await client.until("session.created")
        await client.update(session)
        error = await client.error()
        assert (error["code"], error["param"], error["event_id"]) == (code, param, "u1")

    with_client(test)


@pytest.mark.parametrize(
    ("message", "code", "param"),
    [
        (b"\x00\x00", "invalid_event", None),
        ("{", "invalid_json", None),
        ("[1]", "invalid_type", "event"),
        ("{}", "invalid_value", "type"),
        ('{"type": "transcription_session.update"}', "invalid_value", "type"),
        ('{"type": "input_audio_buffer.commit", "x": 1}', "unknown_parameter", "x"),
        ('{"type": "input_audio_buffer.clear", "event_id": 1}', "invalid_type", "event_id"),
        ('{"type": "input_audio_buffer.append"}', "invalid_value", "audio"),
        ('{"type": "input_audio_buffer.append", "audio": "*"}', "invalid_value", "audio"),
        ('{"type": "input_audio_buffer.append", "audio": "AA=="}', "invalid_value", "audio"),
    ],
    ids=range(10),
)
def test_invalid_messages_are_rejected_and_the_session_continues(
    message: str | bytes, code: str, param: str | None
) -> None:
    async def test(client: Client) -> None:
        await client.until("session.created")
        await client.ws.send(message)
        error = await client.error()
        assert (error["code"], error["param"]) == (code, param)
        await client.update(session_settings(LIVE))
        await client.until("session.updated")

    with_client(test)


def test_a_correct_session_is_transcribed() -> None:
    async def test(client: Client) -> None:
        await client.ready()
        await client.append(ONE_SECOND)
        await client.send("input_audio_buffer.commit", event_id="c1")
        await client.send("input_audio_buffer.clear", event_id="c2")
        events = await client.until(f"{TRANSCRIPTION_PREFIX}completed")
        kinds = [e["type"].removeprefix(TRANSCRIPTION_PREFIX) for e in events]
        assert kinds == [
            *["delta"] * 3,  # before the commit, with the id of the item to come
            "input_audio_buffer.committed",
            "conversation.item.added",
            "conversation.item.done",
            "input_audio_buffer.cleared",
            "delta",
            "completed",
        ]
        deltas = [e["delta"] for e in events if e["type"].endswith("delta")]
        assert "".join(deltas) == events[-1]["transcript"] == "Hello from the stand-in."
        assert len({e["item_id"] for e in events if "item_id" in e}) == 1
        assert events[-1]["usage"] == {"type": "duration", "seconds": 1}

    with_client(test)


@pytest.mark.parametrize(
    ("model", "deltas"), [("whisper-1", 1), ("gpt-transcribe", 4), ("gpt-4o-transcribe", 4)]
)
def test_other_models_send_no_text_before_the_commit(model: str, deltas: int) -> None:
    async def test(client: Client) -> None:
        await client.ready(model)
        await client.append(ONE_SECOND)
        await client.send("input_audio_buffer.commit")
        events = await client.until(f"{TRANSCRIPTION_PREFIX}completed")
        kinds = [e["type"].removeprefix(TRANSCRIPTION_PREFIX) for e in events]
        assert kinds.index("input_audio_buffer.committed") == 0
        assert kinds.count("delta") == deltas

    with_client(test)


@pytest.mark.parametrize("sent", [b"", ONE_SECOND[:4798]], ids=["nothing", "too little"])
def test_too_little_cannot_be_committed(sent: bytes) -> None:
    async def test(client: Client) -> None:
        await client.ready()
        await client.append(sent)
        await client.send("input_audio_buffer.commit", event_id="c1")
        error = await client.error()
        assert error["code"] == "input_audio_buffer_commit_empty"
        assert error["event_id"] == "c1"

    with_client(test)


def test_audio_before_the_session_is_updated_is_lost() -> None:
    async def test(client: Client) -> None:
        await client.until("session.created")
        await client.update(session_settings(LIVE))
        await client.append(ONE_SECOND)  # the update is under way
        await client.until("session.updated")
        await client.send("input_audio_buffer.commit")
        assert (await client.error())["code"] == "input_audio_buffer_commit_empty"

    with_client(test, latency_s=0.2)


def test_audio_of_a_rejected_session_is_never_transcribed() -> None:
    async def test(client: Client) -> None:
        await client.until("session.created")
        await client.update(session_settings({"model": "whisper-9"}))
        await client.error()
        await client.append(ONE_SECOND)
        await client.send("input_audio_buffer.commit")
        await client.until("conversation.item.done")
        await client.send("input_audio_buffer.clear")
        assert (await client.next())["type"] == "input_audio_buffer.cleared"

    with_client(test)


def test_an_update_discards_the_buffer() -> None:
    async def test(client: Client) -> None:
        await client.ready("whisper-1")
        await client.append(ONE_SECOND)
        await client.update(session_settings({"model": "whisper-1", "language": "en"}))
        await client.until("session.updated")
        await client.send("input_audio_buffer.commit")
        assert (await client.error())["code"] == "input_audio_buffer_commit_empty"

    with_client(test)


def test_audio_that_arrives_too_fast_is_dropped() -> None:
    async def test(service: StandIn) -> None:
        async with connected(service) as client:
            await client.ready("gpt-transcribe")
            for _ in range(10):
                await client.append(ONE_SECOND)
            await client.send("input_audio_buffer.commit")
            [*_, final] = await client.until(f"{TRANSCRIPTION_PREFIX}completed")
        assert final["usage"]["seconds"] < 5
        assert service.record.dropped_bytes > 5 * len(ONE_SECOND)
        assert service.record.max_speed() > 8

    with_service(test)


def test_the_received_audio_is_transcribed() -> None:
    async def test(client: Client) -> None:
        await client.ready("whisper-1")
        await client.append(ONE_SECOND)
        await client.send("input_audio_buffer.commit")
        [*_, final] = await client.until(f"{TRANSCRIPTION_PREFIX}completed")
        assert final["transcript"] == "48000 bytes"

    with_client(test, transcribe=lambda pcm: f"{len(pcm)} bytes")


def test_the_stand_in_runs_in_a_thread() -> None:
    with in_thread(StandIn(transcribe=lambda pcm: f"{len(pcm)} bytes")) as service:
        headers = {"Authorization": f"Bearer {KEY}"}
        url = f"{service.url}?intent=transcription"
        with connect_here(url, additional_headers=headers, proxy=None) as ws:
            assert '"session.created"' in ws.recv(5)
    assert service.record.authorised
