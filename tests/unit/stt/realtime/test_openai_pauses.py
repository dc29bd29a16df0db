"""OpenAI's dialect: long takes settled at pauses, and one conversation after another."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.stt.engine import Partial, Ready
from sayso.stt.realtime.openai import ANSWER_S, FENCE_S, MOST_PAST, TURN_S, OpenAI
from sayso.stt.realtime.protocol import Complete, Settled
from unit.stt.openai_helpers import (
    CLEARED,
    SECOND,
    committed,
    completed,
    delta,
    finishing,
    made,
    ready,
)
from unit.stt.protocol_helpers import ANYTHING, sent, stand_anything

# Pauses, and what is settled


TURN_BYTES = int(TURN_S * 48_000)


def long_take(model: str = "gpt-transcribe") -> OpenAI:
    dialect = ready(model=model)
    dialect.audio(bytes(TURN_BYTES))
    return dialect


def test_a_long_take_is_committed_at_a_pause_and_then_settled() -> None:
    dialect = long_take()
    [commit] = dialect.pause()
    assert sent(commit) == {"type": "input_audio_buffer.commit", "event_id": "sayso_pause"}
    assert dialect.pause() == []  # not again before so much was said again
    dialect.audio(SECOND)
    assert dialect.hear(committed("i1")) == []
    settled = [Partial("One."), Settled("One.", TURN_BYTES)]
    assert dialect.hear(completed("One.", "i1", TURN_S)) == settled
    dialect.commit()
    dialect.hear(committed("i2", "i1"))
    dialect.hear(CLEARED)
    assert dialect.hear(completed("Two.", "i2")) == [Partial("One. Two."), Complete("One. Two.")]


def test_the_answer_to_a_pause_is_not_taken_for_that_to_the_end() -> None:
    dialect = long_take()
    dialect.pause()
    dialect.audio(SECOND)
    dialect.commit()
    assert dialect.hear(committed("i1")) == []
    dialect.hear(completed("One.", "i1"))
    assert dialect.patience_s == ANSWER_S  # the second is still to come
    dialect.hear(committed("i2", "i1"))
    dialect.hear(completed("Two.", "i2"))
    assert dialect.patience_s == FENCE_S
    assert dialect.hear(CLEARED) == [Complete("One. Two.")]


def test_what_was_left_out_in_part_is_not_settled() -> None:
    dialect = long_take()
    dialect.pause()
    dialect.hear(committed("i1"))
    assert dialect.hear(completed("One.", "i1", TURN_S - 2)) == [Partial("One.")]
    dialect.audio(bytes(TURN_BYTES))
    dialect.pause()
    dialect.hear(committed("i2", "i1"))
    assert dialect.hear(completed("Two.", "i2", 2 * TURN_S)) == [Partial("One. Two.")]


def test_an_item_the_server_ended_by_itself_is_of_no_known_place() -> None:
    dialect = ready(model="gpt-transcribe")
    dialect.audio(SECOND)
    dialect.hear(committed("i1"))
    assert dialect.hear(completed("One.", "i1")) == [Partial("One.")]


@pytest.mark.parametrize("model", ["gpt-live-transcribe", "gpt-realtime-whisper", "mine"])
def test_models_that_stream_or_are_unknown_are_never_committed_in_mid_take(model: str) -> None:
    assert long_take(model).pause() == []


def test_a_short_take_is_committed_once() -> None:
    dialect = ready(model="gpt-transcribe")
    dialect.audio(SECOND)
    assert dialect.pause() == []


# One conversation after another on a socket


def ended(text: str = "One.") -> OpenAI:
    dialect = finishing()
    dialect.hear(committed("i1"))
    dialect.hear(CLEARED)
    assert dialect.hear(completed(text, "i1"))[-1] == Complete(text)
    return dialect


def test_the_next_goes_on_without_a_hello_and_hears_nothing_of_the_one_before() -> None:
    kept = ended().kept
    assert kept is not None
    dialect = made()
    assert dialect.go_on(kept) == [Ready()]
    dialect.audio(SECOND)
    for late in (delta(" ghost"), completed("A ghost."), committed("i1")):
        assert dialect.hear(late) == []
    dialect.commit()
    dialect.hear(committed("i2", "i1"))
    dialect.hear(CLEARED)
    assert dialect.hear(completed("Two.", "i2"))[-1] == Complete("Two.")
    assert dialect.kept is not None
    assert dialect.kept.past == {"i1", "i2"}


def test_other_settings_need_a_session_of_their_own() -> None:
    kept = ended().kept
    assert kept is not None
    assert made(language="de").go_on(kept) == []


def test_a_socket_is_not_kept_without_the_fence_or_without_ids() -> None:
    dialect = finishing()
    dialect.hear(committed("i1"))
    dialect.hear(completed("One.", "i1"))
    assert dialect.lapsed() == Complete("One.")
    assert dialect.kept is None
    nameless = finishing()
    nameless.hear(committed(None))
    nameless.hear(CLEARED)
    nameless.hear(completed("One.", ""))
    assert nameless.kept is None


def test_a_socket_is_not_kept_for_ever() -> None:
    dialect = ended()
    dialect._past = frozenset(str(number) for number in range(MOST_PAST))
    assert dialect.kept is None


@settings(max_examples=200)
@given(ANYTHING, st.booleans())
def test_whatever_comes_after_pauses_what_is_settled_is_of_audio_that_was_sent(
    steps: list[str | bytes], hang_up: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sayso.stt.realtime.openai.TURN_S", 0.2)
        dialect = ready(model="gpt-transcribe")
        stand_anything(dialect, steps, hang_up)
