"""OpenAI's protocol for realtime transcription, which most other servers implement too. Pure.

Session setup is `session.created`, `session.update`, `session.updated`. After the audio, `commit`
is followed by `clear`, whose reply means that all commits are known. See "OpenAI transcription
sessions" in `docs/realtime-protocol.md`.

Each commit makes one item, so the nth `committed` covers the audio up to the nth commit. Streaming
models are committed only after release, because an earlier commit can lose text. Other models
begin to work at the commit: their long takes are also committed at pauses, which shows text
earlier and limits the loss if the connection fails.
"""

from __future__ import annotations

from typing import Any

import attrs

from ...core.dictation.take import BYTES_PER_SAMPLE
from ...core.settings import server_models
from ...core.settings.urls import OPENAI_HOST, with_query
from ..engine import Ready
from ..server import json_fields
from ..server.errors import messages as errors
from ..server.request_options import NOISE_FIELD, request_options
from .messages import (
    COMMIT_EMPTY,
    TRANSCRIPTION_PREFIX,
    Completed,
    Event,
    Rejected,
    Send,
    client_event,
)
from .protocol import RealtimeProtocol

RATE_HZ = 24_000
PADDING_S = 0.2
"""Silence after the last word, which streaming models lose if it ends with the audio."""


@attrs.define(eq=False)
class OpenAIProtocol(RealtimeProtocol):
    _commit_positions: list[int] = attrs.field(factory=list, init=False)
    _answered_count: int = attrs.field(default=0, init=False)
    """Number of commits that were answered by an item or by an error about an empty buffer."""
    _cleared: bool = attrs.field(default=False, init=False)
    _optional_fields: dict[str, Any] = attrs.field(init=False, repr=False)
    """Optional fields of the session; one that the server rejects is removed."""

    rate_hz = RATE_HZ

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        model = self.endpoint.model
        added, removed = {"intent": "transcription"}, frozenset[str]()
        if self.host == OPENAI_HOST:
            removed = frozenset({"model"})
        elif self.endpoint.model_in_url and model:
            added["model"] = model
        self.url = with_query(self.url, added, removed)
        self._optional_fields = request_options(self.endpoint, self.language, model)

    @property
    def response_timeout_s(self) -> float:
        if self._only_cleared_missing:
            return self.timeouts.cleared_s
        if self.host == OPENAI_HOST:
            return self.timeouts.response_s
        return self.timeouts.response_s + self.sent_s / 4  # the server may be a slow computer

    def on_pause(self) -> list[Event]:
        model = server_models.by_name(self.endpoint.model)
        last_bytes = self._commit_positions[-1] if self._commit_positions else 0
        since_s = (self.sent_bytes - last_bytes) / BYTES_PER_SAMPLE / RATE_HZ
        if model.streams or not model.known or since_s < self.timeouts.commit_interval_s:
            return []
        self._commit_positions.append(self.sent_bytes)
        return [client_event("input_audio_buffer.commit", event_id="sayso_pause")]

    def commit(self) -> list[Event]:
        if self._too_short:
            return self._complete_empty()
        self._phase = "finishing"
        padding = self._padding(PADDING_S)
        self._commit_positions.append(self.sent_bytes)
        return [
            padding,
            client_event("input_audio_buffer.commit", event_id="sayso_commit"),
            client_event("input_audio_buffer.clear", event_id="sayso_clear"),
        ]

    def on_timeout(self) -> Completed | Rejected:
        if self._only_cleared_missing:
            return self._complete()
        if not self._configured:
            return self._reject_unknown_server("no session")
        return self._reject_silence("no final text")

    def on_close(self, code: int, reason: str) -> Completed | Rejected:
        return self._complete() if self._only_cleared_missing else self._reject_close(code, reason)

    @property
    def _all_commits_answered(self) -> bool:
        return self._answered_count >= len(self._commit_positions)

    @property
    def _only_cleared_missing(self) -> bool:
        """Return whether all text is final, so that only `cleared` can be missing."""
        finishing = self._phase == "finishing"
        return finishing and self._all_commits_answered and self._transcript.all_final

    def _session_update(self) -> Send:
        fields = dict(self._optional_fields)
        noise = fields.pop(NOISE_FIELD, None)
        audio_input: dict[str, Any] = {
            "format": {"type": "audio/pcm", "rate": RATE_HZ},
            "transcription": {"model": self.endpoint.model, **fields},
            "turn_detection": None,  # on by default, and an omitted field keeps its value
        }
        if noise:
            audio_input[NOISE_FIELD] = noise
        session = {"type": "transcription", "audio": {"input": audio_input}}
        return client_event("session.update", event_id="sayso_update", session=session)

    def _handle(self, kind: str, event: dict[str, Any]) -> list[Event]:
        match kind:
            case "session.created" if self._phase == "connected":
                self._phase = "configuring"
                return [self._session_update()]
            case "session.updated" if self._phase == "configuring":
                self._phase = "ready"
                return [Ready()]
            case "error":
                return self._on_error(event)
            case _ if not self._configured:
                return []
            case _ if kind == f"{TRANSCRIPTION_PREFIX}failed":
                return [self._reject_error(event)]
        self._handle_item_event(kind, event)
        return self._completion_events()

    def _handle_item_event(self, kind: str, event: dict[str, Any]) -> None:
        """Update the transcript; `conversation.item.added` and the like contain nothing new."""
        item_id = json_fields.string_field(event, "item_id")
        if kind == f"{TRANSCRIPTION_PREFIX}delta":
            self._transcript.append(item_id, json_fields.string_field(event, "delta"))
        elif kind == f"{TRANSCRIPTION_PREFIX}completed":
            self._on_completed(item_id, event)
        elif kind == "input_audio_buffer.committed":
            previous_id = json_fields.string_field(event, "previous_item_id")
            self._transcript.commit(item_id, previous_id, self._answer_oldest_commit())
        elif kind == "input_audio_buffer.cleared":
            self._cleared = self._cleared or self._phase == "finishing"

    def _on_completed(self, item_id: str, event: dict[str, Any]) -> None:
        transcript = event.get("transcript")
        if not isinstance(transcript, str):
            return
        self._add_usage(event)
        was_committed = self._transcript.complete(item_id, transcript)
        if not was_committed and self._phase == "finishing":
            self._answer_oldest_commit()  # this server does not send `committed`

    def _answer_oldest_commit(self) -> int:
        """Mark the oldest commit as answered; returns where its audio ends, 0 if there is none."""
        if self._all_commits_answered:
            return 0
        self._answered_count += 1
        return self._commit_positions[self._answered_count - 1]

    def _on_error(self, event: dict[str, Any]) -> list[Event]:
        if not self._configured:
            return self._on_settings_error(event)
        code, message = json_fields.error_code_and_message(event, self.credentials.api_key)
        cause = json_fields.error_object(event).get("event_id")
        if self._phase == "finishing":
            if cause == "sayso_clear" or "buffer.clear" in message:
                self._cleared = True  # this server does not support `clear`
                return []
            if code == COMMIT_EMPTY and cause in (None, "sayso_commit"):
                self._answer_oldest_commit()  # the server had committed at a pause
                return []
        return [self._reject_error(event)]

    def _on_settings_error(self, event: dict[str, Any]) -> list[Event]:
        """Send the session again without the field that was rejected, if it is optional."""
        code, message = json_fields.error_code_and_message(event, self.credentials.api_key)
        names = json_fields.error_param_names(json_fields.error_object(event))
        rejected = self._rejected_fields(set(names), code, message)
        if self._phase == "configuring" and rejected:
            for name in rejected:
                del self._optional_fields[name]
            return [self._session_update()]
        code = "invalid_model" if names[-1] == "model" else code
        return [self._reject_code(code, message, ready=False)]

    def _rejected_fields(self, names: set[str], code: str, message: str) -> set[str]:
        if names != {""}:
            languages = {"language", "languages"}
            return set(self._optional_fields) & (names | languages if names & languages else names)
        if code in errors.CODES_NOT_ABOUT_OPTIONS:
            return set()
        return {name for name in self._optional_fields if name in message}

    def _completion_events(self) -> list[Event]:
        """Return the end of the session if `cleared` has arrived and all text is final."""
        if self._phase != "finishing" or not (self._cleared and self._all_commits_answered):
            return []
        if self._transcript.all_final:
            return [self._complete()]
        if not self._transcript:
            return [self._reject_code("", "the server received no audio", ready=True)]
        return []
