"""OpenAI's protocol: address, headers, session setup, rejections before it is ready, and audio."""

from __future__ import annotations

import base64
import json

import pytest

from sayso.core.problems import ProblemError
from sayso.core.settings.endpoint import Endpoint
from sayso.stt.engine import Ready
from sayso.stt.realtime.messages import Completed
from sayso.stt.realtime.openai import OpenAIProtocol
from unit.stt.openai_helpers import URL, completed, create, delta, error, ready, server_event
from unit.stt.protocol_helpers import KEY, rejection, sent_message

MIN_AUDIO_BYTES, PADDING_BYTES = 4_800, 9_600
"""100 and 200 ms."""

# Address, headers, session setup


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (URL, f"{URL}?intent=transcription"),
        ("https://api.openai.com/v1", f"{URL}?intent=transcription"),
        (f"{URL}?model=gpt-realtime", f"{URL}?intent=transcription"),
        ("https://gw.example/v1", "wss://gw.example/v1/realtime?intent=transcription&model=m-1"),
        ("wss://h/realtime?model=a", "wss://h/realtime?model=a&intent=transcription"),
        ("ws://[::1]:9/v1", "ws://[::1]:9/v1/realtime?intent=transcription&model=m-1"),
    ],
)
def test_the_model_is_in_the_address_except_at_openai(address: str, url: str) -> None:
    assert create(address, "m-1").url == url


def test_an_unencrypted_address_is_rejected_unless_allowed() -> None:
    with pytest.raises(ProblemError):
        create("ws://192.168.1.20:8000/v1")
    allowed = OpenAIProtocol(
        Endpoint(url="ws://192.168.1.20:8000/v1", allow_insecure="192.168.1.20")
    )
    assert allowed.host == "192.168.1.20:8000"


def test_the_api_key_is_in_one_header_and_in_no_repr() -> None:
    assert create().headers == {"Authorization": f"Bearer {KEY}"}
    assert OpenAIProtocol(Endpoint(url=URL)).headers == {}
    assert KEY not in repr(create())


@pytest.mark.parametrize(
    ("model", "language", "transcription"),
    [
        ("gpt-live-transcribe", "", {"model": "gpt-live-transcribe"}),
        ("gpt-live-transcribe", "de", {"model": "gpt-live-transcribe", "languages": ["de"]}),
        ("gpt-transcribe", "de", {"model": "gpt-transcribe", "languages": ["de"]}),
        ("whisper-1", "de", {"model": "whisper-1", "language": "de"}),
        ("my-own", "de", {"model": "my-own", "language": "de"}),
    ],
)
def test_the_session_is_updated_after_it_was_created(
    model: str, language: str, transcription: dict[str, object]
) -> None:
    protocol = create(model=model, language=language)
    [hello] = protocol.receive(server_event("session.created", session={"type": "transcription"}))
    update = sent_message(hello)
    assert update.pop("event_id")
    assert update == {
        "type": "session.update",
        "session": {
            "type": "transcription",
            "audio": {
                "input": {
                    "format": {"type": "audio/pcm", "rate": 24000},
                    "transcription": transcription,
                    "turn_detection": None,
                }
            },
        },
    }
    assert protocol.receive(server_event("session.created")) == []  # never twice
    assert protocol.receive(server_event("session.updated")) == [Ready()]
    assert protocol.receive(server_event("session.updated")) == []


def test_the_session_is_ready_only_after_its_update() -> None:
    protocol = create()
    assert protocol.receive(server_event("session.updated")) == []
    assert protocol.receive(delta("no")) == protocol.receive(completed("no")) == []
    protocol.receive(server_event("session.created"))
    assert protocol.receive(server_event("session.updated")) == [Ready()]


# Refused before ready


def configuring(model: str = "gpt-live-transcribe", language: str = "") -> OpenAIProtocol:
    protocol = create(model=model, language=language)
    protocol.receive(server_event("session.created"))
    return protocol


@pytest.mark.parametrize("param", ["languages", "languages[0]", "language"])
def test_a_rejected_language_is_removed_once(param: str) -> None:
    protocol = configuring(language="xx")
    refused = error("invalid_value", param=f"session.audio.input.transcription.{param}")
    [again] = protocol.receive(refused)
    transcription = sent_message(again)["session"]["audio"]["input"]["transcription"]
    assert transcription == {"model": "gpt-live-transcribe"}
    assert "rejected the settings" in rejection(protocol.receive(refused))
    assert protocol.receive(refused) == []


@pytest.mark.parametrize(
    ("code", "fields", "sentence"),
    [
        (
            "invalid_api_key",
            {"message": f"Incorrect API key provided: {KEY}."},
            "OpenAI rejected your API key. Check the key, or enter another one.",
        ),
        ("insufficient_quota", {}, "Your OpenAI account has no credit left."),
        ("invalid_model", {}, "does not know “gpt-live-transcribe”"),
        (
            "invalid_value",
            {"param": "session.audio.input.transcription.model"},
            "does not know “gpt-live-transcribe”",
        ),
        (
            "unknown_parameter",
            {"param": "session.audio.input.turn_detection"},
            "rejected the settings: “No.”",
        ),
        (None, {"message": None, "param": 7}, "rejected the settings"),
    ],
    ids=["key", "credit", "model", "model-param", "vad", "nothing"],
)
def test_an_error_before_ready_ends_the_session(
    code: str | None, fields: dict[str, object], sentence: str
) -> None:
    assert sentence in rejection(configuring().receive(error(code, **fields)))
    assert sentence in rejection(create().receive(error(code, **fields)))  # also before created


@pytest.mark.parametrize(
    "message",
    ["", "{", "[]", "null", "7", '"text"', b"\xff\x00", "[" * 100_000, "9" * 5000],
    ids=["empty", "half", "list", "null", "number", "text", "bytes", "deep", "long"],
)
def test_invalid_messages_are_rejected_before_ready_and_ignored_afterwards(
    message: str | bytes,
) -> None:
    assert "There is no speech server at" in rejection(create().receive(message))
    assert ready().receive(message) == []


@pytest.mark.parametrize("odd", [None, 0, "", [], {}, 1e999], ids=repr)
def test_an_error_of_any_shape_ends_the_session(odd: object) -> None:
    assert rejection(create().receive(json.dumps({"type": "error", "error": odd})))


# Audio


def test_audio_is_appended_unchanged() -> None:
    message = sent_message(ready().append_audio(b"\x01\x02" * 960))
    assert message.keys() == {"type", "audio"}
    assert message["type"] == "input_audio_buffer.append"
    assert base64.b64decode(message["audio"]) == b"\x01\x02" * 960


def test_the_commit_is_followed_by_clear() -> None:
    protocol = ready()
    protocol.append_audio(bytes(MIN_AUDIO_BYTES))
    silence, commit, clear = (sent_message(event) for event in protocol.commit())
    assert base64.b64decode(silence["audio"]) == bytes(PADDING_BYTES)
    assert (commit["type"], clear["type"]) == (
        "input_audio_buffer.commit",
        "input_audio_buffer.clear",
    )
    assert commit["event_id"] != clear["event_id"]


def test_less_than_100_ms_is_not_committed() -> None:
    protocol = ready()
    protocol.append_audio(bytes(MIN_AUDIO_BYTES - 2))
    assert protocol.commit() == [Completed("")]
    assert protocol.receive(completed("ghost")) == []
