"""The stand-in of `POST /v1/realtime/client_secrets`, and of a company that hands secrets out.

A secret is good for any number of sessions until it expires, and a session outlives it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

from . import rules
from .http_server import Handler, Reply, Request, key_refusal, refusal, said
from .rules import RefusedError
from .standin import KEY

LEAST_S, MOST_S, USUAL_S = 10, 7200, 600


class Secrets:
    """`clock` is the service's, in s since 1970; a test may hand in one that it moves."""

    def __init__(
        self,
        *,
        key: str | None = KEY,
        clock: Callable[[], float] = time.time,
        expires_after_s: int | None = None,
    ) -> None:
        self.key, self.clock, self.expires_after_s = key, clock, expires_after_s
        self.issued: dict[str, float] = {}
        """Each secret and when it expires."""
        self.sessions: list[dict[str, Any]] = []

    @property
    def handlers(self) -> dict[tuple[str, str], Handler]:
        return {("POST", "/v1/realtime/client_secrets"): self.create}

    def valid(self, token: str) -> bool:
        return self.clock() < self.issued.get(token, 0.0)

    async def create(self, request: Request) -> Reply:
        if refused := key_refusal(request, self.key, lambda _: False):
            return refused
        if request.kind != "application/json":
            return refusal(400, "You must provide a JSON body.")
        try:
            seconds, session = _checked(request.json())
        except RefusedError as error:
            return refusal(400, error.message, error.code, error.param)
        return self.issue(seconds, session)

    def issue(self, seconds: int, session: dict[str, Any]) -> Reply:
        value = f"ek_{len(self.issued) + 1:032x}"
        now = self.clock()
        self.issued[value] = now + (self.expires_after_s or seconds)
        self.sessions.append(session)
        answer = {"value": value, "expires_at": int(self.issued[value]), "session": session}
        return said(200, answer, Date=formatdate(now, usegmt=True))


def _checked(body: Any) -> tuple[int, dict[str, Any]]:
    """Raises:
    RefusedError: As the service words it.
    """
    wanted = rules.known(body, {"expires_after", "session"}, "")
    after = rules.known(wanted.get("expires_after", {}), {"anchor", "seconds"}, "expires_after")
    if after.get("anchor", "created_at") != "created_at":
        raise RefusedError("invalid_value", "Invalid anchor.", "expires_after.anchor")
    seconds = after.get("seconds", USUAL_S)
    if not isinstance(seconds, int) or not LEAST_S <= seconds <= MOST_S:
        message = f"Invalid 'expires_after.seconds': expected {LEAST_S} to {MOST_S}."
        raise RefusedError("invalid_value", message, "expires_after.seconds")
    first = rules.first_session("sess_0", 0)
    return seconds, rules.updated(first, wanted.get("session", {}))


class Company:
    """A token server: it has the real key, and gives a secret to whoever shows its own `badge`."""

    def __init__(
        self,
        secrets: Secrets,
        badge: str | None = None,
        method: str = "POST",
        dress: Callable[[dict[str, Any]], Any] = lambda answer: answer,
    ) -> None:
        self.secrets, self.badge, self.dress = secrets, badge, dress
        self.handlers: dict[tuple[str, str], Handler] = {(method, "/token"): self.hand_out}

    async def hand_out(self, request: Request) -> Reply:
        if refused := key_refusal(request, self.badge, lambda _: False):
            return refused
        reply = self.secrets.issue(USUAL_S, rules.first_session("sess_0", 0))
        assert isinstance(reply.body, bytes)
        return said(200, self.dress(json.loads(reply.body)), **reply.headers)
