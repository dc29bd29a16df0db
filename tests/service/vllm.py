"""Session of vLLM's `/v1/realtime`, as strict as the server.

Source: `speech_to_text/realtime` (protocol, connection) of vLLM 0.22.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import time
from typing import Any

from .session import Session, split_words

BYTES_PER_S = 32_000
MODEL = "mistralai/Voxtral-Mini-4B-Realtime-2602"
WORD_S = 0.3


class VLLMSession(Session):
    sends_done = True
    """False for versions before February 2026, which omit it after audio in real time."""
    validated = started = ended = False

    async def admitted(self, given: str | None, beta: bool) -> bool:
        if self.service.key is None or self.record.authorised:
            return True
        await self.ws.close(1008, "Unauthorized")
        return False

    async def run(self) -> None:
        if await self.reach("created"):
            await self.send_plain("session.created", id="sess-1", created=int(time.time()))
        async for message in self.ws:
            await self.receive(message)

    async def receive(self, message: str | bytes) -> None:
        try:
            event = json.loads(message)
        except ValueError:
            return await self.send_error("invalid_json", "Invalid JSON")
        if not isinstance(event, dict) or not isinstance(event.get("type"), str):
            return await self.send_error("invalid_event", "Missing type")
        self.record.events.append({k: v for k, v in event.items() if k != "audio"})
        match event["type"]:
            case "session.update":
                await self.on_update(event)
            case "input_audio_buffer.append":
                await self.on_append(event)
            case "input_audio_buffer.commit":
                await self.on_commit(event)
            case kind:
                await self.send_error("unknown_event", f"Unknown event type: {kind}")

    async def on_update(self, event: dict[str, Any]) -> None:
        if event.get("model") != MODEL:
            name = event.get("model")
            return await self.send_error("model_not_found", f"The model `{name}` does not exist.")
        self.validated = True
        await self.reach("updated")

    async def on_append(self, event: dict[str, Any]) -> None:
        try:
            pcm = base64.b64decode(event["audio"], validate=True)
        except (KeyError, TypeError, ValueError, binascii.Error):
            return await self.send_error("invalid_audio", "Invalid audio data")
        now, audio_s = time.monotonic(), len(pcm) / BYTES_PER_S
        self.record.arrivals.append((now, audio_s))
        self.record.frame_sizes.append(len(pcm))
        self.record.audio += pcm
        if len(self.record.arrivals) == 1 and not await self.reach("audio"):
            return None
        self.buffer += pcm
        if self.started:
            await self.send_deltas_until(int(len(self.buffer) / BYTES_PER_S / WORD_S))
        return None

    async def on_commit(self, event: dict[str, Any]) -> None:
        if not self.validated:
            return await self.send_error("model_not_validated", "Model not validated.")
        if not event.get("final", False):
            self.started, self.text, self.sent_words = True, None, 0
            return None
        if await self.reach("commit") and self.started:
            self.start(self.finish())
        return None

    async def finish(self) -> None:
        await asyncio.sleep(self.service.latency_s)
        if not await self.reach("final"):
            return
        await self.send_deltas_until(10_000)
        usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
        if self.sends_done:
            await self.send_plain("transcription.done", text=self.text or "", usage=usage)
        self.started = False
        self.buffer.clear()

    async def send_deltas_until(self, due: int) -> None:
        if self.text is None and due:
            self.text = self.service.next_text()
        for word in split_words(self.text or "")[self.sent_words : due]:
            await self.send_plain("transcription.delta", delta=word)
            self.sent_words += 1

    async def send_error(self, code: str, words: str) -> None:
        await self.send_plain("error", error=words, code=code)

    async def send_plain(self, kind: str, **fields: Any) -> None:
        event = {"type": kind, **fields}
        self.record.sent.append(event)
        await self.ws.send(json.dumps(event))


class OldVLLMSession(VLLMSession):
    sends_done = False
