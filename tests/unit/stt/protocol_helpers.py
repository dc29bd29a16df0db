"""What the tests of all dialects say and look for."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from sayso.stt.engine import Partial
from sayso.stt.realtime.messages import COMMIT_EMPTY, SPOKEN
from sayso.stt.realtime.protocol import Complete, Dialect, Event, Refused, Send, Settled

KEY = "sk-canary-0123456789abcdefghij"


def spoken(kind: str, **fields: Any) -> str:
    return json.dumps({"type": kind, **fields})


def sent(event: Event) -> dict[str, Any]:
    assert isinstance(event, Send)
    message: dict[str, Any] = json.loads(event.message)
    return message


def refusal(events: list[Event]) -> str:
    [event] = events
    assert isinstance(event, Refused)
    assert KEY not in repr(event)
    return event.problem.sentence


ODD: st.SearchStrategy[Any] = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
ANY = ODD | st.lists(ODD, max_size=2) | st.dictionaries(st.text(max_size=4), ODD, max_size=2)
WORDS = st.sampled_from(["one", " two", "\ud83d", "\x00"]) | ANY
KINDS = st.sampled_from(
    [
        "session.created",
        "session.updated",
        f"{SPOKEN}delta",
        f"{SPOKEN}completed",
        f"{SPOKEN}failed",
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
ERRORS = ANY | st.fixed_dictionaries(
    {},
    optional={
        "code": st.sampled_from([COMMIT_EMPTY, "invalid_api_key"]) | ANY,
        "param": st.sampled_from(["a.languages", "a.prompt", "a.model"]) | ANY,
        "event_id": st.sampled_from(["sayso_commit", "sayso_clear"]) | ANY,
        "message": ANY | st.sampled_from(["keywords", "no prompt"]),
    },
)
EVENTS = st.fixed_dictionaries(
    {"type": KINDS | ANY},
    optional={
        "id": ANY,
        "session": ANY | st.just({"input_audio_format": "pcm16"}),
        "item_id": st.sampled_from(["a", "b", ""]) | ANY,
        "previous_item_id": st.sampled_from(["a", "b", ""]) | ANY,
        "delta": WORDS,
        "transcript": WORDS,
        "text": WORDS,
        "audio_end_ms": st.integers(-10, 30_000) | ANY,
        "usage": ANY | st.fixed_dictionaries({"seconds": ANY}),
        "error": ERRORS,
        "code": ANY,
    },
)
STEPS = st.sampled_from(["audio", "pause", "commit"]) | EVENTS.map(json.dumps)
ANYTHING = st.lists(STEPS | st.text(max_size=5) | st.binary(max_size=5), max_size=25)
HELLO = '{"type": "session.created"}'


def stand_anything(dialect: Dialect, steps: list[str | bytes], hang_up: bool) -> None:
    """Nothing raises, no text is invented, and the end is one terminal event, the only one."""
    given = set("".join(step for step in steps if isinstance(step, str)))
    ends, committed, settled = 0, False, 0
    for step in steps:
        events: list[Event] = []
        if step == "audio":
            events = [] if committed else [dialect.audio(bytes(32_000))]
        elif step == "pause":
            events = [] if committed else dialect.pause()
        elif step == "commit":
            events, committed = ([] if committed else dialect.commit()), True
        else:
            events = dialect.hear(step)
        ends += _judged(events, given)
        for event in events:
            if isinstance(event, Settled):
                assert settled < event.sent_bytes <= dialect.sent_s * dialect.rate_hz * 2
                settled = event.sent_bytes
        assert dialect.patience_s > 0
        if ends:
            assert dialect.hear(step) == []
            break
    else:
        ends += _judged([dialect.closed(1006, "gone") if hang_up else dialect.lapsed()], given)
    assert ends == 1


def _judged(events: list[Event], given: set[str]) -> int:
    for event in events:
        if isinstance(event, Partial | Complete | Settled):
            event.text.encode("utf-8")
            assert {c for c in event.text if c.isascii() and c.isalpha()} <= given
        if isinstance(event, Refused):
            assert event.problem.sentence.isprintable()
    terminal = [isinstance(event, Complete | Refused) for event in events]
    assert not any(terminal[:-1])
    return sum(terminal)
