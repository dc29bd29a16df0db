"""How vLLM's `/v1/realtime` is spoken (Voxtral and others that stream).

Not OpenAI's shape, though the names are alike: the model stands at the top of an update that
nobody acknowledges, a plain commit starts the recognition, one with `final` ends it, and the
text is of no item. Sources: vLLM's `speech_to_text/realtime` and its documentation, 0.22.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import attrs

from ..core.problems import Problem
from . import messages, refusals
from .dialect import Complete, Event, Refused, Send
from .endpoints import host_of, socket_url
from .engine import Partial, Ready
from .items import Items, TooMuchError

RATE_HZ = 16_000
PADDING_BYTES = 200 * RATE_HZ // 1000 * 2
"""Silence after the last word, 200 ms, so that the model decides on it."""
LEAST_BYTES = RATE_HZ * 2 // 10
ANSWER_S = 10.0
LAST_WORDS_S = 5.0
"""For servers before vLLM pull request 33963, which never say `transcription.done` after sound
that came as slowly as it was spoken: after so long without a word it was the last one."""

Phase = Literal["connected", "ready", "finishing", "over"]


@attrs.define(eq=False)
class VLLM:
    """One conversation; follows `sayso.stt.dialect.Dialect`.

    Raises:
        ProblemError: The address is none, or would send sound and key in the clear.
    """

    address: str
    model: str
    api_key: str | None = attrs.field(default=None, repr=False)
    allow_insecure: str = ""
    rate_hz: int = attrs.field(default=RATE_HZ, init=False)
    used_s: float = attrs.field(default=0.0, init=False)
    used_tokens: int = attrs.field(default=0, init=False)
    """It counts tokens only."""
    url: str = attrs.field(init=False)
    host: str = attrs.field(init=False)
    sent_bytes: int = attrs.field(default=0, init=False)
    _phase: Phase = attrs.field(default="connected", init=False)
    _items: Items = attrs.field(factory=Items, init=False, repr=False)
    _turn: int = attrs.field(default=0, init=False)
    _turn_bytes: int = attrs.field(default=0, init=False)
    """Audio since the recognition was started."""
    _idle: bool = attrs.field(default=False, init=False)
    """It has ended before it heard anything, and is started again with the last of the audio."""
    _late_words: bool = attrs.field(default=False, init=False)
    """Words came after the end of the audio."""

    def __attrs_post_init__(self) -> None:
        self.host = host_of(self.address)
        self.url = socket_url(self.address, self.allow_insecure)

    @property
    def patience_s(self) -> float:
        return LAST_WORDS_S if self._late_words else ANSWER_S + self.sent_s / 4

    @property
    def sent_s(self) -> float:
        return self.sent_bytes / 2 / RATE_HZ

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}

    def audio(self, pcm: bytes) -> Send:
        self.sent_bytes += len(pcm)
        self._turn_bytes += len(pcm)
        return messages.append(pcm)

    def commit(self) -> list[Event]:
        if self.sent_bytes < LEAST_BYTES:
            self._phase = "over"
            return [Complete("")]
        self._phase = "finishing"
        return [
            *([self._start()] if self._idle else []),
            self.audio(bytes(PADDING_BYTES)),
            messages.send("input_audio_buffer.commit", final=True),
        ]

    def hear(self, message: str | bytes) -> list[Event]:
        if self._phase == "over":
            return []
        event = messages.read(message)
        if event is None:
            return [] if self._phase != "connected" else [self._stranger()]
        kind = messages.kind_of(event)
        heard = HEARD.get(kind)
        if heard is None or (self._phase == "connected" and kind not in BEFORE_READY):
            return []
        try:
            return heard(self, event)
        except TooMuchError:
            return [self._over(refusals.not_a_speech_server(self.host, "far too much text"))]

    def lapsed(self) -> Complete | Refused:
        if self._phase == "finishing" and self._items.text:
            return self._complete()
        if self._phase == "connected":
            return self._stranger("no session")
        return self._over(refusals.no_answer(self.host, "no transcription.done"))

    def closed(self, code: int, reason: str) -> Complete | Refused:
        words = refusals.said(reason, self.api_key)
        return self._over(refusals.by_close(self.host, self.model, code, words))

    def _on_created(self, _: dict[str, Any]) -> list[Event]:
        if self._phase != "connected":
            return []
        self._phase = "ready"
        return [messages.send("session.update", model=self.model), self._start(), Ready()]

    def _start(self) -> Send:
        self._turn += 1
        self._turn_bytes, self._idle = 0, False
        return messages.send("input_audio_buffer.commit")

    def _on_delta(self, event: dict[str, Any]) -> list[Event]:
        before = self._items.text
        self._items.add(str(self._turn), messages.text(event, "delta"))
        self._late_words = self._phase == "finishing"
        return self._news(before)

    def _on_done(self, event: dict[str, Any]) -> list[Event]:
        """It has ended, with us or before us, at the model's longest text for instance."""
        before, text = self._items.text, event.get("text")
        self.used_tokens += messages.tokens(event.get("usage"))
        if isinstance(text, str):
            self._items.complete(str(self._turn), text)
        if self._phase == "finishing":
            return [*self._news(before), self._complete()]
        if not self._turn_bytes:
            self._idle = True  # started again at once, it would end again at once
            return self._news(before)
        return [*self._news(before), self._start()]

    def _on_error(self, event: dict[str, Any]) -> list[Event]:
        code, words = messages.reason(event, self.api_key)
        return [self._over(refusals.by_code(self.host, self.model, code, words))]

    def _news(self, before: str) -> list[Event]:
        text = self._items.text
        return [] if text == before else [Partial(text)]

    def _complete(self) -> Complete:
        self._phase = "over"
        return Complete(self._items.text)

    def _over(self, problem: Problem) -> Refused:
        self._phase = "over"
        return Refused(problem)

    def _stranger(self, detail: str = "no JSON") -> Refused:
        return self._over(refusals.not_a_speech_server(self.host, detail))


HEARD: dict[str, Callable[[VLLM, dict[str, Any]], list[Event]]] = {
    "session.created": VLLM._on_created,
    "transcription.delta": VLLM._on_delta,
    "transcription.done": VLLM._on_done,
    "error": VLLM._on_error,
}
BEFORE_READY = frozenset({"session.created", "error"})
