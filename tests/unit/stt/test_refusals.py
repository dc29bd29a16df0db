from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.problems import Problem
from sayso.stt import refusals

KEY = "hunter2"
NEVER = ("invalid", "illegal", "fatal", "failed to", "please", "oops", "sorry", "!")


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
def test_what_a_server_says_is_shown_in_one_harmless_line(text: object, shown: str) -> None:
    assert refusals.said(text, KEY) == shown


@given(st.text(), st.from_regex(r"\Ask-[A-Za-z0-9]{20,48}\Z"))
def test_a_key_is_never_shown(text: str, key: str) -> None:
    assert key not in refusals.said(f"{text} {key} {text}")
    assert key not in refusals.said(f"{text}{key}{text}", key)


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
def test_a_code_is_read_leniently(error: dict[str, object], code: str) -> None:
    assert refusals.code_of(error, KEY) == code


def by_code(code: str, host: str = "api.openai.com", words: str = "No.") -> Problem:
    return refusals.by_code(host, "m-1", code, words)


@pytest.mark.parametrize(
    ("problem", "what", "remedy"),
    [
        (by_code("invalid_api_key"), "key was refused by api.openai.com", "Settings > Recognition"),
        (by_code("insufficient_quota"), "OpenAI says the account has no credit", "this computer"),
        (by_code("insufficient_quota", "h:1"), "h:1 says the account has no credit", "Add credit"),
        (by_code("model_not_found"), "does not know the model “m-1”", "Choose one it has."),
        (by_code("rate_limit_exceeded"), "api.openai.com is busy", "in a moment"),
        (by_code("session_expired"), "has run out", "recording is kept"),
        (by_code("server_error"), "could not recognise this. It says: “No.”", "kept. Try again."),
        (by_code("", words=""), "could not recognise this.", "Your recording is kept."),
        (refusals.of_settings("h", "m", "invalid_api_key", ""), "refused by h", "Settings"),
        (refusals.of_settings("h", "m", "x", "Bad."), "the settings for “m”. It says", "the model"),
        (refusals.of_settings("h", "m", "x", ""), "the settings for “m”.", "the address"),
        (refusals.by_close("h", "m", 3000, "invalid_request_error"), "key was refused", "change"),
        (refusals.by_close("h", "m", 1008, ""), "key was refused by h", "change it"),
        (refusals.by_close("h", "m", 4000, "e.missing_model"), "was not told which model", "Enter"),
        (refusals.by_close("h", "m", 4000, "e.odd"), "did not take the settings", "address"),
        (refusals.by_close("h", "m", 1001, "60 minutes"), "has run out", "Try again."),
        (refusals.by_close("h", "m", 1009, "too big"), "not as a speech server", "/v1"),
        (refusals.by_close("h", "m", 1006, ""), "connection to h was lost", "Try again."),
        (refusals.by_close("h", "m", 1011, "oh"), "connection to h was lost", "kept"),
        (refusals.by_close("h", "m", 1012, ""), "connection to h was lost", "kept"),
        (refusals.by_close("h", "m", 1013, ""), "connection to h was lost", "kept"),
        (refusals.by_close("h", "m", 1015, ""), "connection to h was lost", "kept"),
        (refusals.key_missing("h"), "no API key for h", "enter it"),
        (refusals.no_answer("h"), "h did not answer", "Your recording is kept."),
    ],
    ids=range(24),
)
def test_every_refusal_says_what_happened_and_what_to_do(
    problem: Problem, what: str, remedy: str
) -> None:
    assert what in problem.what
    assert remedy in problem.remedy
    assert problem.action in ("recognition", "try-again")
    said_by_us = re.sub("“.*?”", "", problem.sentence).lower()
    assert not [word for word in NEVER if word in said_by_us]


def test_litellm_tells_of_a_model_it_does_not_have_in_words_only() -> None:
    words = "400: {'error': '_arealtime: Invalid model name passed in model=nobody.'}"
    for problem in (
        refusals.by_code("gw.example", "nobody", "server_error", words),
        refusals.of_settings("gw.example", "nobody", "server_error", words),
    ):
        assert problem.what == "gw.example does not know the model “nobody”."
    assert "could not" in refusals.by_code("gw.example", "m", "server_error", "No.").what


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
def test_how_long_to_wait_is_read_from_the_words(words: str, seconds: float) -> None:
    assert refusals.asked_s(words) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("", 0.0), (" 20 ", 20.0), ("99999", 3600.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0)],
)
def test_how_long_to_wait_is_read_from_the_header(header: str, seconds: float) -> None:
    assert refusals.header_s(header) == seconds
