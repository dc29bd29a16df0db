from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.core.problems import ProblemError
from sayso.stt.engine import Partial, Ready
from sayso.stt.realtime.protocol import Complete, Event, Send
from sayso.stt.realtime.vllm import (
    ANSWER_S,
    LAST_WORDS_S,
    LEAST_BYTES,
    PADDING_BYTES,
    RATE_HZ,
    VLLM,
)
from unit.stt.protocol_helpers import ANYTHING, HELLO, KEY, refusal, sent, spoken, stand_anything

URL = "http://127.0.0.1:8000/v1"
MODEL = "mistralai/Voxtral-Mini-4B-Realtime-2602"
SECOND = bytes(RATE_HZ * 2)
CREATED = spoken("session.created", id="sess-1", created=1700000000)


def made() -> VLLM:
    return VLLM(URL, MODEL, KEY)


def ready() -> VLLM:
    dialect = made()
    dialect.hear(CREATED)
    return dialect


def finishing() -> VLLM:
    dialect = ready()
    dialect.audio(SECOND)
    dialect.commit()
    return dialect


def delta(words: object) -> str:
    return spoken("transcription.delta", delta=words)


def done(**fields: object) -> str:
    return spoken("transcription.done", **fields)


def test_the_address_has_neither_intent_nor_model() -> None:
    dialect = made()
    assert dialect.url == "ws://127.0.0.1:8000/v1/realtime"
    assert dialect.host == "127.0.0.1:8000"
    assert dialect.rate_hz == 16_000
    assert dialect.headers() == {"Authorization": f"Bearer {KEY}"}
    assert VLLM(URL, MODEL).headers() == {}
    assert KEY not in repr(dialect)
    with pytest.raises(ProblemError):
        VLLM("ws://192.168.1.20/v1", MODEL)
    assert VLLM("ws://192.168.1.20/v1", MODEL, None, "192.168.1.20").host == "192.168.1.20"


def test_it_is_ready_once_it_was_told_the_model_and_started() -> None:
    dialect = made()
    update, start, is_ready = dialect.hear(CREATED)
    assert sent(update) == {"type": "session.update", "model": MODEL}
    assert sent(start) == {"type": "input_audio_buffer.commit"}
    assert is_ready == Ready()
    assert dialect.hear(CREATED) == []  # never twice
    assert dialect.hear(spoken("session.updated")) == []


def test_nothing_is_text_before_the_session() -> None:
    dialect = made()
    assert dialect.hear(delta("no")) == dialect.hear(done(text="no")) == []
    assert len(dialect.hear(CREATED)) == 3


def test_the_last_commit_is_final_and_follows_a_little_silence() -> None:
    dialect = ready()
    message = sent(dialect.audio(b"\x01\x02" * 1600))
    assert base64.b64decode(message["audio"]) == b"\x01\x02" * 1600
    silence, commit = map(sent, dialect.commit())
    assert base64.b64decode(silence["audio"]) == bytes(PADDING_BYTES)
    assert commit == {"type": "input_audio_buffer.commit", "final": True}
    assert dialect.sent_s == pytest.approx(0.3)


def test_less_than_a_tenth_of_a_second_is_not_committed() -> None:
    dialect = ready()
    dialect.audio(bytes(LEAST_BYTES - 2))
    assert dialect.commit() == [Complete("")]
    assert dialect.hear(done(text="ghost")) == []


def test_deltas_append_and_done_is_the_authority() -> None:
    dialect = ready()
    assert dialect.hear(delta("Hel")) == [Partial("Hel")]
    assert dialect.hear(delta("lo")) == [Partial("Hello")]
    assert dialect.hear(delta("")) == dialect.hear(delta(7)) == []
    dialect.audio(SECOND)
    dialect.commit()
    assert dialect.hear(done(text="Hello.", usage={"total_tokens": 3})) == [
        Partial("Hello."),
        Complete("Hello."),
    ]
    assert dialect.used_s == 0
    assert dialect.hear(done(text="ghost")) == []


