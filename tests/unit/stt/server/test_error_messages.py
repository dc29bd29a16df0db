from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.stt.server.errors import messages
from sayso.stt.server.errors.http_status import retry_after_s
from sayso.stt.server.errors.redaction import error_code, redact

KEY = "hunter2"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Too fast.", "Too fast."),
        ("a\r\n\x00b\x1b[2Jc\u202ed", "a b [2Jc d"),
        ("Incorrect API key provided: sk-abc12***xyz.", "Incorrect API key provided: •••"),
        ("proj ****abcd wrong", "proj ••• wrong"),
        ("Bearer ey.J0 is wrong", "••• is wrong"),
        ("token 0123456789abcdefghij01 is wrong", "token ••• is wrong"),
        (f"the key {KEY} is wrong", "the key ••• is wrong"),
        ("input_audio_buffer_commit_empty is fine", "input_audio_buffer_commit_empty is fine"),
        ("a lone \ud800 half", "a lone half"),
        (None, ""),
        (7, ""),
        ("x " * 300, "x " * 99 + "x…"),
    ],
    ids=range(12),
)
def test_a_server_message_is_reduced_to_one_safe_line(text: object, shown: str) -> None:
    assert redact(text, KEY) == shown


@given(st.text(), st.from_regex(r"\Ask-[A-Za-z0-9]{20,48}\Z"))
def test_an_api_key_is_never_shown(text: str, key: str) -> None:
    assert key not in redact(f"{text} {key} {text}")
    assert key not in redact(f"{text}{key}{text}", key)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": "invalid_api_key"}, "invalid_api_key"),
        ({"code": None, "type": "server_error"}, "server_error"),
        ({"code": "", "type": 7}, ""),
        ({"code": "sk-0123456789abcdefghijkl"}, "•••"),
        ({"code": KEY, "type": "authentication_error"}, "authentication_error"),
        ({}, ""),
    ],
    ids=range(6),
)
def test_an_error_code_is_read_leniently(error: dict[str, object], code: str) -> None:
    assert error_code(error, KEY) == code


def test_litellm_names_an_unknown_model_only_in_its_message() -> None:
    words = "400: {'error': '_arealtime: Invalid model name passed in model=nobody.'}"
    for problem in (
        messages.from_error("gw.example", "nobody", "server_error", words),
        messages.from_error("gw.example", "nobody", "server_error", words, ready=False),
    ):
        assert problem.message == "gw.example does not know “nobody”."
    assert "could not" in messages.from_error("gw.example", "m", "server_error", "No.").message


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("", 0.0),
        ("Rate limit reached. Please try again in 20s. Visit …", 20.0),
        ("Please try again in 350ms.", 0.35),
        ("Please try again in 1m12.5s.", 72.5),
        ("try again in 2 minutes", 120.0),
        ("Try again in 6 seconds", 6.0),
        ("try again in 900000s", 3600.0),
        ("try again in a moment", 0.0),
        ("9 lives", 0.0),
    ],
)
def test_the_wait_is_read_from_the_message(words: str, seconds: float) -> None:
    assert messages.wait_in_message_s(words) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("", 0.0), (" 20 ", 20.0), ("99999", 3600.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0)],
)
def test_the_wait_is_read_from_the_header(header: str, seconds: float) -> None:
    assert retry_after_s(header) == seconds
