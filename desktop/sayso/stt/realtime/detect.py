"""Selects the protocol for an endpoint, and detects it if the endpoint does not name one. Pure.

OpenAI's protocol is used first, because most servers support it. Together is known by its address.
vLLM is the only server whose `session.created` has an ID and no session. speaches and Lemonade
cannot be distinguished, so if such a server refuses, the problem says which setting to change.
"""

from __future__ import annotations

import attrs

from ...core.problems import Problem
from ...core.problems import server as problems
from ...core.settings.endpoint import Endpoint
from ...core.settings.urls import OPENAI_HOST, host_of
from ..server import json_fields
from ..server.auth import Credentials
from ..server.errors.messages import server_problem
from .messages import Event, Rejected
from .openai import OpenAIProtocol
from .protocol import RealtimeProtocol
from .server_vad import SERVER_PROFILES, ServerVadProtocol
from .timeouts import Timeouts
from .vllm import VLLMProtocol

TOGETHER_HOSTS = frozenset({"api.together.ai", "api.together.xyz"})


@attrs.define(eq=False)
class DetectingProtocol(OpenAIProtocol):
    """OpenAI's protocol, until the first message shows that the server uses another one."""

    _vllm: VLLMProtocol | None = attrs.field(default=None, init=False)
    _beta_session: bool = attrs.field(default=False, init=False)

    @property
    def active(self) -> RealtimeProtocol:
        return self._vllm or self

    def receive(self, message: str | bytes) -> list[Event]:
        if self._phase == "connected":
            self._detect(message)
        return self._vllm.receive(message) if self._vllm else super().receive(message)

    def _detect(self, message: str | bytes) -> None:
        event = json_fields.parse_event(message)
        if event is None or json_fields.event_type(event) != "session.created":
            return
        session = event.get("session")
        if isinstance(session, dict):
            self._beta_session = "audio" not in session and "input_audio_format" in session
        elif "session" not in event and isinstance(event.get("id"), str):
            self._vllm = VLLMProtocol(self.endpoint, self.credentials, self.language, self.timeouts)

    def _reject(self, problem: Problem) -> Rejected:
        if self._beta_session:
            detail = problem.detail
            problem = server_problem(problems.OTHER_PROTOCOL, self.host, detail)
        return super()._reject(problem)


def create_protocol(
    endpoint: Endpoint, language: str, credentials: Credentials, timeouts: Timeouts | None = None
) -> RealtimeProtocol:
    """Return the protocol for the next take; raises `ProblemError` for an unusable address."""
    arguments = (endpoint, credentials, language, timeouts or Timeouts())
    name, host = endpoint.dialect, host_of(endpoint.url)
    if host == OPENAI_HOST:
        name = "openai"
    elif name == "auto" and host in TOGETHER_HOSTS:
        name = "together"
    if name in SERVER_PROFILES:
        return ServerVadProtocol(*arguments, profile=SERVER_PROFILES[name])
    if name == "vllm":
        return VLLMProtocol(*arguments)
    return OpenAIProtocol(*arguments) if name == "openai" else DetectingProtocol(*arguments)
