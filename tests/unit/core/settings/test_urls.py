from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.problems import ProblemError
from sayso.core.settings.urls import host_of, requires_api_key, websocket_url, with_query

KEY = "sk-canary-1234567890"


@pytest.mark.parametrize(
    ("entered", "socket"),
    [
        ("wss://api.openai.com/v1/realtime", "wss://api.openai.com/v1/realtime"),
        ("https://api.openai.com/v1", "wss://api.openai.com/v1/realtime"),
        (" https://api.openai.com/v1/ ", "wss://api.openai.com/v1/realtime"),
        ("https://host", "wss://host/realtime"),
        ("https://host:8443/v1?route=a&b=", "wss://host:8443/v1/realtime?route=a&b="),
        ("wss://host/openai/v1/realtime/?x=1#top", "wss://host/openai/v1/realtime?x=1"),
        ("HTTPS://Host/v1", "wss://Host/v1/realtime"),
        ("http://localhost:8000/v1", "ws://localhost:8000/v1/realtime"),
        ("ws://127.0.0.1:8000/v1/realtime", "ws://127.0.0.1:8000/v1/realtime"),
        ("ws://127.3.2.1", "ws://127.3.2.1/realtime"),
        ("http://[::1]:9/v1", "ws://[::1]:9/v1/realtime"),
    ],
)
def test_an_entered_address_becomes_a_websocket_address(entered: str, socket: str) -> None:
    assert websocket_url(entered) == socket


@pytest.mark.parametrize("allowed", ["192.168.1.20", "192.168.1.20:8000", " 192.168.1.20 "])
def test_the_allowed_host_may_be_unencrypted(allowed: str) -> None:
    url = "http://192.168.1.20:8000/v1"
    assert websocket_url(url, allowed) == "ws://192.168.1.20:8000/v1/realtime"


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("ws://speech.example/v1", ""),
        ("http://192.168.1.20:8000/v1", ""),
        ("http://192.168.1.20:8000/v1", "192.168.1.2"),
        ("http://192.168.1.20:8000/v1", "192.168.1.20:9000"),
        ("ws://localhost.example/v1", ""),
        ("ws://127.0.0.1.example/v1", ""),
        ("ws://[fe80::1]/v1", ""),
        ("ws://api.openai.com/v1", "api.openai.com"),
    ],
)
def test_other_hosts_must_be_encrypted(url: str, allowed: str) -> None:
    with pytest.raises(ProblemError, match=r"would not be encrypted. Use wss"):
        websocket_url(url, allowed)


def test_an_ipv6_host_is_allowed_with_and_without_brackets() -> None:
    for allowed in ("fd00::1", "[fd00::1]", "[fd00::1]:80"):
        assert websocket_url("ws://[fd00::1]/v1", allowed) == "ws://[fd00::1]/v1/realtime"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "The server has no address."),
        ("  ", "The server has no address."),
        ("api.openai.com", "not complete"),
        ("localhost:8000", "not complete"),
        ("ftp://host/v1", "not complete"),
        ("wss:///v1", "not complete"),
        ("wss://host:0/v1", "not complete"),
        ("wss://host:port/v1", "not valid"),
        ("wss://[::1/v1", "not valid"),
        ("wss://a..b/v1", "not valid"),
        (f"wss://{'x' * 64}.example/v1", "not valid"),
        ("wss://ho st/v1", "contains a space"),
        ("wss://host/v1\r\nX: y", "contains a space"),
        (f"wss://{KEY}@host/v1", "contains a user name"),
        (f"wss://user:{KEY}@host/v1", "contains a user name"),
    ],
)
def test_an_invalid_address_is_rejected(url: str, sentence: str) -> None:
    with pytest.raises(ProblemError, match=sentence) as caught:
        websocket_url(url)
    assert KEY not in repr(caught.value.problem)
    assert caught.value.problem.code.startswith("server.")


@given(st.text() | st.text("ws:/h@.1[]?#%\x00é").map(lambda rest: f"wss://{rest}"))
def test_any_text_is_either_an_address_or_a_problem(url: str) -> None:
    try:
        socket = websocket_url(url)
    except ProblemError:
        return
    assert socket.startswith(("wss://", "ws://"))
    assert host_of(socket)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://API.openai.com/v1", "api.openai.com"),
        ("wss://api.openai.com:443/v1", "api.openai.com"),
        ("ws://localhost:80", "localhost"),
        ("ws://localhost:443", "localhost:443"),
        ("ws://127.0.0.1:8123/v1/realtime", "127.0.0.1:8123"),
        ("wss://[::1]:8443/", "[::1]:8443"),
        ("wss://[::1]/", "[::1]"),
    ],
)
def test_an_api_key_is_named_by_host_and_nonstandard_port(url: str, host: str) -> None:
    assert host_of(url) == host


def test_the_query_is_kept_and_extended() -> None:
    assert with_query("wss://h/r?a=1&m=x", {"m": "y", "i": "t"}) == "wss://h/r?a=1&m=x&i=t"
    assert with_query("wss://h/r?m=x&a=", {"i": "t"}, frozenset({"m"})) == "wss://h/r?a=&i=t"


def test_only_openai_is_known_to_require_an_api_key() -> None:
    assert requires_api_key("api.openai.com")
    assert not requires_api_key("127.0.0.1:8123")
