from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.core.settings.headers import MAX_HEADERS, MAX_VALUE_CHARS, parse_headers

no_deadline = settings(deadline=None)  # the computer may be

ACCEPTED = {
    "none": ("", {}),
    "one": ("X-Team: sound", {"X-Team": "sound"}),
    "several, with empty lines": ("\nA: 1\n\n B : two words \n", {"A": "1", "B": "two words"}),
    "a colon in the value": ('cf-aig-metadata: {"a":1}', {"cf-aig-metadata": '{"a":1}'}),
    "twice: the last, whatever its case": ("X-a: 1\nX-A: 2", {"X-A": "2"}),
    "ends of lines of another system": ("A: 1\r\nB: 2\r\n", {"A": "1", "B": "2"}),
}
REFUSED = {
    "no colon": ("A: 1\nBearer sk-1", "Line 2 is no header. Write it as: Name: value."),
    "no name": (": x", "is no header"),
    "a name with a space": ("My Team: x", "is no header"),
    "a name that is too long": (f"{'x' * 81}: y", "is no header"),
    "no value": ("X-Team:", "The value of X-Team is plain letters"),
    "a value of other letters": ("X-Team: Ärger", "The value of X-Team is plain letters"),
    "a value that is too long": (f"X: {'y' * (MAX_VALUE_CHARS + 1)}", f"{MAX_VALUE_CHARS} at most"),
    "the key": ("Authorization: Bearer sk-1", "Authorization is a secret. Enter it as the key."),
    "Azure's key": ("API-Key: 1", "is a secret"),
    "speaches' key": ("x-api-key: 1", "is a secret"),
    "Cloudflare's": ("cf-aig-authorization: 1", "is a secret"),
    "a proxy's": ("Proxy-Authorization: 1", "is a secret"),
    "a cookie": ("cookie: a=b", "is a secret"),
    "the host": ("Host: elsewhere", "Host is Sayso’s own. Leave it out."),
    "of the upgrade": ("Sec-WebSocket-Protocol: realtime", "is Sayso’s own"),
    "of the old shape": ("OpenAI-Beta: realtime=v1", "is Sayso’s own"),
    "too many": (
        "\n".join(f"X-{n}: 1" for n in range(MAX_HEADERS + 1)),
        f"{MAX_HEADERS} are the most",
    ),
}


@pytest.mark.parametrize(("text", "headers"), ACCEPTED.values(), ids=ACCEPTED)
def test_lines_are_headers(text: str, headers: dict[str, str]) -> None:
    assert parse_headers(text) == headers


@pytest.mark.parametrize(("text", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_header_or_not_the_users_is_said(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)) as caught:
        parse_headers(text)
    assert "sk-1" not in str(caught.value)


@no_deadline
@given(st.text())
def test_whatever_is_taken_can_be_sent(text: str) -> None:
    try:
        headers = parse_headers(text)
    except ValueError:
        return
    for name, value in headers.items():
        assert name.isascii()
        assert value.isascii()
        assert f"{name}: {value}".isprintable()
        assert parse_headers(f"{name}: {value}") == {name: value}
