"""What it means when a server refuses, as problems a person can act on. Pure.

The ways of refusing are those of OpenAI's service and of gateways before it, LiteLLM among
them: an `error` event and a close code right after HTTP 101, or an HTTP status instead of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from ....core.problems import Problem, untyped_problem
from ....core.settings.urls import OPENAI_HOST

RECORDING_KEPT = "Your recording is kept."
MAX_QUOTED_CHARS = 200
MAX_SCANNED_CHARS = 1000
"""The search for keys takes a time that grows with the square: a word of 32,000 takes 16 s."""

NO_CREDIT = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "billing_hard_limit_reached",
        "billing_not_active",
        "quota_exceeded",
    }
)
NO_MODEL = frozenset({"invalid_model", "missing_model", "model_not_found", "model_not_validated"})
INVALID_API_KEY = frozenset({"invalid_api_key", "invalid_authentication", "authentication_error"})
BUSY = frozenset({"rate_limit_exceeded", "too_many_requests", "server_overloaded"})
UNSUPPORTED_REGION = "unsupported_country_region_territory"
BETA_API_DISABLED = "beta_api_shape_disabled"

CODES_NOT_ABOUT_OPTIONS = (
    INVALID_API_KEY
    | NO_CREDIT
    | NO_MODEL
    | BUSY
    | {"session_expired", "server_error", UNSUPPORTED_REGION, BETA_API_DISABLED}
)
"""Codes that say what it is about, whatever was asked for."""

MAX_WAIT_S = 3600.0

_TRY_AGAIN_IN = re.compile(
    r"""(?ix) again\ in\s+ (?: (?P<minutes>\d{1,4}) \s* m(?:in\w*)? (?![a-z]) \s* )?
        (?: (?P<seconds>\d{1,6}(?:\.\d{1,6})?) \s* (?P<ms>ms)? )?"""
)
_CODE = re.compile(r"[a-z_]{1,64}")
_LAST_WORD = re.compile(r"(?<!\S)\S*\Z")
_LIKE_AN_API_KEY = re.compile(
    r"""(?ix) (?: \b (?:bearer|basic) \s+ \S+               # as in a header
              | \b (?:sk|ek|pk|rk|gsk|xai|api|key) [-_] \S+ # as services hand them out
              | \S* \*{3,} \S*                              # as they echo them
              | (?-i: (?= [\w+/=-]* [0-9A-Z] ) [\w+/=-]{20,} ) )"""
)


def redact(text: object, api_key: str | None = None) -> str:
    """What a server said, fit to be shown: one line, short, and nothing in it like a key."""
    line = text if isinstance(text, str) else ""
    if len(line) > MAX_SCANNED_CHARS:
        line = _LAST_WORD.sub("", line[:MAX_SCANNED_CHARS])  # half a key would not look like one
    line = " ".join("".join(c if c.isprintable() else " " for c in line).split())
    if api_key:
        line = line.replace(api_key, "•••")
    line = _LIKE_AN_API_KEY.sub("•••", line)
    return line if len(line) <= MAX_QUOTED_CHARS else f"{line[: MAX_QUOTED_CHARS - 1]}…"


def error_code(error: Mapping[str, Any], api_key: str | None = None) -> str:
    """The server's word for it: `code`, else `type`; codes are compared, so they stay whole."""
    for name in ("code", "type"):
        value = error.get(name)
        if isinstance(value, str) and value and value != api_key:
            return value if _CODE.fullmatch(value) else redact(value, api_key)
    return ""


def api_key_rejected(host: str, detail: str = "") -> Problem:
    return untyped_problem(
        f"Your API key was refused by {host}.",
        "Open Settings > Recognition to change it.",
        "recognition",
        detail,
    )


def api_key_missing(host: str, detail: str = "") -> Problem:
    return untyped_problem(
        f"There is no API key for {host}.",
        "Open Settings > Recognition to enter it.",
        "recognition",
        detail,
    )


