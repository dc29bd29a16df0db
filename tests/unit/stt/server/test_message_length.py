"""What is said of a server fits the pill: what happened, and what to do, are both seen."""

from __future__ import annotations

import socket
import ssl

import pytest

from sayso.core.problems import Problem
from sayso.stt.server.errors import messages
from sayso.stt.server.errors.connection import CERTIFICATES, unreachable
from sayso.stt.server.errors.http_status import by_status

HOST, MODEL = "speech.example:443", "transcribe-largest"
"""As long as the pill lets a name be where it needs the room."""
MOST_WHAT, MOST_REMEDY = 55, 52
"""Characters, the full stop too, of a usual font in the 340 px left beside one button."""
WORDS = "The audio could not be decoded because the buffer was smaller than 100 ms."
OPENAI = "api.openai.com"


def untrusted(number: int) -> Exception:
    error = ssl.SSLCertVerificationError("no")
    error.verify_code = number
    return error


CODES = [*sorted(messages.NOT_OF_OPTIONS), "missing_model", "session_expired", ""]
STATUSES = [301, 400, 401, 402, 403, 404, 405, 407, 408, 429, 500, 504, 511]
ERRORS = [
    *map(untrusted, (0, *CERTIFICATES)), ssl.SSLError(1, "no"), TimeoutError(), ImportError(),
    OSError(), ConnectionResetError(), socket.gaierror(), ValueError(),
]  # fmt: skip
ALL: dict[str, Problem] = {
    **{f"{host} {c}": messages.by_code(host, MODEL, c, WORDS) for host in (HOST, OPENAI)
       for c in CODES},
    **{f"words {n}": say(HOST, MODEL, "") for n, say in enumerate(messages.MEANINGS.values())},
    **{f"HTTP {status}": by_status(HOST, status) for status in STATUSES},
    **{f"{host} {n}": unreachable(host, error) for host in (HOST, OPENAI)
       for n, error in enumerate(ERRORS)},
    "moved": by_status(HOST, 308, {"Location": "https://new.example:8443/v1"}),
    "settings": messages.of_settings(HOST, MODEL, "odd", WORDS),
    "settings, without a word": messages.of_settings(HOST, MODEL, "odd", ""),
    "closed": messages.by_close(HOST, MODEL, 1006, ""),
    "a call": messages.no_call(HOST),
    "busy for long": messages.busy(HOST, after_s=3600.0),
    "no key": messages.key_missing(HOST),
}  # fmt: skip


@pytest.mark.parametrize("problem", ALL.values(), ids=ALL)
def test_what_happened_and_what_to_do_have_room(problem: Problem) -> None:
    """Of a server's own words the end may be cut off."""
    ours, _, quoted = problem.what.partition(" It says: “")
    assert len(ours) <= MOST_WHAT
    assert not quoted or quoted == f"{WORDS}”"
    assert 0 < len(problem.remedy) <= MOST_REMEDY
