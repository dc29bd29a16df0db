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

from ...core.settings import server_models as models
from ...core.settings.urls import OPENAI_HOST, with_query
from ..engine import Ready
from ..server.errors import messages as refusals
from ..server.request_options import NOISE_FIELD, RequestOptions
from . import messages
from .base import BaseProtocol
from .messages import COMMIT_EMPTY, TRANSCRIPTION_PREFIX
from .protocol import Completed, Event, Kept, Rejected, Send

RATE_HZ = 24_000
PADDING_BYTES = 200 * RATE_HZ // 1000 * 2
"""Silence after the last word, 200 ms: streaming models lose a word that ends where the audio
does (PROTOCOL 1.9 saw clients add 200 to 600 ms). Sent at once, so nobody waits for it."""
MIN_AUDIO_BYTES = RATE_HZ * 2 // 10
"""Less than 100 ms is refused by `commit`."""
COMMIT_INTERVAL_S = 20.0
"""Between commits in mid-take: long enough for a model to know what it is about."""
RESPONSE_TIMEOUT_S = 10.0
CLEARED_TIMEOUT_S = 1.0
"""For servers that do not answer `clear`: when all items have ended, little more can come."""
MOST_PAST = 400
"""Ids that are remembered of the takes before on the same socket."""


@attrs.define(eq=False)
class OpenAIProtocol(BaseProtocol):
    """One conversation; follows `sayso.stt.realtime.protocol.Dialect`."""

    options: RequestOptions = attrs.field(factory=RequestOptions, kw_only=True)
    model_in_url: bool = attrs.field(default=True, kw_only=True)
    """Gateways route by it. OpenAI refuses it, whatever this says."""
    _commit_positions: list[int] = attrs.field(factory=list, init=False)
    """How many bytes had been sent at each."""
    _answered_count: int = attrs.field(default=0, init=False)
    """So many of the commits were answered, by an item or by having been empty."""
    _cleared: bool = attrs.field(default=False, init=False)
    _optional_fields: dict[str, Any] = attrs.field(init=False, repr=False)
    """Fields the session can do without; one that is refused is left out from then on."""
    _wanted: str = attrs.field(init=False, repr=False)
    """The session as it was asked for."""
    _past: frozenset[str] = attrs.field(default=frozenset(), init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        wanted, dropped = {"intent": "transcription"}, frozenset[str]()
        if self.host == OPENAI_HOST:
            dropped = frozenset({"model"})
        elif self.model_in_url and self.model:
            wanted["model"] = self.model
        self.url = with_query(self.url, wanted, dropped)
        self._optional_fields = self.options.transcription_fields(self.model)
        if noise := self.options.noise_reduction_field(self.model):
            self._optional_fields[NOISE_FIELD] = noise
        self._wanted = self._session_update().message

    @property
    def rate_hz(self) -> int:
        return RATE_HZ

    @property
    def response_timeout_s(self) -> float:
        if self._only_cleared_missing:
            return CLEARED_TIMEOUT_S
        if self.host == OPENAI_HOST:
            return RESPONSE_TIMEOUT_S
        return RESPONSE_TIMEOUT_S + self.sent_s / 4  # a small computer may take its time

    def on_pause(self) -> list[Event]:
        model = models.by_name(self.model)
        since_bytes = self.sent_bytes - (
            self._commit_positions[-1] if self._commit_positions else 0
        )
        if model.streams or not model.known or since_bytes < COMMIT_INTERVAL_S * RATE_HZ * 2:
            return []
        self._commit_positions.append(self.sent_bytes)
        return [messages.client_event("input_audio_buffer.commit", event_id="sayso_pause")]

    def commit(self) -> list[Event]:
        if self.sent_bytes < MIN_AUDIO_BYTES:
            return self._complete_empty()
        self._phase = "finishing"
        padding = self.append_audio(bytes(PADDING_BYTES))
        self._commit_positions.append(self.sent_bytes)
        return [
            padding,
            messages.client_event("input_audio_buffer.commit", event_id="sayso_commit"),
            messages.client_event("input_audio_buffer.clear", event_id="sayso_clear"),
        ]

    def on_timeout(self) -> Completed | Rejected:
        if self._only_cleared_missing:
            return self._complete_session()
        if not self._configured:
            return self._reject_unknown_server("no session")
        return self._reject(refusals.no_response(self.host, "no final"))

    def on_close(self, code: int, reason: str) -> Completed | Rejected:
        return (
            self._complete_session()
            if self._only_cleared_missing
            else self._reject_close(code, reason)
        )

    @property
    def kept(self) -> Kept | None:
        """Only where the fence has been passed, so that the buffer is empty, and items have ids."""
        if not self._cleared or "" in self._transcript.ids:
            return None
        past = self._past | self._transcript.ids
        return Kept(self._wanted, past) if len(past) <= MOST_PAST else None

    def go_on(self, kept: Kept) -> list[Event]:
        if kept.session != self._wanted:
            return []
        self._past, self._phase = kept.past, "ready"
        return [Ready()]

    @property
    def _all_commits_answered(self) -> bool:
        return self._answered_count >= len(self._commit_positions)

    @property
    def _only_cleared_missing(self) -> bool:
        """Only the fence is missing."""
        return (
            self._phase == "finishing" and self._all_commits_answered and self._transcript.all_final
        )

    def _session_update(self) -> Send:
        options = dict(self._optional_fields)
        noise = options.pop(NOISE_FIELD, None)
        audio_input: dict[str, Any] = {
            "format": {"type": "audio/pcm", "rate": RATE_HZ},
            "transcription": {"model": self.model, **options},
            "turn_detection": None,  # has to be said: what is left out stays, and it is on
        }
        if noise:
            audio_input[NOISE_FIELD] = noise
        session = {"type": "transcription", "audio": {"input": audio_input}}
        return messages.client_event("session.update", event_id="sayso_update", session=session)

    def _handle(self, kind: str, event: dict[str, Any]) -> list[Event]:
        if messages.string_field(event, "item_id") in self._past:
            return []
        match kind:
            case "session.created" if self._phase == "connected":
                self._phase = "configuring"
                return [self._session_update()]
            case "session.updated" if self._phase == "configuring":
                self._phase = "ready"
                return [Ready()]
            case "error":
                return self._on_error(event)
            case _ if not self._configured:
                return []
            case _ if kind == f"{TRANSCRIPTION_PREFIX}failed":
                return [self._reject_error_event(event)]
        self._handle_item_event(kind, event)
        return self._completion_events()

    def _handle_item_event(self, kind: str, event: dict[str, Any]) -> None:
        """`conversation.item.added`, `.created` and all the others say nothing new."""
        if kind == f"{TRANSCRIPTION_PREFIX}delta":
            self._transcript.append(
                messages.string_field(event, "item_id"), messages.string_field(event, "delta")
            )
        elif kind == f"{TRANSCRIPTION_PREFIX}completed":
            self._on_completed(event)
        elif kind == "input_audio_buffer.committed":
            self._on_committed(event)
        elif kind == "input_audio_buffer.cleared":
            self._cleared = self._cleared or self._phase == "finishing"

    def _on_committed(self, event: dict[str, Any]) -> None:
        until_bytes = self._answer_oldest_commit()
        previous_id = messages.string_field(event, "previous_item_id")
        self._transcript.commit(messages.string_field(event, "item_id"), previous_id, until_bytes)

    def _on_completed(self, event: dict[str, Any]) -> None:
        transcript = event.get("transcript")
        if not isinstance(transcript, str):
            return
        self._add_usage(event)
        known = self._transcript.complete(messages.string_field(event, "item_id"), transcript)
        if not known and self._phase == "finishing":
            self._answer_oldest_commit()  # a server that does not say `committed`

    def _answer_oldest_commit(self) -> int:
        """The oldest commit without one is answered: up to where its audio is; 0 if none is."""
        if self._all_commits_answered:
            return 0
        self._answered_count += 1
        return self._commit_positions[self._answered_count - 1]

    def _on_error(self, event: dict[str, Any]) -> list[Event]:
        if not self._configured:
            return self._on_settings_error(event)
        code, words = messages.error_code_and_message(event, self.api_key)
        ours = messages.error_object(event).get("event_id")
        if self._phase == "finishing" and (ours == "sayso_clear" or "buffer.clear" in words):
            self._cleared = True  # a server that does not know `clear`
            return []
        if self._phase == "finishing" and code == COMMIT_EMPTY and ours in (None, "sayso_commit"):
            self._answer_oldest_commit()  # a server that listens for pauses has committed before us
            return []
        return [self._reject_error_event(event)]

    def _on_settings_error(self, event: dict[str, Any]) -> list[Event]:
        code, words = messages.error_code_and_message(event, self.api_key)
        about = messages.error_object(event)
        refused = self._rejected_fields(about, code, words)
        if self._phase == "configuring" and refused:
            for name in refused:
                del self._optional_fields[name]
            return [self._session_update()]
        if messages.error_param(about) == "model":
            code = "invalid_model"
        return [self._reject(refusals.settings_rejected(self.host, self.model, code, words))]

    def _rejected_fields(self, error: dict[str, Any], code: str, words: str) -> set[str]:
        """Which optional fields an error is about; SGLang names them in its words only."""
        if messages.string_field(error, "param"):
            named = messages.error_param_names(error)
            one_language = {"language", "languages"}
            named |= one_language if named & one_language else set()
            return {name for name in self._optional_fields if name in named}
        if code in refusals.CODES_NOT_ABOUT_OPTIONS:
            return set()
        return {name for name in self._optional_fields if name in words}

    def _completion_events(self) -> list[Event]:
        """The end, once the fence is passed and every item has ended."""
        if self._phase != "finishing" or not (self._cleared and self._all_commits_answered):
            return []
        if self._transcript.all_final:
            return [self._complete_session()]
        if not self._transcript:  # we sent sound, and the server has none
            words = "the sound did not arrive"
            return [self._reject(refusals.from_error_code(self.host, self.model, "", words))]
        return []
