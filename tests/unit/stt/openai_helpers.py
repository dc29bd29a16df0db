"""Helpers for tests of OpenAI's protocol."""

from __future__ import annotations

from typing import Any

from sayso.core.settings.endpoint import Endpoint
from sayso.stt.engine import Ready
from sayso.stt.realtime.messages import TRANSCRIPTION_PREFIX
from sayso.stt.realtime.openai import OpenAIProtocol
from sayso.stt.server.auth import Credentials
from unit.stt import protocol_helpers
from unit.stt.protocol_helpers import KEY

URL = "wss://api.openai.com/v1/realtime"
ONE_SECOND = bytes(48_000)


def server_event(event_type: str, **fields: Any) -> str:
    return protocol_helpers.server_event(event_type, event_id="event_1", **fields)


def create(
    url: str = URL, model: str = "gpt-live-transcribe", language: str = ""
) -> OpenAIProtocol:
    return OpenAIProtocol(Endpoint(url=url, model=model), Credentials(KEY), language)


def ready(url: str = URL, **fields: str) -> OpenAIProtocol:
    protocol = create(url, **fields)
    protocol.receive(server_event("session.created", session={}))
    assert protocol.receive(server_event("session.updated", session={})) == [Ready()]
    return protocol


def finishing(url: str = URL) -> OpenAIProtocol:
    protocol = ready(url)
    protocol.append_audio(ONE_SECOND)
    assert len(protocol.commit()) == 3
    return protocol


def committed(item: str | None = "i1", previous: str | None = None) -> str:
    named = {} if item is None else {"item_id": item}
    return server_event("input_audio_buffer.committed", previous_item_id=previous, **named)


def delta(text: str, item: str = "i1") -> str:
    return server_event(
        f"{TRANSCRIPTION_PREFIX}delta", item_id=item, content_index=0, delta=text, obfuscation="x"
    )


def completed(text: str, item: str = "i1", seconds: object = 2) -> str:
    usage = {"type": "duration", "seconds": seconds}
    return server_event(
        f"{TRANSCRIPTION_PREFIX}completed", item_id=item, transcript=text, usage=usage
    )


def error(code: object = None, message: object = "No.", **fields: object) -> str:
    return server_event(
        "error", error={"type": "invalid_request_error", "code": code, "message": message, **fields}
    )


CLEARED = server_event("input_audio_buffer.cleared")
COMMIT_EMPTY = "input_audio_buffer_commit_empty"
