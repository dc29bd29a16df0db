"""What the tests of OpenAI's dialect say to it."""

from __future__ import annotations

from typing import Any

from sayso.stt.engine import Ready
from sayso.stt.realtime.messages import SPOKEN
from sayso.stt.realtime.openai import OpenAI
from sayso.stt.server.request_options import Hints
from unit.stt import protocol_helpers
from unit.stt.protocol_helpers import KEY

URL = "wss://api.openai.com/v1/realtime"
SECOND = bytes(48_000)


def spoken(kind: str, **fields: Any) -> str:
    return protocol_helpers.spoken(kind, event_id="event_1", **fields)


def made(url: str = URL, model: str = "gpt-live-transcribe", language: str = "") -> OpenAI:
    return OpenAI(url, model, KEY, hints=Hints(language))


def ready(url: str = URL, **fields: str) -> OpenAI:
    dialect = made(url, **fields)
    dialect.hear(spoken("session.created", session={}))
    assert dialect.hear(spoken("session.updated", session={})) == [Ready()]
    return dialect


def finishing(url: str = URL) -> OpenAI:
    dialect = ready(url)
    dialect.audio(SECOND)
    assert len(dialect.commit()) == 3
    return dialect


def committed(item: str | None = "i1", previous: str | None = None) -> str:
    named = {} if item is None else {"item_id": item}
    return spoken("input_audio_buffer.committed", previous_item_id=previous, **named)


def delta(text: str, item: str = "i1") -> str:
    return spoken(f"{SPOKEN}delta", item_id=item, content_index=0, delta=text, obfuscation="x")


def completed(text: str, item: str = "i1", seconds: object = 2) -> str:
    usage = {"type": "duration", "seconds": seconds}
    return spoken(f"{SPOKEN}completed", item_id=item, transcript=text, usage=usage)


def error(code: object = None, message: object = "No.", **fields: object) -> str:
    return spoken(
        "error", error={"type": "invalid_request_error", "code": code, "message": message, **fields}
    )


CLEARED = spoken("input_audio_buffer.cleared")
EMPTY = "input_audio_buffer_commit_empty"
