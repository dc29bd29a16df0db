"""Events of a realtime protocol, and the JSON messages that clients send. Pure."""

from __future__ import annotations

import base64
import json
from typing import Any

import attrs

from ...core.problems import Problem
from ..engine import Partial, Ready

TRANSCRIPTION_PREFIX = "conversation.item.input_audio_transcription."
COMMIT_EMPTY = "input_audio_buffer_commit_empty"


@attrs.frozen
class Send:
    """Send a text message to the server."""

    message: str


@attrs.frozen
class FinalText:
    """Text that will not change, for the audio since the previous event of this kind."""

    text: str
    sent_bytes: int
    """Position at which its audio ends, in bytes passed to `append_audio`."""


@attrs.frozen
class Completed:
    """The session is over; `text` is the whole text."""

    text: str


@attrs.frozen
class Rejected:
    """The session has failed. The take still has its audio."""

    problem: Problem


Event = Send | Ready | Partial | FinalText | Completed | Rejected


def client_event(kind: str, **fields: Any) -> Send:
    return Send(json.dumps({"type": kind, **fields}))


def append_event(pcm: bytes) -> Send:
    """Return the event that sends audio, s16le mono. All supported servers use it."""
    return client_event("input_audio_buffer.append", audio=base64.b64encode(pcm).decode("ascii"))
