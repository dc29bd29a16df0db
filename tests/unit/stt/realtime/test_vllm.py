from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.core.problems import ProblemError
from sayso.stt.engine import Partial, Ready
from sayso.stt.realtime.protocol import Completed, Event, Send
from sayso.stt.realtime.vllm import (
    MIN_AUDIO_BYTES,
    MISSING_DONE_TIMEOUT_S,
    PADDING_BYTES,
    RATE_HZ,
    RESPONSE_TIMEOUT_S,
    VLLMProtocol,
)
from unit.stt.protocol_helpers import (
    ANY_STEPS,
    KEY,
    SESSION_CREATED,
    check_any_input,
    rejection,
    sent_message,
    server_event,
)

URL = "http://127.0.0.1:8000/v1"
MODEL = "mistralai/Voxtral-Mini-4B-Realtime-2602"
ONE_SECOND = bytes(RATE_HZ * 2)
CREATED = server_event("session.created", id="sess-1", created=1700000000)


def create() -> VLLMProtocol:
    return VLLMProtocol(URL, MODEL, KEY)


def ready() -> VLLMProtocol:
    dialect = create()
    dialect.receive(CREATED)
    return dialect


def finishing() -> VLLMProtocol:
    dialect = ready()
    dialect.append_audio(ONE_SECOND)
    dialect.commit()
    return dialect


def delta(words: object) -> str:
    return server_event("transcription.delta", delta=words)


def done(**fields: object) -> str:
    return server_event("transcription.done", **fields)


def test_the_address_has_neither_intent_nor_model() -> None:
    dialect = create()
    assert dialect.url == "ws://127.0.0.1:8000/v1/realtime"
    assert dialect.host == "127.0.0.1:8000"
    assert dialect.rate_hz == 16_000
    assert dialect.headers() == {"Authorization": f"Bearer {KEY}"}
    assert VLLMProtocol(URL, MODEL).headers() == {}
    assert KEY not in repr(dialect)
    with pytest.raises(ProblemError):
        VLLMProtocol("ws://192.168.1.20/v1", MODEL)
    assert VLLMProtocol("ws://192.168.1.20/v1", MODEL, None, "192.168.1.20").host == "192.168.1.20"


def test_it_is_ready_once_it_was_told_the_model_and_started() -> None:
    dialect = create()
    update, start, is_ready = dialect.receive(CREATED)
    assert sent_message(update) == {"type": "session.update", "model": MODEL}
    assert sent_message(start) == {"type": "input_audio_buffer.commit"}
    assert is_ready == Ready()
    assert dialect.receive(CREATED) == []  # never twice
    assert dialect.receive(server_event("session.updated")) == []


def test_nothing_is_text_before_the_session() -> None:
    dialect = create()
    assert dialect.receive(delta("no")) == dialect.receive(done(text="no")) == []
    assert len(dialect.receive(CREATED)) == 3


def test_the_last_commit_is_final_and_follows_a_little_silence() -> None:
    dialect = ready()
    message = sent_message(dialect.append_audio(b"\x01\x02" * 1600))
    assert base64.b64decode(message["audio"]) == b"\x01\x02" * 1600
    silence, commit = map(sent_message, dialect.commit())
    assert base64.b64decode(silence["audio"]) == bytes(PADDING_BYTES)
    assert commit == {"type": "input_audio_buffer.commit", "final": True}
    assert dialect.sent_s == pytest.approx(0.3)


def test_less_than_a_tenth_of_a_second_is_not_committed() -> None:
    dialect = ready()
    dialect.append_audio(bytes(MIN_AUDIO_BYTES - 2))
    assert dialect.commit() == [Completed("")]
    assert dialect.receive(done(text="ghost")) == []


def test_deltas_append_and_done_is_the_authority() -> None:
    dialect = ready()
    assert dialect.receive(delta("Hel")) == [Partial("Hel")]
    assert dialect.receive(delta("lo")) == [Partial("Hello")]
    assert dialect.receive(delta("")) == dialect.receive(delta(7)) == []
    dialect.append_audio(ONE_SECOND)
    dialect.commit()
    assert dialect.receive(done(text="Hello.", usage={"total_tokens": 3})) == [
        Partial("Hello."),
        Completed("Hello."),
    ]
    assert dialect.processed_s == 0
    assert dialect.receive(done(text="ghost")) == []


