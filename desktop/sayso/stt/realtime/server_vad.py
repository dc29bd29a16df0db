"""How servers speak that kept the flat session of OpenAI's beta: speaches, Lemonade, Together.

They listen for pauses themselves and make an item of each stretch of speech, so what ends a take
is silence after it, and that nothing is open any more. How they differ is data: `WAYS`.
Sources: speaches of 2026-03, Lemonade's example of realtime transcription, Together's
documentation, and clients of theirs.

What is settled while somebody speaks: a final is of the audio up to the `audio_end_ms` that
`speech_stopped` named. Whether a server counts from the beginning of the session, as OpenAI's
did, or from its last item is written nowhere, so a place is believed only if it is one that was
sent shortly before. Where it is not, nothing is settled, and all is read again after a break.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from ...core.settings.urls import with_query
from ..engine import Ready
from ..server.errors import messages as refusals
from . import messages
from .base import BaseProtocol
from .messages import COMMIT_EMPTY, TRANSCRIPTION_PREFIX
from .protocol import Completed, Event, Rejected

MIN_AUDIO_S = 0.1
RESPONSE_TIMEOUT_S = 10.0
NEXT_ITEM_TIMEOUT_S = 0.5
"""After the last item has ended: for another that is still in the audio."""
NO_SPEECH_TIMEOUT_S = 3.0
"""After the silence, when no speech was noticed at all."""
MAX_EVENT_DELAY_S = 3.0
"""So long after the end of speech its `speech_stopped` may be here, to be believed."""


@attrs.frozen
class ServerProfile:
    """How one of these servers differs from the others."""

    rate_hz: int
    trailing_silence_s: float
    """After the last word. speaches ends a stretch of speech after 0.55 s of it."""
    sends_commit: bool
    """False: a commit while speech goes on loses it (speaches), so silence alone ends it."""
    deltas_replace_text: bool
    """A delta is all the text of its item so far."""
    query: Mapping[str, str]
    """Parameters of the address beside `model`."""
    language_in_url: bool = False
    sends_session_update: bool = False
    """Takes a flat `session.update` with the model; the others read the address."""


SPEACHES = ServerProfile(
    24_000, 0.8, False, False, {"intent": "transcription"}, language_in_url=True
)
LEMONADE = ServerProfile(16_000, 0.8, True, True, {}, sends_session_update=True)
TOGETHER = ServerProfile(16_000, 0.2, True, True, {"input_audio_format": "pcm_s16le_16000"})
SERVER_PROFILES: Mapping[str, ServerProfile] = {
    "speaches": SPEACHES,
    "lemonade": LEMONADE,
    "together": TOGETHER,
}


@attrs.define(eq=False)
class ServerVadProtocol(BaseProtocol):
    """One conversation; follows `sayso.stt.realtime.protocol.Dialect`."""

    profile: ServerProfile = attrs.field(kw_only=True)
    language: str = attrs.field(default="", kw_only=True)
    _item_number: int = attrs.field(default=1, init=False)
    """Names the item of servers that do not."""
    _speech_active: bool = attrs.field(default=False, init=False)
    """The server hears speech, and has not heard its end."""
    _final_received: bool = attrs.field(default=False, init=False)
    """An item has ended since the silence was sent."""

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        query = {**self.profile.query, "model": self.model}
        if self.profile.language_in_url and self.language:
            query["language"] = self.language
        self.url = with_query(self.url, query)

    @property
    def rate_hz(self) -> int:
        return self.profile.rate_hz

    @property
    def skips_pauses(self) -> bool:
        return True

    @property
    def response_timeout_s(self) -> float:
        if self._no_open_item and self._final_received:
            return NEXT_ITEM_TIMEOUT_S
        if self._no_open_item and not self.profile.sends_commit:
            return NO_SPEECH_TIMEOUT_S + self.sent_s / 10
        return RESPONSE_TIMEOUT_S + self.sent_s / 4

    def commit(self) -> list[Event]:
        if self.sent_s < MIN_AUDIO_S:
            return self._complete_empty()
        self._phase = "finishing"
        silence = self.append_audio(
            bytes(int(self.profile.trailing_silence_s * self.profile.rate_hz) * 2)
        )
        if not self.profile.sends_commit:
            return [silence]
        return [
            silence,
            messages.client_event("input_audio_buffer.commit", event_id="sayso_commit"),
        ]

    def on_timeout(self) -> Completed | Rejected:
        if self._is_complete:
            return self._complete_session()
        if self._phase == "connected":
            return self._reject_unknown_server("no session")
        return self._reject(refusals.no_response(self.host, "no final"))

    def on_close(self, code: int, reason: str) -> Completed | Rejected:
        if self._is_complete and self._final_received:
            return self._complete_session()
        return self._reject_close(code, reason)

    @property
    def _no_open_item(self) -> bool:
        return not self._speech_active and (self._transcript.all_final or not self._transcript)

    @property
    def _is_complete(self) -> bool:
        """That nothing comes any more means that all has come."""
        answered = self._final_received or not self.profile.sends_commit
        return self._phase == "finishing" and self._no_open_item and answered

    def _handle(self, kind: str, event: dict[str, Any]) -> list[Event]:
        """`conversation.item.created` says nothing new."""
        if kind == "session.created" and self._phase == "connected":
            return self._on_created()
        if kind == "error":
            return self._on_error(event)
        if not self._configured:
            return []
        item_id = messages.string_field(event, "item_id") or f"turn {self._item_number}"
        if kind == f"{TRANSCRIPTION_PREFIX}failed":
            return self._on_error(event)
        if kind == f"{TRANSCRIPTION_PREFIX}delta":
            put = (
                self._transcript.replace
                if self.profile.deltas_replace_text
                else self._transcript.append
            )
            put(item_id, messages.string_field(event, "delta"))
        elif kind == f"{TRANSCRIPTION_PREFIX}completed":
            self._on_completed(item_id, event)
        elif kind == "input_audio_buffer.speech_started":
            self._speech_active = True
        elif kind == "input_audio_buffer.speech_stopped":
            self._on_speech_stopped(item_id, event)
        elif kind == "input_audio_buffer.committed":
            self._speech_active = False
            self._transcript.commit(item_id, messages.string_field(event, "previous_item_id"))
        return []

    def _on_created(self) -> list[Event]:
        self._phase = "ready"
        if not self.profile.sends_session_update:
            return [Ready()]
        session = {"model": self.model, "turn_detection": {"type": "server_vad"}}
        return [messages.client_event("session.update", session=session), Ready()]

    def _on_speech_stopped(self, item_id: str, event: dict[str, Any]) -> None:
        """Its item follows; it is open from now on."""
        if self._speech_active:
            self._speech_active = False
            self._transcript.append(item_id, "")
            self._transcript.set_end(item_id, self._audio_position(event.get("audio_end_ms")))

    def _audio_position(self, audio_ms: object) -> int:
        """A place in the audio, in bytes; 0 for one that cannot be right."""
        if isinstance(audio_ms, bool) or not isinstance(audio_ms, int | float):
            return 0
        if not 0 <= self.sent_s - audio_ms / 1000 <= MAX_EVENT_DELAY_S:
            return 0
        return int(audio_ms / 1000 * self.rate_hz) * 2

    def _on_completed(self, item_id: str, event: dict[str, Any]) -> None:
        transcript = event.get("transcript")
        if not isinstance(transcript, str):
            return
        self._add_usage(event)
        self._transcript.complete(item_id, transcript)
        self._item_number += 1
        self._final_received = self._phase == "finishing"

    def _on_error(self, event: dict[str, Any]) -> list[Event]:
        code, words = messages.error_code_and_message(event, self.api_key)
        if self._phase == "finishing" and code == COMMIT_EMPTY:
            self._final_received = (
                True  # the silence has ended the last stretch before the commit did
            )
            return []
        if self._phase == "connected":
            return [self._reject(refusals.settings_rejected(self.host, self.model, code, words))]
        return [self._reject_error_event(event)]
