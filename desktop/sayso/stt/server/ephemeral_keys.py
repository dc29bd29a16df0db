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

from ...core.problems import Problem, ProblemError, untyped_problem
from ...core.settings.endpoint import Endpoint
from ...core.settings.urls import host_of, http_url, websocket_url
from ...core.settings.validators import parse_headers
from .api_key import GetApiKey, api_key_for
from .auth import Credentials, credentials_for
from .http import HttpClient, HttpResponse, response_problem

FROM_ENDPOINT = "openai"
CLIENT_SECRETS_PATH = "/realtime/client_secrets"
TIMEOUT_S = 10.0
LIFETIME_S = 600
"""Asked for; OpenAI's own default, and 10 to 7,200 is allowed."""
MAX_LIFETIME_S = 7200.0
RENEWAL_MARGIN_S = 30.0
"""One that expires sooner is not used: connecting takes up to 10 s. Of a short life a fifth."""
DEFAULT_LIFETIME_S = 60.0
"""How long one is used that does not say when it expires."""
MAX_KEY_CHARS = 4096


@attrs.frozen
class _EphemeralKey:
    value: str = attrs.field(repr=False)
    expires_s: float
    """Of this computer's clock, which goes on while it sleeps."""


@attrs.define(eq=False)
class EphemeralKeys:
    """Those of one endpoint, one at a time. For one loop."""

    endpoint: Endpoint
    get_api_key: GetApiKey = attrs.field(repr=False)
    _key: _EphemeralKey | None = attrs.field(default=None, init=False, repr=False)
    _http: HttpClient | None = attrs.field(default=None, init=False, repr=False)
    _lock: asyncio.Lock = attrs.field(factory=asyncio.Lock, init=False, repr=False)

    async def credentials(self, host: str) -> Credentials:
        """What the endpoint's server is shown: a secret, where some are handed out, else the key.

        A new secret is fetched only where the last has expired; takes may overlap.

        Raises:
            ProblemError: No key, no answer, refused, or an answer with no secret in it.
        """
        if not self.endpoint.secrets_url:
            return await credentials_for(self.endpoint, host, self.get_api_key)
        async with self._lock:
            if self._key is None or self._key.expires_s <= time.time():
                self._key = await self._request_key()
            return Credentials(self._key.value, extra_headers=parse_headers(self.endpoint.headers))

    def discard(self) -> None:
        """It was refused, or may have been: the next one is new."""
        self._key = None

    async def close(self) -> None:
        self.discard()
        if self._http is not None:
            await self._http.close()

    async def _request_key(self) -> _EphemeralKey:
        url = key_server_url(self.endpoint)
        host = host_of(url)
        if self.endpoint.secrets_url == FROM_ENDPOINT:
            access = await credentials_for(self.endpoint, host, self.get_api_key)
        else:
            access = Credentials(await api_key_for(host, self.get_api_key))
        if self._http is None:
            self._http = HttpClient(host)
        wanted = {
            "expires_after": {"anchor": "created_at", "seconds": LIFETIME_S},
            "session": session_settings(self.endpoint.model),
        }
        answer = await self._http.request("POST", url, access.headers, TIMEOUT_S, json=wanted)
        if answer.status in (404, 405) and self.endpoint.secrets_url != FROM_ENDPOINT:
            answer = await self._http.request("GET", url, access.headers, TIMEOUT_S)
        if not answer.ok:
            raise ProblemError(response_problem(host, self.endpoint.model, answer, access.api_key))
        return _parse_key(host, answer)


def key_server_url(endpoint: Endpoint) -> str:
    """Who hands out secrets for an endpoint.

    Raises:
        ProblemError: The address is none, or not a secure one.
    """
    if endpoint.secrets_url == FROM_ENDPOINT:
        return http_url(endpoint.url, CLIENT_SECRETS_PATH, endpoint.allow_insecure)
    url = endpoint.secrets_url.strip()
    websocket_url(url)  # the same is asked of it: TLS, and no key within
    return f"http{url[2:]}" if url.startswith("ws") else url


def session_settings(model: str) -> dict[str, Any]:
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


def _parse_key(host: str, answer: HttpResponse) -> _EphemeralKey:
    said = answer.json_object() or {}
    inner = said.get("client_secret")
    about = inner if isinstance(inner, dict) else said
    value, expires_at = about.get("value"), about.get("expires_at")
    if not isinstance(value, str) or not _is_header_value(value):
        raise ProblemError(
            _no_key_problem(host, f"{host}: HTTP {answer.status}, {answer.media_type}")
        )
    now_s = time.time()
    life_s = DEFAULT_LIFETIME_S
    if isinstance(expires_at, int | float) and not isinstance(expires_at, bool):
        began_s = _server_time_s(answer) or now_s  # clocks of desktops are wrong
        life_s = min(MAX_LIFETIME_S, max(0.0, expires_at - began_s))
    return _EphemeralKey(value, now_s + life_s - min(RENEWAL_MARGIN_S, life_s / 5))


def _is_header_value(value: str) -> bool:
    """Whether it can stand in a header."""
    return len(value) <= MAX_KEY_CHARS and bool(re.fullmatch(r"[!-~]+", value))


def _server_time_s(answer: HttpResponse) -> float | None:
    """When the server answered, by its own clock."""
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except ValueError:
        return None


def _no_key_problem(host: str, detail: str) -> Problem:
    return untyped_problem(
        f"{host} answered, but gave no short-lived key.",
        "Check the address it is fetched from.",
        "recognition",
        detail,
    )
