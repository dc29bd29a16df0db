"""What is said of a server fits the pill: what happened, and what to do, are both seen."""

from __future__ import annotations

import socket
import ssl

import pytest

from sayso.core.problems import Problem
from sayso.stt.server.errors import messages
from sayso.stt.server.errors.connection import CERTIFICATE_ERRORS, connection_failed
from sayso.stt.server.errors.http_status import from_http_status

HOST, MODEL = "speech.example:443", "transcribe-largest"
"""As long as the pill lets a name be where it needs the room."""
MAX_MESSAGE_CHARS, MAX_REMEDY_CHARS = 55, 52
"""Characters, the full stop too, of a usual font in the 340 px left beside one button."""
SERVER_MESSAGE = "The audio could not be decoded because the buffer was smaller than 100 ms."
OPENAI = "api.openai.com"


def certificate_error(number: int) -> Exception:
    error = ssl.SSLCertVerificationError("no")
    error.verify_code = number
    return error


CODES = [*sorted(messages.CODES_NOT_ABOUT_OPTIONS), "missing_model", "session_expired", ""]
STATUSES = [301, 400, 401, 402, 403, 404, 405, 407, 408, 429, 500, 504, 511]
ERRORS = [
    *map(certificate_error, (0, *CERTIFICATE_ERRORS)), ssl.SSLError(1, "no"), TimeoutError(), ImportError(),  # noqa: E501
    OSError(), ConnectionResetError(), socket.gaierror(), ValueError(),
]  # fmt: skip
PROBLEMS: dict[str, Problem] = {
    **{f"{host} {c}": messages.from_error_code(host, MODEL, c, SERVER_MESSAGE) for host in (HOST, OPENAI)  # noqa: E501
       for c in CODES},
    **{f"words {n}": say(HOST, MODEL, "") for n, say in enumerate(messages.MESSAGE_PATTERNS.values())},  # noqa: E501
    **{f"HTTP {status}": from_http_status(HOST, status) for status in STATUSES},
    **{f"{host} {n}": connection_failed(host, error) for host in (HOST, OPENAI)
       for n, error in enumerate(ERRORS)},
    "moved": from_http_status(HOST, 308, {"Location": "https://new.example:8443/v1"}),
    "settings": messages.settings_rejected(HOST, MODEL, "odd", SERVER_MESSAGE),
    "settings, without a word": messages.settings_rejected(HOST, MODEL, "odd", ""),
    "closed": messages.from_close_code(HOST, MODEL, 1006, ""),
    "a call": messages.call_rejected(HOST),
    "busy for long": messages.busy(HOST, after_s=3600.0),
    "no key": messages.api_key_missing(HOST),
}  # fmt: skip


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_what_happened_and_what_to_do_have_room(problem: Problem) -> None:
    """Of a server's own words the end may be cut off."""
    ours, _, quoted = problem.message.partition(" It says: “")
    assert len(ours) <= MAX_MESSAGE_CHARS
    assert not quoted or quoted == f"{SERVER_MESSAGE}”"
    assert 0 < len(problem.remedy) <= MAX_REMEDY_CHARS
