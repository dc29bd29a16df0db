"""Every protocol is fed any messages in any order: see also each protocol's own test of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.core.settings.settings import Endpoint
from sayso.stt.engine import Partial, Ready
from sayso.stt.realtime.detect import create_protocol
from sayso.stt.realtime.messages import Completed, Event, FinalText, Rejected, Send
from sayso.stt.realtime.protocol import RealtimeProtocol
from sayso.stt.server.auth import Credentials
from unit.stt.protocol_helpers import ANY_STEPS, KEY, SESSION_CREATED

PROTOCOLS = ("auto", "openai", "vllm", "speaches", "lemonade", "together")
UPDATED = '{"type": "session.updated"}'
TEXT_FIELDS = ("delta", "transcript", "text")


def create(kind: str, host: str = "h.example") -> RealtimeProtocol:
    endpoint = Endpoint(url=f"wss://{host}/v1", dialect=kind, model="gpt-live-transcribe",
                        keywords="a, b", prompt="c", delay="low", noise="near_field")  # fmt: skip
    return create_protocol(endpoint, "de", Credentials(KEY))


def texts_in(steps: list[str | bytes]) -> Iterator[str]:
    """Every text a server gave, as it can be written."""
    for step in steps:
        try:
            event = json.loads(step)
        except ValueError:
            continue
        if isinstance(event, dict):
            for name in TEXT_FIELDS:
                if isinstance(event.get(name), str):
                    yield normalized(event[name])


def normalized(text: str) -> str:
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]", "", whole)


def is_concatenation(text: str, pieces: set[str]) -> bool:
    """Whether it is nothing but such pieces one after the other."""
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


@pytest.mark.parametrize("kind", PROTOCOLS)
@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2), ANY_STEPS, st.sampled_from(["lapsed", "closed", "goodbye"]))
def test_a_session_ends_once_and_contains_only_text_from_the_server(
    kind: str, begun: int, steps: list[str | bytes], end: str
) -> None:
    talk = create(kind)
    steps = [SESSION_CREATED, UPDATED][:begun] + steps
    pieces = {piece for piece in texts_in(steps) if piece}
    last: Callable[[], Event] = {
        "lapsed": talk.on_timeout,
        "closed": lambda: talk.on_close(1006, "gone"),
        "goodbye": lambda: talk.on_close(1000, ""),
    }[end]
    ready, committed, over = 0, False, 0
    for step in [*steps, None]:
        if over:
            assert step is None or step in ("audio", "commit") or talk.receive(step) == []
            continue
        if step is None:
            events = [last()]
        elif step == "audio":  # the link sends none before `Ready`, and none after the commit
            events = [talk.append_audio(bytes(9_600))] if ready and not committed else []
        elif step == "commit":
            events = talk.commit() if ready and not committed else []
            committed = committed or bool(ready)
        else:
            events = talk.receive(step)
        for event in events:
            assert not over
            check_event(event, pieces)
            ready += isinstance(event, Ready)
            over += isinstance(event, Completed | Rejected)
        assert talk.response_timeout_s > 0
        assert talk.processed_s >= 0
    assert over == 1
    assert ready <= 1


@pytest.mark.parametrize("kind", PROTOCOLS)
@given(st.binary(max_size=200) | st.text(max_size=200))
def test_an_unknown_server_is_rejected(kind: str, message: str | bytes) -> None:
    talk = create(kind)
    events = talk.receive(message)
    end = events[-1] if events else talk.on_timeout()
    assert isinstance(end, Rejected)
    assert "h.example" in end.problem.message
