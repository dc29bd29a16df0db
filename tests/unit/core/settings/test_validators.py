from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.core.problems import ProblemError
from sayso.core.settings.file_format import from_dict
from sayso.core.settings.settings import Settings, put
from sayso.core.settings.validators import (
    MAX_HEADERS,
    MAX_KEYWORDS,
    MAX_VALUE_CHARS,
    check_prompt,
    check_secret_header,
    parse_headers,
    parse_keywords,
)

ACCEPTED = {
    "none": ("", {}),
    "one": ("X-Team: sound", {"X-Team": "sound"}),
    "several, with empty lines": ("\nA: 1\n\n B : two words \n", {"A": "1", "B": "two words"}),
    "a colon in the value": ('cf-aig-metadata: {"a":1}', {"cf-aig-metadata": '{"a":1}'}),
    "duplicate with another case": ("X-a: 1\nX-A: 2", {"X-A": "2"}),
    "Windows line ends": ("A: 1\r\nB: 2\r\n", {"A": "1", "B": "2"}),
}
REJECTED = {
    "no colon": ("A: 1\nBearer sk-1", "Line 2 is not a header. Use the form Name: value."),
    "no name": (": x", "is not a header"),
    "a name with a space": ("My Team: x", "is not a header"),
    "a long name": (f"{'x' * 81}: y", "is not a header"),
    "no value": ("X-Team:", "The value of X-Team must be"),
    "a value that is not ASCII": ("X-Team: Ärger", "The value of X-Team must be"),
    "a long value": (f"X: {'y' * (MAX_VALUE_CHARS + 1)}", f"1 to {MAX_VALUE_CHARS} ASCII"),
    "the API key": ("Authorization: Bearer sk-1", "Authorization contains a secret. Enter it"),
    "Azure's key": ("API-Key: 1", "contains a secret"),
    "speaches' key": ("x-api-key: 1", "contains a secret"),
    "Cloudflare's token": ("cf-aig-authorization: 1", "contains a secret"),
    "a proxy's key": ("Proxy-Authorization: 1", "contains a secret"),
    "a cookie": ("cookie: a=b", "contains a secret"),
    "the host": ("Host: elsewhere", "Sayso sends Host itself. Leave it out."),
    "the websocket upgrade": ("Sec-WebSocket-Protocol: realtime", "itself"),
    "the beta session shape": ("OpenAI-Beta: realtime=v1", "itself"),
    "too many": (
        "\n".join(f"X-{n}: 1" for n in range(MAX_HEADERS + 1)),
        f"The maximum is {MAX_HEADERS}",
    ),
}


@pytest.mark.parametrize(("text", "headers"), ACCEPTED.values(), ids=ACCEPTED)
def test_headers_are_parsed(text: str, headers: dict[str, str]) -> None:
    assert parse_headers(text) == headers


@pytest.mark.parametrize(("text", "reason"), REJECTED.values(), ids=REJECTED)
def test_an_invalid_header_is_explained_without_its_value(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)) as caught:
        parse_headers(text)
    assert "sk-1" not in str(caught.value)


@settings(deadline=None)
@given(st.text())
def test_accepted_headers_can_be_sent(text: str) -> None:
    try:
        headers = parse_headers(text)
    except ValueError:
        return
    for name, value in headers.items():
        assert name.isascii()
        assert value.isascii()
        assert f"{name}: {value}".isprintable()
        assert parse_headers(f"{name}: {value}") == {name: value}


@pytest.mark.parametrize("name", ["", "cf-aig-authorization", "X-API-Key"])
def test_a_secret_header_may_have_any_name_that_sayso_does_not_use(name: str) -> None:
    check_secret_header(name)


@pytest.mark.parametrize("name", ["a b", "Host", "Authorization", "API-Key", "x" * 81, "ä"])
def test_a_secret_header_that_sayso_sends_itself_is_rejected(name: str) -> None:
    with pytest.raises(ValueError, match=r"header name|Sayso sends"):
        check_secret_header(name)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        (" , ,", ()),
        ("Xenolab", ("Xenolab",)),
        ("Xenolab, AC-42 ,Anna Müller", ("Xenolab", "AC-42", "Anna Müller")),
        ("a,b,a", ("a", "b")),
    ],
)
def test_keywords_are_separated_by_commas(text: str, words: tuple[str, ...]) -> None:
    assert parse_keywords(text) == words


INVALID_KEYWORDS = {
    "line feed": ("a\nb", "Write all names and terms on one line, separated by commas."),
    "carriage return": ("a\rb", "Write all names and terms on one line"),
    "tag": ("ok, <b>", "“<b>” contains < or >. Servers do not accept these."),
    "greater than": ("a > b", "“a > b” contains < or >."),
    "control character": ("a\x00", "One of the terms contains a control character."),
    "long": ("ok," + "x" * 81, "“xxxxxxxxxxxxxxxxxxxx…” has 81 characters. The maximum is 80."),
    "many": (
        ",".join(map(str, range(MAX_KEYWORDS + 1))),
        "There are 101 terms. The maximum is 100.",
    ),
}


@pytest.mark.parametrize(("text", "reason"), INVALID_KEYWORDS.values(), ids=INVALID_KEYWORDS)
def test_keywords_that_a_server_would_reject_are_rejected(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_keywords(text)
    assert str(caught.value).startswith(reason)
    with pytest.raises(ProblemError) as problem:
        put(Settings(), "endpoint.keywords", text)
    assert reason in problem.value.problem.sentence
    kept, problems = from_dict({"endpoint": {"keywords": text, "model": "mine"}})
    assert (kept.endpoint.keywords, kept.endpoint.model, len(problems)) == ("", "mine", 1)


def test_a_prompt_has_a_maximum_length() -> None:
    check_prompt("x" * 1024)
    with pytest.raises(ProblemError, match=r"It has 1025 characters. The maximum is 1024."):
        put(Settings(), "endpoint.prompt", "x" * 1025)
