"""How OpenAI's realtime transcription is spoken, and whoever speaks it too.

The shape is the generally available one of 2026 (no beta header): `session.created`,
`session.update`, `session.updated`, then audio, `commit`, and `clear` as a fence: its answer
means that every commit before is known. Deltas append; `completed`, even empty, and `failed`
end an item. Sources: the guide "Realtime transcription" and the types of the openai SDK 3.52.

What is settled while somebody speaks: nothing becomes final before a commit, and each commit
makes one item, so the nth `committed` is of the audio up to the nth commit. Models that stream
are not given one in mid-take: a commit has been seen to end an item with what was decoded so
far and to lose the rest of the sentence (PROTOCOL 1.9). Models that begin to work only at the
commit have nothing to lose, so a long take is committed at pauses: their words are there
earlier, and a connection that breaks late costs the last `TURN_S` and not all of it.
"""

from __future__ import annotations

from typing import Any

import attrs

from ..engine import Ready
from ..server import models
from ..server.errors import messages as refusals
from ..server.request_options import NOISE, Hints
from ..server.urls import OPENAI, with_query
from . import messages
from .base import Speaker
from .messages import COMMIT_EMPTY, SPOKEN
from .protocol import Complete, Event, Kept, Refused, Send

RATE_HZ = 24_000
PADDING_BYTES = 200 * RATE_HZ // 1000 * 2
"""Silence after the last word, 200 ms: streaming models lose a word that ends where the audio
does (PROTOCOL 1.9 saw clients add 200 to 600 ms). Sent at once, so nobody waits for it."""
LEAST_BYTES = RATE_HZ * 2 // 10
"""Less than 100 ms is refused by `commit`."""
TURN_S = 20.0
"""Between commits in mid-take: long enough for a model to know what it is about."""
ANSWER_S = 10.0
FENCE_S = 1.0
"""For servers that do not answer `clear`: when all items have ended, little more can come."""
MOST_PAST = 400
"""Ids that are remembered of the takes before on the same socket."""


