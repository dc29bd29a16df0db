"""The stand-ins of other servers reject what those servers reject."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from event_loop import run

from .client import TRANSCRIPTION_PREFIX, Client, connected, session_settings
from .server_vad import LemonadeSession, ServerVadSession, TogetherSession
from .session import Session
from .standin import StandIn
from .vllm import MODEL, VLLMSession

LOUD = b"\x00\x10" * 12_000
QUIET = bytes(24_000 * 2)
QUERY = "?intent=transcription&model=m&input_audio_format=pcm_s16le_16000"


def with_client(
    session: type[Session],
    test: Callable[[Client], Awaitable[None]],
    query: str = QUERY,
    headers: dict[str, str] | None = None,
) -> None:
    async def with_client() -> None:
        async with (
            StandIn(["One.", "Two."], session=session) as service,
            connected(service, query, headers) as client,
        ):
            await test(client)

    run(with_client)


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("session.update", {"session": session_settings({"model": MODEL})}, "model_not_found"),
        ("session.update", {"model": "other"}, "model_not_found"),
        ("input_audio_buffer.commit", {}, "model_not_validated"),
        ("input_audio_buffer.append", {"audio": "?"}, "invalid_audio"),
        ("input_audio_buffer.clear", {}, "unknown_event"),
    ],
)
def test_vllm_errors_have_a_message_and_a_code(
    kind: str, fields: dict[str, Any], code: str
) -> None:
    async def test(client: Client) -> None:
        created = await client.next()
        assert created.keys() == {"type", "id", "created"}
        await client.send(kind, **fields)
        error = await client.next()
        assert isinstance(error["error"], str)
        assert error["code"] == code

    with_client(VLLMSession, test, "")


@pytest.mark.parametrize("message", ["{", "[]", "{}"])
def test_vllm_rejects_invalid_events(message: str) -> None:
    async def test(client: Client) -> None:
        await client.next()
        await client.ws.send(message)
        assert (await client.next())["code"] in ("invalid_json", "invalid_event")

    with_client(VLLMSession, test, "")


@pytest.mark.parametrize(
    ("session", "query", "headers"),
    [
        (VLLMSession, "", {}),
        (ServerVadSession, QUERY, {"Authorization": "Bearer wrong"}),
        (ServerVadSession, "?intent=transcription", None),
        (TogetherSession, "?model=m", None),
    ],
    ids=["vllm, no key", "speaches, wrong key", "no model", "no format"],
)
def test_an_unauthorized_client_is_closed_with_1008(
    session: type[Session], query: str, headers: dict[str, str] | None
) -> None:
    async def test(client: Client) -> None:
        with pytest.raises(ConnectionClosed) as closed:
            await client.next()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008

    with_client(session, test, query, headers)


@pytest.mark.parametrize(
    "session", [{"turn_detection": None}, {"input_audio_format": "pcm16"}, {"unheard_of": 1}]
)
def test_turn_detection_of_speaches_cannot_be_turned_off(session: dict[str, Any]) -> None:
    async def test(client: Client) -> None:
        assert "input_audio_format" in (await client.next())["session"]
        await client.update(session)
        assert (await client.error())["message"]

    with_client(ServerVadSession, test)


def test_speaches_ignores_a_nested_session_and_loses_speech_at_a_commit() -> None:
    async def test(client: Client) -> None:
        await client.next()
        await client.update(session_settings({"model": "m"}))
        assert (await client.next())["session"]["turn_detection"] is not None
        await client.send("input_audio_buffer.commit")
        assert (await client.error())["code"] == ""
        await client.append(LOUD)
        assert (await client.next())["type"] == "input_audio_buffer.speech_started"
        await client.send("input_audio_buffer.commit")
        await client.append(LOUD)  # the next word; the one before was lost
        assert (await client.next())["type"] == "input_audio_buffer.speech_started"
        await client.append(QUIET)
        kinds = [event["type"] for event in await client.until(f"{TRANSCRIPTION_PREFIX}completed")]
        assert kinds == [
            "input_audio_buffer.speech_stopped",
            "input_audio_buffer.committed",
            "conversation.item.created",
            f"{TRANSCRIPTION_PREFIX}completed",
        ]

    with_client(ServerVadSession, test)


@pytest.mark.parametrize("session", [LemonadeSession, TogetherSession])
def test_deltas_contain_the_whole_text_and_a_commit_ends_the_item(session: type[Session]) -> None:
    async def test(client: Client) -> None:
        await client.next()
        await client.append(LOUD)
        assert (await client.until(f"{TRANSCRIPTION_PREFIX}delta"))[-1]["delta"] == "One."
        await client.send("input_audio_buffer.commit")
        assert (await client.until(f"{TRANSCRIPTION_PREFIX}completed"))[-1]["transcript"] == "One."

    with_client(session, test)
