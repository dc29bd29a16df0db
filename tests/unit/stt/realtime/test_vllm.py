from __future__ import annotations

import base64

import pytest

from sayso.core.problems import ProblemError
from sayso.core.settings.endpoint import Endpoint
from sayso.stt.engine import Partial, Ready
from sayso.stt.realtime.messages import Completed, Event, Send
from sayso.stt.realtime.timeouts import Timeouts
from sayso.stt.realtime.vllm import VLLMProtocol
from sayso.stt.server.auth import Credentials
from unit.stt.protocol_helpers import KEY, rejection, sent_message, server_event

URL = "http://127.0.0.1:8000/v1"
MODEL = "mistralai/Voxtral-Mini-4B-Realtime-2602"
TIMEOUTS = Timeouts()
MIN_AUDIO_BYTES, PADDING_BYTES = 3_200, 6_400
"""100 and 200 ms."""
ONE_SECOND = bytes(16_000 * 2)
CREATED = server_event("session.created", id="sess-1", created=1700000000)


def create() -> VLLMProtocol:
    return VLLMProtocol(Endpoint(url=URL, model=MODEL), Credentials(KEY))


def ready() -> VLLMProtocol:
    protocol = create()
    protocol.receive(CREATED)
    return protocol


def finishing() -> VLLMProtocol:
    protocol = ready()
    protocol.append_audio(ONE_SECOND)
    protocol.commit()
    return protocol


def delta(words: object) -> str:
    return server_event("transcription.delta", delta=words)


def done(**fields: object) -> str:
    return server_event("transcription.done", **fields)


def test_the_address_has_neither_intent_nor_model() -> None:
    protocol = create()
    assert protocol.url == "ws://127.0.0.1:8000/v1/realtime"
    assert protocol.host == "127.0.0.1:8000"
    assert protocol.rate_hz == 16_000
    assert protocol.headers == {"Authorization": f"Bearer {KEY}"}
    assert VLLMProtocol(Endpoint(url=URL)).headers == {}
    assert KEY not in repr(protocol)
    with pytest.raises(ProblemError):
        VLLMProtocol(Endpoint(url="ws://192.168.1.20/v1"))
    allowed = Endpoint(url="ws://192.168.1.20/v1", allow_insecure="192.168.1.20")
    assert VLLMProtocol(allowed).host == "192.168.1.20"


def test_the_session_is_ready_after_the_model_was_sent() -> None:
    protocol = create()
    update, start, is_ready = protocol.receive(CREATED)
    assert sent_message(update) == {"type": "session.update", "model": MODEL}
    assert sent_message(start) == {"type": "input_audio_buffer.commit"}
    assert is_ready == Ready()
    assert protocol.receive(CREATED) == []  # the session is started only once
    assert protocol.receive(server_event("session.updated")) == []


def test_text_before_the_session_is_ignored() -> None:
    protocol = create()
    assert protocol.receive(delta("no")) == protocol.receive(done(text="no")) == []
    assert len(protocol.receive(CREATED)) == 3


def test_the_last_commit_is_final_and_follows_padding() -> None:
    protocol = ready()
    message = sent_message(protocol.append_audio(b"\x01\x02" * 1600))
    assert base64.b64decode(message["audio"]) == b"\x01\x02" * 1600
    silence, commit = map(sent_message, protocol.commit())
    assert base64.b64decode(silence["audio"]) == bytes(PADDING_BYTES)
    assert commit == {"type": "input_audio_buffer.commit", "final": True}
    assert protocol.sent_s == pytest.approx(0.3)


def test_less_than_100_ms_is_not_committed() -> None:
    protocol = ready()
    protocol.append_audio(bytes(MIN_AUDIO_BYTES - 2))
    assert protocol.commit() == [Completed("")]
    assert protocol.receive(done(text="ghost")) == []


def test_deltas_append_and_done_replaces_them() -> None:
    protocol = ready()
    assert protocol.receive(delta("Hel")) == [Partial("Hel")]
    assert protocol.receive(delta("lo")) == [Partial("Hello")]
    assert protocol.receive(delta("")) == protocol.receive(delta(7)) == []
    protocol.append_audio(ONE_SECOND)
    protocol.commit()
    assert protocol.receive(done(text="Hello.", usage={"total_tokens": 3})) == [
        Partial("Hello."),
        Completed("Hello."),
    ]
    assert protocol.processed_s == 0
    assert protocol.receive(done(text="ghost")) == []


