"""How OpenAI's realtime transcription is spoken, and whoever speaks it too.

The shape is the generally available one of 2026 (no beta header): `session.created`,
`session.update`, `session.updated`, then audio, `commit`, and `clear` as a fence: its answer
means that every commit before is known. Deltas append; `completed`, even empty, and `failed`
end an item. Sources: the guide "Realtime transcription" and the types of the openai SDK 3.52.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import attrs

from ..core.problems import Problem
from . import messages, refusals
from .dialect import Complete, Event, Refused, Send
from .endpoints import OPENAI, host_of, socket_url, with_query
from .engine import Partial, Ready
from .hints import NOISE, Hints
from .items import Items, TooMuchError
from .messages import COMMIT_EMPTY, SPOKEN

RATE_HZ = 24_000
PADDING_BYTES = 200 * RATE_HZ // 1000 * 2
"""Silence after the last word, 200 ms: streaming models lose a word that ends where the audio
does (PROTOCOL 1.9 saw clients add 200 to 600 ms). Sent at once, so nobody waits for it."""
LEAST_BYTES = RATE_HZ * 2 // 10
"""Less than 100 ms is refused by `commit`."""
ANSWER_S = 10.0
FENCE_S = 1.0
"""For servers that do not answer `clear`: when all items have ended, little more can come."""

Phase = Literal["connected", "configuring", "ready", "finishing", "over"]


@attrs.define(eq=False)
class OpenAI:
    """One conversation; follows `sayso.stt.dialect.Dialect`.

    Raises:
        ProblemError: The address is none, or would send sound and key in the clear.
    """

    address: str
    model: str
    hints: Hints = attrs.field(factory=Hints)
    api_key: str | None = attrs.field(default=None, repr=False)
    allow_insecure: str = ""
    rate_hz: int = attrs.field(default=RATE_HZ, init=False)
    url: str = attrs.field(init=False)
    host: str = attrs.field(init=False)
    used_s: float = attrs.field(default=0.0, init=False)
    """Seconds of audio the server says it worked on; each item is rounded up."""
    used_tokens: int = attrs.field(default=0, init=False)
    sent_bytes: int = attrs.field(default=0, init=False)
    _phase: Phase = attrs.field(default="connected", init=False)
    _items: Items = attrs.field(factory=Items, init=False, repr=False)
    _answered: bool = attrs.field(default=False, init=False)
    """The commit has been answered, by an item or by having been empty."""
    _fenced: bool = attrs.field(default=False, init=False)
    _optional: dict[str, Any] = attrs.field(init=False, repr=False)
    """Fields the session can do without; one that is refused is left out from then on."""

    def __attrs_post_init__(self) -> None:
        self.host = host_of(self.address)
        url = socket_url(self.address, self.allow_insecure)
        # OpenAI refuses a model in the address, and gateways route by it.
        if self.host == OPENAI:
            self.url = with_query(url, {"intent": "transcription"}, frozenset({"model"}))
        else:
            self.url = with_query(url, {"intent": "transcription", "model": self.model})
        self._optional = self.hints.transcription(self.model)
        if noise := self.hints.noise_reduction(self.model):
            self._optional[NOISE] = noise

    @property
    def patience_s(self) -> float:
        if self._all_ended:
            return FENCE_S
        if self.host == OPENAI:
            return ANSWER_S
        return ANSWER_S + self.sent_s / 4  # a small computer may take its time

    @property
    def sent_s(self) -> float:
        """Seconds of audio that were handed out by `audio`."""
        return self.sent_bytes / 2 / RATE_HZ

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}

    def audio(self, pcm: bytes) -> Send:
        self.sent_bytes += len(pcm)
        return messages.append(pcm)

    def commit(self) -> list[Event]:
        if self.sent_bytes < LEAST_BYTES:
            self._phase = "over"
            return [Complete("")]
        self._phase = "finishing"
        return [
            self.audio(bytes(PADDING_BYTES)),
            messages.send("input_audio_buffer.commit", event_id="sayso_commit"),
            messages.send("input_audio_buffer.clear", event_id="sayso_clear"),
        ]

    def hear(self, message: str | bytes) -> list[Event]:
        if self._phase == "over":
            return []
        event = messages.read(message)
        if event is None:
            return [] if self._configured else [self._stranger()]
        kind = messages.kind_of(event)
        heard = HEARD.get(kind)
        if heard is None or not (self._configured or kind in BEFORE_READY):
            return []
        try:
            return heard(self, event) + self._end()
        except TooMuchError:
            return [self._over(refusals.not_a_speech_server(self.host, "far too much text"))]

    def lapsed(self) -> Complete | Refused:
        if self._all_ended:
            return self._complete()
        if not self._configured:
            return self._stranger("no session")
        return self._over(refusals.no_answer(self.host, "no final"))

    def closed(self, code: int, reason: str) -> Complete | Refused:
        if self._all_ended:
            return self._complete()
        words = refusals.said(reason, self.api_key)
        return self._over(refusals.by_close(self.host, self.model, code, words))

    @property
    def _all_ended(self) -> bool:
        """Only the fence is missing."""
        return self._phase == "finishing" and self._answered and self._items.ended

    @property
    def _configured(self) -> bool:
        return self._phase not in ("connected", "configuring")

    def _update(self) -> Send:
        options = dict(self._optional)
        noise = options.pop(NOISE, None)
        audio_input: dict[str, Any] = {
            "format": {"type": "audio/pcm", "rate": RATE_HZ},
            "transcription": {"model": self.model, **options},
            "turn_detection": None,  # has to be said: what is left out stays, and it is on
        }
        if noise:
            audio_input[NOISE] = noise
        session = {"type": "transcription", "audio": {"input": audio_input}}
        return messages.send("session.update", event_id="sayso_update", session=session)

    def _on_created(self, _: dict[str, Any]) -> list[Event]:
        if self._phase != "connected":
            return []
        self._phase = "configuring"
        return [self._update()]

    def _on_updated(self, _: dict[str, Any]) -> list[Event]:
        if self._phase != "configuring":
            return []
        self._phase = "ready"
        return [Ready()]

    def _on_delta(self, event: dict[str, Any]) -> list[Event]:
        before = self._items.text
        self._items.add(messages.text(event, "item_id"), messages.text(event, "delta"))
        return self._news(before)

    def _on_committed(self, event: dict[str, Any]) -> list[Event]:
        self._answered = self._answered or self._phase == "finishing"
        self._items.commit(
            messages.text(event, "item_id"), messages.text(event, "previous_item_id")
        )
        return []

    def _on_completed(self, event: dict[str, Any]) -> list[Event]:
        transcript = event.get("transcript")
        if not isinstance(transcript, str):
            return []
        self.used_s += messages.seconds(event.get("usage"))
        self.used_tokens += messages.tokens(event.get("usage"))
        before = self._items.text
        known = self._items.complete(messages.text(event, "item_id"), transcript)
        if not known and self._phase == "finishing":
            self._answered = True  # a server that does not say `committed`
        return self._news(before)

    def _news(self, before: str) -> list[Event]:
        text = self._items.text
        return [] if text == before else [Partial(text)]

    def _on_failed(self, event: dict[str, Any]) -> list[Event]:
        code, words = messages.reason(event, self.api_key)
        return [self._over(refusals.by_code(self.host, self.model, code, words))]

    def _on_cleared(self, _: dict[str, Any]) -> list[Event]:
        self._fenced = self._fenced or self._phase == "finishing"
        return []

    def _on_error(self, event: dict[str, Any]) -> list[Event]:
        code, words = messages.reason(event, self.api_key)
        error = event.get("error")
        about = error if isinstance(error, dict) else {}
        if not self._configured:
            refused = self._refused_options(about, code, words)
            if self._phase == "configuring" and self._without(refused):
                return [self._update()]
            if messages.param(about) == "model":
                code = "invalid_model"
            return [self._over(refusals.of_settings(self.host, self.model, code, words))]
        ours = about.get("event_id")
        if self._phase == "finishing" and (ours == "sayso_clear" or "buffer.clear" in words):
            self._fenced = True  # a server that does not know `clear`
            return []
        if self._phase == "finishing" and code == COMMIT_EMPTY and ours in (None, "sayso_commit"):
            self._answered = True  # a server that listens for pauses has committed before us
            return []
        return [self._over(refusals.by_code(self.host, self.model, code, words))]

    def _without(self, names: set[str]) -> bool:
        """Leave these out of the update; whether there are any."""
        for name in names:
            del self._optional[name]
        return bool(names)

    def _refused_options(self, error: dict[str, Any], code: str, words: str) -> set[str]:
        """Which optional fields an error is about; SGLang names them in its words only."""
        if messages.text(error, "param"):
            named = messages.parts_of(error)
            one_language = {"language", "languages"}
            named |= one_language if named & one_language else set()
            return {name for name in self._optional if name in named}
        if code in refusals.NOT_OF_OPTIONS:
            return set()
        return {name for name in self._optional if name in words}

    def _end(self) -> list[Event]:
        """The end, once the fence is passed and every item has ended."""
        if self._phase != "finishing" or not (self._fenced and self._answered):
            return []
        if self._items.ended:
            return [self._complete()]
        if not self._items:  # we sent sound, and the server has none
            words = "the sound did not arrive"
            return [self._over(refusals.by_code(self.host, self.model, "", words))]
        return []

    def _complete(self) -> Complete:
        self._phase = "over"
        return Complete(self._items.text)

    def _over(self, problem: Problem) -> Refused:
        self._phase = "over"
        return Refused(problem)

    def _stranger(self, detail: str = "no JSON") -> Refused:
        return self._over(refusals.not_a_speech_server(self.host, detail))


HEARD: dict[str, Callable[[OpenAI, dict[str, Any]], list[Event]]] = {
    "session.created": OpenAI._on_created,
    "session.updated": OpenAI._on_updated,
    f"{SPOKEN}delta": OpenAI._on_delta,
    "input_audio_buffer.committed": OpenAI._on_committed,
    f"{SPOKEN}completed": OpenAI._on_completed,
    f"{SPOKEN}failed": OpenAI._on_failed,
    "input_audio_buffer.cleared": OpenAI._on_cleared,
    "error": OpenAI._on_error,
}
"""Everything else, `conversation.item.added` and `.created` among it, says nothing new."""
BEFORE_READY = frozenset({"session.created", "session.updated", "error"})
