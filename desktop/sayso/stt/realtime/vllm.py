"""vLLM's protocol at `/v1/realtime` (Voxtral and other streaming models). Pure.

A plain commit starts a transcription run and a commit with `final` ends it. The text has no item
and no position in the audio, so nothing is final before the end. See "vLLM" in
`docs/realtime-protocol.md`.
"""

from __future__ import annotations

from typing import Any

import attrs

from ..engine import Ready
from ..server import json_fields
from .messages import Completed, Event, Rejected, Send, client_event
from .protocol import RealtimeProtocol

PADDING_S = 0.2
"""Silence after the last word, so that the model completes it."""


@attrs.define(eq=False)
class VLLMProtocol(RealtimeProtocol):
    """`processed_s` stays 0, because vLLM reports tokens."""

    _run_number: int = attrs.field(default=0, init=False)
    _run_bytes: int = attrs.field(default=0, init=False)
    _stopped: bool = attrs.field(default=False, init=False)
    """True if the run ended before any audio; the next one starts with the last audio."""
    _text_after_commit: bool = attrs.field(default=False, init=False)

    rate_hz = 16_000

    @property
    def response_timeout_s(self) -> float:
        if self._text_after_commit:
            return self.timeouts.missing_done_s
        return self.timeouts.response_s + self.sent_s / 4

    def append_audio(self, pcm: bytes) -> Send:
        self._run_bytes += len(pcm)
        return super().append_audio(pcm)

    def commit(self) -> list[Event]:
        if self._too_short:
            return self._complete_empty()
        self._phase = "finishing"
        return [
            *([self._start_run()] if self._stopped else []),
            self._padding(PADDING_S),
            client_event("input_audio_buffer.commit", final=True),
        ]

    def on_timeout(self) -> Completed | Rejected:
        if self._phase == "finishing" and self._transcript.text:
            return self._complete()
        if self._phase == "connected":
            return self._reject_unknown_server("no session")
        return self._reject_silence("no transcription.done")

    def on_close(self, code: int, reason: str) -> Completed | Rejected:
        return self._reject_close(code, reason)

    def _handle(self, kind: str, event: dict[str, Any]) -> list[Event]:
        match kind:
            case "session.created" if self._phase == "connected":
                self._phase = "ready"
                update = client_event("session.update", model=self.endpoint.model)
                return [update, self._start_run(), Ready()]
            case "error":
                api_key = self.credentials.api_key
                code, message = json_fields.error_code_and_message(event, api_key)
                return [self._reject_code(code, message, ready=True)]
            case "transcription.delta" if self._configured:
                delta = json_fields.string_field(event, "delta")
                self._transcript.append(str(self._run_number), delta)
                self._text_after_commit = self._phase == "finishing"
            case "transcription.done" if self._configured:
                return self._on_done(event)
        return []

    def _start_run(self) -> Send:
        self._run_number += 1
        self._run_bytes, self._stopped = 0, False
        return client_event("input_audio_buffer.commit")

    def _on_done(self, event: dict[str, Any]) -> list[Event]:
        self._add_usage(event)
        if isinstance(event.get("text"), str):
            self._transcript.complete(str(self._run_number), event["text"])
        if self._phase == "finishing":
            return [self._complete()]
        if not self._run_bytes:
            self._stopped = True  # a run that is started at once would end at once again
            return []
        return [self._start_run()]