def test_done_without_a_text_leaves_what_there_was() -> None:
    dialect = finishing()
    dialect.hear(delta("Hello"))
    assert dialect.hear(done()) == [Complete("Hello")]


def test_a_recognition_that_ends_early_is_started_again() -> None:
    dialect = ready()
    dialect.audio(SECOND)
    dialect.hear(delta("One."))
    [start] = dialect.hear(done(text="One."))
    assert sent(start) == {"type": "input_audio_buffer.commit"}
    assert dialect.hear(delta("Two")) == [Partial("One. Two")]
    dialect.audio(SECOND)
    dialect.commit()
    assert dialect.hear(done(text="Two."))[-1] == Complete("One. Two.")


def test_one_that_ends_before_it_heard_anything_is_started_with_the_last_sound() -> None:
    dialect = ready()
    assert dialect.hear(done(text="")) == []
    assert dialect.hear(done(text="")) == []  # and not in a circle
    dialect.audio(SECOND)
    dialect.hear(done(text=""))
    kinds = [sent(event) for event in finishing_events(dialect)]
    assert [k["type"] for k in kinds][-1] == "input_audio_buffer.commit"
    quiet = ready()
    quiet.hear(done(text=""))
    quiet.audio(SECOND)
    start, silence, commit = (sent(event) for event in quiet.commit())
    assert start == {"type": "input_audio_buffer.commit"}
    assert silence["type"] == "input_audio_buffer.append"
    assert commit["final"] is True


def finishing_events(dialect: VLLM) -> list[Event]:
    events = dialect.commit()
    assert all(isinstance(event, Send) for event in events)
    return events


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (spoken("error", error="Oh.", code="processing_error"), "It says: “Oh.”"),
        (spoken("error", error="x", code="model_not_found"), f"does not know “{MODEL}”"),
        (spoken("error", error="x", code="model_not_validated"), "does not know"),
        (spoken("error", error=f"no {KEY}", code=None), "could not recognise this."),
        (spoken("error", error={"message": "Oh.", "code": "x"}), "It says: “Oh.”"),
        ('{"error": "Oh."}', "It says: “Oh.”"),
    ],
    ids=range(6),
)
def test_an_error_ends_it_in_words(message: str, sentence: str) -> None:
    for dialect in (made(), ready(), finishing()):
        assert sentence in refusal(dialect.hear(message))
        assert dialect.hear(message) == []


@pytest.mark.parametrize("message", ["", "[]", b"\xff", "{"], ids=range(4))
def test_what_is_no_event(message: str | bytes) -> None:
    assert "No speech server answers at" in refusal(made().hear(message))
    assert ready().hear(message) == []


def test_far_too_much_text() -> None:
    dialect = ready()
    assert "No speech server answers at" in refusal(dialect.hear(delta("x" * 200_001)))


def test_an_old_server_that_never_says_done_has_said_all_when_it_falls_silent() -> None:
    dialect = finishing()
    assert dialect.patience_s == pytest.approx(ANSWER_S + 1.2 / 4)
    dialect.hear(delta("All of it."))
    assert dialect.patience_s == LAST_WORDS_S
    assert dialect.lapsed() == Complete("All of it.")


def test_silence_without_a_word_is_no_answer() -> None:
    assert "did not answer. Your recording is kept." in refusal([finishing().lapsed()])
    assert "No speech server answers at" in refusal([made().lapsed()])
    ongoing = ready()
    ongoing.hear(delta("Half"))
    assert "did not answer" in refusal([ongoing.lapsed()])


def test_words_are_not_made_of_deltas_when_the_server_hangs_up() -> None:
    dialect = finishing()
    dialect.hear(delta("Hello"))
    assert "was lost" in refusal([dialect.closed(1006, "")])
    assert "key was refused" in refusal([made().closed(1008, KEY)])


@settings(max_examples=200, deadline=None)
@given(st.booleans(), ANYTHING, st.booleans())
def test_anything_in_any_order_comes_to_an_end_and_invents_nothing(
    begun: bool, steps: list[str | bytes], hang_up: bool
) -> None:
    stand_anything(made(), [HELLO, *steps] if begun else steps, hang_up)
