"""What it means when a server refuses, as problems a person can act on. Pure.

The ways of refusing are those of OpenAI's service and of gateways before it, LiteLLM among
them: an `error` event and a close code right after HTTP 101, or an HTTP status instead of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..core.problems import Problem
from .endpoints import OPENAI

KEPT = "Your recording is kept."
MOST_SAID_CHARS = 200
MOST_READ_CHARS = 1000
"""The search for keys takes a time that grows with the square: a word of 32,000 takes 16 s."""

NO_CREDIT = frozenset({"insufficient_quota", "credit_balance_exhausted"})
NO_MODEL = frozenset({"invalid_model", "missing_model", "model_not_found", "model_not_validated"})
NO_KEY = frozenset({"invalid_api_key", "invalid_authentication", "authentication_error"})
BUSY = frozenset({"rate_limit_exceeded", "too_many_requests", "server_overloaded"})

NOT_OF_OPTIONS = NO_KEY | NO_CREDIT | NO_MODEL | BUSY | {"session_expired", "server_error"}
"""Codes that say what it is about, whatever was asked for."""

MOST_WAIT_S = 3600.0

_AGAIN_IN = re.compile(
    r"""(?ix) again\ in\s+ (?: (?P<minutes>\d{1,4}) \s* m(?:in\w*)? (?![a-z]) \s* )?
        (?: (?P<seconds>\d{1,6}(?:\.\d{1,6})?) \s* (?P<ms>ms)? )?"""
)
_CODE = re.compile(r"[a-z_]{1,64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")
_LAST_WORD = re.compile(r"(?<!\S)\S*\Z")
_LIKE_A_KEY = re.compile(
    r"""(?ix) (?: \b (?:bearer|basic) \s+ \S+               # as in a header
              | \b (?:sk|ek|pk|rk|gsk|xai|api|key) [-_] \S+ # as services hand them out
              | \S* \*{3,} \S*                              # as they echo them
              | (?-i: (?= [\w+/=-]* [0-9A-Z] ) [\w+/=-]{20,} ) )"""
)


def said(text: object, secret: str | None = None) -> str:
    """What a server said, fit to be shown: one line, short, and nothing in it like a key."""
    line = text if isinstance(text, str) else ""
    if len(line) > MOST_READ_CHARS:
        line = _LAST_WORD.sub("", line[:MOST_READ_CHARS])  # half a key would not look like one
    line = " ".join(_CONTROL.sub(" ", line).split())
    if secret:
        line = line.replace(secret, "•••")
    line = _LIKE_A_KEY.sub("•••", line)
    return line if len(line) <= MOST_SAID_CHARS else f"{line[: MOST_SAID_CHARS - 1]}…"


def code_of(error: Mapping[str, Any], secret: str | None = None) -> str:
    """The server's word for it: `code`, else `type`; codes are compared, so they stay whole."""
    for name in ("code", "type"):
        value = error.get(name)
        if isinstance(value, str) and value and value != secret:
            return value if _CODE.fullmatch(value) else said(value, secret)
    return ""


def key_refused(host: str, detail: str = "") -> Problem:
    return Problem(
        f"Your API key was refused by {host}.",
        "Open Settings > Recognition to change it.",
        "recognition",
        detail,
    )


def key_missing(host: str) -> Problem:
    return Problem(
        f"There is no API key for {host}.",
        "Open Settings > Recognition to enter it.",
        "recognition",
    )


def no_answer(host: str, detail: str = "") -> Problem:
    return Problem(f"{host} did not answer.", KEPT, "try-again", detail, again_s=0.0)


def lost(host: str, detail: str = "") -> Problem:
    what = f"The connection to {host} was lost."
    return Problem(what, f"{KEPT} Try again.", "try-again", detail, again_s=0.0)


def busy(host: str, detail: str = "", after_s: float = 0.0) -> Problem:
    remedy = f"{KEPT} Try again in a moment."
    return Problem(f"{host} is busy.", remedy, "try-again", detail, again_s=after_s)


