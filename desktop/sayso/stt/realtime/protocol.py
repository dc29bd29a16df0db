"""Base class of the realtime protocols. Pure."""

from __future__ import annotations

import abc
from typing import Any, Literal

import attrs

from ...core.dictation.take import BYTES_PER_SAMPLE
from ...core.problems import Problem
from ...core.recognition.plausibility import MIN_SHORTFALL_S
from ...core.settings.endpoint import Endpoint
from ...core.settings.urls import host_of, websocket_url
from ..engine import Partial
from ..server import json_fields
from ..server.auth import Credentials
from ..server.errors import messages as errors
from ..server.errors.redaction import redact
from .messages import Completed, Event, FinalText, Rejected, Send, append_event
from .timeouts import Timeouts
from .transcript import ItemTranscript, TranscriptTooLongError

Phase = Literal["connected", "configuring", "ready", "finishing", "over"]
EVENTS_BEFORE_READY = frozenset({"session.created", "session.updated", "error"})
MIN_AUDIO_S = 0.1
"""Shorter audio is not committed: the servers refuse it."""


@attrs.define(eq=False)
class RealtimeProtocol(abc.ABC):
    """Sans-I/O state machine of one session, which transcribes one take.

    Messages from the server go in and events come out, so a protocol is tested without a network;
    see https://sans-io.readthedocs.io. Order of calls:

    1. Connect to `url` with `headers`.
    2. `receive` each message, and continue with the protocol in `active`, until `Ready`.
    3. `append_audio` for each block of audio at `rate_hz`, and `on_pause` at a pause.
    4. `commit` once, after the last block.
    5. `receive` until `Completed` or `Rejected`, which end the session.

    `receive` continues during steps 3 and 4. If no message arrives within `response_timeout_s`
    after the commit, call `on_timeout`; if the server closes the connection, call `on_close`.
    No method raises, whatever the server sends.

    Raises:
        ProblemError: The address is invalid, or not encrypted and not allowed.
    """

    endpoint: Endpoint
    credentials: Credentials = attrs.field(factory=Credentials, repr=False)
    language: str = ""
    timeouts: Timeouts = attrs.field(factory=Timeouts, repr=False)
    url: str = attrs.field(init=False)
    host: str = attrs.field(init=False)
    processed_s: float = attrs.field(default=0.0, init=False)
    """Seconds of audio that the server reports; 0 if it reports none."""
    used_tokens: int = attrs.field(default=0, init=False)
    """Input and output tokens that the server reports; 0 if it reports none."""
    sent_bytes: int = attrs.field(default=0, init=False)
    _phase: Phase = attrs.field(default="connected", init=False)
    _transcript: ItemTranscript = attrs.field(factory=ItemTranscript, init=False, repr=False)
    _audio_dropped: bool = attrs.field(default=False, init=False)
    """True if the server has processed less audio than it was sent."""

    skips_pauses = False
    """True if the server detects pauses and reports only the seconds of speech."""

    def __attrs_post_init__(self) -> None:
        self.host = host_of(self.endpoint.url)
        self.url = websocket_url(self.endpoint.url, self.endpoint.allow_insecure)

    @property
    @abc.abstractmethod
    def rate_hz(self) -> int:
        """Sample rate of the audio, s16le mono. Valid after `Ready`."""

    @property
    @abc.abstractmethod
    def response_timeout_s(self) -> float:
        """Seconds without a message after the commit, after which `on_timeout` is called."""

    @abc.abstractmethod
    def commit(self) -> list[Event]:
        """Return the events that end the audio."""

    @abc.abstractmethod
    def on_timeout(self) -> Completed | Rejected:
        """Return the result if the server sends nothing more."""

    @abc.abstractmethod
    def on_close(self, code: int, reason: str) -> Completed | Rejected:
        """Return the result after a close by the server (RFC 6455, section 7.4; 1006: abnormal)."""

    @abc.abstractmethod
    def _handle(self, kind: str, event: dict[str, Any]) -> list[Event]:
        """Return the events that follow from a server event, except those for changed text.

        Before the session is ready, only the types in `EVENTS_BEFORE_READY` are passed.
        """

    @property
    def active(self) -> RealtimeProtocol:
        """The protocol that the server was found to use."""
        return self

    @property
    def headers(self) -> dict[str, str]:
        return self.credentials.headers

    @property
    def sent_s(self) -> float:
        """Seconds of audio passed to `append_audio`, including padding."""
        return self.sent_bytes / BYTES_PER_SAMPLE / self.rate_hz

    def append_audio(self, pcm: bytes) -> Send:
        """Return the event that sends a block of audio."""
        self.sent_bytes += len(pcm)
        return append_event(pcm)

    def on_pause(self) -> list[Event]:
        """Return the events that make the text before a pause final, if that is possible."""
        return []

    def receive(self, message: str | bytes) -> list[Event]:
        """Return the events that follow from a message; [] after the end of the session."""
        if self._phase == "over":
            return []
        event = json_fields.parse_event(message)
        if event is None:
            return [] if self._configured else [self._reject_unknown_server("not JSON")]
        kind = json_fields.event_type(event)
        if not (self._configured or kind in EVENTS_BEFORE_READY):
            return []
        previous_text = self._transcript.text
        try:
            events = self._handle(kind, event)
        except TranscriptTooLongError:
            return [self._reject_unknown_server("text too long")]
        return [*self._text_events(previous_text), *events]

    @property
    def _configured(self) -> bool:
        return self._phase not in ("connected", "configuring")

    @property
    def _too_short(self) -> bool:
        return self.sent_s < MIN_AUDIO_S

    def _padding(self, seconds: float) -> Send:
        return self.append_audio(bytes(int(seconds * self.rate_hz) * BYTES_PER_SAMPLE))

    def _add_usage(self, event: dict[str, Any]) -> None:
        self.processed_s += json_fields.usage_seconds(event.get("usage"))
        self.used_tokens += json_fields.usage_tokens(event.get("usage"))

    def _text_events(self, previous_text: str) -> list[Event]:
        text = self._transcript.text
        events: list[Event] = [] if text == previous_text else [Partial(text)]
        if self._phase == "over" or self._audio_dropped:
            return events
        if final := self._transcript.take_final():
            self._audio_dropped = self._has_dropped_audio(final[1])
            if not self._audio_dropped:
                events.append(FinalText(*final))
        return events

    def _has_dropped_audio(self, end_bytes: int) -> bool:
        """Return whether the server reports less audio than was sent up to that position."""
        if not self.processed_s or self.skips_pauses:
            return False
        return self.processed_s < end_bytes / BYTES_PER_SAMPLE / self.rate_hz - MIN_SHORTFALL_S

    def _complete(self) -> Completed:
        self._phase = "over"
        return Completed(self._transcript.text)

    def _complete_empty(self) -> list[Event]:
        self._phase = "over"
        return [Completed("")]

    def _reject(self, problem: Problem) -> Rejected:
        self._phase = "over"
        return Rejected(problem)

    def _reject_error(self, event: dict[str, Any]) -> Rejected:
        code, message = json_fields.error_code_and_message(event, self.credentials.api_key)
        return self._reject_code(code, message, ready=self._configured)

    def _reject_code(self, code: str, message: str, *, ready: bool) -> Rejected:
        model = self.endpoint.model
        return self._reject(errors.from_error(self.host, model, code, message, ready=ready))

    def _reject_close(self, code: int, reason: str) -> Rejected:
        reason = redact(reason, self.credentials.api_key)
        model = self.endpoint.model
        return self._reject(errors.from_close_code(self.host, model, code, reason))

    def _reject_silence(self, detail: str) -> Rejected:
        return self._reject(errors.no_response(self.host, detail))

    def _reject_unknown_server(self, detail: str) -> Rejected:
        return self._reject(errors.not_a_speech_server(self.host, detail))
