"""Minimal client that can misbehave, and the steps of a correct client."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from .standin import KEY, StandIn

TRANSCRIPTION_PREFIX = "conversation.item.input_audio_transcription."
TIMEOUT_S = 5.0
ONE_SECOND = bytes(48_000)


class Client:
    def __init__(self, ws: ClientConnection) -> None:
        self.ws = ws

    async def send(self, kind: str, **fields: Any) -> None:
        await self.ws.send(json.dumps({"type": kind, **fields}))

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(TIMEOUT_S):
            event: dict[str, Any] = json.loads(await self.ws.recv())
            return event

    async def until(self, kind: str) -> list[dict[str, Any]]:
        """Return the events up to and including one of this type."""
        events = [await self.next()]
        while events[-1]["type"] != kind:
            events.append(await self.next())
        return events

    async def error(self) -> dict[str, Any]:
        """Return the error of the next event, which must be an error event."""
        event = await self.next()
        assert event["type"] == "error", event
        error: dict[str, Any] = event["error"]
        return error

    async def append(self, pcm: bytes) -> None:
        await self.send("input_audio_buffer.append", audio=base64.b64encode(pcm).decode())

    async def update(self, session: Any) -> None:
        await self.send("session.update", session=session, event_id="u1")

    async def ready(self, model: str = "gpt-live-transcribe") -> None:
        await self.until("session.created")
        await self.update(session_settings({"model": model}))
        await self.until("session.updated")


def session_settings(transcription: Any, **audio_input: Any) -> dict[str, Any]:
    """Return a session update; turn detection is off unless given."""
    fields = {"turn_detection": None, "transcription": transcription, **audio_input}
    return {"type": "transcription", "audio": {"input": fields}}


@asynccontextmanager
async def connected(
    service: StandIn, query: str = "?intent=transcription", headers: dict[str, str] | None = None
) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {KEY}"} if headers is None else headers
    async with connect(f"{service.url}{query}", additional_headers=headers, proxy=None) as ws:
        yield Client(ws)
