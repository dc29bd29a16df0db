"""Session of a server with the flat session of OpenAI's beta, as strict as speaches.

Sources: speaches as of March 2026, Lemonade's example, and Together's documentation. The model is
in the address, turn detection is always on, and each stretch of speech makes an item. speaches
loses speech that is committed before its end. Audio louder than a resampler's dither is speech.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import math
from array import array
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .rules import RefusedError, check_fields
from .session import TRANSCRIPTION_PREFIX, Session, split_words

SILENCE_S = 0.55
SPEECH_LEVEL = 100
SESSION_FIELDS = {
    "modalities", "instructions", "model", "turn_detection", "input_audio_transcription",
    "language", "temperature",
}  # fmt: skip


class ServerVadSession(Session):
    rate_hz = 24_000
    sends_partials = accepts_commit = False
    required_query: frozenset[str] = frozenset()
    """Parameters that the address must have in addition to the model."""
    speech_active = False
    silence_bytes = 0

    async def admitted(self, given: str | None, beta: bool) -> bool:
        if self.service.key is not None and not self.record.authorised:
            await self.ws.close(1008, "Invalid or missing API key")
            return False
        query = parse_qs(urlsplit(self.record.path).query)
        if "model" not in query or not self.required_query <= query.keys():
            await self.ws.close(1008, "Field required: model")
            return False
        self.session = {
            "id": self.service.new_id("sess"),
            "model": query["model"][0],
            "modalities": ["text"],
            "input_audio_format": "pcm16",
            "input_audio_transcription": {"model": query["model"][0]},
            "turn_detection": {
                "type": "server_vad",
                "threshold": 0.9,
                "prefix_padding_ms": 0,
                "silence_duration_ms": 550,
            },
        }
        return True

    async def on_update(self, event: dict[str, Any]) -> None:
        change = event.get("session")
        if isinstance(change, dict) and change.get("turn_detection", "") is None:
            raise RefusedError("", "turn_detection: Input should be a valid dictionary")
        if isinstance(change, dict) and "input_audio_format" in change:
            raise RefusedError("", "Specifying `input_audio_format` is not supported.")
        if isinstance(change, dict) and "audio" in change:
            change = {}  # a nested session is ignored
        self.session |= check_fields(change, SESSION_FIELDS, "session")
        await self.send("session.updated", session=self.session)

    async def on_append(self, event: dict[str, Any]) -> None:
        try:
            pcm = base64.b64decode(event["audio"], validate=True)
        except (KeyError, TypeError, ValueError, binascii.Error):
            raise RefusedError("", "audio: Invalid base64") from None
        self.record.audio += pcm
        self.record.arrivals.append((asyncio.get_running_loop().time(), self.seconds(len(pcm))))
        self.record.frame_sizes.append(len(pcm))
        if len(self.record.arrivals) == 1 and not await self.reach("audio"):
            return
        for at in range(0, len(pcm), self.rate_hz // 100 * 2):  # 10 ms
            await self.detect_speech(pcm[at : at + self.rate_hz // 100 * 2])

    async def detect_speech(self, pcm: bytes) -> None:
        self.buffer += pcm
        if max(map(abs, array("h", pcm)), default=0) > SPEECH_LEVEL:
            self.silence_bytes = 0
            if not self.speech_active:
                self.speech_active = True
                at_ms = int(self.seconds(len(self.record.audio)) * 1000)
                await self.send(
                    "input_audio_buffer.speech_started", item_id=self.item_id, audio_start_ms=at_ms
                )
            await self.send_partial()
            return
        self.silence_bytes += len(pcm)
        if self.speech_active and self.seconds(self.silence_bytes) >= SILENCE_S:
            self.speech_active = False
            at_ms = int(self.seconds(len(self.record.audio)) * 1000)
            await self.send(
                "input_audio_buffer.speech_stopped", item_id=self.item_id, audio_end_ms=at_ms
            )
            if await self.reach("commit"):
                await self.close_item()

    async def send_partial(self) -> None:
        """Send the whole text so far."""
        if not self.sends_partials:
            return
        if self.text is None:
            self.text = self.service.next_text()
        due = int(self.seconds(len(self.buffer)) / 0.3)
        if due > self.sent_words:
            self.sent_words = due
            words = "".join(split_words(self.text)[:due])
            await self.send(
                f"{TRANSCRIPTION_PREFIX}delta", item_id=self.item_id, content_index=0, delta=words
            )

    async def on_commit(self, event: dict[str, Any]) -> None:
        if self.seconds(len(self.buffer)) < 0.1:
            raise RefusedError("", "buffer too small")
        if self.speech_active and not self.accepts_commit:
            self.buffer.clear()  # an assertion fails in the server, without an error event
            self.speech_active = False
            return
        if self.speech_active:
            self.speech_active = False
            await self.close_item()
        elif self.accepts_commit and not self.previous_id:
            await self.close_item()

    async def close_item(self) -> None:
        item_id, size_bytes = self.item_id, len(self.buffer)
        await self.send(
            "input_audio_buffer.committed", item_id=item_id, previous_item_id=self.previous_id
        )
        item = {"id": item_id, "type": "message", "role": "user", "content": []}
        await self.send("conversation.item.created", previous_item_id=self.previous_id, item=item)
        self.previous_id, self.item_id = item_id, self.service.new_id("item")
        text = self.text if self.text is not None else self.service.next_text()
        self.text, self.sent_words = None, 0
        self.buffer.clear()
        self.start(self.finish(item_id, text, size_bytes))

    async def finish(self, item_id: str, text: str, size_bytes: int) -> None:
        await asyncio.sleep(self.service.latency_s)
        if not await self.reach("final"):
            return
        usage = {"type": "duration", "seconds": math.ceil(self.seconds(size_bytes))}
        await self.send(
            f"{TRANSCRIPTION_PREFIX}completed",
            item_id=item_id,
            content_index=0,
            transcript=text,
            usage=usage,
        )

    def seconds(self, size_bytes: int) -> float:
        return size_bytes / 2 / self.rate_hz


class LemonadeSession(ServerVadSession):
    rate_hz = 16_000
    sends_partials = accepts_commit = True


class TogetherSession(ServerVadSession):
    rate_hz = 16_000
    sends_partials = accepts_commit = True
    required_query = frozenset({"input_audio_format"})
