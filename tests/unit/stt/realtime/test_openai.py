"""OpenAI's dialect: address, headers, hello, what is refused before it is ready, and audio."""

from __future__ import annotations

import base64
import json

import pytest

from sayso.core.problems import ProblemError
from sayso.stt.engine import Ready
from sayso.stt.realtime.openai import LEAST_BYTES, PADDING_BYTES, OpenAI
from sayso.stt.realtime.protocol import Complete
from unit.stt.openai_helpers import URL, completed, delta, error, made, ready, spoken
from unit.stt.protocol_helpers import KEY, refusal, sent

# Address, headers, hello


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
def test_the_model_is_in_the_address_everywhere_but_at_openai(address: str, url: str) -> None:
    assert made(address, "m-1").url == url


def test_an_address_in_the_clear_is_refused_unless_allowed() -> None:
    with pytest.raises(ProblemError):
        made("ws://192.168.1.20:8000/v1")
    allowed = OpenAI("ws://192.168.1.20:8000/v1", "m", allow_insecure="192.168.1.20")
    assert allowed.host == "192.168.1.20:8000"


def test_the_key_is_in_one_header_and_in_no_repr() -> None:
    assert made().headers() == {"Authorization": f"Bearer {KEY}"}
    assert OpenAI(URL, "m").headers() == {}
    assert KEY not in repr(made())


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
def test_the_session_is_set_up_after_it_was_created(
    model: str, language: str, transcription: dict[str, object]
) -> None:
    dialect = made(model=model, language=language)
    [hello] = dialect.hear(spoken("session.created", session={"type": "transcription"}))
    update = sent(hello)
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
    assert dialect.hear(spoken("session.created")) == []  # never twice
    assert dialect.hear(spoken("session.updated")) == [Ready()]
    assert dialect.hear(spoken("session.updated")) == []


def test_it_is_not_ready_before_it_was_set_up() -> None:
    dialect = made()
    assert dialect.hear(spoken("session.updated")) == []
    assert dialect.hear(delta("no")) == dialect.hear(completed("no")) == []
    dialect.hear(spoken("session.created"))
    assert dialect.hear(spoken("session.updated")) == [Ready()]


# Refused before ready


def configuring(model: str = "gpt-live-transcribe", language: str = "") -> OpenAI:
    dialect = made(model=model, language=language)
    dialect.hear(spoken("session.created"))
    return dialect


@pytest.mark.parametrize("param", ["languages", "languages[0]", "language"])
def test_a_language_that_is_refused_is_left_out_once(param: str) -> None:
    dialect = configuring(language="xx")
    refused = error("invalid_value", param=f"session.audio.input.transcription.{param}")
    [again] = dialect.hear(refused)
    transcription = sent(again)["session"]["audio"]["input"]["transcription"]
    assert transcription == {"model": "gpt-live-transcribe"}
    assert "refused the settings" in refusal(dialect.hear(refused))
    assert dialect.hear(refused) == []


@pytest.mark.parametrize(
    ("code", "fields", "sentence"),
    [
        (
            "invalid_api_key",
            {"message": f"Incorrect API key provided: {KEY}."},
            "Your API key was refused by api.openai.com. Open Settings > Recognition to change it.",
        ),
        ("insufficient_quota", {}, "OpenAI says the account has no credit left."),
        ("invalid_model", {}, "does not know “gpt-live-transcribe”"),
        (
            "invalid_value",
            {"param": "session.audio.input.transcription.model"},
            "does not know “gpt-live-transcribe”",
        ),
        (
            "unknown_parameter",
            {"param": "session.audio.input.turn_detection"},
            "refused the settings. It says: “No.”",
        ),
        (None, {"message": None, "param": 7}, "refused the settings"),
    ],
    ids=["key", "credit", "model", "model-param", "vad", "nothing"],
)
def test_an_error_before_ready_ends_it(
    code: str | None, fields: dict[str, object], sentence: str
) -> None:
    assert sentence in refusal(configuring().hear(error(code, **fields)))
    assert sentence in refusal(made().hear(error(code, **fields)))  # also before created


@pytest.mark.parametrize(
    "message",
    ["", "{", "[]", "null", "7", '"text"', b"\xff\x00", "[" * 100_000, "9" * 5000],
    ids=["empty", "half", "list", "null", "number", "text", "bytes", "deep", "long"],
)
def test_what_is_no_event_is_no_speech_server_before_ready_and_nothing_after(
    message: str | bytes,
) -> None:
    assert "No speech server answers at" in refusal(made().hear(message))
    assert ready().hear(message) == []


@pytest.mark.parametrize("odd", [None, 0, "", [], {}, 1e999], ids=repr)
def test_an_error_of_any_shape_is_refused_in_words(odd: object) -> None:
    assert refusal(made().hear(json.dumps({"type": "error", "error": odd})))


# Audio


def test_audio_is_appended_as_it_is() -> None:
    message = sent(ready().audio(b"\x01\x02" * 960))
    assert message.keys() == {"type", "audio"}
    assert message["type"] == "input_audio_buffer.append"
    assert base64.b64decode(message["audio"]) == b"\x01\x02" * 960


def test_the_commit_is_followed_by_a_fence() -> None:
    dialect = ready()
    dialect.audio(bytes(LEAST_BYTES))
    silence, commit, clear = (sent(event) for event in dialect.commit())
    assert base64.b64decode(silence["audio"]) == bytes(PADDING_BYTES)
    assert (commit["type"], clear["type"]) == (
        "input_audio_buffer.commit",
        "input_audio_buffer.clear",
    )
    assert commit["event_id"] != clear["event_id"]


def test_less_than_a_tenth_of_a_second_is_not_committed() -> None:
    dialect = ready()
    dialect.audio(bytes(LEAST_BYTES - 2))
    assert dialect.commit() == [Complete("")]
    assert dialect.hear(completed("ghost")) == []
