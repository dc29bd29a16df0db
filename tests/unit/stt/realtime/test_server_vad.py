from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.core.problems import ProblemError
from sayso.stt.engine import Partial, Ready
from sayso.stt.realtime.messages import COMMIT_EMPTY, SPOKEN
from sayso.stt.realtime.protocol import Complete, Kept, Settled
from sayso.stt.realtime.server_vad import ANSWER_S, NOTHING_S, SETTLE_S, WAYS, Flat
from unit.stt.protocol_helpers import ANYTHING, HELLO, KEY, refusal, sent, spoken, stand_anything

URL = "http://127.0.0.1:8000/v1"
SECOND = bytes(48_000)
CREATED = spoken("session.created", session={"input_audio_format": "pcm16"})
STARTED = spoken("input_audio_buffer.speech_started", item_id="i1", audio_start_ms=0)
STOPPED = spoken("input_audio_buffer.speech_stopped", item_id="i1", audio_end_ms=900)


def made(way: str = "speaches", language: str = "") -> Flat:
    return Flat(URL, "m/1", KEY, way=WAYS[way], language=language)


def ready(way: str = "speaches") -> Flat:
    dialect = made(way)
    assert dialect.hear(CREATED)[-1] == Ready()
    return dialect


def finishing(way: str = "speaches") -> Flat:
    dialect = ready(way)
    dialect.audio(SECOND)
    dialect.commit()
    return dialect


def committed(item: str | None = "i1") -> str:
    named = {} if item is None else {"item_id": item}
    return spoken("input_audio_buffer.committed", previous_item_id=None, **named)


def delta(words: str, item: str | None = "i1") -> str:
    named = {} if item is None else {"item_id": item}
    return spoken(f"{SPOKEN}delta", delta=words, **named)


def completed(words: object, item: str | None = "i1") -> str:
    named = {} if item is None else {"item_id": item}
    usage = {"type": "duration", "seconds": 2}
    return spoken(f"{SPOKEN}completed", transcript=words, usage=usage, **named)


@pytest.mark.parametrize(
    ("way", "language", "query"),
    [
        ("speaches", "", "intent=transcription&model=m%2F1"),
        ("speaches", "de", "intent=transcription&model=m%2F1&language=de"),
        ("lemonade", "de", "model=m%2F1"),
        ("together", "", "input_audio_format=pcm_s16le_16000&model=m%2F1"),
    ],
)
def test_the_model_is_in_the_address(way: str, language: str, query: str) -> None:
    dialect = made(way, language)
    assert dialect.url == f"ws://127.0.0.1:8000/v1/realtime?{query}"
    assert dialect.headers() == {"Authorization": f"Bearer {KEY}"}
    assert Flat(URL, "m", way=WAYS[way]).headers() == {}
    assert KEY not in repr(dialect)
    with pytest.raises(ProblemError):
        Flat("http://192.168.1.20", "m", way=WAYS[way])
    assert Flat("http://a.lan", "m", allow_insecure="a.lan", way=WAYS[way]).host == "a.lan"


@pytest.mark.parametrize(
    ("way", "rate_hz"), [("speaches", 24_000), ("lemonade", 16_000), ("together", 16_000)]
)
def test_each_has_its_rate(way: str, rate_hz: int) -> None:
    dialect = ready(way)
    assert dialect.rate_hz == rate_hz
    dialect.audio(bytes(rate_hz * 2))
    assert dialect.sent_s == 1


def test_only_lemonade_is_sent_a_flat_session() -> None:
    assert made().hear(CREATED) == made("together").hear(CREATED) == [Ready()]
    update, is_ready = made("lemonade").hear(CREATED)
    session = {"model": "m/1", "turn_detection": {"type": "server_vad"}}
    assert sent(update) == {"type": "session.update", "session": session}
    assert is_ready == Ready()
    assert ready().hear(CREATED) == []


def test_speaches_is_sent_silence_in_place_of_a_commit() -> None:
    dialect = ready()
    dialect.audio(SECOND)
    [silence] = dialect.commit()
    pcm = base64.b64decode(sent(silence)["audio"])
    assert not any(pcm)
    assert len(pcm) >= 0.6 * 48_000


@pytest.mark.parametrize("way", ["lemonade", "together"])
def test_the_others_are_sent_both(way: str) -> None:
    dialect = ready(way)
    dialect.audio(SECOND)
    kinds = [sent(event)["type"] for event in dialect.commit()]
    assert kinds == ["input_audio_buffer.append", "input_audio_buffer.commit"]


def test_less_than_a_tenth_of_a_second_is_nothing() -> None:
    dialect = ready()
    dialect.audio(bytes(4798))
    assert dialect.commit() == [Complete("")]
    assert dialect.hear(completed("ghost")) == []


def test_a_take_of_two_stretches_of_speech() -> None:
    dialect = ready()
    dialect.audio(SECOND)
    for message in (STARTED, STOPPED, committed(), spoken("conversation.item.created")):
        assert dialect.hear(message) == []
    assert dialect.hear(completed("One.")) == [Partial("One."), Settled("One.", 43_200)]
    dialect.hear(spoken("input_audio_buffer.speech_started", item_id="i2"))
    dialect.commit()
    assert dialect.patience_s > ANSWER_S  # somebody is still being heard
    assert "did not answer" in refusal([finishing_talk().lapsed()])
    dialect.hear(spoken("input_audio_buffer.speech_stopped", item_id="i2"))
    assert dialect.patience_s > ANSWER_S  # its text is not there yet
    dialect.hear(committed("i2"))
    assert dialect.hear(completed("Two.", "i2")) == [Partial("One. Two.")]
    assert dialect.patience_s == SETTLE_S
    assert dialect.used_s == 4
    assert dialect.lapsed() == Complete("One. Two.")