def no_response(host: str, detail: str = "") -> Problem:
    return untyped_problem(
        f"{host} did not answer.", RECORDING_KEPT, "try-again", detail, retry_after_s=0.0
    )


def connection_lost(host: str, detail: str = "") -> Problem:
    what = f"The connection to {host} was lost."
    return untyped_problem(
        what, f"{RECORDING_KEPT} Try again.", "try-again", detail, retry_after_s=0.0
    )


def busy(host: str, detail: str = "", after_s: float = 0.0) -> Problem:
    when = "in a moment" if after_s < 2 else f"in {_format_wait(after_s)}"
    remedy = f"{RECORDING_KEPT} Try again {when}."
    return untyped_problem(f"{host} is busy.", remedy, "try-again", detail, retry_after_s=after_s)


def _format_wait(seconds: float) -> str:
    return f"{math.ceil(seconds)} s" if seconds <= 90 else f"{math.ceil(seconds / 60)} minutes"


def wait_in_message_s(message: str) -> float:
    """How long to wait, as a server's words have it: “try again in 1m2.5s”; 0.0 without any."""
    found = _TRY_AGAIN_IN.search(message)
    if not found:
        return 0.0
    seconds = float(found["seconds"] or 0) / (1000 if found["ms"] else 1)
    return min(MAX_WAIT_S, 60 * float(found["minutes"] or 0) + seconds)


def retry_after_s(retry_after: str) -> float:
    """The same of a header `Retry-After`; only seconds are read, nobody here sends a date."""
    seconds = retry_after.strip()
    return min(MAX_WAIT_S, float(seconds)) if re.fullmatch(r"\d{1,6}", seconds) else 0.0


def not_a_speech_server(host: str, detail: str = "") -> Problem:
    return untyped_problem(
        f"No speech server answers at {host}.",
        "The address may need /v1 at its end.",
        "recognition",
        detail,
    )


def from_error_code(host: str, model: str, code: str, message: str) -> Problem:
    """From an `error` event: `code` is the server's, `words` what it said, already scrubbed."""
    detail = f"{host}: {code or 'error'}: {message}"
    problem = from_message(host, model, message, detail)
    if problem:
        return problem
    if code in INVALID_API_KEY:
        return api_key_rejected(host, detail)
    if code in NO_CREDIT:
        return no_credit(host, detail)
    if code == "missing_model":
        return untyped_problem(
            f"{host} was told no model.",
            "Enter one, and let it stand in the address too.",
            "recognition",
            detail,
        )
    if code in NO_MODEL:
        return unknown_model(host, model, detail)
    if code in BUSY:
        return busy(host, detail, wait_in_message_s(message))
    if code == "session_expired":
        what, remedy = f"The session with {host} has run out.", f"{RECORDING_KEPT} Try again."
        return untyped_problem(what, remedy, "try-again", detail, retry_after_s=0.0)
    if code == UNSUPPORTED_REGION:
        what = f"{host} does not serve your country."
        return untyped_problem(what, "Use this computer, or another server.", "recognition", detail)
    if code == BETA_API_DISABLED:
        what = f"{host} no longer speaks this old way."
        remedy = "Take OpenAI-Beta out of the headers."
        return untyped_problem(what, remedy, "recognition", detail)
    quoted = f" It says: “{message}”" if message else ""
    what = f"{host} could not recognise this.{quoted}"
    return untyped_problem(
        what, f"{RECORDING_KEPT} Try again.", "try-again", detail, retry_after_s=0.0
    )


def from_message(host: str, model: str, message: str, detail: str) -> Problem | None:
    """Where only the words say it: null codes of OpenAI's, and errors that LiteLLM wraps."""
    for pattern, meaning in MESSAGE_PATTERNS.items():
        if re.search(pattern, message):
            return meaning(host, model, detail)
    return None