def asked_s(words: str) -> float:
    """How long to wait, as a server's words have it: “try again in 1m2.5s”; 0.0 without any."""
    found = _AGAIN_IN.search(words)
    if not found:
        return 0.0
    seconds = float(found["seconds"] or 0) / (1000 if found["ms"] else 1)
    return min(MOST_WAIT_S, 60 * float(found["minutes"] or 0) + seconds)


def header_s(retry_after: str) -> float:
    """The same of a header `Retry-After`; only seconds are read, nobody here sends a date."""
    seconds = retry_after.strip()
    return min(MOST_WAIT_S, float(seconds)) if re.fullmatch(r"\d{1,6}", seconds) else 0.0


def not_a_speech_server(host: str, detail: str = "") -> Problem:
    return Problem(
        f"{host} answered, but not as a speech server.",
        "The address may need /v1 at its end.",
        "recognition",
        detail,
    )


def by_code(host: str, model: str, code: str, words: str) -> Problem:
    """From an `error` event: `code` is the server's, `words` what it said, already scrubbed.

    LiteLLM tells of a model it does not have in its words only.
    """
    detail = f"{host}: {code or 'error'}: {words}"
    if code in NO_KEY:
        return key_refused(host, detail)
    if code in NO_CREDIT:
        who = "OpenAI" if host == OPENAI else host
        return Problem(
            f"{who} says the account has no credit left.",
            "Add credit, or use this computer.",
            "recognition",
            detail,
        )
    if code in NO_MODEL or (code == "server_error" and "Invalid model name" in words):
        return Problem(
            f"{host} does not know the model “{model}”.",
            "Choose one it has.",
            "recognition",
            detail,
        )
    if code in BUSY:
        return busy(host, detail, asked_s(words))
    if code == "session_expired":
        return Problem(
            f"{host} ended the session at its longest time.",
            f"{KEPT} Try again.",
            "try-again",
            detail,
            again_s=0.0,
        )
    quoted = f" It says: “{words}”" if words else ""
    what = f"{host} could not recognise this.{quoted}"
    return Problem(what, f"{KEPT} Try again.", "try-again", detail, again_s=0.0)


def of_settings(host: str, model: str, code: str, words: str) -> Problem:
    """From an `error` event before the session was ready."""
    if code in NOT_OF_OPTIONS:
        return by_code(host, model, code, words)
    quoted = f" It says: “{words}”" if words else ""
    return Problem(
        f"{host} did not take the settings for “{model}”.{quoted}",
        "Open Settings > Recognition and check the address, the model and the language.",
        "recognition",
        f"{host}: {code or 'error'}: {words}",
    )


def by_close(host: str, model: str, close: int, reason: str) -> Problem:
    """From a close code; OpenAI's reason is `<type>.<code>`, already scrubbed."""
    detail = f"{host}: closed with {close}{': ' if reason else ''}{reason}"
    code = reason.rpartition(".")[2]
    if close in (3000, 1008):  # 1008: speaches answers a wrong key so
        return key_refused(host, detail)
    if close == 4000:
        return of_settings(host, model, code, reason)
    if close == 1001:
        return by_code(host, model, "session_expired", reason)
    if close in (1002, 1003, 1007, 1009):  # one side broke the protocol of sockets
        return not_a_speech_server(host, detail)
    return lost(host, detail)


def by_status(host: str, status: int, retry_after: str = "") -> Problem:
    """From the HTTP status that came instead of a socket, and the header `Retry-After`."""
    detail = f"{host}: HTTP {status}"
    if status == 401:
        return key_refused(host, detail)
    if status == 403:  # LiteLLM's answer to a wrong key, OpenAI's to a wrong path
        return Problem(
            f"{host} refused the connection.",
            "Check the key and the address in Settings > Recognition.",
            "recognition",
            detail,
        )
    if status == 429:
        return busy(host, detail, header_s(retry_after))
    if status >= 500:
        what, remedy = f"{host} cannot answer now.", f"{KEPT} Try again in a moment."
        return Problem(what, remedy, "try-again", detail, again_s=header_s(retry_after))
    return not_a_speech_server(host, detail)
