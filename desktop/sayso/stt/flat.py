"""How servers speak that kept the flat session of OpenAI's beta: speaches, Lemonade, Together.

They listen for pauses themselves and make an item of each stretch of speech, so what ends a take
is silence after it, and that nothing is open any more. How they differ is data: `WAYS`.
Sources: speaches of 2026-03, Lemonade's example of realtime transcription, Together's
documentation, and clients of theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import attrs

from ..core.problems import Problem
from . import messages, refusals
from .dialect import Complete, Event, Refused, Send
from .endpoints import host_of, socket_url, with_query
from .engine import Partial, Ready
from .items import Items, TooMuchError
from .messages import COMMIT_EMPTY, SPOKEN

LEAST_S = 0.1
ANSWER_S = 10.0
SETTLE_S = 0.5
"""After the last item has ended: for another that is still in the audio."""
NOTHING_S = 3.0
"""After the silence, when no speech was noticed at all."""

Phase = Literal["connected", "ready", "finishing", "over"]


@attrs.frozen
class Way:
    """How one of these servers differs from the others."""

    rate_hz: int
    silence_s: float
    """After the last word. speaches ends a stretch of speech after 0.55 s of it."""
    commits: bool
    """False: a commit while speech goes on loses it (speaches), so silence alone ends it."""
    replaces: bool
    """A delta is all the text of its item so far."""
    query: Mapping[str, str]
    """Parameters of the address beside `model`."""
    language_in_url: bool = False
    updates: bool = False
    """Takes a flat `session.update` with the model; the others read the address."""


SPEACHES = Way(24_000, 0.8, False, False, {"intent": "transcription"}, language_in_url=True)
LEMONADE = Way(16_000, 0.8, True, True, {}, updates=True)
TOGETHER = Way(16_000, 0.2, True, True, {"input_audio_format": "pcm_s16le_16000"})
WAYS: Mapping[str, Way] = {"speaches": SPEACHES, "lemonade": LEMONADE, "together": TOGETHER}


@attrs.define(eq=False)
class Flat:
    """One conversation; follows `sayso.stt.dialect.Dialect`.

    Raises:
        ProblemError: The address is none, or would send sound and key in the clear.
    """

    way: Way
    address: str
    model: str
    language: str = ""
    api_key: str | None = attrs.field(default=None, repr=False)
    allow_insecure: str = ""
    url: str = attrs.field(init=False)
    host: str = attrs.field(init=False)
    used_s: float = attrs.field(default=0.0, init=False)
    used_tokens: int = attrs.field(default=0, init=False)
    sent_bytes: int = attrs.field(default=0, init=False)
    _phase: Phase = attrs.field(default="connected", init=False)
    _items: Items = attrs.field(factory=Items, init=False, repr=False)
    _turn: int = attrs.field(default=1, init=False)
    """Names the item of servers that do not."""
    _talking: bool = attrs.field(default=False, init=False)
    """The server hears speech, and has not heard its end."""
    _answered: bool = attrs.field(default=False, init=False)
    """An item has ended since the silence was sent."""

    def __attrs_post_init__(self) -> None:
        self.host = host_of(self.address)
        query = {**self.way.query, "model": self.model}
        if self.way.language_in_url and self.language:
            query["language"] = self.language
        self.url = with_query(socket_url(self.address, self.allow_insecure), query)

    @property
    def rate_hz(self) -> int:
        return self.way.rate_hz

    @property
    def patience_s(self) -> float:
        if self._nothing_open and self._answered:
            return SETTLE_S
        if self._nothing_open and not self.way.commits:
            return NOTHING_S + self.sent_s / 10
        return ANSWER_S + self.sent_s / 4

    @property
    def sent_s(self) -> float:
        return self.sent_bytes / 2 / self.way.rate_hz

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}

    def audio(self, pcm: bytes) -> Send:
        self.sent_bytes += len(pcm)
        return messages.append(pcm)

    def commit(self) -> list[Event]:
        if self.sent_s < LEAST_S:
            self._phase = "over"
            return [Complete("")]
        self._phase = "finishing"
        silence = self.audio(bytes(int(self.way.silence_s * self.way.rate_hz) * 2))
        if not self.way.commits:
            return [silence]
        return [silence, messages.send("input_audio_buffer.commit", event_id="sayso_commit")]

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
        if self._settled:
            return self._complete()
        if self._phase == "connected":
            return self._stranger("no session")
        return self._over(refusals.no_answer(self.host, "no final"))

    def closed(self, code: int, reason: str) -> Complete | Refused:
        if self._settled and self._answered:
            return self._complete()
        words = refusals.said(reason, self.api_key)
        return self._over(refusals.by_close(self.host, self.model, code, words))

    @property
    def _nothing_open(self) -> bool:
        return not self._talking and (self._items.ended or not self._items)

    @property
    def _settled(self) -> bool:
        """That nothing comes any more means that all has come."""
        answered = self._answered or not self.way.commits
        return self._phase == "finishing" and self._nothing_open and answered

    def _on_created(self, _: dict[str, Any]) -> list[Event]:
        if self._phase != "connected":
            return []
        self._phase = "ready"
        if not self.way.updates:
            return [Ready()]
        session = {"model": self.model, "turn_detection": {"type": "server_vad"}}
        return [messages.send("session.update", session=session), Ready()]

    def _on_started(self, _: dict[str, Any]) -> list[Event]:
        self._talking = True
        return []

    def _on_stopped(self, event: dict[str, Any]) -> list[Event]:
        """Its item follows; it is open from now on."""
        if self._talking:
            self._talking = False
            self._items.add(self._current(event), "")
        return []

    def _on_committed(self, event: dict[str, Any]) -> list[Event]:
        self._talking = False
        self._items.commit(self._current(event), messages.text(event, "previous_item_id"))
        return []

    def _on_delta(self, event: dict[str, Any]) -> list[Event]:
        before, words = self._items.text, messages.text(event, "delta")
        if self.way.replaces:
            self._items.replace(self._current(event), words)
        else:
            self._items.add(self._current(event), words)
        return self._news(before)

    def _on_completed(self, event: dict[str, Any]) -> list[Event]:
        transcript = event.get("transcript")
        if not isinstance(transcript, str):
            return []
        self.used_s += messages.seconds(event.get("usage"))
        self.used_tokens += messages.tokens(event.get("usage"))
        before = self._items.text
        self._items.complete(self._current(event), transcript)
        self._turn += 1
        self._answered = self._phase == "finishing"
        return self._news(before)

    def _on_failed(self, event: dict[str, Any]) -> list[Event]:
        code, words = messages.reason(event, self.api_key)
        if self._phase == "finishing" and code == COMMIT_EMPTY:
            self._answered = True  # the silence has ended the last stretch before the commit did
            return []
        if self._phase == "connected":
            return [self._over(refusals.of_settings(self.host, self.model, code, words))]
        return [self._over(refusals.by_code(self.host, self.model, code, words))]

    def _current(self, event: dict[str, Any]) -> str:
        return messages.text(event, "item_id") or f"turn {self._turn}"

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


HEARD: dict[str, Callable[[Flat, dict[str, Any]], list[Event]]] = {
    "session.created": Flat._on_created,
    "input_audio_buffer.speech_started": Flat._on_started,
    "input_audio_buffer.speech_stopped": Flat._on_stopped,
    "input_audio_buffer.committed": Flat._on_committed,
    f"{SPOKEN}delta": Flat._on_delta,
    f"{SPOKEN}completed": Flat._on_completed,
    f"{SPOKEN}failed": Flat._on_failed,
    "error": Flat._on_failed,
}
"""`conversation.item.created` says nothing new."""
BEFORE_READY = frozenset({"session.created", "error"})
