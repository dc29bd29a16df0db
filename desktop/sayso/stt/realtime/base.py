"""What all conversations have in common, whichever dialect they are in. Pure."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, Literal

import attrs

from ...core.dictation.take import BYTES_PER_SAMPLE
from ...core.problems import Problem
from ...core.recognition.plausibility import MIN_SHORTFALL_S
from ...core.settings.urls import host_of, websocket_url
from ..engine import Partial
from ..server.errors import messages as refusals
from . import messages
from .protocol import Completed, Event, FinalText, Kept, Rejected, Send
from .transcript import ItemTranscript, TranscriptTooLongError

Phase = Literal["connected", "configuring", "ready", "finishing", "over"]
EVENTS_BEFORE_READY = frozenset({"session.created", "session.updated", "error"})


@attrs.define(eq=False)
class BaseProtocol(abc.ABC):
    """One conversation about one take; what is made of it
    follows `sayso.stt.realtime.protocol.Dialect`.

    Raises:
        ProblemError: The address is none, or would send sound and key in the clear.
    """

    address: str
    model: str
    api_key: str | None = attrs.field(default=None, repr=False)
    allow_insecure: str = ""
    auth_headers: Mapping[str, str] | None = attrs.field(default=None, repr=False, kw_only=True)
    """Headers that let it in; None: the key as bearer."""
    url: str = attrs.field(init=False)
    host: str = attrs.field(init=False)
    processed_s: float = attrs.field(default=0.0, init=False)
    """Seconds of audio the server says it worked on; each item may be rounded up."""
    used_tokens: int = attrs.field(default=0, init=False)
    sent_bytes: int = attrs.field(default=0, init=False)
    _phase: Phase = attrs.field(default="connected", init=False)
    _transcript: ItemTranscript = attrs.field(factory=ItemTranscript, init=False, repr=False)
    _audio_dropped: bool = attrs.field(default=False, init=False)
    """It has left out some of the audio."""

    def __attrs_post_init__(self) -> None:
        self.host = host_of(self.address)
        self.url = websocket_url(self.address, self.allow_insecure)

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
        if self.auth_headers is not None:
            return dict(self.auth_headers)
        return {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}

    def append_audio(self, pcm: bytes) -> Send:
        self.sent_bytes += len(pcm)
        return messages.append_event(pcm)

    def on_pause(self) -> list[Event]:
        return []

    def receive(self, message: str | bytes) -> list[Event]:
        if self._phase == "over":
            return []
        event = messages.parse_event(message)
        if event is None:
            return [] if self._configured else [self._reject_unknown_server()]
        kind = messages.event_type(event)
        if not (self._configured or kind in EVENTS_BEFORE_READY):
            return []
        before = self._transcript.text
        try:
            events = self._handle(kind, event)
        except TranscriptTooLongError:
            return [self._reject(refusals.not_a_speech_server(self.host, "far too much text"))]
        return [*self._text_events(before), *events]

    @abc.abstractmethod
    def _handle(self, kind: str, event: dict[str, Any]) -> list[Event]:
        """What follows from an event beside new text; only those of `BEFORE_READY` until then."""

    @property
    def _configured(self) -> bool:
        return self._phase not in ("connected", "configuring")

    def _add_usage(self, event: dict[str, Any]) -> None:
        """Count what the server says an item took."""
        self.processed_s += messages.usage_seconds(event.get("usage"))
        self.used_tokens += messages.usage_tokens(event.get("usage"))

    def _text_events(self, before: str) -> list[Event]:
        text = self._transcript.text
        news: list[Event] = [] if text == before else [Partial(text)]
        if (
            self._phase != "over"
            and not self._audio_dropped
            and (settled := self._transcript.take_final())
        ):
            self._audio_dropped = self._has_dropped_audio(settled[1])
            if not self._audio_dropped:
                news.append(FinalText(*settled))
        return news

    def _has_dropped_audio(self, end_bytes: int) -> bool:
        """The server says it worked on less than that: no text of it is settled."""
        if not self.processed_s or self.skips_pauses:
            return False
        return self.processed_s < end_bytes / BYTES_PER_SAMPLE / self.rate_hz - MIN_SHORTFALL_S

    def _complete_session(self) -> Completed:
        self._phase = "over"
        return Completed(self._transcript.text)

    def _complete_empty(self) -> list[Event]:
        """Too little was said to ask about it."""
        self._phase = "over"
        return [Completed("")]

    def _reject(self, problem: Problem) -> Rejected:
        self._phase = "over"
        return Rejected(problem)

    def _reject_error_event(self, event: dict[str, Any]) -> Rejected:
        """By an `error` or `failed` event."""
        code, words = messages.error_code_and_message(event, self.api_key)
        return self._reject(refusals.from_error_code(self.host, self.model, code, words))

    def _reject_close(self, code: int, reason: str) -> Rejected:
        words = refusals.redact(reason, self.api_key)
        return self._reject(refusals.from_close_code(self.host, self.model, code, words))

    def _reject_unknown_server(self, detail: str = "no JSON") -> Rejected:
        return self._reject(refusals.not_a_speech_server(self.host, detail))
