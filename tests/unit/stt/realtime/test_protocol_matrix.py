"""Every way of refusing there is, as the sentence it becomes.

PROTOCOL 1.1, 1.3, 1.5 and 1.8 list them; closes and codes that it does not list are at the end.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.problems import Problem
from sayso.stt.realtime.openai import OpenAI
from sayso.stt.realtime.protocol import Refused
from sayso.stt.server.errors.connection import unreachable
from sayso.stt.server.errors.http_status import by_status
from sayso.stt.server.errors.messages import key_missing, no_answer, no_call

KEY = "sk-proj-0123456789abcdefghijklmnop"
AT_OPENAI, GATEWAY = "wss://api.openai.com/v1", "wss://gw.example/v1"
REQUEST = "invalid_request_error"
NEVER = ("invalid", "illegal", "fatal", "failed to", "please", "oops", "sorry", "!")


def told(
    code: str | None,
    message: str,
    *,
    url: str = AT_OPENAI,
    kind: str = REQUEST,
    param: str | None = None,
    ready: bool = False,
    failed: bool = False,
) -> Problem:
    """What an `error` event becomes, before the session is ready or after."""
    talk = OpenAI(url, "m-1", KEY)
    talk.hear('{"type": "session.created"}')
    if ready:
        talk.hear('{"type": "session.updated"}')
    error = {"type": kind, "code": code, "message": message, "param": param, "event_id": None}
    name = "conversation.item.input_audio_transcription.failed" if failed else "error"
    events = talk.hear(json.dumps({"type": name, "event_id": "event_1", "error": error}))
    (refused,) = [event for event in events if isinstance(event, Refused)]
    return refused.problem


def hung_up(code: int, reason: str, url: str = AT_OPENAI) -> Problem:
    end = OpenAI(url, "m-1", KEY).closed(code, reason)
    assert isinstance(end, Refused)
    return end.problem


def untrusted(number: int) -> Problem:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code = number
    return unreachable("gw.example", error)


def status(number: int, host: str = "gw.example", **headers: str) -> Problem:
    return by_status(host, number, {name.replace("_", "-"): said for name, said in headers.items()})


MODE = 'Model "m-1" is not supported in transcription mode.'
NO_PARAMETER = "You must not provide a model parameter for transcription sessions"
CONVERSATION = "Passing a transcription session update event to a realtime session is not allowed."
EMPTY = "Error committing input audio buffer: buffer too small."
PAGE = {"Content_Type": "text/html; charset=utf-8"}

Row = tuple[Callable[[], Problem], str, str]
MATRIX: dict[str, Row] = {
    # 1.1: addresses
    "1.1 not in transcription mode": (
        lambda: told("invalid_model", MODE),
        "“m-1” does not transcribe.", "Choose a model that transcribes."),
    "1.1 its close": (
        lambda: hung_up(4000, "invalid_request_error.invalid_model"),
        "api.openai.com does not know “m-1”.", "Choose a model it has."),
    "1.1 a model in the address": (
        lambda: told(None, NO_PARAMETER, url=GATEWAY),
        "gw.example wants no model in its address.", "Take it out under Settings"),
    "1.1 a transcription model in the address": (
        lambda: told(None, "Model m-1 is a transcription model and cannot be used as the realtime"
                     " session model.", url=GATEWAY),
        "gw.example wants no model in its address.", "Take it out"),
    "1.1 a conversation was opened": (
        lambda: told(None, CONVERSATION, url=GATEWAY),
        "gw.example wants no model in its address.", "Take it out"),
    "1.1 no model": (
        lambda: told("missing_model", "You must provide a model parameter.", url=GATEWAY),
        "gw.example was told no model.", "let it stand in the address"),
    "1.1 a wrong path": (
        lambda: status(403, "api.openai.com"),
        "api.openai.com refused the connection.", "Check the key and the address"),
    # 1.3: 101 first, then an error and a close
    "1.3 a wrong key": (
        lambda: told("invalid_api_key", f"Incorrect API key provided: {KEY[:12]}***mnop."),
        "Your API key was refused by api.openai.com.", "Open Settings > Recognition to change it."),
    "1.3 its close": (
        lambda: hung_up(3000, "invalid_request_error.invalid_api_key"),
        "Your API key was refused by api.openai.com.", "Open Settings"),
    "1.3 no key": (
        lambda: told(None, "Missing bearer or basic authentication in header", url=GATEWAY),
        "There is no API key for gw.example.", "Open Settings > Recognition to enter it."),
    "1.3 the beta header": (
        lambda: told("beta_api_shape_disabled", "The Realtime Beta API is no longer supported."),
        "api.openai.com no longer speaks this old way.", "OpenAI-Beta"),
    "1.3 its close ": (
        lambda: hung_up(4000, "invalid_request_error.beta_api_shape_disabled"),
        "api.openai.com no longer speaks this old way.", "OpenAI-Beta"),
    "1.3 sixty minutes": (
        lambda: told("session_expired", "Your session hit the maximum duration of 60 minutes.",
                     ready=True),
        "The session with api.openai.com has run out.", "Your recording is kept."),
    "1.3 the close after sixty minutes": (
        lambda: hung_up(1001, "Your session hit the maximum duration of 60 minutes."),
        "The session with api.openai.com has run out.", "Try again."),
    "1.3 no quota": (
        lambda: told("insufficient_quota", "You exceeded your current quota."),
        "OpenAI says the account has no credit left.", "Add credit, or use this computer."),
    "1.3 no balance": (
        lambda: told("credit_balance_exhausted", "No.", ready=True),
        "OpenAI says the account has no credit left.", "Add credit"),
    "1.3 a gateway's account": (
        lambda: told("insufficient_quota", "No.", url=GATEWAY),
        "There is no credit left at gw.example.", "Add credit"),
    # 1.5: the session
    "1.5 no turn detection": (
        lambda: told("invalid_value", "Turn detection is not supported for this transcription"
                     " model.", param="session.audio.input.turn_detection"),
        "api.openai.com refused the settings. It says: “Turn detection is not",
        "the address, the model and the language"),
    "1.5 an unknown field": (
        lambda: told("unknown_parameter", "Unknown parameter: 'session.x'.", param="session.x"),
        "refused the settings. It says: “Unknown parameter", "Check"),
    "1.5 a wrong rate": (
        lambda: told("integer_below_min_value", "Expected a value >= 24000.",
                     param="session.audio.input.format.rate"),
        "refused the settings. It says: “Expected a value", "Check"),
    "1.5 a model that has to be there": (
        lambda: told("missing_required_parameter", "Missing required parameter",
                     param="session.audio.input.transcription.model"),
        "does not know “m-1”", "Choose a model it has."),
    # 1.8: in the session
    "1.8 rate limit": (
        lambda: told("rate_limit_exceeded", "Rate limit reached. Please try again in 20s.",
                     ready=True),
        "api.openai.com is busy.", "Your recording is kept. Try again in 20 s."),
    "1.8 rate limit in minutes": (
        lambda: told("rate_limit_exceeded", "Please try again in 6m0s.", ready=True),
        "api.openai.com is busy.", "Try again in 6 minutes."),
    "1.8 rate limit without a time": (
        lambda: told("rate_limit_exceeded", "Slow down.", ready=True),
        "api.openai.com is busy.", "Try again in a moment."),
    "1.8 server error": (
        lambda: told("server_error", "The server had an error.", kind="server_error", ready=True),
        "api.openai.com could not recognise this. It says: “The server had an error.”",
        "Your recording is kept. Try again."),
    "1.8 an item that fails": (
        lambda: told(None, "Input transcription failed for item 'item_1'.", kind="server_error",
                     ready=True, failed=True),
        "could not recognise this. It says: “Input transcription failed", "Try again."),
    "1.8 wrong JSON": (
        lambda: told("invalid_json", "We could not parse it.", ready=True),
        "could not recognise this. It says: “We could not parse it.”", "kept"),
    "1.8 a binary frame": (
        lambda: told("invalid_event", "Expected a text WebSocket message.", ready=True),
        "could not recognise this. It says: “Expected a text WebSocket message.”", "kept"),
    "1.8 an empty commit out of turn": (
        lambda: told("input_audio_buffer_commit_empty", EMPTY, ready=True),
        "could not recognise this. It says: “Error committing", "kept"),
    # HTTP in place of 101
    "HTTP 400": (lambda: status(400), "gw.example refused the connection.", "the model"),
    "HTTP 401": (lambda: status(401), "Your API key was refused by gw.example.", "Open Settings"),
    "HTTP 402": (lambda: status(402), "There is no credit left at gw.example.", "Add credit"),
    "HTTP 403": (lambda: status(403), "gw.example refused the connection.", "Check the key"),
    "HTTP 404": (lambda: status(404), "No speech server answers at gw.example.", "/v1 at its end"),
    "HTTP 405": (lambda: status(405), "takes no live sound here.", "whole recordings"),
    "HTTP 426": (lambda: status(426), "takes no live sound here.", "whole recordings"),
    "HTTP 407": (lambda: status(407), "The proxy does not lead to gw.example.", "system settings"),
    "HTTP 408": (lambda: status(408), "gw.example did not answer.", "Your recording is kept."),
    "HTTP 429": (lambda: status(429), "gw.example is busy.", "Try again in a moment."),
    "HTTP 429 with a time": (
        lambda: status(429, retry_after="30"), "gw.example is busy.", "Try again in 30 s."),
    "HTTP 500": (lambda: status(500), "gw.example cannot answer now.", "Try again in a moment."),
    "HTTP 502": (lambda: status(502, **PAGE), "gw.example cannot answer now.", "kept"),
    "HTTP 503": (lambda: status(503), "gw.example cannot answer now.", "kept"),
    "HTTP 504": (lambda: status(504), "gw.example did not answer.", "kept"),
    "HTTP 301 to another host": (
        lambda: status(301, location="https://user:pass@new.example/v1"),
        "gw.example sends Sayso elsewhere.",
        "Enter new.example, if you trust it."),
    "HTTP 308 without a host": (
        lambda: status(308, location="/v2"), "gw.example sends Sayso elsewhere.", "Enter"),
    "HTTP 302 to no address": (
        lambda: status(302, location="https://[x/"), "sends Sayso elsewhere.", "Enter"),
    "HTTP 302 to a key": (
        lambda: status(302, location=f"https://{KEY}/"), "sends Sayso elsewhere.", "Enter"),
    # captive portals
    "a page with 200": (
        lambda: status(200, **PAGE), "A web page came in place of gw.example.", "Sign in to this"),
    "a page with 302": (
        lambda: status(302, **PAGE), "A web page came in place of gw.example.",
        "Sign in to this network"),
    "OpenAI redirects nobody": (
        lambda: status(302, "api.openai.com", Location="http://login.hotel.example/"),
        "A web page came in place of api.openai.com.", "Sign in"),
    "a redirect to the router": (
        lambda: status(307, location="http://10.0.0.1/login"), "A web page came", "Sign in"),
    "a redirect to the router's name": (
        lambda: status(307, location="http://fritz.local/login"), "A web page came", "Sign in"),
    "HTTP 511": (lambda: status(511), "A web page came in place of gw.example.", "Sign in"),
    "200 and no page": (lambda: status(200), "No speech server answers at gw.example.", "/v1"),
    # TLS and the network
    "a certificate nobody vouches for": (
        lambda: untrusted(18), "The certificate of gw.example is not trusted.", "sign in"),
    "a certificate for another name": (
        lambda: untrusted(62), "The certificate is not for gw.example.", "address"),
    "an old certificate": (
        lambda: untrusted(10), "The certificate of gw.example has expired.", "clock"),
    "a certificate of tomorrow": (
        lambda: untrusted(9), "The certificate of gw.example is not valid yet.", "clock"),
    "no TLS there": (
        lambda: unreachable("gw.example", ssl.SSLError(1, "wrong version number")),
        "There is no secure connection to gw.example.", "the port"),
    "a wrong host": (
        lambda: unreachable("gw.exmaple", socket.gaierror(-2, "Name or service not known")),
        "gw.exmaple was not found.", "Check the address"),
    "nothing listens": (
        lambda: unreachable("gw.example:1", ConnectionRefusedError(111, "refused")),
        "Nothing answers at gw.example:1.", "Is the server running?"),
    "no network": (
        lambda: unreachable("api.openai.com", socket.gaierror(-3, "Temporary failure")),
        "There is no internet.", "can be recognised later"),
    "no answer": (
        lambda: unreachable("gw.example", TimeoutError()), "gw.example did not answer.", "kept"),
    # section 2 and 3
    "2 an offer refused without a word": (
        lambda: no_call("api.openai.com"),
        "api.openai.com refused the call.", "WebSocket"),
    "3.1 Azure wants a short-lived key": (
        lambda: told(None, "This operation requires ephemeral authentication", url=GATEWAY),
        "gw.example wants a short-lived key.", "fetched"),
    "3.2 LiteLLM does not have it": (
        lambda: told("server_error", "400: {'error': 'Invalid model name passed in model=m-1.'}",
                     kind="server_error", url=GATEWAY),
        "gw.example does not know “m-1”.", "Choose a model it has."),
    "a key with less permission": (
        lambda: told(None, "You have insufficient permissions for this operation. Missing scopes:"
                     " api.model.audio.request."),
        "Your key may not transcribe at api.openai.com.", "Give it that"),
    "a country that is not served": (
        lambda: told("unsupported_country_region_territory", "Country not supported"),
        "api.openai.com does not serve your country.", "Use this computer"),
    # closes without an error before them
    "closed with 1006": (
        lambda: hung_up(1006, ""), "connection to api.openai.com was lost.", "Try again."),
    "closed with 1008": (
        lambda: hung_up(1008, ""), "Your API key was refused by api.openai.com.", "change it"),
    "closed with 1009": (
        lambda: hung_up(1009, "too big"), "No speech server answers at api.openai.com.", "/v1"),
    "closed with 1011": (
        lambda: hung_up(1011, "oh"), "connection to api.openai.com was lost.", "kept"),
    "closed with 1012": (
        lambda: hung_up(1012, ""), "connection to api.openai.com was lost.", "kept"),
    "closed with 1013": (
        lambda: hung_up(1013, ""), "connection to api.openai.com was lost.", "kept"),
    "closed with 1015": (
        lambda: hung_up(1015, ""), "connection to api.openai.com was lost.", "kept"),
    "closed with 3000 and no code": (
        lambda: hung_up(3000, "invalid_request_error"),
        "Your API key was refused by api.openai.com.", "change it"),
    "closed for no model": (
        lambda: hung_up(4000, "invalid_request_error.missing_model"),
        "api.openai.com was told no model.", "Enter"),
    "closed for something new": (
        lambda: hung_up(4000, "invalid_request_error.odd"),
        "api.openai.com refused the settings.", "the address"),
    # codes
    "model_not_found": (
        lambda: told("model_not_found", "No."), "does not know “m-1”", "Choose a model"),
    "a code that is new": (
        lambda: told("odd", "Bad."),
        "refused the settings. It says: “Bad.”", "the model"),
    "a code that is new, without a word": (
        lambda: told("odd", ""), "refused the settings.", "the address"),
    "neither code nor word": (
        lambda: told(None, "", ready=True), "could not recognise this.", "Your recording is kept."),
    # before anything is asked, and without an answer
    "no key to show": (
        lambda: key_missing("gw.example"), "There is no API key for gw.example.", "enter it"),
    "silence": (
        lambda: no_answer("gw.example"), "gw.example did not answer.", "Your recording is kept."),
}  # fmt: skip
UNSAID = [
    MATRIX[name][0] for name in ("2 an offer refused without a word", "no key to show", "silence")
]
"""Nobody said anything that could be told in detail."""


@pytest.mark.parametrize(("made", "what", "remedy"), MATRIX.values(), ids=MATRIX)
def test_it_becomes_a_sentence_with_what_to_do(
    made: Callable[[], Problem], what: str, remedy: str
) -> None:
    problem = made()
    assert what in problem.what
    assert remedy in problem.remedy
    assert problem.action in ("recognition", "try-again")
    assert problem.detail or made in UNSAID
    assert "sk-" not in problem.sentence + problem.detail
    ours = re.sub("“.*?”", "", problem.sentence).lower()
    assert not [word for word in NEVER if word in ours]


@given(
    st.sampled_from(["error", "failed", "closed"]),
    st.text(max_size=60),
    st.from_regex(r"\A(sk-|ek_|gsk_|key-)[A-Za-z0-9]{16,40}\Z"),
    st.text(max_size=60),
    st.sampled_from(["message", "code", "type", "param"]),
    st.booleans(),
)
def test_a_key_in_what_a_server_says_never_comes_out(
    way: str, before: str, key: str, after: str, where: str, ours: bool
) -> None:
    talk = OpenAI(GATEWAY, "m-1", key if ours else KEY)
    talk.hear('{"type": "session.created"}')
    said = f"{before} {key} {after}"
    if way == "closed":
        end = talk.closed(1011, said)
    else:
        error = {"type": REQUEST, "code": None, "message": "No.", "param": None, where: said}
        name = "conversation.item.input_audio_transcription.failed" if way == "failed" else "error"
        if way == "failed":
            talk.hear('{"type": "session.updated"}')
        (end,) = talk.hear(json.dumps({"type": name, "error": error}))
    assert isinstance(end, Refused)
    assert key not in end.problem.sentence + end.problem.detail
