"""OpenAI's dialect: partials, finals, failures and goodbyes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.stt.engine import Partial
from sayso.stt.realtime.messages import TRANSCRIPTION_PREFIX
from sayso.stt.realtime.openai import CLEARED_TIMEOUT_S, RESPONSE_TIMEOUT_S
from sayso.stt.realtime.protocol import Completed, Event, Rejected
from sayso.stt.realtime.transcript import MAX_ITEMS
from unit.stt.openai_helpers import (
    CLEARED,
    COMMIT_EMPTY,
    ONE_SECOND,
    committed,
    completed,
    create,
    delta,
    error,
    finishing,
    ready,
    server_event,
)
from unit.stt.protocol_helpers import EVENTS, KEY, rejection

# Text


def test_deltas_are_partials_of_all_the_text_so_far() -> None:
    dialect = ready()
    assert dialect.receive(delta("Hel")) == [Partial("Hel")]
    assert dialect.receive(delta("lo")) == [Partial("Hello")]
    assert dialect.receive(delta("")) == []
    dialect.receive(committed("i1"))
    assert dialect.receive(delta("World", "i2")) == [Partial("Hello World")]


@pytest.mark.parametrize(
    "order",
    [
        (committed(), CLEARED, completed("Hello.")),
        (committed(), completed("Hello."), CLEARED),
        (committed(), server_event("conversation.item.added"), CLEARED, completed("Hello.")),
        (committed(), server_event("conversation.item.created"), CLEARED, completed("Hello.")),
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
        assert Completed not in {type(event) for event in dialect.receive(message)}
    assert dialect.receive(last)[-1] == Completed("Hello.")
    assert dialect.receive(last) == []


def test_an_empty_final_is_a_final() -> None:
    dialect = finishing()
    dialect.receive(committed())
    dialect.receive(CLEARED)
    assert dialect.receive(completed("")) == [Completed("")]


def test_what_is_final_goes_before_the_deltas() -> None:
    dialect = ready()
    dialect.receive(delta("Hallo"))
    dialect.append_audio(ONE_SECOND)
    dialect.commit()
    dialect.receive(committed())
    dialect.receive(CLEARED)
    assert dialect.receive(completed("Hello.")) == [Partial("Hello."), Completed("Hello.")]


@pytest.mark.parametrize("ours", ["sayso_commit", None])
def test_a_server_that_committed_at_a_pause_has_nothing_left_to_commit(ours: str | None) -> None:
    dialect = ready()
    dialect.append_audio(ONE_SECOND)
    dialect.receive(committed())
    dialect.commit()
    assert dialect.receive(error(COMMIT_EMPTY, event_id=ours)) == []
    assert dialect.receive(CLEARED) == []
    assert dialect.receive(completed("Hello."))[-1] == Completed("Hello.")


def test_several_items_are_all_awaited_in_any_order() -> None:
    dialect = ready()
    dialect.append_audio(ONE_SECOND)
    dialect.receive(committed("i1"))
    dialect.commit()
    dialect.receive(committed("i2", "i1"))
    dialect.receive(CLEARED)
    assert dialect.receive(completed("World.", "i2")) == [Partial("World.")]
    assert dialect.receive(completed("Hello.", "i1"))[-1] == Completed("Hello. World.")
    assert dialect.processed_s == 4


def test_sound_that_did_not_arrive_is_a_problem_and_not_silence() -> None:
    dialect = finishing()
    assert dialect.receive(error(COMMIT_EMPTY, event_id="sayso_commit")) == []
    assert "the sound did not arrive" in rejection(dialect.receive(CLEARED))


@pytest.mark.parametrize(
    ("seconds", "used"),
    [(3, 3.0), (1.5, 1.5), (True, 0.0), ("3", 0.0), (-1, 0.0), (1e999, 0.0), (10**400, 0.0)],
    ids=range(7),
)
def test_usage_is_summed_where_it_is_a_number(seconds: object, used: float) -> None:
    dialect = finishing()
    dialect.receive(completed("a", seconds=seconds))
    assert dialect.processed_s == used


def test_usage_in_tokens_or_none_counts_nothing() -> None:
    dialect = finishing()
    dialect.receive(
        server_event(f"{TRANSCRIPTION_PREFIX}completed", item_id="i1", transcript="a", usage=None)
    )
    dialect.receive(
        server_event(
            f"{TRANSCRIPTION_PREFIX}completed", item_id="i1", transcript="a", usage={"type": "t"}
        )
    )
    assert dialect.processed_s == 0


# Refused after ready


@pytest.mark.parametrize(
    "message",
    [
        server_event(
            f"{TRANSCRIPTION_PREFIX}failed",
            item_id="i1",
            error={"type": "server_error", "message": "Oh."},
        ),
        error("server_error", "Oh."),
        error(COMMIT_EMPTY, "Oh.", event_id="someone_else"),
        server_event("error", error="Oh."),
    ],
    ids=["failed", "error", "foreign", "text"],
)
def test_a_failure_ends_it_and_the_recording_is_kept(message: str) -> None:
    for dialect in (ready(), finishing()):
        sentence = rejection(dialect.receive(message))
        assert "could not recognise this. It says: “Oh.”" in sentence
        assert "Your recording is kept." in sentence
        assert dialect.receive(message) == []


@pytest.mark.parametrize(
    "messages",
    [
        [delta("x", f"i{number}") for number in range(MAX_ITEMS + 1)],
        [delta("x" * 100_000) for _ in range(5)],
        [completed("x" * 200_001)],
    ],
    ids=["items", "deltas", "final"],
)
def test_far_too_much_text_is_nobodys_speech(messages: list[str]) -> None:
    dialect = ready()
    heard = [event for message in messages for event in dialect.receive(message)]
    assert "No speech server answers at" in rejection(heard[-1:])


# Silence and goodbyes


def test_its_patience_is_longer_for_small_computers_and_short_for_a_mere_fence() -> None:
    assert finishing().response_timeout_s == RESPONSE_TIMEOUT_S
    own = finishing("ws://localhost:8000/v1")
    assert own.response_timeout_s == pytest.approx(RESPONSE_TIMEOUT_S + 1.2 / 4)
    own.receive(committed())
    own.receive(completed("Hello."))
    assert own.response_timeout_s == CLEARED_TIMEOUT_S


def test_a_server_that_falls_silent() -> None:
    assert "No speech server answers at" in rejection([create().on_timeout()])
    assert "did not answer. Your recording is kept." in rejection([ready().on_timeout()])
    dialect = finishing()
    dialect.receive(committed())
    dialect.receive(delta("Hello"))
    assert "api.openai.com did not answer" in rejection([dialect.on_timeout()])


def test_when_only_the_fence_is_missing_the_text_is_complete() -> None:
    for end in (lambda d: d.on_timeout(), lambda d: d.on_close(1000, "")):
        dialect = finishing()
        dialect.receive(committed())
        dialect.receive(completed("Hello."))
        assert end(dialect) == Completed("Hello.")


def test_an_item_of_an_earlier_pause_does_not_make_it_complete() -> None:
    dialect = ready()
    dialect.append_audio(ONE_SECOND)
    dialect.receive(committed())
    dialect.commit()
    dialect.receive(completed("Half."))
    assert dialect.response_timeout_s == RESPONSE_TIMEOUT_S
    assert isinstance(dialect.on_timeout(), Rejected)


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
    dialect.receive(delta("Hello"))
    assert sentence in rejection([dialect.on_close(code, reason)])


# Anything

STEPS = st.sampled_from(["audio", "commit", "lapsed", "closed"]) | EVENTS.map(json.dumps)


@settings(max_examples=300, deadline=None)
@given(st.booleans(), st.lists(STEPS | st.text(max_size=5) | st.binary(max_size=5), max_size=25))
def test_any_messages_in_any_order_raise_nothing_and_invent_nothing(
    start_ready: bool, steps: list[str | bytes]
) -> None:
    dialect = ready(language="de") if start_ready else create(language="de")
    given_chars = set("".join(s if isinstance(s, str) else "" for s in steps))
    for step in steps:
        if step in ("audio", "commit", "lapsed", "closed"):
            events: list[Event] = {
                "audio": lambda: [dialect.append_audio(ONE_SECOND)],
                "commit": dialect.commit,
                "lapsed": lambda: [dialect.on_timeout()],
                "closed": lambda: [dialect.on_close(1006, "gone")],
            }[str(step)]()
        else:
            events = dialect.receive(step)
        for event in events:
            if isinstance(event, Partial | Completed):
                event.text.encode("utf-8")
                heard = {c for c in event.text if c.isascii() and c.isalpha()}
                assert heard <= given_chars
            if isinstance(event, Rejected):
                assert event.problem.sentence.isprintable()
