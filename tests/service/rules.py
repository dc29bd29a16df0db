"""Validation of `session.update` as in the real service. Pure.

Sources: the public documentation, and frame logs published in August and September 2026, which
contain most of the error messages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import attrs


@attrs.frozen
class Model:
    fields: frozenset[str]
    streams: bool = False
    """Whether it sends deltas while audio arrives; such models reject turn detection."""
    logprobs: bool = False
    billed_by_tokens: bool = False
    """Whether usage is in tokens instead of seconds."""


MODELS: Mapping[str, Model] = {
    "gpt-live-transcribe": Model(
        frozenset({"languages", "prompt", "keywords", "delay"}), streams=True
    ),
    "gpt-realtime-whisper": Model(frozenset({"language", "delay"}), streams=True),
    "gpt-transcribe": Model(frozenset({"languages", "prompt", "keywords"})),
    "gpt-4o-transcribe": Model(
        frozenset({"language", "prompt"}), logprobs=True, billed_by_tokens=True
    ),
    "gpt-4o-mini-transcribe": Model(
        frozenset({"language", "prompt"}), logprobs=True, billed_by_tokens=True
    ),
    "whisper-1": Model(frozenset({"language", "prompt"})),
}
LANGUAGES = re.compile(
    """(?x)af|ar|az|be|bg|bs|ca|cs|cy|da|de|el|en|es|et|fa|fi|fr|gl|he|hi|hr|hu|hy|id|is|it
       |ja|kk|kn|ko|lt|lv|mi|mk|mr|ms|ne|nl|no|pl|pt|ro|ru|sk|sl|sr|sv|sw|ta|th|tl|tr|uk
       |ur|vi|zh|yue|cmn|zh-cn|zh-tw|zh-hk"""
)
DELAYS = frozenset({"minimal", "low", "medium", "high", "xhigh"})
FORMATS = frozenset({"audio/pcm", "audio/pcmu", "audio/pcma"})
LOGPROBS = "item.input_audio_transcription.logprobs"
VAD = {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 200}
VAD_FIELDS = {
    "server_vad": frozenset(
        {
            "type",
            "threshold",
            "prefix_padding_ms",
            "silence_duration_ms",
            "idle_timeout_ms",
            "create_response",
            "interrupt_response",
        }
    ),
    "semantic_vad": frozenset({"type", "eagerness", "create_response", "interrupt_response"}),
}
MAX_PROMPT_CHARS = 1024


class RefusedError(Exception):
    """An `error` event of type invalid_request_error."""

    def __init__(self, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.param = code, message, param


def initial_session(session_id: str, expires_at: int) -> dict[str, Any]:
    """Return the session of `session.created`: no transcription, and turn detection on."""
    return {
        "type": "transcription",
        "object": "realtime.transcription_session",
        "id": session_id,
        "expires_at": expires_at,
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24000},
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": dict(VAD),
            }
        },
        "include": None,
    }


def check_fields(value: Any, names: frozenset[str] | set[str], path: str) -> dict[str, Any]:
    """Return an object that has only these fields; raises `RefusedError` otherwise."""
    if not isinstance(value, dict):
        raise RefusedError("invalid_type", f"Invalid type for '{path}': expected an object.", path)
    for name in value:
        if name not in names:
            full = f"{path}.{name}" if path else name
            raise RefusedError("unknown_parameter", f"Unknown parameter: '{full}'.", full)
    return value


def updated_session(session: Mapping[str, Any], change: Any) -> dict[str, Any]:
    """Return the session after an update. Omitted fields keep their values.

    Raises:
        RefusedError: A field is invalid, which discards the whole update.
    """
    change = check_fields(change, {"type", "audio", "include", "model"}, "session")
    if change.get("type") != "transcription":
        raise RefusedError(
            "invalid_value",
            "Passing a realtime session update event to a transcription session is not allowed.",
            "session.type",
        )
    result = deepcopy(dict(session))
    audio = check_fields(change.get("audio", {}), {"input"}, "session.audio")
    fields = check_fields(
        audio.get("input", {}),
        {"format", "transcription", "turn_detection", "noise_reduction"},
        "session.audio.input",
    )
    target = result["audio"]["input"]
    if "format" in fields:
        target["format"] = _format(fields["format"])
    if "transcription" in fields:
        target["transcription"] = _transcription(fields["transcription"])
    if "turn_detection" in fields:
        target["turn_detection"] = _turn_detection(fields["turn_detection"])
    if "noise_reduction" in fields:
        target["noise_reduction"] = _noise_reduction(fields["noise_reduction"])
    model = MODELS.get((target["transcription"] or {}).get("model", ""), Model(frozenset()))
    if model.streams and target["turn_detection"] is not None:
        raise RefusedError(
            "invalid_value",
            "Turn detection is not supported for this transcription model.",
            "session.audio.input.turn_detection",
        )
    if "include" in change:
        result["include"] = _include(change["include"], model)
    return result


def _format(value: Any) -> dict[str, Any]:
    path = "session.audio.input.format"
    check_fields(value, {"type", "rate"}, path)
    if value.get("type") not in FORMATS:
        raise _invalid_choice(f"{path}.type", value.get("type"), FORMATS)
    if value["type"] == "audio/pcm" and (rate := value.get("rate", 24000)) != 24000:
        small = isinstance(rate, int) and rate < 24000
        raise RefusedError(
            "integer_below_min_value" if small else "integer_above_max_value",
            f"Invalid '{path}.rate': integer {'below minimum' if small else 'above maximum'} value."
            f" Expected a value {'>=' if small else '<='} 24000, but got {rate} instead.",
            f"{path}.rate",
        )
    return dict(value)


def _transcription(value: Any) -> dict[str, Any] | None:
    path = "session.audio.input.transcription"
    if value is None:
        return None
    check_fields(value, {"model", "language", "languages", "prompt", "keywords", "delay"}, path)
    if "model" not in value:
        raise RefusedError(
            "missing_required_parameter",
            f"Missing required parameter: '{path}.model'.",
            f"{path}.model",
        )
    model = MODELS.get(value["model"]) if isinstance(value["model"], str) else None
    if model is None:
        raise RefusedError(
            "invalid_model",
            f'Model "{value["model"]}" is not supported in transcription mode.',
            f"{path}.model",
        )
    for name in value:
        if name != "model" and name not in model.fields:
            full = f"{path}.{name}"
            raise RefusedError("unknown_parameter", f"Unknown parameter: '{full}'.", full)
    for check in (_languages, _prompt, _keywords, _delay):
        check(value, path)
    return {"language": None, "prompt": None, **value}


def _languages(value: dict[str, Any], path: str) -> None:
    if "languages" in value:
        codes = value["languages"]
        if not isinstance(codes, list) or not codes:
            raise RefusedError(
                "invalid_value", f"Invalid value for '{path}.languages'.", f"{path}.languages"
            )
        for index, code in enumerate(codes):
            _language(code, f"{path}.languages[{index}]")
    if "language" in value:
        _language(value["language"], f"{path}.language")


def _language(code: Any, path: str) -> None:
    if not isinstance(code, str) or not LANGUAGES.fullmatch(code):
        raise RefusedError("invalid_value", f"Invalid value: '{code}'. Unknown language.", path)


def _prompt(value: dict[str, Any], path: str) -> None:
    prompt = value.get("prompt", "")
    if not isinstance(prompt, str) or len(prompt) > MAX_PROMPT_CHARS:
        raise RefusedError(
            "string_above_max_length",
            f"Invalid '{path}.prompt': string too long.",
            f"{path}.prompt",
        )


def _keywords(value: dict[str, Any], path: str) -> None:
    words = value.get("keywords", [])
    if not isinstance(words, list) or any(
        not isinstance(word, str) or set(word) & set("<>\r\n") for word in words
    ):
        raise RefusedError(
            "invalid_value", f"Invalid value for '{path}.keywords'.", f"{path}.keywords"
        )


def _delay(value: dict[str, Any], path: str) -> None:
    if "delay" in value and value["delay"] not in DELAYS:
        raise _invalid_choice(f"{path}.delay", value["delay"], DELAYS)


def _turn_detection(value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    path = "session.audio.input.turn_detection"
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in VAD_FIELDS:
        raise _invalid_choice(f"{path}.type", kind, frozenset(VAD_FIELDS))
    return dict(check_fields(value, VAD_FIELDS[kind], path))


def _noise_reduction(value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    path = "session.audio.input.noise_reduction"
    check_fields(value, {"type", "strength"}, path)
    if value.get("type") not in ("near_field", "far_field"):
        raise _invalid_choice(
            f"{path}.type", value.get("type"), frozenset({"near_field", "far_field"})
        )
    return dict(value)


def _include(value: Any, model: Model) -> list[str] | None:
    if value is None or value == []:
        return None
    if value != [LOGPROBS]:
        raise RefusedError("invalid_value", f"Invalid value: {value}.", "include")
    if not model.logprobs:
        raise RefusedError("invalid_value", "Logprobs are not supported by this model.", "include")
    return [LOGPROBS]


def _invalid_choice(path: str, value: Any, names: frozenset[str]) -> RefusedError:
    listed = ", ".join(f"'{name}'" for name in sorted(names))
    return RefusedError(
        "invalid_value", f"Invalid value: '{value}'. Supported values are: {listed}.", path
    )
