"""OpenAI's protocol: partials, finals, failures and closed connections."""

from __future__ import annotations

import pytest

from sayso.stt.engine import Partial
from sayso.stt.realtime.messages import TRANSCRIPTION_PREFIX, Completed, Rejected
from sayso.stt.realtime.timeouts import Timeouts
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
from unit.stt.protocol_helpers import KEY, rejection

TIMEOUTS = Timeouts()

# Text


def test_deltas_become_partials_of_the_whole_text() -> None:
    protocol = ready()
    assert protocol.receive(delta("Hel")) == [Partial("Hel")]
    assert protocol.receive(delta("lo")) == [Partial("Hello")]
    assert protocol.receive(delta("")) == []
    protocol.receive(committed("i1"))
    assert protocol.receive(delta("World", "i2")) == [Partial("Hello World")]


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
def test_the_session_completes_when_cleared_and_all_items_are_final(order: tuple[str, ...]) -> None:
    protocol = finishing()
    *before, last = order
    for message in before:
        assert Completed not in {type(event) for event in protocol.receive(message)}
    assert protocol.receive(last)[-1] == Completed("Hello.")
    assert protocol.receive(last) == []


def test_an_empty_final_text_completes_the_session() -> None:
    protocol = finishing()
    protocol.receive(committed())
    protocol.receive(CLEARED)
    assert protocol.receive(completed("")) == [Completed("")]


def test_final_text_replaces_the_deltas() -> None:
    protocol = ready()
    protocol.receive(delta("Hallo"))
    protocol.append_audio(ONE_SECOND)
    protocol.commit()
    protocol.receive(committed())
    protocol.receive(CLEARED)
    assert protocol.receive(completed("Hello.")) == [Partial("Hello."), Completed("Hello.")]


@pytest.mark.parametrize("ours", ["sayso_commit", None])
def test_an_empty_commit_is_accepted_if_the_server_committed_at_a_pause(ours: str | None) -> None:
    protocol = ready()
    protocol.append_audio(ONE_SECOND)
    protocol.receive(committed())
    protocol.commit()
    assert protocol.receive(error(COMMIT_EMPTY, event_id=ours)) == []
    assert protocol.receive(CLEARED) == []
    assert protocol.receive(completed("Hello."))[-1] == Completed("Hello.")


def test_all_items_are_awaited_in_any_order() -> None:
    protocol = ready()
    protocol.append_audio(ONE_SECOND)
    protocol.receive(committed("i1"))
    protocol.commit()
    protocol.receive(committed("i2", "i1"))
    protocol.receive(CLEARED)
    assert protocol.receive(completed("World.", "i2")) == [Partial("World.")]
    assert protocol.receive(completed("Hello.", "i1"))[-1] == Completed("Hello. World.")
    assert protocol.processed_s == 4


def test_audio_that_did_not_arrive_is_a_problem() -> None:
    protocol = finishing()
    assert protocol.receive(error(COMMIT_EMPTY, event_id="sayso_commit")) == []
    assert "the server received no audio" in rejection(protocol.receive(CLEARED))


@pytest.mark.parametrize(
    ("seconds", "used"),
    [(3, 3.0), (1.5, 1.5), (True, 0.0), ("3", 0.0), (-1, 0.0), (1e999, 0.0), (10**400, 0.0)],
    ids=range(7),
)
def test_valid_usage_is_added(seconds: object, used: float) -> None:
    protocol = finishing()
    protocol.receive(completed("a", seconds=seconds))
    assert protocol.processed_s == used


def test_usage_without_seconds_adds_no_seconds() -> None:
    protocol = finishing()
    protocol.receive(
        server_event(f"{TRANSCRIPTION_PREFIX}completed", item_id="i1", transcript="a", usage=None)
    )
    protocol.receive(
        server_event(
            f"{TRANSCRIPTION_PREFIX}completed", item_id="i1", transcript="a", usage={"type": "t"}
        )
    )
    assert protocol.processed_s == 0


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
def test_a_failure_ends_the_session_and_keeps_the_recording(message: str) -> None:
    for protocol in (ready(), finishing()):
        sentence = rejection(protocol.receive(message))
        assert "could not transcribe this: “Oh.”" in sentence
        assert "Your recording is kept." in sentence
        assert protocol.receive(message) == []


@pytest.mark.parametrize(
    "messages",
    [
        [delta("x", f"i{number}") for number in range(MAX_ITEMS + 1)],
        [delta("x" * 100_000) for _ in range(5)],
        [completed("x" * 200_001)],
    ],
    ids=["items", "deltas", "final"],
)
def test_too_much_text_is_rejected(messages: list[str]) -> None:
    protocol = ready()
    received = [event for message in messages for event in protocol.receive(message)]
    assert "There is no speech server at" in rejection(received[-1:])


# Silent servers and closed connections


def test_the_response_timeout_depends_on_the_server_and_on_what_is_missing() -> None:
    assert finishing().response_timeout_s == TIMEOUTS.response_s
    own = finishing("ws://localhost:8000/v1")
    assert own.response_timeout_s == pytest.approx(TIMEOUTS.response_s + 1.2 / 4)
    own.receive(committed())
    own.receive(completed("Hello."))
    assert own.response_timeout_s == TIMEOUTS.cleared_s


def test_a_silent_server_causes_a_problem() -> None:
    assert "There is no speech server at" in rejection([create().on_timeout()])
    assert "did not respond. Your recording is kept." in rejection([ready().on_timeout()])
    protocol = finishing()
    protocol.receive(committed())
    protocol.receive(delta("Hello"))
    assert "OpenAI did not respond" in rejection([protocol.on_timeout()])


def test_the_text_is_complete_if_only_cleared_is_missing() -> None:
    for end in (lambda d: d.on_timeout(), lambda d: d.on_close(1000, "")):
        protocol = finishing()
        protocol.receive(committed())
        protocol.receive(completed("Hello."))
        assert end(protocol) == Completed("Hello.")


def test_an_item_of_an_earlier_pause_does_not_complete_the_session() -> None:
    protocol = ready()
    protocol.append_audio(ONE_SECOND)
    protocol.receive(committed())
    protocol.commit()
    protocol.receive(completed("Half."))
    assert protocol.response_timeout_s == TIMEOUTS.response_s
    assert isinstance(protocol.on_timeout(), Rejected)


@pytest.mark.parametrize(
    ("code", "reason", "sentence"),
    [
        (3000, "invalid_request_error.invalid_api_key", "rejected your API key"),
        (4000, f"invalid_request_error.{KEY}", "rejected the settings"),
        (1001, "Your session hit the maximum duration of 60 minutes.", "has expired"),
        (1006, "", "Lost the connection to OpenAI."),
    ],
)
def test_partial_text_is_not_returned_when_the_server_closes_the_connection(
    code: int, reason: str, sentence: str
) -> None:
    protocol = finishing()
    protocol.receive(delta("Hello"))
    assert sentence in rejection([protocol.on_close(code, reason)])
