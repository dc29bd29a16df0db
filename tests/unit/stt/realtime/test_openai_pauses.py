"""OpenAI's dialect: long takes settled at pauses, and one conversation after another."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.stt.engine import Partial, Ready
from sayso.stt.realtime.openai import (
    CLEARED_TIMEOUT_S,
    COMMIT_INTERVAL_S,
    MOST_PAST,
    RESPONSE_TIMEOUT_S,
    OpenAIProtocol,
)
from sayso.stt.realtime.protocol import Completed, FinalText
from unit.stt.openai_helpers import (
    CLEARED,
    ONE_SECOND,
    committed,
    completed,
    create,
    delta,
    finishing,
    ready,
)
from unit.stt.protocol_helpers import ANY_STEPS, check_any_input, sent_message

# Pauses, and what is settled


INTERVAL_BYTES = int(COMMIT_INTERVAL_S * 48_000)


def long_take(model: str = "gpt-transcribe") -> OpenAIProtocol:
    dialect = ready(model=model)
    dialect.append_audio(bytes(INTERVAL_BYTES))
    return dialect


def test_a_long_take_is_committed_at_a_pause_and_then_settled() -> None:
    dialect = long_take()
    [commit] = dialect.on_pause()
    assert sent_message(commit) == {"type": "input_audio_buffer.commit", "event_id": "sayso_pause"}
    assert dialect.on_pause() == []  # not again before so much was said again
    dialect.append_audio(ONE_SECOND)
    assert dialect.receive(committed("i1")) == []
    settled = [Partial("One."), FinalText("One.", INTERVAL_BYTES)]
    assert dialect.receive(completed("One.", "i1", COMMIT_INTERVAL_S)) == settled
    dialect.commit()
    dialect.receive(committed("i2", "i1"))
    dialect.receive(CLEARED)
    assert dialect.receive(completed("Two.", "i2")) == [
        Partial("One. Two."),
        Completed("One. Two."),
    ]


def test_the_answer_to_a_pause_is_not_taken_for_that_to_the_end() -> None:
    dialect = long_take()
    dialect.on_pause()
    dialect.append_audio(ONE_SECOND)
    dialect.commit()
    assert dialect.receive(committed("i1")) == []
    dialect.receive(completed("One.", "i1"))
    assert dialect.response_timeout_s == RESPONSE_TIMEOUT_S  # the second is still to come
    dialect.receive(committed("i2", "i1"))
    dialect.receive(completed("Two.", "i2"))
    assert dialect.response_timeout_s == CLEARED_TIMEOUT_S
    assert dialect.receive(CLEARED) == [Completed("One. Two.")]


def test_what_was_left_out_in_part_is_not_settled() -> None:
    dialect = long_take()
    dialect.on_pause()
    dialect.receive(committed("i1"))
    assert dialect.receive(completed("One.", "i1", COMMIT_INTERVAL_S - 2)) == [Partial("One.")]
    dialect.append_audio(bytes(INTERVAL_BYTES))
    dialect.on_pause()
    dialect.receive(committed("i2", "i1"))
    assert dialect.receive(completed("Two.", "i2", 2 * COMMIT_INTERVAL_S)) == [Partial("One. Two.")]


def test_an_item_the_server_ended_by_itself_is_of_no_known_place() -> None:
    dialect = ready(model="gpt-transcribe")
    dialect.append_audio(ONE_SECOND)
    dialect.receive(committed("i1"))
    assert dialect.receive(completed("One.", "i1")) == [Partial("One.")]


@pytest.mark.parametrize("model", ["gpt-live-transcribe", "gpt-realtime-whisper", "mine"])
def test_models_that_stream_or_are_unknown_are_never_committed_in_mid_take(model: str) -> None:
    assert long_take(model).on_pause() == []


def test_a_short_take_is_committed_once() -> None:
    dialect = ready(model="gpt-transcribe")
    dialect.append_audio(ONE_SECOND)
    assert dialect.on_pause() == []


# One conversation after another on a socket


def ended(text: str = "One.") -> OpenAIProtocol:
    dialect = finishing()
    dialect.receive(committed("i1"))
    dialect.receive(CLEARED)
    assert dialect.receive(completed(text, "i1"))[-1] == Completed(text)
    return dialect


def test_the_next_goes_on_without_a_hello_and_hears_nothing_of_the_one_before() -> None:
    kept = ended().kept
    assert kept is not None
    dialect = create()
    assert dialect.go_on(kept) == [Ready()]
    dialect.append_audio(ONE_SECOND)
    for late in (delta(" ghost"), completed("A ghost."), committed("i1")):
        assert dialect.receive(late) == []
    dialect.commit()
    dialect.receive(committed("i2", "i1"))
    dialect.receive(CLEARED)
    assert dialect.receive(completed("Two.", "i2"))[-1] == Completed("Two.")
    assert dialect.kept is not None
    assert dialect.kept.past == {"i1", "i2"}


def test_other_settings_need_a_session_of_their_own() -> None:
    kept = ended().kept
    assert kept is not None
    assert create(language="de").go_on(kept) == []


def test_a_socket_is_not_kept_without_the_fence_or_without_ids() -> None:
    dialect = finishing()
    dialect.receive(committed("i1"))
    dialect.receive(completed("One.", "i1"))
    assert dialect.on_timeout() == Completed("One.")
    assert dialect.kept is None
    nameless = finishing()
    nameless.receive(committed(None))
    nameless.receive(CLEARED)
    nameless.receive(completed("One.", ""))
    assert nameless.kept is None


def test_a_socket_is_not_kept_for_ever() -> None:
    dialect = ended()
    dialect._past = frozenset(str(number) for number in range(MOST_PAST))
    assert dialect.kept is None


@settings(max_examples=200)
@given(ANY_STEPS, st.booleans())
def test_whatever_comes_after_pauses_what_is_settled_is_of_audio_that_was_sent(
    steps: list[str | bytes], hang_up: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sayso.stt.realtime.openai.COMMIT_INTERVAL_S", 0.2)
        dialect = ready(model="gpt-transcribe")
        check_any_input(dialect, steps, hang_up)
