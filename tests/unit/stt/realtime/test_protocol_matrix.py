"""Every way in which servers reject a session, and the resulting problem.

The sections of `docs/realtime-protocol.md` list them; other close codes and codes follow.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.core.problems import Problem
from sayso.core.problems import server as problems
from sayso.core.settings.endpoint import Endpoint
from sayso.stt.realtime.messages import Rejected
from sayso.stt.realtime.openai import OpenAIProtocol
from sayso.stt.server.auth import Credentials
from sayso.stt.server.errors.connection import connection_failed
from sayso.stt.server.errors.http_status import from_http_status
from sayso.stt.server.errors.messages import no_response, server_problem

KEY = "sk-proj-0123456789abcdefghijklmnop"
OPENAI_URL, GATEWAY = "wss://api.openai.com/v1", "wss://gw.example/v1"
REQUEST_ERROR = "invalid_request_error"
AVOIDED_WORDS = ("invalid", "illegal", "fatal", "failed to", "please", "oops", "sorry", "!")


def create(url: str = OPENAI_URL, key: str = KEY) -> OpenAIProtocol:
    return OpenAIProtocol(Endpoint(url=url, model="m-1"), Credentials(key))


def on_error(
    code: str | None,
    message: str,
    *,
    url: str = OPENAI_URL,
    kind: str = REQUEST_ERROR,
    param: str | None = None,
    ready: bool = False,
    failed: bool = False,
) -> Problem:
    """Return the problem for an `error` event before or after the session is ready."""
    protocol = create(url)
    protocol.receive('{"type": "session.created"}')
    if ready:
        protocol.receive('{"type": "session.updated"}')
    error = {"type": kind, "code": code, "message": message, "param": param, "event_id": None}
    name = "conversation.item.input_audio_transcription.failed" if failed else "error"
    events = protocol.receive(json.dumps({"type": name, "event_id": "event_1", "error": error}))
    (refused,) = [event for event in events if isinstance(event, Rejected)]
    return refused.problem


def on_close(code: int, reason: str, url: str = OPENAI_URL) -> Problem:
    end = create(url).on_close(code, reason)
    assert isinstance(end, Rejected)
    return end.problem


def certificate_problem(number: int) -> Problem:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code = number
    return connection_failed("gw.example", error)


def status_problem(number: int, host: str = "gw.example", **headers: str) -> Problem:
    return from_http_status(
        host, number, {name.replace("_", "-"): said for name, said in headers.items()}
    )


WRONG_MODE = 'Model "m-1" is not supported in transcription mode.'
NO_PARAMETER = "You must not provide a model parameter for transcription sessions"
CONVERSATION = "Passing a transcription session update event to a realtime session is not allowed."
EMPTY_COMMIT = "Error committing input audio buffer: buffer too small."
HTML_HEADERS = {"Content_Type": "text/html; charset=utf-8"}

Row = tuple[Callable[[], Problem], str, str]
MATRIX: dict[str, Row] = {
    # addresses
    "not in transcription mode": (
        lambda: on_error("invalid_model", WRONG_MODE),
        "“m-1” is not a transcription model.", "Choose another model."),
    "close: invalid model": (
        lambda: on_close(4000, "invalid_request_error.invalid_model"),
        "OpenAI does not know “m-1”.", "Choose another model."),
    "a model in the address": (
        lambda: on_error(None, NO_PARAMETER, url=GATEWAY),
        "gw.example rejects a model in its address.", "Do not put the model"),
    "a transcription model in the address": (
        lambda: on_error(None, "Model m-1 is a transcription model and cannot be used as the"
                              " realtime"
                     " session model.", url=GATEWAY),
        "gw.example rejects a model in its address.", "Do not put the model"),
    "a conversation was opened": (
        lambda: on_error(None, CONVERSATION, url=GATEWAY),
        "gw.example rejects a model in its address.", "Do not put the model"),
    "no model": (
        lambda: on_error("missing_model",
        "You must provide a model parameter.", url=GATEWAY),
        "gw.example requires a model.", "put the model in the address"),
    "a wrong path": (
        lambda: status_problem(403, "api.openai.com"),
        "OpenAI refused the connection.", "Check the API key and the address"),
    # 101 first, then an error and a close
    "a wrong key": (
        lambda: on_error("invalid_api_key", f"Incorrect API key provided: {KEY[:12]}***mnop."),
        "OpenAI rejected your API key.", "Check the key, or enter another one."),
    "close: invalid API key": (
        lambda: on_close(3000, "invalid_request_error.invalid_api_key"),
        "OpenAI rejected your API key.", "Check the key"),
    "no key": (
        lambda: on_error(None, "Missing bearer or basic authentication in header", url=GATEWAY),
        "There is no API key for gw.example.", "Enter your API key."),
    "the beta header": (
        lambda: on_error("beta_api_shape_disabled",
        "The Realtime Beta API is no longer supported."),
        "OpenAI no longer supports the beta API.", "OpenAI-Beta"),
    "close: beta API": (
        lambda: on_close(4000, "invalid_request_error.beta_api_shape_disabled"),
        "OpenAI no longer supports the beta API.", "OpenAI-Beta"),
    "sixty minutes": (
        lambda: on_error("session_expired",
        "Your session hit the maximum duration of 60 minutes.",
                     ready=True),
        "The session with OpenAI has expired.", "Your recording is kept."),
    "the close after sixty minutes": (
        lambda: on_close(1001, "Your session hit the maximum duration of 60 minutes."),
        "The session with OpenAI has expired.", "Try again."),
    "no quota": (
        lambda: on_error("insufficient_quota", "You exceeded your current quota."),
        "Your OpenAI account has no credit left.", "Add credit, or use this computer."),
    "no balance": (
        lambda: on_error("credit_balance_exhausted", "No.", ready=True),
        "Your OpenAI account has no credit left.", "Add credit"),
    "a gateway's account": (
        lambda: on_error("insufficient_quota", "No.", url=GATEWAY),
        "Your gw.example account has no credit left", "Add credit"),
    # the session
    "no turn detection": (
        lambda: on_error("invalid_value",
        "Turn detection is not supported for this transcription"
                     " model.", param="session.audio.input.turn_detection"),
        "OpenAI rejected the settings: “Turn detection is not",
        "the address, the model and the language"),
    "an unknown field": (
        lambda: on_error("unknown_parameter",
        "Unknown parameter: 'session.x'.", param="session.x"),
        "rejected the settings: “Unknown parameter", "Check"),
    "a wrong rate": (
        lambda: on_error("integer_below_min_value", "Expected a value >= 24000.",
                     param="session.audio.input.format.rate"),
        "rejected the settings: “Expected a value", "Check"),
    "a model that has to be there": (
        lambda: on_error("missing_required_parameter", "Missing required parameter",
                     param="session.audio.input.transcription.model"),
        "does not know “m-1”", "Choose another model."),
    # in the session
    "rate limit": (
        lambda: on_error("rate_limit_exceeded", "Rate limit reached. Please try again in 20s.",
                     ready=True),
        "OpenAI is busy.", "Your recording is kept. Try again in 20 s."),
    "rate limit in minutes": (
        lambda: on_error("rate_limit_exceeded", "Please try again in 6m0s.", ready=True),
        "OpenAI is busy.", "Try again in 6 minutes."),
    "rate limit without a time": (
        lambda: on_error("rate_limit_exceeded", "Slow down.", ready=True),
        "OpenAI is busy.", "Try again in a moment."),
    "server error": (
        lambda: on_error("server_error",
        "The server had an error.", kind="server_error", ready=True),
        "OpenAI could not transcribe this: “The server had an error.”",
        "Your recording is kept. Try again."),
    "an item that fails": (
        lambda: on_error(None, "Input transcription failed for item 'item_1'.", kind="server_error",
                     ready=True, failed=True),
        "could not transcribe this: “Input transcription failed", "Try again."),
    "wrong JSON": (
        lambda: on_error("invalid_json", "We could not parse it.", ready=True),
        "could not transcribe this: “We could not parse it.”", "kept"),
    "a binary frame": (
        lambda: on_error("invalid_event", "Expected a text WebSocket message.", ready=True),
        "could not transcribe this: “Expected a text WebSocket message.”", "kept"),
    "an empty commit out of turn": (
        lambda: on_error("input_audio_buffer_commit_empty", EMPTY_COMMIT, ready=True),
        "could not transcribe this: “Error committing", "kept"),
    # HTTP in place of 101
    "HTTP 400": (lambda: status_problem(400), "gw.example refused the connection.", "the model"),
    "HTTP 401": (lambda: status_problem(401), "rejected your API key.", "Check the key"),
    "HTTP 402": (lambda: status_problem(402), "Your gw.example account has no credit left",
        "Add credit"),
    "HTTP 403": (lambda: status_problem(403), "gw.example refused the connection.",
        "Check the API key"),
    "HTTP 404": (lambda: status_problem(404), "There is no speech server at gw.example.",
        "/v1 at its end"),
    "HTTP 405": (lambda: status_problem(405), "does not accept live audio here.",
        "send audio after release"),
    "HTTP 426": (lambda: status_problem(426), "does not accept live audio here.",
        "send audio after release"),
    "HTTP 407": (lambda: status_problem(407), "The proxy cannot reach gw.example.",
        "system settings"),
    "HTTP 408": (lambda: status_problem(408), "gw.example did not respond.",
        "Your recording is kept."),
    "HTTP 429": (lambda: status_problem(429), "gw.example is busy.", "Try again in a moment."),
    "HTTP 429 with a time": (
        lambda: status_problem(429, retry_after="30"), "gw.example is busy.", "Try again in 30 s."),
    "HTTP 500": (lambda: status_problem(500), "gw.example is unavailable.",
        "Try again in a moment."),
    "HTTP 502": (lambda: status_problem(502, **HTML_HEADERS), "gw.example is unavailable.", "kept"),
    "HTTP 503": (lambda: status_problem(503), "gw.example is unavailable.", "kept"),
    "HTTP 504": (lambda: status_problem(504), "gw.example did not respond.", "kept"),
    "HTTP 301 to another host": (
        lambda: status_problem(301, location="https://user:pass@new.example/v1"),
        "gw.example redirects to another address.",
        "Enter new.example, if you trust it."),
    "HTTP 308 without a host": (
        lambda: status_problem(308, location="/v2"), "gw.example redirects to another address.",
        "Enter"),
    "HTTP 302 to no address": (
        lambda: status_problem(302, location="https://[x/"), "redirects to another address.",
        "Enter"),
    "HTTP 302 to a key": (
        lambda: status_problem(302, location=f"https://{KEY}/"), "redirects to another address.",
        "Enter"),
    # captive portals
    "HTML with 200": (
        lambda: status_problem(200, **HTML_HEADERS), "A web page answered instead of gw.example.",
        "Sign in to this"),
    "HTML with 302": (
        lambda: status_problem(302, **HTML_HEADERS), "A web page answered instead of gw.example.",
        "Sign in to this network"),
    "redirect at OpenAI": (
        lambda: status_problem(302, "api.openai.com", Location="http://login.hotel.example/"),
        "A web page answered instead of OpenAI.", "Sign in"),
    "a redirect to the router": (
        lambda: status_problem(307, location="http://10.0.0.1/login"), "A web page answered",
        "Sign in"),
    "a redirect to the router's name": (
        lambda: status_problem(307, location="http://fritz.local/login"), "A web page answered",
        "Sign in"),
    "HTTP 511": (lambda: status_problem(511), "A web page answered instead of gw.example.",
        "Sign in"),
    "200 and no page": (lambda: status_problem(200), "There is no speech server at gw.example.",
        "/v1"),
    # TLS and the network
    "an untrusted certificate": (
        lambda: certificate_problem(18), "The certificate of gw.example is not trusted.",
        "sign in"),
    "a certificate for another name": (
        lambda: certificate_problem(62), "The certificate is not for gw.example.", "address"),
    "expired certificate": (
        lambda: certificate_problem(10), "The certificate of gw.example has expired.", "clock"),
    "certificate that is not valid yet": (
        lambda: certificate_problem(9), "The certificate of gw.example is not valid yet.", "clock"),
    "no TLS there": (
        lambda: connection_failed("gw.example", ssl.SSLError(1, "wrong version number")),
        "There is no secure connection to gw.example.", "the port"),
    "a wrong host": (
        lambda: connection_failed("gw.exmaple", socket.gaierror(-2, "Name or service not known")),
        "gw.exmaple was not found.", "Check the address"),
    "nothing listens": (
        lambda: connection_failed("gw.example:1", ConnectionRefusedError(111, "refused")),
        "No server responds at gw.example:1.", "Check that the server is running."),
    "no network": (
        lambda: connection_failed("api.openai.com", socket.gaierror(-3, "Temporary failure")),
        "There is no internet connection.", "can be transcribed later"),
    "no answer": (
        lambda: connection_failed("gw.example", TimeoutError()), "gw.example did not respond.",
        "kept"),
    # WebRTC and gateways
    "WebRTC offer rejected without a message": (
        lambda: server_problem(problems.WEBRTC_REJECTED, "api.openai.com"),
        "OpenAI rejected the WebRTC connection.", "uncompressed"),
    "Azure requires a short-lived key": (
        lambda: on_error(None, "This operation requires ephemeral authentication", url=GATEWAY),
        "gw.example requires a short-lived key.", "Use short-lived keys"),
    "LiteLLM does not have it": (
        lambda: on_error("server_error",
        "400: {'error': 'Invalid model name passed in model=m-1.'}",
                     kind="server_error", url=GATEWAY),
        "gw.example does not know “m-1”.", "Choose another model."),
    "a key with less permission": (
        lambda: on_error(None, "You have insufficient permissions for this operation. Missing"
                              " scopes:"
                     " api.model.audio.request."),
        "Your API key cannot transcribe at OpenAI.", "Give it that"),
    "a country that is not served": (
        lambda: on_error("unsupported_country_region_territory", "Country not supported"),
        "OpenAI is not available in your country.", "Use this computer"),
    # closes without an error before them
    "closed with 1006": (
        lambda: on_close(1006, ""), "Lost the connection to OpenAI.", "Try again."),
    "closed with 1008": (
        lambda: on_close(1008, ""), "OpenAI rejected your API key.", "Check the key"),
    "closed with 1009": (
        lambda: on_close(1009, "too big"), "There is no speech server at OpenAI.", "/v1"),
    "closed with 1011": (
        lambda: on_close(1011, "oh"), "Lost the connection to OpenAI.", "kept"),
    "closed with 1012": (
        lambda: on_close(1012, ""), "Lost the connection to OpenAI.", "kept"),
    "closed with 1013": (
        lambda: on_close(1013, ""), "Lost the connection to OpenAI.", "kept"),
    "closed with 1015": (
        lambda: on_close(1015, ""), "Lost the connection to OpenAI.", "kept"),
    "closed with 3000 and no code": (
        lambda: on_close(3000, "invalid_request_error"),
        "OpenAI rejected your API key.", "Check the key"),
    "closed for no model": (
        lambda: on_close(4000, "invalid_request_error.missing_model"),
        "OpenAI requires a model.", "Choose one"),
    "closed with an unknown code": (
        lambda: on_close(4000, "invalid_request_error.odd"),
        "OpenAI rejected the settings: “", "the address"),
    # codes
    "model_not_found": (
        lambda: on_error("model_not_found", "No."), "does not know “m-1”",
        "Choose another model"),
    "unknown code": (
        lambda: on_error("odd", "Bad."),
        "rejected the settings: “Bad.”", "the model"),
    "unknown code without a message": (
        lambda: on_error("odd", ""), "rejected the settings.", "the address"),
    "neither code nor message": (
        lambda: on_error(None, "", ready=True), "could not transcribe this.",
        "Your recording is kept."),
    # without a request, and without a response
    "no key to show": (
        lambda: server_problem(problems.KEY_MISSING, "gw.example"),
        "There is no API key for gw.example.", "Enter your API key"),
    "silence": (
        lambda: no_response("gw.example"), "gw.example did not respond.",
        "Your recording is kept."),
}  # fmt: skip
WITHOUT_DETAIL = [
    MATRIX[name][0]
    for name in ("WebRTC offer rejected without a message", "no key to show", "silence")
]
"""Cases without details from a server."""


@pytest.mark.parametrize(("made", "what", "remedy"), MATRIX.values(), ids=MATRIX)
def test_every_failure_has_a_message_and_a_remedy(
    made: Callable[[], Problem], what: str, remedy: str
) -> None:
    problem = made()
    assert what in problem.message
    assert remedy in problem.remedy
    assert problem.code.startswith(("server.", "recognition."))
    assert problem.detail or made in WITHOUT_DETAIL
    assert "sk-" not in problem.sentence + problem.detail
    ours = re.sub("“.*?”", "", problem.sentence).lower()
    assert not [word for word in AVOIDED_WORDS if word in ours]


@settings(deadline=None)
@given(
    st.sampled_from(["error", "failed", "closed"]),
    st.text(max_size=60),
    st.from_regex(r"\A(sk-|ek_|gsk_|key-)[A-Za-z0-9]{16,40}\Z"),
    st.text(max_size=60),
    st.sampled_from(["message", "code", "type", "param"]),
    st.booleans(),
)
def test_an_api_key_in_a_server_message_is_never_shown(
    way: str, before: str, key: str, after: str, where: str, ours: bool
) -> None:
    protocol = create(GATEWAY, key if ours else KEY)
    protocol.receive('{"type": "session.created"}')
    said = f"{before} {key} {after}"
    if way == "closed":
        end = protocol.on_close(1011, said)
    else:
        error = {"type": REQUEST_ERROR, "code": None, "message": "No.", "param": None, where: said}
        name = "conversation.item.input_audio_transcription.failed" if way == "failed" else "error"
        if way == "failed":
            protocol.receive('{"type": "session.updated"}')
        (end,) = protocol.receive(json.dumps({"type": name, "error": error}))
    assert isinstance(end, Rejected)
    assert key not in end.problem.sentence + end.problem.detail
