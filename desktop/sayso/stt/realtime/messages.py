"""What the dialects have in common: JSON messages, read without trusting them. Pure."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from ..server.errors import messages
from .protocol import Send

TRANSCRIPTION_PREFIX = "conversation.item.input_audio_transcription."
COMMIT_EMPTY = "input_audio_buffer_commit_empty"


def client_event(kind: str, **fields: Any) -> Send:
    return Send(json.dumps({"type": kind, **fields}))


def append_event(pcm: bytes) -> Send:
    """Audio, s16le mono, as all these servers take it."""
    return client_event("input_audio_buffer.append", audio=base64.b64encode(pcm).decode("ascii"))


def parse_event(message: str | bytes) -> dict[str, Any] | None:
    """The event in a message; None where there is none. mlx-audio's errors have no type."""
    try:
        event = json.loads(message)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict):
        return None
    if "type" not in event and "error" in event:
        event["type"] = "error"
    return event


def event_type(event: Mapping[str, Any]) -> str:
    return string_field(event, "type")


def string_field(event: Mapping[str, Any], name: str) -> str:
    value = event.get(name)
    return value if isinstance(value, str) else ""


def usage_seconds(usage: Any) -> float:
    """Of a usage that counts them; 0.0 for one that does not."""
    number = usage.get("seconds") if isinstance(usage, dict) else None
    if isinstance(number, bool) or not isinstance(number, int | float):
        return 0.0
    return float(number) if 0 <= number < 1e6 else 0.0


def usage_tokens(usage: Any) -> int:
    """Of a usage that counts them, in and out; 0 for one that does not."""
    number = usage.get("total_tokens") if isinstance(usage, dict) else None
    return number if type(number) is int and 0 <= number < 1e9 else 0


def error_code_and_message(event: Mapping[str, Any], api_key: str | None) -> tuple[str, str]:
    """Code and words of an error, fit to be shown. vLLM's is text, with the code beside it."""
    error = event.get("error")
    if isinstance(error, dict):
        return messages.error_code(error, api_key), messages.redact(error.get("message"), api_key)
    beside = {"code": event.get("code")}
    return messages.error_code(beside, api_key), messages.redact(error, api_key)


def error_object(event: Mapping[str, Any]) -> dict[str, Any]:
    """What an `error` event is about; empty where it says nothing."""
    error = event.get("error")
    return error if isinstance(error, dict) else {}


def error_param(error: Mapping[str, Any]) -> str:
    """The last name in an error's `param`, as in `session.audio.input.transcription.model`."""
    return string_field(error, "param").rpartition(".")[2].partition("[")[0]


def error_param_names(error: Mapping[str, Any]) -> frozenset[str]:
    """Every name in an error's `param`: the refused field may have fields itself."""
    return frozenset(part.partition("[")[0] for part in string_field(error, "param").split("."))
