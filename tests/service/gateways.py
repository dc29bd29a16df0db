"""Stand-in behind a gateway: what Azure, LiteLLM and Cloudflare require of a request.

See "Other servers" in `docs/realtime-protocol.md`.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import attrs
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from .session import Session
from .standin import StandIn


@attrs.frozen
class GatewayRules:
    path: str
    required_headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    """Names and values of required headers."""
    forbidden_headers: tuple[str, ...] = ()
    """Headers that must be absent."""
    model: Literal["wanted", "refused", "either"] = "either"
    """Whether the address must contain a model."""
    status: int = 401
    """HTTP status of a rejection."""


class AliasSession(Session):
    """Session in which the model has another name, like a deployment or an alias."""

    async def on_update(self, event: dict[str, Any]) -> None:
        service, event = self.service, copy.deepcopy(event)
        assert isinstance(service, Gateway)
        transcription = event["session"]["audio"]["input"]["transcription"]
        name = transcription["model"]
        transcription["model"] = service.aliases.get(name, name)
        await super().on_update(event)


class Gateway(StandIn):
    """Accepts requests that follow `rules`. `aliases` maps names of models to the real ones."""

    def __init__(
        self,
        rules: GatewayRules,
        *script: str,
        aliases: Mapping[str, str] | None = None,
        **how: Any,
    ) -> None:
        super().__init__(script, key=None, session=AliasSession, **how)
        self.rules, self.aliases = rules, dict(aliases or {})
        self.request_targets: list[str] = []
        """Path and query of each request."""

    def _check_handshake(self, connection: ServerConnection, request: Request) -> Response | None:
        self.request_targets.append(request.path)
        parts, rules = urlsplit(request.path), self.rules
        query = parse_qs(parts.query)
        if parts.path != rules.path:
            return connection.respond(HTTPStatus.NOT_FOUND, "no\n")
        right = all(
            request.headers.get(name) == value for name, value in rules.required_headers.items()
        )
        if not right or any(name in request.headers for name in rules.forbidden_headers):
            return connection.respond(HTTPStatus(rules.status), "no\n")
        if query.get("intent") != ["transcription"]:
            return connection.respond(HTTPStatus.BAD_REQUEST, "no\n")
        if rules.model != "either" and ("model" in query) != (rules.model == "wanted"):
            return connection.respond(HTTPStatus(rules.status), "no\n")
        return None
