"""What all conversations have in common, whichever dialect they are in. Pure."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, Literal

import attrs

from ...core.dictation.take import BYTES_PER_SAMPLE
from ...core.problems import Problem
from ...core.recognition.plausibility import DROPPED_S
from ..engine import Partial
from ..server.errors import messages as refusals
from ..server.urls import host_of, socket_url
from . import messages
from .protocol import Complete, Event, Kept, Refused, Send, Settled
from .transcript import Items, TooMuchError

Phase = Literal["connected", "configuring", "ready", "finishing", "over"]
BEFORE_READY = frozenset({"session.created", "session.updated", "error"})


@attrs.define(eq=False)
class Speaker(abc.ABC):
    """One conversation about one take; what is made of it
    follows `sayso.stt.realtime.protocol.Dialect`.

    Raises:
        ProblemError: The address is none, or would send sound and key in the clear.
    """

    address: str
    model: str
    api_key: str | None = attrs.field(default=None, repr=False)
    allow_insecure: str = ""
    shown: Mapping[str, str] | None = attrs.field(default=None, repr=False, kw_only=True)
    """Headers that let it in; None: the key as bearer."""
    url: str = attrs.field(init=False)
    host: str = attrs.field(init=False)
    used_s: float = attrs.field(default=0.0, init=False)
    """Seconds of audio the server says it worked on; each item may be rounded up."""
    used_tokens: int = attrs.field(default=0, init=False)
    sent_bytes: int = attrs.field(default=0, init=False)
    _phase: Phase = attrs.field(default="connected", init=False)
    _items: Items = attrs.field(factory=Items, init=False, repr=False)
    _short: bool = attrs.field(default=False, init=False)
    """It has left out some of the audio."""

    def __attrs_post_init__(self) -> None:
        self.host = host_of(self.address)
        self.url = socket_url(self.address, self.allow_insecure)

    @property
    @abc.abstractmethod
    def rate_hz(self) -> int: ...

    @property
    def sent_s(self) -> float:
        """Seconds of audio that were handed out by `audio`."""
        return self.sent_bytes / BYTES_PER_SAMPLE / self.rate_hz

    @property
    def skips_pauses(self) -> bool:
        return False

    @property
    def kept(self) -> Kept | None:
        return None

    def go_on(self, kept: Kept) -> list[Event]:
        return []

    def headers(self) -> dict[str, str]:
        if self.shown is not None:
            return dict(self.shown)
        return {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}

    def audio(self, pcm: bytes) -> Send:
        self.sent_bytes += len(pcm)
        return messages.append(pcm)

    def pause(self) -> list[Event]:
        return []

    def hear(self, message: str | bytes) -> list[Event]:
        if self._phase == "over":
            return []
        event = messages.read(message)
        if event is None:
            return [] if self._configured else [self._stranger()]
        kind = messages.kind_of(event)
        if not (self._configured or kind in BEFORE_READY):
            return []
        before = self._items.text
        try:
            events = self._on(kind, event)
        except TooMuchError:
            return [self._over(refusals.not_a_speech_server(self.host, "far too much text"))]
        return [*self._news(before), *events]

    @abc.abstractmethod
    def _on(self, kind: str, event: dict[str, Any]) -> list[Event]:
        """What follows from an event beside new text; only those of `BEFORE_READY` until then."""

    @property
    def _configured(self) -> bool:
        return self._phase not in ("connected", "configuring")

    def _use(self, event: dict[str, Any]) -> None:
        """Count what the server says an item took."""
        self.used_s += messages.seconds(event.get("usage"))
        self.used_tokens += messages.tokens(event.get("usage"))

    def _news(self, before: str) -> list[Event]:
        text = self._items.text
        news: list[Event] = [] if text == before else [Partial(text)]
        if self._phase != "over" and not self._short and (settled := self._items.settle()):
            self._short = self._is_short(settled[1])
            if not self._short:
                news.append(Settled(*settled))
        return news

    def _is_short(self, until_bytes: int) -> bool:
        """The server says it worked on less than that: no text of it is settled."""
        if not self.used_s or self.skips_pauses:
            return False
        return self.used_s < until_bytes / BYTES_PER_SAMPLE / self.rate_hz - DROPPED_S

    def _complete(self) -> Complete:
        self._phase = "over"
        return Complete(self._items.text)

    def _nothing(self) -> list[Event]:
        """Too little was said to ask about it."""
        self._phase = "over"
        return [Complete("")]

    def _over(self, problem: Problem) -> Refused:
        self._phase = "over"
        return Refused(problem)

    def _refused(self, event: dict[str, Any]) -> Refused:
        """By an `error` or `failed` event."""
        code, words = messages.reason(event, self.api_key)
        return self._over(refusals.by_code(self.host, self.model, code, words))

    def _hung_up(self, code: int, reason: str) -> Refused:
        words = refusals.said(reason, self.api_key)
        return self._over(refusals.by_close(self.host, self.model, code, words))

    def _stranger(self, detail: str = "no JSON") -> Refused:
        return self._over(refusals.not_a_speech_server(self.host, detail))