def test_done_without_a_text_leaves_what_there_was() -> None:
    dialect = finishing()
    dialect.receive(delta("Hello"))
    assert dialect.receive(done()) == [Completed("Hello")]


def test_a_recognition_that_ends_early_is_started_again() -> None:
    dialect = ready()
    dialect.append_audio(ONE_SECOND)
    dialect.receive(delta("One."))
    [start] = dialect.receive(done(text="One."))
    assert sent_message(start) == {"type": "input_audio_buffer.commit"}
    assert dialect.receive(delta("Two")) == [Partial("One. Two")]
    dialect.append_audio(ONE_SECOND)
    dialect.commit()
    assert dialect.receive(done(text="Two."))[-1] == Completed("One. Two.")


def test_one_that_ends_before_it_heard_anything_is_started_with_the_last_sound() -> None:
    dialect = ready()
    assert dialect.receive(done(text="")) == []
    assert dialect.receive(done(text="")) == []  # and not in a circle
    dialect.append_audio(ONE_SECOND)
    dialect.receive(done(text=""))
    kinds = [sent_message(event) for event in finishing_events(dialect)]
    assert [k["type"] for k in kinds][-1] == "input_audio_buffer.commit"
    quiet = ready()
    quiet.receive(done(text=""))
    quiet.append_audio(ONE_SECOND)
    start, silence, commit = (sent_message(event) for event in quiet.commit())
    assert start == {"type": "input_audio_buffer.commit"}
    assert silence["type"] == "input_audio_buffer.append"
    assert commit["final"] is True


def finishing_events(dialect: VLLMProtocol) -> list[Event]:
    events = dialect.commit()
    assert all(isinstance(event, Send) for event in events)
    return events


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (server_event("error", error="Oh.", code="processing_error"), "It says: “Oh.”"),
        (server_event("error", error="x", code="model_not_found"), f"does not know “{MODEL}”"),
        (server_event("error", error="x", code="model_not_validated"), "does not know"),
        (server_event("error", error=f"no {KEY}", code=None), "could not recognise this."),
        (server_event("error", error={"message": "Oh.", "code": "x"}), "It says: “Oh.”"),
        ('{"error": "Oh."}', "It says: “Oh.”"),
    ],
    ids=range(6),
)
def test_an_error_ends_it_in_words(message: str, sentence: str) -> None:
    for dialect in (create(), ready(), finishing()):
        assert sentence in rejection(dialect.receive(message))
        assert dialect.receive(message) == []


@pytest.mark.parametrize("message", ["", "[]", b"\xff", "{"], ids=range(4))
def test_what_is_no_event(message: str | bytes) -> None:
    assert "No speech server answers at" in rejection(create().receive(message))
    assert ready().receive(message) == []


def test_far_too_much_text() -> None:
    dialect = ready()
    assert "No speech server answers at" in rejection(dialect.receive(delta("x" * 200_001)))


def test_an_old_server_that_never_says_done_has_said_all_when_it_falls_silent() -> None:
    dialect = finishing()
    assert dialect.response_timeout_s == pytest.approx(RESPONSE_TIMEOUT_S + 1.2 / 4)
    dialect.receive(delta("All of it."))
    assert dialect.response_timeout_s == MISSING_DONE_TIMEOUT_S
    assert dialect.on_timeout() == Completed("All of it.")


def test_silence_without_a_word_is_no_answer() -> None:
    assert "did not answer. Your recording is kept." in rejection([finishing().on_timeout()])
    assert "No speech server answers at" in rejection([create().on_timeout()])
    ongoing = ready()
    ongoing.receive(delta("Half"))
    assert "did not answer" in rejection([ongoing.on_timeout()])


def test_words_are_not_made_of_deltas_when_the_server_hangs_up() -> None:
    dialect = finishing()
    dialect.receive(delta("Hello"))
    assert "was lost" in rejection([dialect.on_close(1006, "")])
    assert "key was refused" in rejection([create().on_close(1008, KEY)])


@settings(max_examples=200, deadline=None)
@given(st.booleans(), ANY_STEPS, st.booleans())
def test_anything_in_any_order_comes_to_an_end_and_invents_nothing(
    begun: bool, steps: list[str | bytes], hang_up: bool
) -> None:
    check_any_input(create(), [SESSION_CREATED, *steps] if begun else steps, hang_up)
