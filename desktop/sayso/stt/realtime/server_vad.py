"""Protocol of servers with the flat session of OpenAI's beta: speaches, Lemonade, Together. Pure.

These servers detect pauses themselves and make one item of each stretch of speech. A take therefore
ends with silence, and when no item is open. See "speaches, Lemonade, Together" in
`docs/realtime-protocol.md`.

The final text of an item covers the audio up to the `audio_end_ms` of `speech_stopped`. It is not
documented from where a server counts, so the position is used only if it was sent shortly before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from ...core.dictation.take import BYTES_PER_SAMPLE
from ...core.settings.urls import with_query
from ..engine import Ready
from ..server import json_fields
from .messages import COMMIT_EMPTY, TRANSCRIPTION_PREFIX, Completed, Event, Rejected, client_event
from .protocol import RealtimeProtocol

MAX_EVENT_DELAY_S = 3.0


@attrs.frozen
class ServerProfile:
    """Differences between these servers."""

    rate_hz: int
    trailing_silence_s: float
    """Silence after the last word. speaches ends speech after 0.55 s of it."""
    sends_commit: bool
    """False: only silence ends the audio, because a commit during speech loses it (speaches)."""
    deltas_replace_text: bool
    """True if a delta is the whole text of its item so far."""
    query: Mapping[str, str]
    language_in_url: bool = False
    sends_session_update: bool = False


SERVER_PROFILES: Mapping[str, ServerProfile] = {
    "speaches": ServerProfile(
        24_000, 0.8, False, False, {"intent": "transcription"}, language_in_url=True
    ),
    "lemonade": ServerProfile(16_000, 0.8, True, True, {}, sends_session_update=True),
    "together": ServerProfile(16_000, 0.2, True, True, {"input_audio_format": "pcm_s16le_16000"}),
}


@attrs.define(eq=False)
class ServerVadProtocol(RealtimeProtocol):
    profile: ServerProfile = attrs.field(kw_only=True)
    _item_number: int = attrs.field(default=1, init=False)
    """Identifies the item of servers that send no item ID."""
    _speech_active: bool = attrs.field(default=False, init=False)
    _final_received: bool = attrs.field(default=False, init=False)

    skips_pauses = True

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        query = {**self.profile.query, "model": self.endpoint.model}
        if self.profile.language_in_url and self.language:
            query["language"] = self.language
        self.url = with_query(self.url, query)

    @property
    def rate_hz(self) -> int:
        return self.profile.rate_hz

    @property
    def response_timeout_s(self) -> float:
        if self._no_open_item and self._final_received:
            return self.timeouts.next_item_s
        if self._no_open_item and not self.profile.sends_commit:
            return self.timeouts.no_speech_s + self.sent_s / 10
        return self.timeouts.response_s + self.sent_s / 4

    def commit(self) -> list[Event]:
        if self._too_short:
            return self._complete_empty()
        self._phase = "finishing"
        silence = self._padding(self.profile.trailing_silence_s)
        if not self.profile.sends_commit:
            return [silence]
        return [silence, client_event("input_audio_buffer.commit", event_id="sayso_commit")]

    def on_timeout(self) -> Completed | Rejected:
        if self._is_complete:
            return self._complete()
        if self._phase == "connected":
            return self._reject_unknown_server("no session")
        return self._reject_silence("no final text")

    def on_close(self, code: int, reason: str) -> Completed | Rejected:
        if self._is_complete and self._final_received:
            return self._complete()
        return self._reject_close(code, reason)

    @property
    def _no_open_item(self) -> bool:
        return not self._speech_active and (self._transcript.all_final or not self._transcript)

    @property
    def _is_complete(self) -> bool:
        """Return whether all text has arrived, if nothing more comes."""
        answered = self._final_received or not self.profile.sends_commit
        return self._phase == "finishing" and self._no_open_item and answered

    def _handle(self, kind: str, event: dict[str, Any]) -> list[Event]:
        if kind == "session.created" and self._phase == "connected":
            return self._on_created()
        if kind in ("error", f"{TRANSCRIPTION_PREFIX}failed"):
            return self._on_error(event)
        if not self._configured:
            return []
        item_id = json_fields.string_field(event, "item_id") or f"item {self._item_number}"
        if kind == f"{TRANSCRIPTION_PREFIX}delta":
            delta, replace = (
                json_fields.string_field(event, "delta"),
                self.profile.deltas_replace_text,
            )
            self._transcript.append(item_id, delta, replace=replace)
        elif kind == f"{TRANSCRIPTION_PREFIX}completed":
            self._on_completed(item_id, event)
        elif kind == "input_audio_buffer.speech_started":
            self._speech_active = True
        elif kind == "input_audio_buffer.speech_stopped" and self._speech_active:
            self._on_speech_stopped(item_id, event)
        elif kind == "input_audio_buffer.committed":
            self._speech_active = False
            previous_id = json_fields.string_field(event, "previous_item_id")
            self._transcript.commit(item_id, previous_id)
        return []

    def _on_created(self) -> list[Event]:
        self._phase = "ready"
        if not self.profile.sends_session_update:
            return [Ready()]
        session = {"model": self.endpoint.model, "turn_detection": {"type": "server_vad"}}
        return [client_event("session.update", session=session), Ready()]

    def _on_speech_stopped(self, item_id: str, event: dict[str, Any]) -> None:
        """Open the item of this speech, because its events follow."""
        self._speech_active = False
        self._transcript.append(item_id, "")
        self._transcript.set_end(item_id, self._audio_position(event.get("audio_end_ms")))

    def _audio_position(self, audio_ms: object) -> int:
        """Return the position in bytes; 0 if it is not plausible."""
        if isinstance(audio_ms, bool) or not isinstance(audio_ms, int | float):
            return 0
        if not 0 <= self.sent_s - audio_ms / 1000 <= MAX_EVENT_DELAY_S:
            return 0
        return int(audio_ms / 1000 * self.rate_hz) * BYTES_PER_SAMPLE

    def _on_completed(self, item_id: str, event: dict[str, Any]) -> None:
        transcript = event.get("transcript")
        if not isinstance(transcript, str):
            return
        self._add_usage(event)
        self._transcript.complete(item_id, transcript)
        self._item_number += 1
        self._final_received = self._phase == "finishing"

    def _on_error(self, event: dict[str, Any]) -> list[Event]:
        code, _ = json_fields.error_code_and_message(event, self.credentials.api_key)
        if self._phase == "finishing" and code == COMMIT_EMPTY:
            self._final_received = True  # the trailing silence had ended the last item
            return []
        return [self._reject_error(event)]
