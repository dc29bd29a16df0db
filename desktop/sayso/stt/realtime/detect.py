"""Finds out how a server speaks, as far as its address or its first words leave no doubt. Pure.

OpenAI's shape is tried first, since nearly all speak it. Together's address names it. vLLM's
`session.created` has no session in it, and nobody else's: then it is spoken to as vLLM. The
flat servers cannot be told from each other by what they say, so where one of them refuses, the
problem says which setting names it.
"""

from __future__ import annotations

import attrs

from ...core.problems import replaced
from ...core.settings.settings import Endpoint
from ...core.settings.urls import OPENAI_HOST, host_of
from ..server.auth import Credentials
from ..server.request_options import RequestOptions
from . import messages
from .openai import OpenAIProtocol
from .protocol import Completed, Event, Kept, RealtimeProtocol, Rejected, Send
from .server_vad import SERVER_PROFILES, ServerVadProtocol
from .vllm import VLLMProtocol

TOGETHER_HOSTS = frozenset({"api.together.ai", "api.together.xyz"})
CHOOSE_PROTOCOL = (
    "It speaks an older way. Choose speaches, Lemonade or Together under “Server speaks” in"
    " Settings > Recognition."
)


@attrs.define(eq=False)
class DetectingProtocol:
    """A conversation that begins as OpenAI's; follows `sayso.stt.realtime.protocol.Dialect`."""

    spoken: RealtimeProtocol
    otherwise: VLLMProtocol
    _begun: bool = attrs.field(default=False, init=False)
    _flat: bool = attrs.field(default=False, init=False)

    @property
    def url(self) -> str:
        return self.spoken.url

    @property
    def host(self) -> str:
        return self.spoken.host

    @property
    def rate_hz(self) -> int:
        return self.spoken.rate_hz

    @property
    def sent_s(self) -> float:
        return self.spoken.sent_s

    @property
    def processed_s(self) -> float:
        return self.spoken.processed_s

    @property
    def used_tokens(self) -> int:
        return self.spoken.used_tokens

    @property
    def skips_pauses(self) -> bool:
        return self.spoken.skips_pauses

    @property
    def response_timeout_s(self) -> float:
        return self.spoken.response_timeout_s

    def headers(self) -> dict[str, str]:
        return self.spoken.headers()

    def receive(self, message: str | bytes) -> list[Event]:
        if not self._begun:
            self._look(message)
        return [
            self._named(event) if isinstance(event, Rejected) else event
            for event in self.spoken.receive(message)
        ]

    def append_audio(self, pcm: bytes) -> Send:
        return self.spoken.append_audio(pcm)

    def on_pause(self) -> list[Event]:
        return self.spoken.on_pause()

    def commit(self) -> list[Event]:
        return self.spoken.commit()

    def on_timeout(self) -> Completed | Rejected:
        end = self.spoken.on_timeout()
        return self._named(end) if isinstance(end, Rejected) else end

    def on_close(self, code: int, reason: str) -> Completed | Rejected:
        end = self.spoken.on_close(code, reason)
        return self._named(end) if isinstance(end, Rejected) else end

    @property
    def kept(self) -> Kept | None:
        return self.spoken.kept

    def go_on(self, kept: Kept) -> list[Event]:
        return self.spoken.go_on(kept)

    def _look(self, message: str | bytes) -> None:
        event = messages.parse_event(message)
        if event is None or messages.event_type(event) != "session.created":
            return
        self._begun = True
        session = event.get("session")
        if isinstance(session, dict):
            self._flat = "audio" not in session and "input_audio_format" in session
        elif "session" not in event and isinstance(event.get("id"), str):
            self.spoken = self.otherwise

    def _named(self, refused: Rejected) -> Rejected:
        """What a flat server refuses says nothing to a person: name the setting."""
        if not self._flat:
            return refused
        problem = replaced(
            refused.problem, remedy=CHOOSE_PROTOCOL, action="recognition", retry_after_s=None
        )
        return Rejected(problem)


def create_protocol(
    endpoint: Endpoint, language: str, credentials: Credentials
) -> RealtimeProtocol:
    """How that server is spoken to about the next take; `language` is a code, or ''.

    Raises:
        ProblemError: The address is none, or would send sound and key in the clear.
    """
    name = endpoint.dialect
    host = host_of(endpoint.url)
    if name == "auto" and host in TOGETHER_HOSTS:
        name = "together"
    common = (endpoint.url, endpoint.model, credentials.api_key, endpoint.allow_insecure)
    shown = credentials.headers
    if name in SERVER_PROFILES and host != OPENAI_HOST:
        return ServerVadProtocol(
            *common, auth_headers=shown, profile=SERVER_PROFILES[name], language=language
        )
    otherwise = VLLMProtocol(*common, auth_headers=shown)
    if name == "vllm" and host != OPENAI_HOST:
        return otherwise
    openai = OpenAIProtocol(
        *common,
        auth_headers=shown,
        options=RequestOptions.from_endpoint(endpoint, language),
        model_in_url=endpoint.model_in_url,
    )
    return (
        openai if name == "openai" or host == OPENAI_HOST else DetectingProtocol(openai, otherwise)
    )
