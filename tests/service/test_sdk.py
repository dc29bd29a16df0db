"""OpenAI's SDK validates the messages of the stand-in and of Sayso."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator, Sequence
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import pytest
from openai import AsyncOpenAI
from openai.types.realtime import RealtimeClientEventParam, RealtimeServerEvent
from openai.types.realtime.realtime_transcription_session_create_response import (
    RealtimeTranscriptionSessionCreateResponse,
)
from pydantic import BaseModel
from typing_extensions import is_typeddict

from sayso.core.dictation.take import Take
from sayso.core.settings.settings import Endpoint
from sayso.stt.reader import Reader
from sayso.stt.realtime.engine import RealtimeEngine

from .client import ONE_SECOND, TRANSCRIPTION_PREFIX, connected
from .session import Session
from .standin import KEY, StandIn

UNDOCUMENTED = {f"{TRANSCRIPTION_PREFIX}delta": {"obfuscation"}}
"""Fields that the real service sends although no type of the SDK has them."""


def types_by_name(union: Any) -> dict[str, Any]:
    """Return the types of a union of events by their `type`."""
    members = get_args(union)
    if get_origin(union) is Annotated:
        members = get_args(members[0])
    return {get_args(unwrap(type_of(member)))[0]: member for member in members}


def type_of(kind: Any) -> Any:
    if is_typeddict(kind):
        return get_type_hints(kind)["type"]
    return kind.model_fields["type"].annotation


def unwrap(kind: Any) -> Any:
    while get_origin(kind) in (Required, NotRequired, Annotated):
        kind = get_args(kind)[0]
    return kind


SERVER, CLIENT = types_by_name(RealtimeServerEvent), types_by_name(RealtimeClientEventParam)


def unknown_fields(value: object, at: str = "") -> Iterator[str]:
    """Yield the fields that the models of the SDK do not have, at any depth."""
    if isinstance(value, BaseModel):
        yield from (f"{at}.{name}" for name in value.model_extra or {})
        for name in type(value).model_fields:
            yield from unknown_fields(getattr(value, name), f"{at}.{name}")
    elif isinstance(value, list):
        for entry in value:
            yield from unknown_fields(entry, at)


def violations(kind: Any, value: Any, at: str = "") -> list[str]:
    """Return the parts of a message that a type of the SDK does not allow."""
    kind = unwrap(kind)
    origin = get_origin(kind)
    if is_typeddict(kind):
        return typed_dict_violations(kind, value, at)
    if origin is Union:
        tries = [violations(member, value, at) for member in get_args(kind)]
        return min(tries, key=len)
    if origin is Literal:
        return [] if value in get_args(kind) else [f"{at}: {value!r}"]
    if origin is not None and issubclass(origin, Sequence):
        if not isinstance(value, list):
            return [f"{at}: {value!r}"]
        return [bad for entry in value for bad in violations(get_args(kind)[0], entry, at)]
    return [] if isinstance(value, kind) else [f"{at}: {value!r}"]


def is_required(hint: Any) -> bool:
    """`__required_keys__` is empty where annotations are strings, as they are in the library."""
    return get_origin(hint) is Required


def typed_dict_violations(kind: Any, value: Any, at: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{at}: {value!r}"]
    hints = get_type_hints(kind, include_extras=True)
    missing = [
        f"{at}.{n} is missing" for n, h in hints.items() if is_required(h) and n not in value
    ]
    unknown = [f"{at}.{name}" for name in value if name not in hints]
    return missing + unknown + [
        bad
        for name, entry in value.items()
        if name in hints
        for bad in violations(hints[name], entry, f"{at}.{name}")
    ]  # fmt: skip


def check_event(event: dict[str, Any]) -> None:
    parsed = SERVER[event["type"]].model_validate(event)
    if event["type"].startswith("session."):
        session = RealtimeTranscriptionSessionCreateResponse.model_validate(event["session"])
        assert list(unknown_fields(session)) == []
        assert set(parsed.model_extra or {}) == set()
    else:
        allowed = {f".{name}" for name in UNDOCUMENTED.get(event["type"], set())}
        assert set(unknown_fields(parsed)) <= allowed


async def transcribe(service: StandIn, model: str, language: str) -> str:
    endpoint = Endpoint(url=service.url, model=model)
    engine = RealtimeEngine(endpoint, language, lambda _: KEY)
    take = Take(number=1, id="1", rate_hz=24_000)
    take.append(ONE_SECOND)
    take.end()
    try:
        return await engine.transcribe(Reader(take), lambda _: None)
    finally:
        await engine.close()


@pytest.mark.parametrize(
    ("model", "language"),
    [
        ("gpt-live-transcribe", "de"),
        ("gpt-transcribe", ""),
        ("gpt-4o-transcribe", "en"),
        ("whisper-1", "zh-CN"),
        ("gpt-realtime-whisper", "pt-BR"),
    ],
)
def test_all_messages_of_a_take_match_the_sdk(model: str, language: str) -> None:
    said: list[dict[str, Any]] = []

    class Listening(Session):
        async def handle(self, event: dict[str, Any]) -> None:
            said.append(event)
            await super().handle(event)

    async def run() -> StandIn:
        async with asyncio.timeout(20), StandIn(session=Listening) as service:
            assert await transcribe(service, model, language) == "Hello from the stand-in."
        return service

    service = asyncio.run(run())
    assert {event["type"] for event in said} == {
        "session.update",
        "input_audio_buffer.append",
        "input_audio_buffer.commit",
        "input_audio_buffer.clear",
    }
    for event in said:
        assert violations(CLIENT[event["type"]], event) == []
    assert {e["type"] for e in service.record.sent} >= {
        "session.created",
        f"{TRANSCRIPTION_PREFIX}completed",
    }
    for event in service.record.sent:
        check_event(event)


def test_errors_and_failures_match_the_sdk() -> None:
    async def fails(session: Session) -> bool:
        await session.fail("audio_unintelligible", "It could not be made out.")
        return False

    async def run() -> StandIn:
        async with (
            asyncio.timeout(20),
            StandIn(misbehavior={"final": fails}) as service,
            connected(service) as client,
        ):
            await client.ready()
            await client.send("input_audio_buffer.commit", event_id="c1")
            await client.error()
            await client.append(ONE_SECOND)
            await client.send("input_audio_buffer.commit")
            await client.until(f"{TRANSCRIPTION_PREFIX}failed")
        return service

    sent = asyncio.run(run()).record.sent
    assert {"error", f"{TRANSCRIPTION_PREFIX}failed"} <= {event["type"] for event in sent}
    for event in sent:
        check_event(event)


@pytest.mark.parametrize(
    ("event", "foreign"),
    [
        ({"type": "session.update"}, [".session is missing"]),
        (
            {"type": "session.update", "session": {"type": "transcription", "voice": "a"}},
            [".session.voice"],
        ),
        ({"type": "input_audio_buffer.append", "audio": 7}, [".audio: 7"]),
        ({"type": "input_audio_buffer.commit", "final": True}, [".final"]),
    ],
    ids=["missing", "unknown", "wrong", "foreign"],
)
def test_the_check_finds_violations(event: dict[str, Any], foreign: list[str]) -> None:
    assert violations(CLIENT[event["type"]], event) == foreign


def test_the_sdk_completes_a_session() -> None:
    async def run() -> list[str]:
        async with asyncio.timeout(20), StandIn(at_openai=True) as service:
            base = service.url.replace("ws:", "http:").removesuffix("/realtime")
            async with (
                AsyncOpenAI(api_key=KEY, base_url=base) as client,
                client.realtime.connect(extra_query={"intent": "transcription"}) as connection,
            ):
                return await spoken_by(connection)

    async def spoken_by(connection: Any) -> list[str]:
        received_types = []
        async for event in connection:
            received_types.append(f"{event.type} {getattr(event, 'transcript', '')}".strip())
            match event.type:
                case "session.created":
                    await connection.session.update(
                        session={
                            "type": "transcription",
                            "audio": {
                                "input": {
                                    "transcription": {"model": "gpt-live-transcribe"},
                                    "turn_detection": None,
                                }
                            },
                        }
                    )
                case "session.updated":
                    audio = base64.b64encode(ONE_SECOND).decode()
                    await connection.input_audio_buffer.append(audio=audio)
                    await connection.input_audio_buffer.commit()
                case "error":
                    return received_types
                case kind if kind == f"{TRANSCRIPTION_PREFIX}completed":
                    return received_types
        return received_types

    received_types = asyncio.run(run())
    assert received_types[0] == "session.created"
    assert received_types[-1] == f"{TRANSCRIPTION_PREFIX}completed Hello from the stand-in."
