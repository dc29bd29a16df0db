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

from ..engine import Ready
from ..server.errors import messages as refusals
from ..server.urls import with_query
from . import messages
from .base import Speaker
from .messages import COMMIT_EMPTY, SPOKEN
from .protocol import Complete, Event, Refused

LEAST_S = 0.1
ANSWER_S = 10.0
SETTLE_S = 0.5
"""After the last item has ended: for another that is still in the audio."""
NOTHING_S = 3.0
"""After the silence, when no speech was noticed at all."""
LATE_S = 3.0
"""So long after the end of speech its `speech_stopped` may be here, to be believed."""


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
class Flat(Speaker):
    """One conversation; follows `sayso.stt.realtime.protocol.Dialect`."""

    way: Way = attrs.field(kw_only=True)
    language: str = attrs.field(default="", kw_only=True)
    _turn: int = attrs.field(default=1, init=False)
    """Names the item of servers that do not."""
    _talking: bool = attrs.field(default=False, init=False)
    """The server hears speech, and has not heard its end."""
    _answered: bool = attrs.field(default=False, init=False)
    """An item has ended since the silence was sent."""

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        query = {**self.way.query, "model": self.model}
        if self.way.language_in_url and self.language:
            query["language"] = self.language
        self.url = with_query(self.url, query)

    @property
    def rate_hz(self) -> int:
        return self.way.rate_hz

    @property
    def skips_pauses(self) -> bool:
        return True

    @property
    def patience_s(self) -> float:
        if self._nothing_open and self._answered:
            return SETTLE_S
        if self._nothing_open and not self.way.commits:
            return NOTHING_S + self.sent_s / 10
        return ANSWER_S + self.sent_s / 4

    def commit(self) -> list[Event]:
        if self.sent_s < LEAST_S:
            return self._nothing()
        self._phase = "finishing"
        silence = self.audio(bytes(int(self.way.silence_s * self.way.rate_hz) * 2))
        if not self.way.commits:
            return [silence]
        return [silence, messages.send("input_audio_buffer.commit", event_id="sayso_commit")]

    def lapsed(self) -> Complete | Refused:
        if self._settled:
            return self._complete()
        if self._phase == "connected":
            return self._stranger("no session")
        return self._over(refusals.no_answer(self.host, "no final"))

    def closed(self, code: int, reason: str) -> Complete | Refused:
        if self._settled and self._answered:
            return self._complete()
        return self._hung_up(code, reason)

    @property
    def _nothing_open(self) -> bool:
        return not self._talking and (self._items.ended or not self._items)

    @property
    def _settled(self) -> bool:
        """That nothing comes any more means that all has come."""
        answered = self._answered or not self.way.commits
        return self._phase == "finishing" and self._nothing_open and answered

    def _on(self, kind: str, event: dict[str, Any]) -> list[Event]:
        """`conversation.item.created` says nothing new."""
        if kind == "session.created" and self._phase == "connected":
            return self._on_created()
        if kind == "error":
            return self._on_failed(event)
        if not self._configured:
            return []
        item_id = messages.text(event, "item_id") or f"turn {self._turn}"
        if kind == f"{SPOKEN}failed":
            return self._on_failed(event)
        if kind == f"{SPOKEN}delta":
            put = self._items.replace if self.way.replaces else self._items.add
            put(item_id, messages.text(event, "delta"))
        elif kind == f"{SPOKEN}completed":
            self._on_completed(item_id, event)
        elif kind == "input_audio_buffer.speech_started":
            self._talking = True
        elif kind == "input_audio_buffer.speech_stopped":
            self._on_stopped(item_id, event)
        elif kind == "input_audio_buffer.committed":
            self._talking = False
            self._items.commit(item_id, messages.text(event, "previous_item_id"))
        return []

    def _on_created(self) -> list[Event]:
        self._phase = "ready"
        if not self.way.updates:
            return [Ready()]
        session = {"model": self.model, "turn_detection": {"type": "server_vad"}}
        return [messages.send("session.update", session=session), Ready()]

    def _on_stopped(self, item_id: str, event: dict[str, Any]) -> None:
        """Its item follows; it is open from now on."""
        if self._talking:
            self._talking = False
            self._items.add(item_id, "")
            self._items.ends(item_id, self._place_of(event.get("audio_end_ms")))

    def _place_of(self, audio_ms: object) -> int:
        """A place in the audio, in bytes; 0 for one that cannot be right."""
        if isinstance(audio_ms, bool) or not isinstance(audio_ms, int | float):
            return 0
        if not 0 <= self.sent_s - audio_ms / 1000 <= LATE_S:
            return 0
        return int(audio_ms / 1000 * self.rate_hz) * 2

    def _on_completed(self, item_id: str, event: dict[str, Any]) -> None:
        transcript = event.get("transcript")
        if not isinstance(transcript, str):
            return
        self._use(event)
        self._items.complete(item_id, transcript)
        self._turn += 1
        self._answered = self._phase == "finishing"

    def _on_failed(self, event: dict[str, Any]) -> list[Event]:
        code, words = messages.reason(event, self.api_key)
        if self._phase == "finishing" and code == COMMIT_EMPTY:
            self._answered = True  # the silence has ended the last stretch before the commit did
            return []
        if self._phase == "connected":
            return [self._over(refusals.of_settings(self.host, self.model, code, words))]
        return [self._refused(event)]
