"""OpenAI's dialect: partials, finals, failures and goodbyes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.stt.engine import Partial
from sayso.stt.realtime.messages import SPOKEN
from sayso.stt.realtime.openai import ANSWER_S, FENCE_S
from sayso.stt.realtime.protocol import Complete, Event, Refused
from sayso.stt.realtime.transcript import MOST_ITEMS
from unit.stt.openai_helpers import (
    CLEARED,
    EMPTY,
    SECOND,
    committed,
    completed,
    delta,
    error,
    finishing,
    made,
    ready,
    spoken,
)
from unit.stt.protocol_helpers import EVENTS, KEY, refusal

# Text


def test_deltas_are_partials_of_all_the_text_so_far() -> None:
    dialect = ready()
    assert dialect.hear(delta("Hel")) == [Partial("Hel")]
    assert dialect.hear(delta("lo")) == [Partial("Hello")]
    assert dialect.hear(delta("")) == []
    dialect.hear(committed("i1"))
    assert dialect.hear(delta("World", "i2")) == [Partial("Hello World")]


@pytest.mark.parametrize(
    "order",
    [
        (committed(), CLEARED, completed("Hello.")),
        (committed(), completed("Hello."), CLEARED),
        (committed(), spoken("conversation.item.added"), CLEARED, completed("Hello.")),
        (committed(), spoken("conversation.item.created"), CLEARED, completed("Hello.")),
        (committed(None), CLEARED, completed("Hello.", "other")),
        (committed("i9"), CLEARED, delta("Hel", "i1"), completed("Hello.", "i1")),
        (CLEARED, completed("Hello.")),  # no committed at all
        (completed("Hello."), CLEARED),
        (
            committed(),
            error("invalid_value", event_id="sayso_clear"),  # a server without clear
            completed("Hello."),
        ),
        (
            committed(),
            error(None, "Unknown event input_audio_buffer.clear", event_id=None),
            completed("Hello."),
        ),
    ],
    ids=range(10),
)
def test_it_is_complete_when_the_fence_is_passed_and_every_item_has_ended(
    order: tuple[str, ...],
) -> None:
    dialect = finishing()
    *before, last = order
    for message in before:
        assert Complete not in {type(event) for event in dialect.hear(message)}
    assert dialect.hear(last)[-1] == Complete("Hello.")
    assert dialect.hear(last) == []


def test_an_empty_final_is_a_final() -> None:
    dialect = finishing()
    dialect.hear(committed())
    dialect.hear(CLEARED)
    assert dialect.hear(completed("")) == [Complete("")]


def test_what_is_final_goes_before_the_deltas() -> None:
    dialect = ready()
    dialect.hear(delta("Hallo"))
    dialect.audio(SECOND)
    dialect.commit()
    dialect.hear(committed())
    dialect.hear(CLEARED)
    assert dialect.hear(completed("Hello.")) == [Partial("Hello."), Complete("Hello.")]


@pytest.mark.parametrize("ours", ["sayso_commit", None])
def test_a_server_that_committed_at_a_pause_has_nothing_left_to_commit(ours: str | None) -> None:
    dialect = ready()
    dialect.audio(SECOND)
    dialect.hear(committed())
    dialect.commit()
    assert dialect.hear(error(EMPTY, event_id=ours)) == []
    assert dialect.hear(CLEARED) == []
    assert dialect.hear(completed("Hello."))[-1] == Complete("Hello.")


def test_several_items_are_all_awaited_in_any_order() -> None:
    dialect = ready()
    dialect.audio(SECOND)
    dialect.hear(committed("i1"))
    dialect.commit()
    dialect.hear(committed("i2", "i1"))
    dialect.hear(CLEARED)
    assert dialect.hear(completed("World.", "i2")) == [Partial("World.")]
    assert dialect.hear(completed("Hello.", "i1"))[-1] == Complete("Hello. World.")
    assert dialect.used_s == 4


def test_sound_that_did_not_arrive_is_a_problem_and_not_silence() -> None:
    dialect = finishing()
    assert dialect.hear(error(EMPTY, event_id="sayso_commit")) == []
    assert "the sound did not arrive" in refusal(dialect.hear(CLEARED))


@pytest.mark.parametrize(
    ("seconds", "used"),
    [(3, 3.0), (1.5, 1.5), (True, 0.0), ("3", 0.0), (-1, 0.0), (1e999, 0.0), (10**400, 0.0)],
    ids=range(7),
)
def test_usage_is_summed_where_it_is_a_number(seconds: object, used: float) -> None:
    dialect = finishing()
    dialect.hear(completed("a", seconds=seconds))
    assert dialect.used_s == used


def test_usage_in_tokens_or_none_counts_nothing() -> None:
    dialect = finishing()
    dialect.hear(spoken(f"{SPOKEN}completed", item_id="i1", transcript="a", usage=None))
    dialect.hear(spoken(f"{SPOKEN}completed", item_id="i1", transcript="a", usage={"type": "t"}))
    assert dialect.used_s == 0


# Refused after ready


@pytest.mark.parametrize(
    "message",
    [
        spoken(f"{SPOKEN}failed", item_id="i1", error={"type": "server_error", "message": "Oh."}),
        error("server_error", "Oh."),
        error(EMPTY, "Oh.", event_id="someone_else"),
        spoken("error", error="Oh."),
    ],
    ids=["failed", "error", "foreign", "text"],
)
def test_a_failure_ends_it_and_the_recording_is_kept(message: str) -> None:
    for dialect in (ready(), finishing()):
        sentence = refusal(dialect.hear(message))
        assert "could not recognise this. It says: “Oh.”" in sentence
        assert "Your recording is kept." in sentence
        assert dialect.hear(message) == []


@pytest.mark.parametrize(
    "messages",
    [
        [delta("x", f"i{number}") for number in range(MOST_ITEMS + 1)],
        [delta("x" * 100_000) for _ in range(5)],
        [completed("x" * 200_001)],
    ],
    ids=["items", "deltas", "final"],
)
def test_far_too_much_text_is_nobodys_speech(messages: list[str]) -> None:
    dialect = ready()
    heard = [event for message in messages for event in dialect.hear(message)]
    assert "No speech server answers at" in refusal(heard[-1:])


# Silence and goodbyes


def test_its_patience_is_longer_for_small_computers_and_short_for_a_mere_fence() -> None:
    assert finishing().patience_s == ANSWER_S
    own = finishing("ws://localhost:8000/v1")
    assert own.patience_s == pytest.approx(ANSWER_S + 1.2 / 4)
    own.hear(committed())
    own.hear(completed("Hello."))
    assert own.patience_s == FENCE_S


def test_a_server_that_falls_silent() -> None:
    assert "No speech server answers at" in refusal([made().lapsed()])
    assert "did not answer. Your recording is kept." in refusal([ready().lapsed()])
    dialect = finishing()
    dialect.hear(committed())
    dialect.hear(delta("Hello"))
    assert "api.openai.com did not answer" in refusal([dialect.lapsed()])


def test_when_only_the_fence_is_missing_the_text_is_complete() -> None:
    for end in (lambda d: d.lapsed(), lambda d: d.closed(1000, "")):
        dialect = finishing()
        dialect.hear(committed())
        dialect.hear(completed("Hello."))
        assert end(dialect) == Complete("Hello.")


def test_an_item_of_an_earlier_pause_does_not_make_it_complete() -> None:
    dialect = ready()
    dialect.audio(SECOND)
    dialect.hear(committed())
    dialect.commit()
    dialect.hear(completed("Half."))
    assert dialect.patience_s == ANSWER_S
    assert isinstance(dialect.lapsed(), Refused)


@pytest.mark.parametrize(
    ("code", "reason", "sentence"),
    [
        (3000, "invalid_request_error.invalid_api_key", "Your API key was refused by"),
        (4000, f"invalid_request_error.{KEY}", "refused the settings"),
        (1001, "Your session hit the maximum duration of 60 minutes.", "has run out"),
        (1006, "", "The connection to api.openai.com was lost."),
    ],
)
def test_words_are_not_made_of_deltas_when_the_server_hangs_up(
    code: int, reason: str, sentence: str
) -> None:
    dialect = finishing()
    dialect.hear(delta("Hello"))
    assert sentence in refusal([dialect.closed(code, reason)])


# Anything

STEPS = st.sampled_from(["audio", "commit", "lapsed", "closed"]) | EVENTS.map(json.dumps)


@settings(max_examples=300, deadline=None)
@given(st.booleans(), st.lists(STEPS | st.text(max_size=5) | st.binary(max_size=5), max_size=25))
def test_any_messages_in_any_order_raise_nothing_and_invent_nothing(
    start_ready: bool, steps: list[str | bytes]
) -> None:
    dialect = ready(language="de") if start_ready else made(language="de")
    given_chars = set("".join(s if isinstance(s, str) else "" for s in steps))
    for step in steps:
        if step in ("audio", "commit", "lapsed", "closed"):
            events: list[Event] = {
                "audio": lambda: [dialect.audio(SECOND)],
                "commit": dialect.commit,
                "lapsed": lambda: [dialect.lapsed()],
                "closed": lambda: [dialect.closed(1006, "gone")],
            }[str(step)]()
        else:
            events = dialect.hear(step)
        for event in events:
            if isinstance(event, Partial | Complete):
                event.text.encode("utf-8")
                heard = {c for c in event.text if c.isascii() and c.isalpha()}
                assert heard <= given_chars
            if isinstance(event, Refused):
                assert event.problem.sentence.isprintable()
