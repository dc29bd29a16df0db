"""Session of the stand-in, and the record of a connection."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import json
import math
import time
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs, urlsplit

import attrs
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from . import rules
from .rules import RefusedError

if TYPE_CHECKING:
    from .standin import StandIn

RATE_HZ = 24_000
BYTES_PER_S = RATE_HZ * 2
MIN_COMMIT_BYTES = BYTES_PER_S // 10
MAX_APPEND_BYTES = 15 << 20
MAX_SPEED = 4.0
"""Audio faster than this, after a burst of `MAX_BURST_S`, is dropped without an error."""
MAX_BURST_S = 2.0
WORD_S = 0.3
TRANSCRIPTION_PREFIX = "conversation.item.input_audio_transcription."
EVENT_TYPES = (
    "session.update",
    "session.close",
    "input_audio_buffer.append",
    "session.input_audio_buffer.append",
    "input_audio_buffer.commit",
    "input_audio_buffer.clear",
    "conversation.item.create",
    "conversation.item.truncate",
    "conversation.item.delete",
    "conversation.item.retrieve",
    "response.create",
    "response.cancel",
)
EVENT_FIELDS = {
    "session.update": {"type", "event_id", "session"},
    "input_audio_buffer.append": {"type", "event_id", "audio"},
    "input_audio_buffer.commit": {"type", "event_id"},
    "input_audio_buffer.clear": {"type", "event_id"},
}

Stage = Literal["created", "updated", "audio", "second", "commit", "committed", "delta", "final"]
"""'second': one second of audio has arrived; 'committed' and 'delta': the event was sent."""


@attrs.define
class ConnectionRecord:
    """Everything that one connection sent and received."""

    path: str
    authorised: bool
    token: str = attrs.field(default="", repr=False)
    ephemeral: bool = False
    """Whether an ephemeral key was used."""
    events: list[dict[str, Any]] = attrs.field(factory=list)
    """Received events, without the audio."""
    sent: list[dict[str, Any]] = attrs.field(factory=list)
    audio: bytearray = attrs.field(factory=bytearray)
    """Audio that arrived while the session was ready, including dropped audio."""
    too_early_bytes: int = 0
    dropped_bytes: int = 0
    frame_sizes: list[int] = attrs.field(factory=list)
    arrivals: list[tuple[float, float]] = attrs.field(factory=list)
    """Monotonic time and seconds of audio."""
    close_code: int | None = None
    ended: asyncio.Event = attrs.field(factory=asyncio.Event, repr=False, eq=False)
    """Set when the connection is closed."""

    async def wait_closed(self) -> int | None:
        """Return the close code when the connection is closed."""
        await self.ended.wait()
        return self.close_code

    @property
    def types(self) -> list[str]:
        return [str(event.get("type")) for event in self.events]

    def max_speed(self, window_s: float = 1.0) -> float:
        """Return the maximum audio per time in any window."""
        most = 0.0
        for index, (began, _) in enumerate(self.arrivals):
            inside = (s for at, s in self.arrivals[index:] if at < began + window_s)
            most = max(most, sum(inside) / window_s)
        return most


class Session:
    """Session after the handshake (HTTP 101)."""

    def __init__(self, service: StandIn, ws: ServerConnection, record: ConnectionRecord) -> None:
        self.service, self.ws, self.record = service, ws, record
        self.session = rules.initial_session(service.new_id("sess"), int(time.time()) + 3600)
        self.conversation = False
        self.configured = self.rejected = False
        self.buffer = bytearray()
        self.item_id = service.new_id("item")
        self.previous_id: str | None = None
        self.text: str | None = None
        self.sent_words = self.recognized_until = 0
        self.level_s, self.level_at = MAX_BURST_S, 0.0
        self.reached: set[Stage] = set()
        self.tasks: set[asyncio.Task[None]] = set()

    async def admitted(self, given: str | None, beta: bool) -> bool:
        """Return whether the session is accepted; otherwise send the error of the real service."""
        query = parse_qs(urlsplit(self.record.path).query)
        intent, model = query.get("intent", [""])[0], query.get("model", [""])[0]
        if self.service.key is not None and given is None:
            message = "Missing bearer or basic authentication in header"
            return await self.reject(None, message, 3000, "invalid_request_error")
        if not self.record.authorised:
            masked = f"{(given or '').removeprefix('Bearer ')[:8]}{'*' * 12}"
            return await self.reject(
                "invalid_api_key",
                f"Incorrect API key provided: {masked}. You can find your API key at your account.",
                3000,
            )
        if beta:
            return await self.reject(
                "beta_api_shape_disabled",
                "The Realtime Beta API is no longer supported."
                " Please use /v1/realtime for the GA API.",
                4000,
            )
        if self.record.ephemeral:
            if not model:
                return True
            message = "You must not provide a model parameter for transcription sessions."
            return await self.reject(None, message, 4000, "invalid_request_error")
        if intent == "transcription":
            if model and self.service.at_openai:
                message = f'Model "{model}" is not supported in transcription mode.'
                return await self.reject("invalid_model", message, 4000)
            return True
        if model in rules.MODELS:
            message = (
                f'Model "{model}" is a transcription model and cannot be used as the realtime'
                " session model. Pass this transcription model as"
                " audio.input.transcription.model instead."
            )
            return await self.reject("invalid_model", message, 4000)
        if not model:
            return await self.reject("missing_model", "You must provide a model parameter.", 4000)
        self.conversation = True
        session_id = self.session["id"]
        self.session = {"type": "realtime", "object": "realtime.session", "id": session_id}
        self.session["model"] = model
        return True

    async def reject(
        self, code: str | None, message: str, close_code: int, reason: str = ""
    ) -> bool:
        await self.error(code, message)
        await self.ws.close(close_code, reason or f"invalid_request_error.{code}")
        return False

    async def run(self) -> None:
        if await self.reach("created"):
            await self.send("session.created", session=self.session)
        async for message in self.ws:
            await self.receive(message)

    def cancel_tasks(self) -> None:
        for task in self.tasks:
            task.cancel()

    async def receive(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            await self.error(
                "invalid_event",
                "Expected a text WebSocket message; binary frames are not supported.",
            )
            return
        try:
            event = json.loads(message)
        except ValueError:
            await self.error("invalid_json", "The message is not valid JSON.")
            return
        ours = event.get("event_id") if isinstance(event, dict) else None
        try:
            await self.handle(rules.check_fields(event, set(event), "event") if event else {})
        except RefusedError as refused:
            await self.error(refused.code, refused.message, refused.param, ours)

    async def handle(self, event: dict[str, Any]) -> None:
        self.record.events.append({k: v for k, v in event.items() if k != "audio"})
        kind = event.get("type")
        if kind not in EVENT_FIELDS:
            listed = ", ".join(f"'{name}'" for name in EVENT_TYPES)
            raise RefusedError(
                "invalid_value", f"Invalid value: '{kind}'. Supported values are: {listed}.", "type"
            )
        rules.check_fields(event, EVENT_FIELDS[kind], "")
        if not isinstance(event.get("event_id", ""), str):
            raise RefusedError("invalid_type", "Invalid type for 'event_id'.", "event_id")
        match kind:
            case "session.update":
                await self.on_update(event)
            case "input_audio_buffer.append":
                await self.on_append(event)
            case "input_audio_buffer.commit":
                await self.on_commit(event)
            case "input_audio_buffer.clear":
                await self.on_clear(event)

    async def on_update(self, event: dict[str, Any]) -> None:
        if self.conversation:
            raise RefusedError(
                "invalid_value",
                "Passing a transcription session update event to a realtime session"
                " is not allowed.",
                "session.type",
            )
        try:
            session = rules.updated_session(self.session, event.get("session"))
            fields = session["audio"]["input"]["transcription"] or {}
            for name in self.service.refused_fields:
                if fields.get(name) is not None:
                    path = f"session.audio.input.transcription.{name}"
                    raise RefusedError("unknown_parameter", f"Unknown parameter: '{path}'.", path)
        except RefusedError:
            self.rejected = not self.configured
            raise
        self.session = session
        self.buffer.clear()  # a known fault of the service: an update discards the buffer
        self.start(self.confirm())

    async def confirm(self) -> None:
        await asyncio.sleep(self.service.latency_s)
        self.configured, self.rejected = True, False
        if await self.reach("updated"):
            await self.send("session.updated", session=self.session)

    async def on_append(self, event: dict[str, Any]) -> None:
        try:
            pcm = base64.b64decode(event["audio"], validate=True)
        except (KeyError, TypeError, ValueError, binascii.Error):
            raise RefusedError("invalid_value", "Invalid 'audio': not base64.", "audio") from None
        if len(pcm) > MAX_APPEND_BYTES or len(pcm) % 2:
            raise RefusedError("invalid_value", "Invalid 'audio': wrong length.", "audio")
        if not (self.configured or self.rejected):
            self.record.too_early_bytes += len(pcm)
            return
        now, audio_s = time.monotonic(), len(pcm) / BYTES_PER_S
        self.record.arrivals.append((now, audio_s))
        self.record.frame_sizes.append(len(pcm))
        self.record.audio += pcm
        if len(self.record.arrivals) == 1 and not await self.reach("audio"):
            return
        self.level_s = min(MAX_BURST_S, self.level_s + (now - self.level_at) * MAX_SPEED)
        self.level_at = now
        if audio_s > self.level_s + 1e-6:
            self.record.dropped_bytes += len(pcm)
            return
        self.level_s -= audio_s
        self.buffer += pcm
        if len(self.buffer) >= BYTES_PER_S and not await self.reach_once("second"):
            return
        await self.send_deltas(int(len(self.buffer) / BYTES_PER_S / WORD_S))

    async def on_commit(self, event: dict[str, Any]) -> None:
        if not await self.reach("commit"):
            return
        if len(self.buffer) < MIN_COMMIT_BYTES:
            ms = len(self.buffer) / BYTES_PER_S * 1000
            raise RefusedError(
                "input_audio_buffer_commit_empty",
                "Error committing input audio buffer: buffer too small. Expected at least 100ms of"
                f" audio, but buffer only has {ms:.2f}ms of audio.",
            )
        pcm, item_id = bytes(self.buffer), self.item_id
        self.buffer.clear()
        named = {"same": item_id, "other": self.service.new_id("item"), "none": None}
        committed: dict[str, Any] = {"previous_item_id": self.previous_id}
        if (shown := named[self.service.committed_item]) is not None:
            committed["item_id"] = shown
        await self.send("input_audio_buffer.committed", **committed)
        content = [{"type": "input_audio", "transcript": None}]
        item = {
            "id": item_id,
            "type": "message",
            "status": "completed",
            "role": "user",
            "content": content,
        }
        for kind in ("conversation.item.added", "conversation.item.done"):
            await self.send(kind, previous_item_id=self.previous_id, item=item)
        self.previous_id, self.item_id = item_id, self.service.new_id("item")
        text, said = self.text, self.sent_words
        self.text, self.sent_words, self.recognized_until = None, 0, 0
        if not await self.reach("committed"):
            return
        if self.configured:  # items of a rejected session are never transcribed
            self.start(self.transcribe(item_id, pcm, text, said))

    async def on_clear(self, event: dict[str, Any]) -> None:
        if not self.service.answers_clear:
            return
        self.buffer.clear()
        await self.send("input_audio_buffer.cleared")

    async def transcribe(self, item_id: str, pcm: bytes, text: str | None, sent_words: int) -> None:
        await asyncio.sleep(self.service.latency_s)
        if not await self.reach("final"):
            return
        if self.service.transcribe is not None:
            text = await asyncio.to_thread(self.service.transcribe, pcm)
        elif text is None:
            text = self.service.next_text()
        for word in split_words(text, whole=self.model_name == "whisper-1")[sent_words:]:
            await self.delta(item_id, word)
        fields: dict[str, Any] = {"transcript": text, "usage": self.usage(len(pcm), text)}
        if self.model_name == "gpt-transcribe":
            fields["languages"] = [{"code": "en"}] if text else []
        await self.send(
            f"{TRANSCRIPTION_PREFIX}completed", item_id=item_id, content_index=0, **fields
        )

    async def send_deltas(self, due: int) -> None:
        """Send deltas while audio arrives, with the id of the item to come."""
        if not rules.MODELS[self.model_name].streams:
            return
        if self.service.transcribe is not None:
            if self.service.live and due > self.recognized_until:
                self.recognized_until = due
                for word in split_words(self.service.transcribe(bytes(self.buffer)))[
                    self.sent_words :
                ]:
                    await self.delta(self.item_id, word)
                    self.sent_words += 1
            return
        if self.text is None and due:
            self.text = self.service.next_text()
        for word in split_words(self.text or "")[self.sent_words : due]:
            await self.delta(self.item_id, word)
            self.sent_words += 1

    async def delta(self, item_id: str, word: str) -> None:
        await self.send(
            f"{TRANSCRIPTION_PREFIX}delta",
            item_id=item_id,
            content_index=0,
            delta=word,
            obfuscation="x" * 7,
        )
        await self.reach_once("delta")

    async def fail(self, code: str | None, message: str) -> None:
        """Send `failed` instead of `completed`."""
        error = {"type": "server_error", "code": code, "message": message, "param": None}
        item_id = self.previous_id or self.item_id
        await self.send(
            f"{TRANSCRIPTION_PREFIX}failed", item_id=item_id, content_index=0, error=error
        )

    def usage(self, size_bytes: int, text: str) -> dict[str, Any]:
        seconds = size_bytes / BYTES_PER_S
        if not rules.MODELS[self.model_name].billed_by_tokens:
            return {"type": "duration", "seconds": math.ceil(seconds)}
        audio_tokens, said = math.ceil(seconds * 10), len(text.split())
        return {
            "type": "tokens",
            "total_tokens": audio_tokens + said,
            "input_tokens": audio_tokens,
            "input_token_details": {"text_tokens": 0, "audio_tokens": audio_tokens},
            "output_tokens": said,
        }

    @property
    def model_name(self) -> str:
        fields = self.session["audio"]["input"]["transcription"]
        return fields["model"] if fields else "whisper-1"

    async def reach(self, name: Stage) -> bool:
        misbehavior = self.service.misbehavior.get(name)
        return misbehavior is None or await misbehavior(self)

    async def reach_once(self, name: Stage) -> bool:
        """Reach a stage that counts only once in a connection."""
        if name in self.reached:
            return True
        self.reached.add(name)
        return await self.reach(name)

    async def error(
        self, code: str | None, message: str, param: str | None = None, event_id: str | None = None
    ) -> None:
        error = {
            "type": "invalid_request_error",
            "code": code,
            "message": message,
            "param": param,
            "event_id": event_id,
        }
        await self.send("error", error=error)

    async def send(self, kind: str, **fields: Any) -> None:
        event = {"type": kind, "event_id": self.service.new_id("event"), **fields}
        self.record.sent.append(event)
        await self.ws.send(json.dumps(event))

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        async def quietly() -> None:
            with contextlib.suppress(ConnectionClosed):
                await work

        task = asyncio.create_task(quietly())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


def split_words(text: str, whole: bool = False) -> list[str]:
    """Split a text into deltas."""
    if whole or not text:
        return [text] if text else []
    words = text.split(" ")
    return [words[0], *(f" {word}" for word in words[1:])]
