"""Each protocol gets any messages and calls in any order."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.core.settings.endpoint import Endpoint
from sayso.stt.engine import Partial, Ready
from sayso.stt.realtime.detect import create_protocol
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
from sayso.stt.realtime.timeouts import Timeouts
from sayso.stt.server.auth import Credentials
from unit.stt.protocol_helpers import KEY

PROTOCOLS = ("auto", "openai", "vllm", "speaches", "lemonade", "together")
CREATED, UPDATED = '{"type": "session.created"}', '{"type": "session.updated"}'
TEXT_FIELDS = ("delta", "transcript", "text")
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
CALLS = ["audio", "pause", "commit", "timeout", "close"]
STEPS = st.sampled_from(CALLS) | EVENTS.map(json.dumps)
ANY_STEPS = st.lists(STEPS | st.text(max_size=5) | st.binary(max_size=5), max_size=25)


def create(dialect: str, model: str = "gpt-live-transcribe") -> RealtimeProtocol:
    endpoint = Endpoint(url="wss://h.example/v1", dialect=dialect, model=model,
                        keywords="a, b", prompt="c", delay="low", noise="near_field")  # fmt: skip
    return create_protocol(endpoint, "de", Credentials(KEY), Timeouts(commit_interval_s=0.2))


def texts_in(steps: list[str | bytes]) -> Iterator[str]:
    """Yield every text in the messages, normalized."""
    for step in steps:
        try:
            event = json.loads(step)
        except ValueError:
            continue
        if isinstance(event, dict):
            texts = (event.get(name) for name in TEXT_FIELDS)
            yield from (normalized(text) for text in texts if isinstance(text, str))


def normalized(text: str) -> str:
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]", "", joined)


def is_concatenation(text: str, pieces: set[str]) -> bool:
    reached = {0}
    for at in range(len(text)):
        if at in reached:
            reached |= {at + len(piece) for piece in pieces if text.startswith(piece, at)}
    return len(text) in reached


def check_event(event: Event, pieces: set[str]) -> None:
    match event:
        case Partial(text) | Completed(text) | FinalText(text=text):
            text.encode("utf-8")
            assert is_concatenation(normalized(text), pieces)
        case Rejected(problem):
            assert problem.message
            assert problem.sentence.isprintable()
            assert KEY not in problem.sentence + problem.detail
        case Send(message):
            assert json.loads(message)["type"]


def apply(protocol: RealtimeProtocol, step: str | bytes) -> list[Event]:
    match step:
        case "audio":
            return [protocol.append_audio(bytes(9_600))]
        case "pause":
            return protocol.on_pause()
        case "commit":
            return protocol.commit()
        case "timeout":
            return [protocol.on_timeout()]
        case "close":
            return [protocol.on_close(1006, "gone")]
    return protocol.receive(step)


@pytest.mark.parametrize("dialect", PROTOCOLS)
@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 2),
    ANY_STEPS,
    st.sampled_from(["timeout", "close"]),
    st.sampled_from(["gpt-live-transcribe", "gpt-transcribe"]),
)
def test_a_session_ends_once_and_contains_only_text_from_the_server(
    dialect: str, setup: int, steps: list[str | bytes], end: str, model: str
) -> None:
    protocol = create(dialect, model)
    steps = [*[CREATED, UPDATED][:setup], *steps, end]
    pieces = {piece for piece in texts_in(steps) if piece}
    committed, ready, ends, final_bytes = False, 0, 0, 0
    for step in steps:
        protocol = protocol.active
        if ends:
            assert step in CALLS or protocol.receive(step) == []
            continue
        if step in ("audio", "pause", "commit"):
            if committed:
                continue
            committed = step == "commit"
        events = apply(protocol, step)
        protocol = protocol.active
        for event in events:
            assert not ends
            check_event(event, pieces)
            ready += isinstance(event, Ready)
            ends += isinstance(event, Completed | Rejected)
            if isinstance(event, FinalText):
                assert final_bytes < event.sent_bytes <= protocol.sent_s * protocol.rate_hz * 2
                final_bytes = event.sent_bytes
        assert protocol.response_timeout_s > 0
        assert protocol.processed_s >= 0
    assert ends == 1
    assert ready <= 1


@pytest.mark.parametrize("dialect", PROTOCOLS)
@given(st.binary(max_size=200) | st.text(max_size=200))
def test_an_unknown_server_is_rejected(dialect: str, message: str | bytes) -> None:
    protocol = create(dialect)
    events = protocol.receive(message)
    end = events[-1] if events else protocol.on_timeout()
    assert isinstance(end, Rejected)
    assert "h.example" in end.problem.message
