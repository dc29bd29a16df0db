"""Translate error events, close codes and error messages of servers into problems. Pure.

The tables are in `resources/server_errors.toml`; see also `docs/realtime-protocol.md`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from ....core.problems import Problem, ProblemKind
from ....core.problems import server as problems
from ....core.resources import load_toml
from ....core.settings.urls import service_name

MAX_WAIT_S = 3600.0
_TABLES = load_toml("server_errors.toml")


def kinds_by_value(table: str) -> Mapping[Any, ProblemKind]:
    """Return a table that lists values for each kind, as kinds by value."""
    rows = _TABLES[table].items()
    return {value: getattr(problems, name) for name, values in rows for value in values}


RETRYABLE = frozenset(getattr(problems, name) for name in _TABLES["retryable"])
CODES = kinds_by_value("codes")
CLOSE_CODES = kinds_by_value("close_codes")
CODES_NOT_ABOUT_OPTIONS = frozenset(CODES) | {"server_error"}
"""Codes whose cause is not an optional field of the request."""
MESSAGE_PATTERNS = {re.compile(v): getattr(problems, k) for k, v in _TABLES["messages"].items()}

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


not_a_speech_server = partial(server_problem, problems.NOT_A_SPEECH_SERVER)
no_response = partial(server_problem, problems.NO_RESPONSE)
connection_lost = partial(server_problem, problems.CONNECTION_LOST)


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


def from_error(host: str, model: str, code: str, message: str, *, ready: bool = True) -> Problem:
    """Return the problem for an error with a code and a redacted message.

    With `ready=False` the error came before the session was ready, so an unknown code means that
    the server rejected the settings.
    """
    detail = f"{host}: {code or 'error'}: {message}"
    found = (kind for pattern, kind in MESSAGE_PATTERNS.items() if pattern.search(message))
    kind = next(found, None) or CODES.get(code)
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
    if close_code == 4000:
        return from_error(host, model, reason.rpartition(".")[2], reason, ready=False)
    return server_problem(CLOSE_CODES.get(close_code, problems.CONNECTION_LOST), host, detail)