def finishing_talk() -> Flat:
    dialect = finishing()
    dialect.hear(STARTED)
    return dialect


def test_when_no_speech_was_noticed_the_text_is_empty_after_a_while() -> None:
    dialect = finishing()
    assert dialect.patience_s == pytest.approx(NOTHING_S + 1.8 / 10)
    assert dialect.lapsed() == Complete("")


def test_where_a_commit_is_answered_no_answer_is_a_problem() -> None:
    dialect = finishing("lemonade")
    assert dialect.patience_s > ANSWER_S
    assert "did not answer. Your recording is kept." in refusal([dialect.lapsed()])


@pytest.mark.parametrize("way", ["lemonade", "together"])
def test_deltas_replace(way: str) -> None:
    dialect = ready(way)
    assert dialect.hear(delta("Hell")) == [Partial("Hell")]
    assert dialect.hear(delta("Hello w")) == [Partial("Hello w")]
    assert dialect.hear(delta("Hello w")) == []
    assert dialect.hear(completed("Hello world.")) == [Partial("Hello world.")]


def test_deltas_of_speaches_if_it_had_any_append() -> None:
    dialect = ready()
    dialect.hear(delta("Hel"))
    assert dialect.hear(delta("lo")) == [Partial("Hello")]


def test_items_without_names_follow_each_other() -> None:
    dialect = ready("together")
    dialect.hear(delta("On", None))
    dialect.hear(completed("One.", None))
    assert dialect.hear(delta("Tw", None)) == [Partial("One. Tw")]
    dialect.audio(SECOND)
    dialect.commit()
    dialect.hear(completed("Two.", None))
    assert dialect.lapsed() == Complete("One. Two.")


def test_a_stop_without_a_start_opens_nothing_and_a_text_that_is_none_ends_nothing() -> None:
    dialect = finishing()
    dialect.hear(STOPPED)
    dialect.hear(completed(None))
    assert dialect.patience_s < ANSWER_S
    assert dialect.lapsed() == Complete("")


def test_a_commit_of_nothing_is_an_answer() -> None:
    dialect = finishing("together")
    assert dialect.hear(spoken("error", error={"code": COMMIT_EMPTY, "message": "x"})) == []
    assert dialect.lapsed() == Complete("")


@pytest.mark.parametrize("kind", ["error", f"{SPOKEN}failed"])
def test_a_failure_ends_it(kind: str) -> None:
    message = spoken(kind, error={"message": "Oh."})
    for dialect in (ready(), finishing()):
        assert "It says: “Oh.”" in refusal(dialect.hear(message))
        assert dialect.hear(message) == []


def test_an_error_before_the_session_is_about_the_settings() -> None:
    refused = spoken("error", error={"message": "Oh."})
    assert "refused the settings" in refusal(made().hear(refused))
    assert made().hear(completed("no")) == []


@pytest.mark.parametrize("message", ["", "[]", b"\xff"], ids=range(3))
def test_what_is_no_event(message: str | bytes) -> None:
    assert "No speech server answers at" in refusal(made().hear(message))
    assert ready().hear(message) == []


def test_far_too_much_text() -> None:
    assert "No speech server answers at" in refusal(ready().hear(completed("x" * 200_001)))


def test_goodbyes() -> None:
    assert "key was refused" in refusal([made().closed(1008, "")])
    assert "No speech server answers at" in refusal([made().lapsed()])
    assert "was lost" in refusal([finishing().closed(1006, "")])  # whether it heard is unknown
    dialect = finishing()
    dialect.hear(committed())
    dialect.hear(completed("One."))
    assert dialect.closed(1000, "") == Complete("One.")


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(WAYS)), st.booleans(), ANYTHING, st.booleans())
def test_anything_in_any_order_comes_to_an_end_and_invents_nothing(
    way: str, begun: bool, steps: list[str | bytes], hang_up: bool
) -> None:
    stand_anything(made(way), [HELLO, *steps] if begun else steps, hang_up)


@pytest.mark.parametrize(
    ("audio_end_ms", "place"),
    [
        (9000, 432_000),
        (10_000, 480_000),
        (7_000, 336_000),
        (6_900, 0),  # long ago: it counts from somewhere else
        (10_100, 0),  # not sent yet
        (900, 0),
        (-5, 0),
        (None, 0),
        ("9000", 0),
        (True, 0),
        (float("nan"), 0),
        (float("inf"), 0),
    ],
    ids=str,
)
def test_a_place_is_believed_only_if_it_was_sent_shortly_before(
    audio_end_ms: object, place: int
) -> None:
    dialect = ready()
    dialect.audio(SECOND * 10)
    dialect.hear(STARTED)
    dialect.hear(
        spoken("input_audio_buffer.speech_stopped", item_id="i1", audio_end_ms=audio_end_ms)
    )
    dialect.hear(committed())
    settled = [e for e in dialect.hear(completed("One.")) if isinstance(e, Settled)]
    assert settled == ([Settled("One.", place)] if place else [])


def test_a_socket_is_never_kept() -> None:
    assert ready().kept is None
    assert ready().go_on(Kept("", frozenset())) == []


def test_what_comes_before_the_hello_says_nothing() -> None:
    assert made().hear(spoken("session.updated", session={})) == []
