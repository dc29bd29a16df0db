"""Helpers for tests of all protocols."""

from __future__ import annotations

import json
from typing import Any

from sayso.stt.realtime.messages import Event, Rejected, Send

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