def test_done_without_text_keeps_the_deltas() -> None:
    protocol = finishing()
    protocol.receive(delta("Hello"))
    assert protocol.receive(done()) == [Completed("Hello")]


def test_a_run_that_ends_early_is_restarted() -> None:
    protocol = ready()
    protocol.append_audio(ONE_SECOND)
    protocol.receive(delta("One."))
    [start] = protocol.receive(done(text="One."))
    assert sent_message(start) == {"type": "input_audio_buffer.commit"}
    assert protocol.receive(delta("Two")) == [Partial("One. Two")]
    protocol.append_audio(ONE_SECOND)
    protocol.commit()
    assert protocol.receive(done(text="Two."))[-1] == Completed("One. Two.")


def test_a_run_without_audio_is_restarted_with_the_last_audio() -> None:
    protocol = ready()
    assert protocol.receive(done(text="")) == []
    assert protocol.receive(done(text="")) == []  # it is not restarted endlessly
    protocol.append_audio(ONE_SECOND)
    protocol.receive(done(text=""))
    kinds = [sent_message(event) for event in finishing_events(protocol)]
    assert [k["type"] for k in kinds][-1] == "input_audio_buffer.commit"
    quiet = ready()
    quiet.receive(done(text=""))
    quiet.append_audio(ONE_SECOND)
    start, silence, commit = (sent_message(event) for event in quiet.commit())
    assert start == {"type": "input_audio_buffer.commit"}
    assert silence["type"] == "input_audio_buffer.append"
    assert commit["final"] is True


def finishing_events(protocol: VLLMProtocol) -> list[Event]:
    events = protocol.commit()
    assert all(isinstance(event, Send) for event in events)
    return events


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (server_event("error", error="Oh.", code="processing_error"), ": “Oh.”"),
        (server_event("error", error="x", code="model_not_found"), f"does not know “{MODEL}”"),
        (server_event("error", error="x", code="model_not_validated"), "does not know"),
        (
            server_event("error", error=f"no {KEY}", code=None),
            "could not transcribe this: “no •••”",
        ),
        (server_event("error", error={"message": "Oh.", "code": "x"}), ": “Oh.”"),
        ('{"error": "Oh."}', ": “Oh.”"),
    ],
    ids=range(6),
)
def test_an_error_ends_the_session(message: str, sentence: str) -> None:
    for protocol in (create(), ready(), finishing()):
        assert sentence in rejection(protocol.receive(message))
        assert protocol.receive(message) == []


@pytest.mark.parametrize("message", ["", "[]", b"\xff", "{"], ids=range(4))
def test_invalid_messages_are_rejected_before_the_session(message: str | bytes) -> None:
    assert "There is no speech server at" in rejection(create().receive(message))
    assert ready().receive(message) == []


def test_too_much_text_is_rejected() -> None:
    protocol = ready()
    assert "There is no speech server at" in rejection(protocol.receive(delta("x" * 200_001)))


def test_an_old_server_without_done_is_complete_after_silence() -> None:
    protocol = finishing()
    assert protocol.response_timeout_s == pytest.approx(TIMEOUTS.response_s + 1.2 / 4)
    protocol.receive(delta("All of it."))
    assert protocol.response_timeout_s == TIMEOUTS.missing_done_s
    assert protocol.on_timeout() == Completed("All of it.")


def test_silence_without_text_is_a_problem() -> None:
    assert "did not respond. Your recording is kept." in rejection([finishing().on_timeout()])
    assert "There is no speech server at" in rejection([create().on_timeout()])
    ongoing = ready()
    ongoing.receive(delta("Half"))
    assert "did not respond" in rejection([ongoing.on_timeout()])


def test_partial_text_is_not_returned_when_the_server_closes_the_connection() -> None:
    protocol = finishing()
    protocol.receive(delta("Hello"))
    assert "Lost the connection to" in rejection([protocol.on_close(1006, "")])
    assert "rejected your API key" in rejection([create().on_close(1008, KEY)])
