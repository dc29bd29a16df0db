"""How vLLM's `/v1/realtime` is spoken (Voxtral and others that stream).

Not OpenAI's shape, though the names are alike: the model stands at the top of an update that
nobody acknowledges, a plain commit starts the recognition, one with `final` ends it, and the
text is of no item. Sources: vLLM's `speech_to_text/realtime` and its documentation, 0.22.

Nothing is settled while somebody speaks: its text is of no place in the audio, and versions
before pull request 33963 do not answer a `final` in mid-take at all.
"""

from __future__ import annotations

from typing import Any

import attrs

from ..engine import Ready
from ..server.errors import messages as refusals
from . import messages
from .base import BaseProtocol
from .protocol import Completed, Event, Rejected, Send

RATE_HZ = 16_000
PADDING_BYTES = 200 * RATE_HZ // 1000 * 2
"""Silence after the last word, 200 ms, so that the model decides on it."""
MIN_AUDIO_BYTES = RATE_HZ * 2 // 10
RESPONSE_TIMEOUT_S = 10.0
MISSING_DONE_TIMEOUT_S = 5.0
"""For servers before vLLM pull request 33963, which never say `transcription.done` after sound
that came as slowly as it was spoken: after so long without a word it was the last one."""


@attrs.define(eq=False)
class VLLMProtocol(BaseProtocol):
    """One conversation;
    follows `sayso.stt.realtime.protocol.Dialect`. `used_s` stays 0: it counts tokens."""

    _run_number: int = attrs.field(default=0, init=False)
    _run_bytes: int = attrs.field(default=0, init=False)
    """Audio since the recognition was started."""
    _stopped: bool = attrs.field(default=False, init=False)
    """It has ended before it heard anything, and is started again with the last of the audio."""
    _text_after_commit: bool = attrs.field(default=False, init=False)
    """Words came after the end of the audio."""

    @property
    def rate_hz(self) -> int:
        return RATE_HZ

    @property
    def response_timeout_s(self) -> float:
        return (
            MISSING_DONE_TIMEOUT_S
            if self._text_after_commit
            else RESPONSE_TIMEOUT_S + self.sent_s / 4
        )

    def append_audio(self, pcm: bytes) -> Send:
        self._run_bytes += len(pcm)
        return super().append_audio(pcm)

    def commit(self) -> list[Event]:
        if self.sent_bytes < MIN_AUDIO_BYTES:
            return self._complete_empty()
        self._phase = "finishing"
        return [
            *([self._start_run()] if self._stopped else []),
            self.append_audio(bytes(PADDING_BYTES)),
            messages.client_event("input_audio_buffer.commit", final=True),
        ]

    def on_timeout(self) -> Completed | Rejected:
        if self._phase == "finishing" and self._transcript.text:
            return self._complete_session()
        if self._phase == "connected":
            return self._reject_unknown_server("no session")
        return self._reject(refusals.no_response(self.host, "no transcription.done"))

    def on_close(self, code: int, reason: str) -> Completed | Rejected:
        return self._reject_close(code, reason)

    def _handle(self, kind: str, event: dict[str, Any]) -> list[Event]:
        match kind:
            case "session.created" if self._phase == "connected":
                self._phase = "ready"
                return [
                    messages.client_event("session.update", model=self.model),
                    self._start_run(),
                    Ready(),
                ]
            case "error":
                return [self._reject_error_event(event)]
            case "transcription.delta" if self._configured:
                self._transcript.append(
                    str(self._run_number), messages.string_field(event, "delta")
                )
                self._text_after_commit = self._phase == "finishing"
            case "transcription.done" if self._configured:
                return self._on_done(event)
        return []

    def _start_run(self) -> Send:
        self._run_number += 1
        self._run_bytes, self._stopped = 0, False
        return messages.client_event("input_audio_buffer.commit")

    def _on_done(self, event: dict[str, Any]) -> list[Event]:
        """It has ended, with us or before us, at the model's longest text for instance."""
        self._add_usage(event)
        if isinstance(event.get("text"), str):
            self._transcript.complete(str(self._run_number), event["text"])
        if self._phase == "finishing":
            return [self._complete_session()]
        if not self._run_bytes:
            self._stopped = True  # started again at once, it would end again at once
            return []
        return [self._start_run()]
