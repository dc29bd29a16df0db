"""OpenAI's protocol: commits at pauses of long takes."""

from __future__ import annotations

import pytest

from sayso.stt.engine import Partial
from sayso.stt.realtime.messages import Completed, FinalText
from sayso.stt.realtime.openai import OpenAIProtocol
from sayso.stt.realtime.timeouts import Timeouts
from unit.stt.openai_helpers import CLEARED, ONE_SECOND, committed, completed, ready
from unit.stt.protocol_helpers import sent_message

# Commits at pauses, and the text that becomes final


TIMEOUTS = Timeouts()
INTERVAL_BYTES = int(TIMEOUTS.commit_interval_s * 48_000)


def long_take(model: str = "gpt-transcribe") -> OpenAIProtocol:
    protocol = ready(model=model)
    protocol.append_audio(bytes(INTERVAL_BYTES))
    return protocol


def test_a_long_take_is_committed_at_a_pause_and_becomes_final() -> None:
    protocol = long_take()
    [commit] = protocol.on_pause()
    assert sent_message(commit) == {"type": "input_audio_buffer.commit", "event_id": "sayso_pause"}
    assert protocol.on_pause() == []  # not before another interval of audio
    protocol.append_audio(ONE_SECOND)
    assert protocol.receive(committed("i1")) == []
    settled = [Partial("One."), FinalText("One.", INTERVAL_BYTES)]
    assert protocol.receive(completed("One.", "i1", TIMEOUTS.commit_interval_s)) == settled
    protocol.commit()
    protocol.receive(committed("i2", "i1"))
    protocol.receive(CLEARED)
    assert protocol.receive(completed("Two.", "i2")) == [
        Partial("One. Two."),
        Completed("One. Two."),
    ]


def test_the_answer_to_a_pause_does_not_end_the_session() -> None:
    protocol = long_take()
    protocol.on_pause()
    protocol.append_audio(ONE_SECOND)
    protocol.commit()
    assert protocol.receive(committed("i1")) == []
    protocol.receive(completed("One.", "i1"))
    assert protocol.response_timeout_s == TIMEOUTS.response_s  # the second is still to come
    protocol.receive(committed("i2", "i1"))
    protocol.receive(completed("Two.", "i2"))
    assert protocol.response_timeout_s == TIMEOUTS.cleared_s
    assert protocol.receive(CLEARED) == [Completed("One. Two.")]


def test_text_of_dropped_audio_does_not_become_final() -> None:
    protocol = long_take()
    protocol.on_pause()
    protocol.receive(committed("i1"))
    assert protocol.receive(completed("One.", "i1", TIMEOUTS.commit_interval_s - 2)) == [
        Partial("One.")
    ]
    protocol.append_audio(bytes(INTERVAL_BYTES))
    protocol.on_pause()
    protocol.receive(committed("i2", "i1"))
    assert protocol.receive(completed("Two.", "i2", 2 * TIMEOUTS.commit_interval_s)) == [
        Partial("One. Two.")
    ]


def test_an_item_that_the_server_ended_itself_has_no_position() -> None:
    protocol = ready(model="gpt-transcribe")
    protocol.append_audio(ONE_SECOND)
    protocol.receive(committed("i1"))
    assert protocol.receive(completed("One.", "i1")) == [Partial("One.")]


@pytest.mark.parametrize("model", ["gpt-live-transcribe", "gpt-realtime-whisper", "mine"])
def test_streaming_and_unknown_models_are_not_committed_at_pauses(model: str) -> None:
    assert long_take(model).on_pause() == []


def test_a_short_take_is_committed_once() -> None:
    protocol = ready(model="gpt-transcribe")
    protocol.append_audio(ONE_SECOND)
    assert protocol.on_pause() == []
