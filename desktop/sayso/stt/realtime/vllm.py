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
from .base import Speaker
from .protocol import Complete, Event, Refused, Send

RATE_HZ = 16_000
PADDING_BYTES = 200 * RATE_HZ // 1000 * 2
"""Silence after the last word, 200 ms, so that the model decides on it."""
LEAST_BYTES = RATE_HZ * 2 // 10
ANSWER_S = 10.0
LAST_WORDS_S = 5.0
"""For servers before vLLM pull request 33963, which never say `transcription.done` after sound
that came as slowly as it was spoken: after so long without a word it was the last one."""


@attrs.define(eq=False)
class VLLM(Speaker):
    """One conversation;
    follows `sayso.stt.realtime.protocol.Dialect`. `used_s` stays 0: it counts tokens."""

    _turn: int = attrs.field(default=0, init=False)
    _turn_bytes: int = attrs.field(default=0, init=False)
    """Audio since the recognition was started."""
    _idle: bool = attrs.field(default=False, init=False)
    """It has ended before it heard anything, and is started again with the last of the audio."""
    _late_words: bool = attrs.field(default=False, init=False)
    """Words came after the end of the audio."""

    @property
    def rate_hz(self) -> int:
        return RATE_HZ

    @property
    def patience_s(self) -> float:
        return LAST_WORDS_S if self._late_words else ANSWER_S + self.sent_s / 4

    def audio(self, pcm: bytes) -> Send:
        self._turn_bytes += len(pcm)
        return super().audio(pcm)

    def commit(self) -> list[Event]:
        if self.sent_bytes < LEAST_BYTES:
            return self._nothing()
        self._phase = "finishing"
        return [
            *([self._start()] if self._idle else []),
            self.audio(bytes(PADDING_BYTES)),
            messages.send("input_audio_buffer.commit", final=True),
        ]

    def lapsed(self) -> Complete | Refused:
        if self._phase == "finishing" and self._items.text:
            return self._complete()
        if self._phase == "connected":
            return self._stranger("no session")
        return self._over(refusals.no_answer(self.host, "no transcription.done"))

    def closed(self, code: int, reason: str) -> Complete | Refused:
        return self._hung_up(code, reason)

    def _on(self, kind: str, event: dict[str, Any]) -> list[Event]:
        match kind:
            case "session.created" if self._phase == "connected":
                self._phase = "ready"
                return [messages.send("session.update", model=self.model), self._start(), Ready()]
            case "error":
                return [self._refused(event)]
            case "transcription.delta" if self._configured:
                self._items.add(str(self._turn), messages.text(event, "delta"))
                self._late_words = self._phase == "finishing"
            case "transcription.done" if self._configured:
                return self._on_done(event)
        return []

    def _start(self) -> Send:
        self._turn += 1
        self._turn_bytes, self._idle = 0, False
        return messages.send("input_audio_buffer.commit")

    def _on_done(self, event: dict[str, Any]) -> list[Event]:
        """It has ended, with us or before us, at the model's longest text for instance."""
        self._use(event)
        if isinstance(event.get("text"), str):
            self._items.complete(str(self._turn), event["text"])
        if self._phase == "finishing":
            return [self._complete()]
        if not self._turn_bytes:
            self._idle = True  # started again at once, it would end again at once
            return []
        return [self._start()]
