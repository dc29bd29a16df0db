"""Stand-in for `POST /v1/realtime/client_secrets`, and for the key server of a company.

A key is valid for any number of sessions until it expires, and a session can outlive it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

from . import rules
from .http_server import Handler, Reply, Request, authorization_error, error_reply, json_reply
from .rules import RefusedError
from .standin import KEY

MIN_LIFETIME_S, MAX_LIFETIME_S, DEFAULT_LIFETIME_S = 10, 7200, 600


class EphemeralKeyService:
    """Issues ephemeral keys; `clock` returns the Unix time of the service."""

    def __init__(
        self,
        *,
        key: str | None = KEY,
        clock: Callable[[], float] = time.time,
        expires_after_s: int | None = None,
    ) -> None:
        self.key, self.clock, self.expires_after_s = key, clock, expires_after_s
        self.issued: dict[str, float] = {}
        """Expiry time of each key."""
        self.sessions: list[dict[str, Any]] = []

    @property
    def handlers(self) -> dict[tuple[str, str], Handler]:
        return {("POST", "/v1/realtime/client_secrets"): self.create}

    def valid(self, token: str) -> bool:
        return self.clock() < self.issued.get(token, 0.0)

    async def create(self, request: Request) -> Reply:
        if refused := authorization_error(request, self.key, lambda _: False):
            return refused
        if request.media_type != "application/json":
            return error_reply(400, "You must provide a JSON body.")
        try:
            seconds, session = _check_body(request.json())
        except RefusedError as error:
            return error_reply(400, error.message, error.code, error.param)
        return self.issue(seconds, session)

    def issue(self, seconds: int, session: dict[str, Any]) -> Reply:
        value = f"ek_{len(self.issued) + 1:032x}"
        now = self.clock()
        self.issued[value] = now + (self.expires_after_s or seconds)
        self.sessions.append(session)
        answer = {"value": value, "expires_at": int(self.issued[value]), "session": session}
        return json_reply(200, answer, Date=formatdate(now, usegmt=True))


def _check_body(body: Any) -> tuple[int, dict[str, Any]]:
    """Return lifetime and session; raises `RefusedError` as the service does."""
    wanted = rules.check_fields(body, {"expires_after", "session"}, "")
    after = rules.check_fields(
        wanted.get("expires_after", {}), {"anchor", "seconds"}, "expires_after"
    )
    if after.get("anchor", "created_at") != "created_at":
        raise RefusedError("invalid_value", "Invalid anchor.", "expires_after.anchor")
    seconds = after.get("seconds", DEFAULT_LIFETIME_S)
    if not isinstance(seconds, int) or not MIN_LIFETIME_S <= seconds <= MAX_LIFETIME_S:
        message = f"Invalid 'expires_after.seconds': expected {MIN_LIFETIME_S} to {MAX_LIFETIME_S}."
        raise RefusedError("invalid_value", message, "expires_after.seconds")
    first = rules.initial_session("sess_0", 0)
    return seconds, rules.updated_session(first, wanted.get("session", {}))


class KeyServer:
    """Key server that issues ephemeral keys to clients with its own `api_key`."""

    def __init__(
        self,
        ephemeral_keys: EphemeralKeyService,
        api_key: str | None = None,
        method: str = "POST",
        shape: Callable[[dict[str, Any]], Any] = lambda answer: answer,
    ) -> None:
        self.ephemeral_keys, self.api_key, self.shape = ephemeral_keys, api_key, shape
        self.handlers: dict[tuple[str, str], Handler] = {(method, "/token"): self.hand_out}

    async def hand_out(self, request: Request) -> Reply:
        if refused := authorization_error(request, self.api_key, lambda _: False):
            return refused
        reply = self.ephemeral_keys.issue(DEFAULT_LIFETIME_S, rules.initial_session("sess_0", 0))
        assert isinstance(reply.body, bytes)
        return json_reply(200, self.shape(json.loads(reply.body)), **reply.headers)
