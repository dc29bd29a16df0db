"""Read the JSON that servers send, without trusting its shape. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .errors.redaction import error_code, redact


def parse_object(text: str | bytes) -> dict[str, Any] | None:
    """Return the JSON object in `text`; None if there is none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def parse_event(message: str | bytes) -> dict[str, Any] | None:
    """Return the event in a message; None if there is none. mlx-audio's errors have no type."""
    event = parse_object(message)
    if event is not None and "type" not in event and "error" in event:
        event["type"] = "error"
    return event


def string_field(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def event_type(event: Mapping[str, Any]) -> str:
    return string_field(event, "type")


def usage_seconds(usage: object) -> float:
    """Return the seconds of a usage report; 0.0 if it has none."""
    seconds = usage.get("seconds") if isinstance(usage, dict) else None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return 0.0
    return float(seconds) if 0 <= seconds < 1e6 else 0.0


def usage_tokens(usage: object) -> int:
    """Return the input and output tokens of a usage report; 0 if it has none."""
    tokens = usage.get("total_tokens") if isinstance(usage, dict) else None
    return tokens if type(tokens) is int and 0 <= tokens < 1e9 else 0


def error_object(fields: Mapping[str, Any]) -> dict[str, Any]:
    error = fields.get("error")
    return error if isinstance(error, dict) else {}


def error_code_and_message(event: Mapping[str, Any], api_key: str | None) -> tuple[str, str]:
    """Return code and redacted message of an error. vLLM's is a string with the code beside it."""
    error = event.get("error")
    if isinstance(error, dict):
        return error_code(error, api_key), redact(error.get("message"), api_key)
    return error_code({"code": event.get("code")}, api_key), redact(error, api_key)


def error_param_names(error: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names in an error's `param`: `('session', 'audio', 'input', 'delay')`."""
    return tuple(part.partition("[")[0] for part in string_field(error, "param").split("."))
