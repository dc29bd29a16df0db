"""What the tests of all dialects say and look for."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from sayso.stt.engine import Partial
from sayso.stt.realtime.messages import (
    COMMIT_EMPTY,
    TRANSCRIPTION_PREFIX,
    Completed,
    Event,
    FinalText,
    Rejected,
    Send,
)
from sayso.stt.realtime.protocol import RealtimeProtocol

KEY = "sk-canary-0123456789abcdefghij"


def server_event(event_type: str, **fields: Any) -> str:
    return json.dumps({"type": event_type, **fields})


def sent_message(event: Event) -> dict[str, Any]:
    assert isinstance(event, Send)
    message: dict[str, Any] = json.loads(event.message)
    return message


def rejection(events: list[Event]) -> str:
    [event] = events
    assert isinstance(event, Rejected)
    assert KEY not in repr(event)
    return event.problem.sentence


SCALARS: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text()
)
ANY_VALUE = (
    SCALARS
    | st.lists(SCALARS, max_size=2)
    | st.dictionaries(st.text(max_size=4), SCALARS, max_size=2)
)
TEXTS = st.sampled_from(["one", " two", "\ud83d", "\x00"]) | ANY_VALUE
EVENT_TYPES = st.sampled_from(
    [
        "session.created",
        "session.updated",
        f"{TRANSCRIPTION_PREFIX}delta",
        f"{TRANSCRIPTION_PREFIX}completed",
        f"{TRANSCRIPTION_PREFIX}failed",
        "transcription.delta",
        "transcription.done",
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "input_audio_buffer.cleared",
        "conversation.item.created",
        "error",
    ]
)
ERRORS = ANY_VALUE | st.fixed_dictionaries(
    {},
    optional={
        "code": st.sampled_from([COMMIT_EMPTY, "invalid_api_key"]) | ANY_VALUE,
        "param": st.sampled_from(["a.languages", "a.prompt", "a.model"]) | ANY_VALUE,
        "event_id": st.sampled_from(["sayso_commit", "sayso_clear"]) | ANY_VALUE,
        "message": ANY_VALUE | st.sampled_from(["keywords", "no prompt"]),
    },
)
EVENTS = st.fixed_dictionaries(
    {"type": EVENT_TYPES | ANY_VALUE},
    optional={
        "id": ANY_VALUE,
        "session": ANY_VALUE | st.just({"input_audio_format": "pcm16"}),
        "item_id": st.sampled_from(["a", "b", ""]) | ANY_VALUE,
        "previous_item_id": st.sampled_from(["a", "b", ""]) | ANY_VALUE,
        "delta": TEXTS,
        "transcript": TEXTS,
        "text": TEXTS,
        "audio_end_ms": st.integers(-10, 30_000) | ANY_VALUE,
        "usage": ANY_VALUE | st.fixed_dictionaries({"seconds": ANY_VALUE}),
        "error": ERRORS,
        "code": ANY_VALUE,
    },
)
STEPS = st.sampled_from(["audio", "pause", "commit"]) | EVENTS.map(json.dumps)
ANY_STEPS = st.lists(STEPS | st.text(max_size=5) | st.binary(max_size=5), max_size=25)
SESSION_CREATED = '{"type": "session.created"}'


def check_any_input(protocol: RealtimeProtocol, steps: list[str | bytes], close: bool) -> None:
    """Nothing raises, no text is invented, and the end is one terminal event, the only one."""
    given = set("".join(step for step in steps if isinstance(step, str)))
    ends, committed, settled = 0, False, 0
    for step in steps:
        events: list[Event] = []
        if step == "audio":
            events = [] if committed else [protocol.append_audio(bytes(32_000))]
        elif step == "pause":
            events = [] if committed else protocol.on_pause()
        elif step == "commit":
            events, committed = ([] if committed else protocol.commit()), True
        else:
            events = protocol.receive(step)
        ends += _check_events(events, given)
        for event in events:
            if isinstance(event, FinalText):
                assert settled < event.sent_bytes <= protocol.sent_s * protocol.rate_hz * 2
                settled = event.sent_bytes
        assert protocol.response_timeout_s > 0
        if ends:
            assert protocol.receive(step) == []
            break
    else:
        ends += _check_events(
            [protocol.on_close(1006, "gone") if close else protocol.on_timeout()], given
        )
    assert ends == 1


def _check_events(events: list[Event], given: set[str]) -> int:
    for event in events:
        if isinstance(event, Partial | Completed | FinalText):
            event.text.encode("utf-8")
            assert {c for c in event.text if c.isascii() and c.isalpha()} <= given
        if isinstance(event, Rejected):
            assert event.problem.sentence.isprintable()
    terminal = [isinstance(event, Completed | Rejected) for event in events]
    assert not any(terminal[:-1])
    return sum(terminal)
