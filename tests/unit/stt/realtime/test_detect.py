from __future__ import annotations

import pytest

from sayso.core.settings.settings import Endpoint
from sayso.stt.engine import Ready
from sayso.stt.realtime.detect import DetectingProtocol, create_protocol
from sayso.stt.realtime.messages import TRANSCRIPTION_PREFIX, Completed
from sayso.stt.realtime.openai import OpenAIProtocol
from sayso.stt.realtime.protocol import RealtimeProtocol
from sayso.stt.realtime.server_vad import SERVER_PROFILES, ServerVadProtocol
from sayso.stt.realtime.vllm import VLLMProtocol
from sayso.stt.server.auth import Credentials
from unit.stt.protocol_helpers import KEY, rejection, sent_message, server_event

URL = "http://127.0.0.1:8000/v1"
CHOOSE_PROTOCOL = "Choose speaches, Lemonade or Together as protocol."
NESTED = {"type": "transcription", "audio": {"input": {}}}
FLAT = {"input_audio_format": "pcm16", "turn_detection": {}}


def create(url: str = URL, **fields: str) -> RealtimeProtocol:
    return create_protocol(Endpoint(url=url, **fields), "de", Credentials(KEY))


@pytest.mark.parametrize(
    ("url", "name", "kind"),
    [
        (URL, "auto", DetectingProtocol),
        (URL, "openai", OpenAIProtocol),
        (URL, "vllm", VLLMProtocol),
        (URL, "speaches", ServerVadProtocol),
        (URL, "lemonade", ServerVadProtocol),
        (URL, "together", ServerVadProtocol),
        ("https://api.together.ai/v1", "auto", ServerVadProtocol),
        ("https://api.together.ai/v1", "openai", OpenAIProtocol),
        ("https://notapi.together.ai.example/v1", "auto", DetectingProtocol),
        ("https://api.openai.com/v1", "auto", OpenAIProtocol),
        ("https://api.openai.com/v1", "vllm", OpenAIProtocol),
        ("https://api.openai.com/v1", "speaches", OpenAIProtocol),
    ],
)
def test_setting_and_address_select_the_protocol(url: str, name: str, kind: type) -> None:
    protocol = create(url, dialect=name)
    assert type(protocol) is kind
    assert KEY not in repr(protocol)
    if kind is ServerVadProtocol and "together" in (name, url.partition("api.")[2][:8]):
        assert isinstance(protocol, ServerVadProtocol)
        assert protocol.profile is SERVER_PROFILES["together"]


def test_options_are_sent_to_a_model_that_supports_them() -> None:
    protocol = create(model="gpt-live-transcribe", keywords="a, b")
    [update] = protocol.receive(server_event("session.created", session=NESTED))
    transcription = sent_message(update)["session"]["audio"]["input"]["transcription"]
    assert transcription == {
        "model": "gpt-live-transcribe",
        "languages": ["de"],
        "keywords": ["a", "b"],
    }


def test_a_session_without_settings_selects_vllm() -> None:
    protocol = create(model="v")
    assert (protocol.rate_hz, protocol.host) == (24_000, "127.0.0.1:8000")
    assert protocol.url.endswith("?intent=transcription&model=v")
    assert protocol.headers == {"Authorization": f"Bearer {KEY}"}
    update, _, is_ready = protocol.receive(server_event("session.created", id="sess-1", created=1))
    assert sent_message(update) == {"type": "session.update", "model": "v"}
    assert is_ready == Ready()
    protocol = protocol.active
    assert protocol.rate_hz == 16_000
    protocol.append_audio(bytes(32_000))
    assert protocol.sent_s == 1
    assert protocol.response_timeout_s > 10
    assert len(protocol.commit()) == 2
    assert protocol.receive(server_event("transcription.done", text="Hi."))[-1] == Completed("Hi.")
    assert protocol.processed_s == 0


@pytest.mark.parametrize(
    "fields",
    [{"session": NESTED}, {"session": None, "id": "s"}, {}, {"id": 7}, {"session": FLAT}],
    ids=["nested", "null", "bare", "number", "flat"],
)
def test_every_other_first_message_selects_openai(fields: dict[str, object]) -> None:
    protocol = create()
    [update] = protocol.receive(server_event("session.created", **fields))
    assert sent_message(update)["session"]["type"] == "transcription"
    # only the first message decides
    assert protocol.receive(server_event("session.created", id="sess-1")) == []
    assert protocol.receive(server_event("session.updated")) == [Ready()]


def test_a_beta_server_that_rejects_the_session_is_identified() -> None:
    refused = server_event("error", error={"message": "turn_detection: not a dictionary"})
    protocol = create()
    protocol.receive(server_event("session.created", session=FLAT))
    assert CHOOSE_PROTOCOL in rejection(protocol.receive(refused))
    for end in (lambda d: d.on_timeout(), lambda d: d.on_close(1006, "")):
        protocol = create()
        protocol.receive(server_event("session.created", session=FLAT))
        assert CHOOSE_PROTOCOL in rejection([end(protocol)])
        protocol = create()
        protocol.receive(server_event("session.created", session=NESTED))
        assert CHOOSE_PROTOCOL not in rejection([end(protocol)])


def test_a_beta_server_that_accepts_the_session_is_used() -> None:
    protocol = create()
    protocol.receive(server_event("session.created", session=FLAT))
    protocol.receive(server_event("session.updated", session=FLAT))
    protocol.append_audio(bytes(48_000))
    protocol.commit()
    protocol.receive(
        server_event(f"{TRANSCRIPTION_PREFIX}completed", item_id="i", transcript="Hi.")
    )
    assert protocol.on_timeout() == Completed("Hi.")


def test_a_server_without_json_is_not_a_speech_server() -> None:
    assert "There is no speech server at" in rejection(create().receive("{"))
    assert create().receive(server_event("hello")) == []
