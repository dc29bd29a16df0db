"""Every dialect is fed any messages in any order: see also each dialect's own test of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.core.settings.settings import Endpoint
from sayso.stt.engine import Partial, Ready
from sayso.stt.realtime.detect import dialect_for
from sayso.stt.realtime.protocol import Complete, Dialect, Event, Refused, Send, Settled
from sayso.stt.server.auth import Access
from unit.stt.protocol_helpers import ANYTHING, HELLO, KEY

KINDS = ("auto", "openai", "vllm", "speaches", "lemonade", "together")
UPDATED = '{"type": "session.updated"}'
SAID = ("delta", "transcript", "text")


def dialect(kind: str, host: str = "h.example") -> Dialect:
    endpoint = Endpoint(url=f"wss://{host}/v1", dialect=kind, model="gpt-live-transcribe",
                        keywords="a, b", prompt="c", delay="low", noise="near_field")  # fmt: skip
    return dialect_for(endpoint, "de", Access(KEY))


def said(steps: list[str | bytes]) -> Iterator[str]:
    """Every text a server gave, as it can be written."""
    for step in steps:
        try:
            event = json.loads(step)
        except ValueError:
            continue
        if isinstance(event, dict):
            for name in SAID:
                if isinstance(event.get(name), str):
                    yield bare(event[name])


def bare(text: str) -> str:
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]", "", whole)


def made_of(text: str, pieces: set[str]) -> bool:
    """Whether it is nothing but such pieces one after the other."""
    reached = {0}
    for at in range(len(text)):
        if at in reached:
            reached |= {at + len(piece) for piece in pieces if text.startswith(piece, at)}
    return len(text) in reached


def judge(event: Event, pieces: set[str]) -> None:
    match event:
        case Partial(text) | Complete(text) | Settled(text=text):
            text.encode("utf-8")
            assert made_of(bare(text), pieces)
        case Refused(problem):
            assert problem.what
            assert problem.sentence.isprintable()
            assert KEY not in problem.sentence + problem.detail
        case Send(message):
            assert json.loads(message)["type"]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2), ANYTHING, st.sampled_from(["lapsed", "closed", "goodbye"]))
def test_it_ends_once_and_says_nothing_that_was_not_said(
    kind: str, begun: int, steps: list[str | bytes], end: str
) -> None:
    talk = dialect(kind)
    steps = [HELLO, UPDATED][:begun] + steps
    pieces = {piece for piece in said(steps) if piece}
    last: Callable[[], Event] = {
        "lapsed": talk.lapsed,
        "closed": lambda: talk.closed(1006, "gone"),
        "goodbye": lambda: talk.closed(1000, ""),
    }[end]
    ready, committed, over = 0, False, 0
    for step in [*steps, None]:
        if over:
            assert step is None or step in ("audio", "commit") or talk.hear(step) == []
            continue
        if step is None:
            events = [last()]
        elif step == "audio":  # the link sends none before `Ready`, and none after the commit
            events = [talk.audio(bytes(9_600))] if ready and not committed else []
        elif step == "commit":
            events = talk.commit() if ready and not committed else []
            committed = committed or bool(ready)
        else:
            events = talk.hear(step)
        for event in events:
            assert not over
            judge(event, pieces)
            ready += isinstance(event, Ready)
            over += isinstance(event, Complete | Refused)
        assert talk.patience_s > 0
        assert talk.used_s >= 0
    assert over == 1
    assert ready <= 1


@pytest.mark.parametrize("kind", KINDS)
@given(st.binary(max_size=200) | st.text(max_size=200))
def test_a_stranger_is_refused_in_a_sentence(kind: str, message: str | bytes) -> None:
    talk = dialect(kind)
    events = talk.hear(message)
    end = events[-1] if events else talk.lapsed()
    assert isinstance(end, Refused)
    assert "h.example" in end.problem.what
