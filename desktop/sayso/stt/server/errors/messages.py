"""Translate error events, close codes and error messages of servers into problems. Pure.

The codes are those of OpenAI and of gateways such as LiteLLM; see `docs/realtime-protocol.md`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from ....core.problems import Problem, ProblemKind
from ....core.problems import server as problems
from ....core.settings.urls import service_name

MAX_WAIT_S = 3600.0
RETRYABLE = frozenset(
    {
        problems.NO_INTERNET,
        problems.HOST_NOT_FOUND,
        problems.NO_SERVER,
        problems.CLOSED_AT_ONCE,
        problems.CONNECTION_LOST,
        problems.NO_RESPONSE,
        problems.BUSY,
        problems.UNAVAILABLE,
        problems.SESSION_EXPIRED,
        problems.FAILED,
        problems.FAILED_BECAUSE,
    }
)
"""Kinds that can pass without a change by the user."""

NO_CREDIT_CODES = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "billing_hard_limit_reached",
        "billing_not_active",
        "quota_exceeded",
    }
)
CODES: Mapping[str, ProblemKind] = {
    **dict.fromkeys(NO_CREDIT_CODES, problems.NO_CREDIT),
    **dict.fromkeys(
        ("invalid_api_key", "invalid_authentication", "authentication_error"),
        problems.KEY_REJECTED,
    ),
    **dict.fromkeys(
        ("invalid_model", "model_not_found", "model_not_validated"), problems.UNKNOWN_MODEL
    ),
    **dict.fromkeys(
        ("rate_limit_exceeded", "too_many_requests", "server_overloaded"), problems.BUSY
    ),
    "missing_model": problems.MODEL_REQUIRED,
    "session_expired": problems.SESSION_EXPIRED,
    "unsupported_country_region_territory": problems.UNSUPPORTED_REGION,
    "beta_api_shape_disabled": problems.BETA_API,
}
CODES_NOT_ABOUT_OPTIONS = frozenset(CODES) | {"server_error"}
"""Codes whose cause is not an optional field of the request."""

MESSAGE_PATTERNS: Mapping[str, ProblemKind] = {
    "not supported in transcription mode": problems.NOT_A_TRANSCRIPTION_MODEL,
    "must not provide a model parameter": problems.MODEL_IN_ADDRESS,
    "is a transcription model and cannot be used as": problems.MODEL_IN_ADDRESS,
    "transcription session update event to a realtime session": problems.MODEL_IN_ADDRESS,
    "Invalid model name passed in": problems.UNKNOWN_MODEL,
    "(?i)^missing (bearer|•••).* in header": problems.KEY_MISSING,
    "(?i)insufficient permissions|missing scopes": problems.PERMISSION_DENIED,
    "requires ephemeral authentication": problems.SHORT_LIVED_KEY_REQUIRED,
    # LiteLLM without a database answers this to a wrong key when a file is uploaded.
    "^No connected db": problems.KEY_REJECTED,
}
"""Messages that identify the problem although the code does not."""

_TRY_AGAIN_IN = re.compile(
    r"""(?ix) again\ in\s+ (?: (?P<minutes>\d{1,4}) \s* m(?:in\w*)? (?![a-z]) \s* )?
        (?: (?P<seconds>\d{1,6}(?:\.\d{1,6})?) \s* (?P<ms>ms)? )?"""
)


def server_problem(
    kind: ProblemKind,
    host: str,
    detail: str = "",
    retry_after_s: float | None = None,
    **values: object,
) -> Problem:
    """Return a problem with the server at `host`, with a retry time if the kind is retryable."""
    if retry_after_s is None and kind in RETRYABLE:
        retry_after_s = 0.0
    return kind(server=service_name(host), detail=detail, retry_after_s=retry_after_s, **values)


def not_a_speech_server(host: str, detail: str = "") -> Problem:
    return server_problem(problems.NOT_A_SPEECH_SERVER, host, detail)


def no_response(host: str, detail: str = "") -> Problem:
    return server_problem(problems.NO_RESPONSE, host, detail)


def connection_lost(host: str, detail: str = "") -> Problem:
    return server_problem(problems.CONNECTION_LOST, host, detail)


def busy(host: str, detail: str = "", wait_s: float = 0.0) -> Problem:
    """Return a problem that asks the user to wait for `wait_s`."""
    if wait_s < 2:
        return server_problem(problems.BUSY, host, detail, wait_s)
    wait = f"{math.ceil(wait_s)} s" if wait_s <= 90 else f"{math.ceil(wait_s / 60)} minutes"
    return server_problem(problems.BUSY_FOR, host, detail, wait_s, wait=wait)


def wait_in_message_s(message: str) -> float:
    """Return the wait in a message such as "try again in 1m2.5s"; 0.0 if it has none."""
    found = _TRY_AGAIN_IN.search(message)
    if not found:
        return 0.0
    seconds = float(found["seconds"] or 0) / (1000 if found["ms"] else 1)
    return min(MAX_WAIT_S, 60 * float(found["minutes"] or 0) + seconds)


def from_error(
    host: str, model: str, code: str, message: str, *, ready: bool = True, detail: str = ""
) -> Problem:
    """Return the problem for an error with a code and a redacted message.

    With `ready=False` the error came before the session was ready, so an unknown code means that
    the server rejected the settings.
    """
    detail = detail or f"{host}: {code or 'error'}: {message}"
    kind = _kind_of_message(message) or CODES.get(code)
    if kind is problems.BUSY:
        return busy(host, detail, wait_in_message_s(message))
    if kind is None and (ready or code in CODES_NOT_ABOUT_OPTIONS):
        kind = problems.FAILED_BECAUSE if message else problems.FAILED
    elif kind is None:
        kind = problems.SETTINGS_REJECTED_BECAUSE if message else problems.SETTINGS_REJECTED
    return server_problem(kind, host, detail, model=model, reason=message)


def from_close_code(host: str, model: str, close_code: int, reason: str) -> Problem:
    """Return the problem for a WebSocket close code.

    The redacted `reason` of OpenAI is `TYPE.CODE`. speaches rejects an API key with 1008.
    """
    detail = f"{host}: closed with {close_code}{': ' if reason else ''}{reason}"
    code = reason.rpartition(".")[2]
    if close_code in (3000, 1008):
        return server_problem(problems.KEY_REJECTED, host, detail)
    if close_code == 4000:
        return from_error(host, model, code, reason, ready=False)
    if close_code == 1001:
        return server_problem(problems.SESSION_EXPIRED, host, detail)
    if close_code in (1002, 1003, 1007, 1009):  # one side violated the WebSocket protocol
        return not_a_speech_server(host, detail)
    return connection_lost(host, detail)


def _kind_of_message(message: str) -> ProblemKind | None:
    for pattern, kind in MESSAGE_PATTERNS.items():
        if re.search(pattern, message):
            return kind
    return None