def no_credit(host: str, detail: str = "") -> Problem:
    what = f"There is no credit left at {host}."
    if host == OPENAI_HOST:
        what = "OpenAI says the account has no credit left."
    return untyped_problem(what, "Add credit, or use this computer.", "recognition", detail)


def unknown_model(host: str, model: str, detail: str) -> Problem:
    what = f"{host} does not know “{model}”."
    return untyped_problem(what, "Choose a model it has.", "recognition", detail)


def not_a_transcription_model(host: str, model: str, detail: str) -> Problem:
    what = f"“{model}” does not transcribe."
    return untyped_problem(what, "Choose a model that transcribes.", "recognition", detail)


def model_not_allowed_in_url(host: str, model: str, detail: str) -> Problem:
    """PROTOCOL 1.1: with one, OpenAI opens a conversation, and no transcription."""
    return untyped_problem(
        f"{host} wants no model in its address.",
        "Take it out under Settings > Recognition.",
        "recognition",
        detail,
    )


def permission_denied(host: str, model: str, detail: str) -> Problem:
    what = f"Your key may not transcribe at {host}."
    remedy = "Give it that permission, or enter another key."
    return untyped_problem(what, remedy, "recognition", detail)


def ephemeral_key_required(host: str, model: str, detail: str) -> Problem:
    what = f"{host} wants a short-lived key."
    remedy = "Let one be fetched: Settings > Recognition."
    return untyped_problem(what, remedy, "recognition", detail)


MESSAGE_PATTERNS: Mapping[str, Callable[[str, str, str], Problem]] = {
    "not supported in transcription mode": not_a_transcription_model,
    "must not provide a model parameter": model_not_allowed_in_url,
    "is a transcription model and cannot be used as": model_not_allowed_in_url,
    "transcription session update event to a realtime session": model_not_allowed_in_url,
    "Invalid model name passed in": unknown_model,
    "(?i)^missing (bearer|•••).* in header": lambda host, _, detail: api_key_missing(host, detail),
    "(?i)insufficient permissions|missing scopes": permission_denied,
    "requires ephemeral authentication": ephemeral_key_required,
    # LiteLLM without a database, of a key that is not its master key (for files; else 403)
    "^No connected db": lambda host, _, detail: api_key_rejected(host, detail),
}


def settings_rejected(host: str, model: str, code: str, message: str) -> Problem:
    """From an `error` event before the session was ready."""
    detail = f"{host}: {code or 'error'}: {message}"
    if code in CODES_NOT_ABOUT_OPTIONS:
        return from_error_code(host, model, code, message)
    problem = from_message(host, model, message, detail)
    if problem:
        return problem
    quoted = f" It says: “{message}”" if message else ""
    return untyped_problem(
        f"{host} refused the settings.{quoted}",
        "Check the address, the model and the language.",
        "recognition",
        detail,
    )


def from_close_code(host: str, model: str, close_code: int, reason: str) -> Problem:
    """From a close code; OpenAI's reason is `<type>.<code>`, already scrubbed."""
    detail = f"{host}: closed with {close_code}{': ' if reason else ''}{reason}"
    code = reason.rpartition(".")[2]
    if close_code in (3000, 1008):  # 1008: speaches answers a wrong key so
        return api_key_rejected(host, detail)
    if close_code == 4000:
        return settings_rejected(host, model, code, reason)
    if close_code == 1001:
        return from_error_code(host, model, "session_expired", reason)
    if close_code in (1002, 1003, 1007, 1009):  # one side broke the protocol of sockets
        return not_a_speech_server(host, detail)
    return connection_lost(host, detail)


def call_rejected(host: str, detail: str = "") -> Problem:
    """WebRTC: OpenAI answers an offer it does not take with 400 and an empty message."""
    return untyped_problem(
        f"{host} refused the call.",
        "Choose another model, or WebSocket.",
        "recognition",
        detail,
    )
