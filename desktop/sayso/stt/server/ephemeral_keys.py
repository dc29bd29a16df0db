"""Keys that soon expire, in place of the real one: a team's key never reaches a desktop.

`secrets_url` says who hands them out: "openai" is the endpoint's own server, which makes one of
the key (`POST /v1/realtime/client_secrets`, openai SDK 3.52), else it is an address of the user's
company. That one is asked with POST, and with GET where it takes no POST; it answers
as OpenAI does, `{"value": "ek_…", "expires_at": 1790000000}`, also within `client_secret`. It is
shown the key that is stored for its own host, if there is one. Nothing is written down.
"""

from __future__ import annotations

import asyncio
import re
import time
from email.utils import parsedate_to_datetime
from typing import Any

import attrs

from ...core.problems import Problem, ProblemError
from ...core.settings.endpoint import Endpoint
from ...core.settings.headers import headers_of
from .api_key import KeyOf, key_for
from .auth import Access, access_for
from .http import Answer, Web, refused
from .urls import host_of, socket_url, web_url

FROM_SERVER = "openai"
PATH = "/realtime/client_secrets"
WITHIN_S = 10.0
LIFE_S = 600
"""Asked for; OpenAI's own default, and 10 to 7,200 is allowed."""
MOST_LIFE_S = 7200.0
EARLY_S = 30.0
"""One that expires sooner is not used: connecting takes up to 10 s. Of a short life a fifth."""
UNTOLD_S = 60.0
"""How long one is used that does not say when it expires."""
MOST_CHARS = 4096


@attrs.frozen
class _Secret:
    value: str = attrs.field(repr=False)
    until_s: float
    """Of this computer's clock, which goes on while it sleeps."""


@attrs.define(eq=False)
class Secrets:
    """Those of one endpoint, one at a time. For one loop."""

    endpoint: Endpoint
    key_of: KeyOf = attrs.field(repr=False)
    _secret: _Secret | None = attrs.field(default=None, init=False, repr=False)
    _web: Web | None = attrs.field(default=None, init=False, repr=False)
    _asking: asyncio.Lock = attrs.field(factory=asyncio.Lock, init=False, repr=False)

    async def access(self, host: str) -> Access:
        """What the endpoint's server is shown: a secret, where some are handed out, else the key.

        A new secret is fetched only where the last has expired; takes may overlap.

        Raises:
            ProblemError: No key, no answer, refused, or an answer with no secret in it.
        """
        if not self.endpoint.secrets_url:
            return await access_for(self.endpoint, host, self.key_of)
        async with self._asking:
            if self._secret is None or self._secret.until_s <= time.time():
                self._secret = await self._made()
            return Access(self._secret.value, extra=headers_of(self.endpoint.headers))

    def forget(self) -> None:
        """It was refused, or may have been: the next one is new."""
        self._secret = None

    async def close(self) -> None:
        self.forget()
        if self._web is not None:
            await self._web.close()

    async def _made(self) -> _Secret:
        url = secrets_url(self.endpoint)
        host = host_of(url)
        if self.endpoint.secrets_url == FROM_SERVER:
            access = await access_for(self.endpoint, host, self.key_of)
        else:
            access = Access(await key_for(host, self.key_of))
        if self._web is None:
            self._web = Web(host)
        wanted = {
            "expires_after": {"anchor": "created_at", "seconds": LIFE_S},
            "session": session_for(self.endpoint.model),
        }
        answer = await self._web.ask("POST", url, access.headers, WITHIN_S, json=wanted)
        if answer.status in (404, 405) and self.endpoint.secrets_url != FROM_SERVER:
            answer = await self._web.ask("GET", url, access.headers, WITHIN_S)
        if not answer.ok:
            raise ProblemError(refused(host, self.endpoint.model, answer, access.key))
        return _read(host, answer)


def secrets_url(endpoint: Endpoint) -> str:
    """Who hands out secrets for an endpoint.

    Raises:
        ProblemError: The address is none, or not a secure one.
    """
    if endpoint.secrets_url == FROM_SERVER:
        return web_url(endpoint.url, PATH, endpoint.allow_insecure)
    url = endpoint.secrets_url.strip()
    socket_url(url)  # the same is asked of it: TLS, and no key within
    return f"http{url[2:]}" if url.startswith("ws") else url


def session_for(model: str) -> dict[str, Any]:
    """What a secret, or a call, is for: transcription with that model.

    Its options follow with `session.update`: they say what somebody dictates about, and that is
    not the business of whoever hands out keys.
    """
    audio_input = {
        "format": {"type": "audio/pcm", "rate": 24_000},
        "transcription": {"model": model},
        "turn_detection": None,
    }
    return {"type": "transcription", "audio": {"input": audio_input}}


def _read(host: str, answer: Answer) -> _Secret:
    said = answer.object() or {}
    inner = said.get("client_secret")
    about = inner if isinstance(inner, dict) else said
    value, expires_at = about.get("value"), about.get("expires_at")
    if not isinstance(value, str) or not _fit(value):
        raise ProblemError(_no_secret(host, f"{host}: HTTP {answer.status}, {answer.kind}"))
    now_s = time.time()
    life_s = UNTOLD_S
    if isinstance(expires_at, int | float) and not isinstance(expires_at, bool):
        began_s = _date_s(answer) or now_s  # clocks of desktops are wrong
        life_s = min(MOST_LIFE_S, max(0.0, expires_at - began_s))
    return _Secret(value, now_s + life_s - min(EARLY_S, life_s / 5))


def _fit(value: str) -> bool:
    """Whether it can stand in a header."""
    return len(value) <= MOST_CHARS and bool(re.fullmatch(r"[!-~]+", value))


def _date_s(answer: Answer) -> float | None:
    """When the server answered, by its own clock."""
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except ValueError:
        return None


def _no_secret(host: str, detail: str) -> Problem:
    return Problem(
        f"{host} answered, but gave no short-lived key.",
        "Check the address it is fetched from.",
        "recognition",
        detail,
    )
