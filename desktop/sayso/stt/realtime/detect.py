"""Finds out how a server speaks, as far as its address or its first words leave no doubt. Pure.

OpenAI's shape is tried first, since nearly all speak it. Together's address names it. vLLM's
`session.created` has no session in it, and nobody else's: then it is spoken to as vLLM. The
flat servers cannot be told from each other by what they say, so where one of them refuses, the
problem says which setting names it.
"""

from __future__ import annotations

import attrs

from ...core.settings.settings import Endpoint
from ..server.auth import Access
from ..server.request_options import Hints
from ..server.urls import OPENAI, host_of
from . import messages
from .openai import OpenAI
from .protocol import Complete, Dialect, Event, Kept, Refused, Send
from .server_vad import WAYS, Flat
from .vllm import VLLM

AT_TOGETHER = frozenset({"api.together.ai", "api.together.xyz"})
SAY_WHICH = (
    "It speaks an older way. Choose speaches, Lemonade or Together under “Server speaks” in"
    " Settings > Recognition."
)


@attrs.define(eq=False)
class Auto:
    """A conversation that begins as OpenAI's; follows `sayso.stt.realtime.protocol.Dialect`."""

    spoken: Dialect
    otherwise: VLLM
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
    def used_s(self) -> float:
        return self.spoken.used_s

    @property
    def used_tokens(self) -> int:
        return self.spoken.used_tokens

    @property
    def skips_pauses(self) -> bool:
        return self.spoken.skips_pauses

    @property
    def patience_s(self) -> float:
        return self.spoken.patience_s

    def headers(self) -> dict[str, str]:
        return self.spoken.headers()

    def hear(self, message: str | bytes) -> list[Event]:
        if not self._begun:
            self._look(message)
        return [
            self._named(event) if isinstance(event, Refused) else event
            for event in self.spoken.hear(message)
        ]

    def audio(self, pcm: bytes) -> Send:
        return self.spoken.audio(pcm)

    def pause(self) -> list[Event]:
        return self.spoken.pause()

    def commit(self) -> list[Event]:
        return self.spoken.commit()

    def lapsed(self) -> Complete | Refused:
        end = self.spoken.lapsed()
        return self._named(end) if isinstance(end, Refused) else end

    def closed(self, code: int, reason: str) -> Complete | Refused:
        end = self.spoken.closed(code, reason)
        return self._named(end) if isinstance(end, Refused) else end

    @property
    def kept(self) -> Kept | None:
        return self.spoken.kept

    def go_on(self, kept: Kept) -> list[Event]:
        return self.spoken.go_on(kept)

    def _look(self, message: str | bytes) -> None:
        event = messages.read(message)
        if event is None or messages.kind_of(event) != "session.created":
            return
        self._begun = True
        session = event.get("session")
        if isinstance(session, dict):
            self._flat = "audio" not in session and "input_audio_format" in session
        elif "session" not in event and isinstance(event.get("id"), str):
            self.spoken = self.otherwise

    def _named(self, refused: Refused) -> Refused:
        """What a flat server refuses says nothing to a person: name the setting."""
        if not self._flat:
            return refused
        problem = attrs.evolve(
            refused.problem, remedy=SAY_WHICH, action="recognition", again_s=None
        )
        return Refused(problem)


def dialect_for(endpoint: Endpoint, language: str, access: Access) -> Dialect:
    """How that server is spoken to about the next take; `language` is a code, or ''.

    Raises:
        ProblemError: The address is none, or would send sound and key in the clear.
    """
    name = endpoint.dialect
    host = host_of(endpoint.url)
    if name == "auto" and host in AT_TOGETHER:
        name = "together"
    common = (endpoint.url, endpoint.model, access.key, endpoint.allow_insecure)
    shown = access.headers
    if name in WAYS and host != OPENAI:
        return Flat(*common, shown=shown, way=WAYS[name], language=language)
    otherwise = VLLM(*common, shown=shown)
    if name == "vllm" and host != OPENAI:
        return otherwise
    openai = OpenAI(
        *common,
        shown=shown,
        hints=Hints.of(endpoint, language),
        model_in_url=endpoint.model_in_url,
    )
    return openai if name == "openai" or host == OPENAI else Auto(openai, otherwise)