@attrs.define(eq=False)
class OpenAI(Speaker):
    """One conversation; follows `sayso.stt.realtime.protocol.Dialect`."""

    hints: Hints = attrs.field(factory=Hints, kw_only=True)
    model_in_url: bool = attrs.field(default=True, kw_only=True)
    """Gateways route by it. OpenAI refuses it, whatever this says."""
    _commits: list[int] = attrs.field(factory=list, init=False)
    """How many bytes had been sent at each."""
    _answers: int = attrs.field(default=0, init=False)
    """So many of the commits were answered, by an item or by having been empty."""
    _fenced: bool = attrs.field(default=False, init=False)
    _optional: dict[str, Any] = attrs.field(init=False, repr=False)
    """Fields the session can do without; one that is refused is left out from then on."""
    _wanted: str = attrs.field(init=False, repr=False)
    """The session as it was asked for."""
    _past: frozenset[str] = attrs.field(default=frozenset(), init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        wanted, dropped = {"intent": "transcription"}, frozenset[str]()
        if self.host == OPENAI:
            dropped = frozenset({"model"})
        elif self.model_in_url and self.model:
            wanted["model"] = self.model
        self.url = with_query(self.url, wanted, dropped)
        self._optional = self.hints.transcription(self.model)
        if noise := self.hints.noise_reduction(self.model):
            self._optional[NOISE] = noise
        self._wanted = self._update().message

    @property
    def rate_hz(self) -> int:
        return RATE_HZ

    @property
    def patience_s(self) -> float:
        if self._all_ended:
            return FENCE_S
        if self.host == OPENAI:
            return ANSWER_S
        return ANSWER_S + self.sent_s / 4  # a small computer may take its time

    def pause(self) -> list[Event]:
        model = models.named(self.model)
        since_bytes = self.sent_bytes - (self._commits[-1] if self._commits else 0)
        if model.streams or not model.known or since_bytes < TURN_S * RATE_HZ * 2:
            return []
        self._commits.append(self.sent_bytes)
        return [messages.send("input_audio_buffer.commit", event_id="sayso_pause")]

    def commit(self) -> list[Event]:
        if self.sent_bytes < LEAST_BYTES:
            return self._nothing()
        self._phase = "finishing"
        padding = self.audio(bytes(PADDING_BYTES))
        self._commits.append(self.sent_bytes)
        return [
            padding,
            messages.send("input_audio_buffer.commit", event_id="sayso_commit"),
            messages.send("input_audio_buffer.clear", event_id="sayso_clear"),
        ]

    def lapsed(self) -> Complete | Refused:
        if self._all_ended:
            return self._complete()
        if not self._configured:
            return self._stranger("no session")
        return self._over(refusals.no_answer(self.host, "no final"))

    def closed(self, code: int, reason: str) -> Complete | Refused:
        return self._complete() if self._all_ended else self._hung_up(code, reason)

    @property
    def kept(self) -> Kept | None:
        """Only where the fence has been passed, so that the buffer is empty, and items have ids."""
        if not self._fenced or "" in self._items.ids:
            return None
        past = self._past | self._items.ids
        return Kept(self._wanted, past) if len(past) <= MOST_PAST else None

    def go_on(self, kept: Kept) -> list[Event]:
        if kept.session != self._wanted:
            return []
        self._past, self._phase = kept.past, "ready"
        return [Ready()]

    @property
    def _answered(self) -> bool:
        return self._answers >= len(self._commits)

    @property
    def _all_ended(self) -> bool:
        """Only the fence is missing."""
        return self._phase == "finishing" and self._answered and self._items.ended

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

    def _on(self, kind: str, event: dict[str, Any]) -> list[Event]:
        if messages.text(event, "item_id") in self._past:
            return []
        match kind:
            case "session.created" if self._phase == "connected":
                self._phase = "configuring"
                return [self._update()]
            case "session.updated" if self._phase == "configuring":
                self._phase = "ready"
                return [Ready()]
            case "error":
                return self._on_error(event)
            case _ if not self._configured:
                return []
            case _ if kind == f"{SPOKEN}failed":
                return [self._refused(event)]
        self._on_items(kind, event)
        return self._end()

    def _on_items(self, kind: str, event: dict[str, Any]) -> None:
        """`conversation.item.added`, `.created` and all the others say nothing new."""
        if kind == f"{SPOKEN}delta":
            self._items.add(messages.text(event, "item_id"), messages.text(event, "delta"))
        elif kind == f"{SPOKEN}completed":
            self._on_completed(event)
        elif kind == "input_audio_buffer.committed":
            self._on_committed(event)
        elif kind == "input_audio_buffer.cleared":
            self._fenced = self._fenced or self._phase == "finishing"

    def _on_committed(self, event: dict[str, Any]) -> None:
        until_bytes = self._next_answer()
        previous_id = messages.text(event, "previous_item_id")
        self._items.commit(messages.text(event, "item_id"), previous_id, until_bytes)

    def _on_completed(self, event: dict[str, Any]) -> None:
        transcript = event.get("transcript")
        if not isinstance(transcript, str):
            return
        self._use(event)
        known = self._items.complete(messages.text(event, "item_id"), transcript)
        if not known and self._phase == "finishing":
            self._next_answer()  # a server that does not say `committed`

    def _next_answer(self) -> int:
        """The oldest commit without one is answered: up to where its audio is; 0 if none is."""
        if self._answered:
            return 0
        self._answers += 1
        return self._commits[self._answers - 1]

    def _on_error(self, event: dict[str, Any]) -> list[Event]:
        if not self._configured:
            return self._on_refused_settings(event)
        code, words = messages.reason(event, self.api_key)
        ours = messages.error_of(event).get("event_id")
        if self._phase == "finishing" and (ours == "sayso_clear" or "buffer.clear" in words):
            self._fenced = True  # a server that does not know `clear`
            return []
        if self._phase == "finishing" and code == COMMIT_EMPTY and ours in (None, "sayso_commit"):
            self._next_answer()  # a server that listens for pauses has committed before us
            return []
        return [self._refused(event)]

    def _on_refused_settings(self, event: dict[str, Any]) -> list[Event]:
        code, words = messages.reason(event, self.api_key)
        about = messages.error_of(event)
        refused = self._refused_options(about, code, words)
        if self._phase == "configuring" and refused:
            for name in refused:
                del self._optional[name]
            return [self._update()]
        if messages.param(about) == "model":
            code = "invalid_model"
        return [self._over(refusals.of_settings(self.host, self.model, code, words))]

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
