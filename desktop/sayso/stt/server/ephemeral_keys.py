"""Ephemeral API keys, so that the real key need not be stored on this computer.

`Endpoint.secrets_url` names who issues them: "openai" is the endpoint's own server, otherwise it is
the address of a key server. A key server is asked with POST, or with GET if it does not support
POST, and is sent the API key that is stored for its own host. Keys are kept in memory only.
See "Ephemeral keys" in `docs/realtime-protocol.md`.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import attrs

from ...core.problems import ProblemError
from ...core.problems import server as problems
from ...core.settings.endpoint import Endpoint
from ...core.settings.urls import host_of, http_url, websocket_url
from ...core.settings.validators import parse_headers
from .auth import Credentials, GetApiKey, api_key_for, credentials_for
from .errors.messages import server_problem
from .http import HttpClient, HttpResponse, response_problem

FROM_ENDPOINT = "openai"
CLIENT_SECRETS_PATH = "/realtime/client_secrets"
TIMEOUT_S = 10.0
LIFETIME_S = 600
MAX_LIFETIME_S = 7200.0
RENEWAL_MARGIN_S = 30.0
"""A key is renewed this long before it expires (or a fifth of its lifetime, if that is shorter),
because connecting takes up to 10 s."""
DEFAULT_LIFETIME_S = 60.0


@attrs.define(eq=False)
class EphemeralKeys:
    """Credentials of one endpoint, with an ephemeral key if it uses them. For one event loop."""

    endpoint: Endpoint
    get_api_key: GetApiKey = attrs.field(repr=False)
    clock: Callable[[], float] = attrs.field(default=time.time, repr=False)
    _key: str = attrs.field(default="", init=False, repr=False)
    _expires_s: float = attrs.field(default=0.0, init=False)
    """Unix time by the clock of this computer, which continues during sleep."""
    _http: HttpClient = attrs.field(factory=HttpClient, init=False, repr=False)
    _lock: asyncio.Lock = attrs.field(factory=asyncio.Lock, init=False, repr=False)

    async def credentials(self, host: str) -> Credentials:
        """Return the credentials; requests a key if needed. Raises `ProblemError`."""
        if not self.endpoint.secrets_url:
            return await credentials_for(self.endpoint, host, self.get_api_key)
        async with self._lock:
            if not self._key or self._expires_s <= self.clock():
                self._key, self._expires_s = await self._request_key()
            return Credentials(self._key, extra_headers=parse_headers(self.endpoint.headers))

    def discard(self) -> None:
        """Forget the current key, because the server may have rejected it."""
        self._key = ""

    async def close(self) -> None:
        self.discard()
        await self._http.close()

    async def _request_key(self) -> tuple[str, float]:
        url = key_server_url(self.endpoint)
        host = host_of(url)
        if self.endpoint.secrets_url == FROM_ENDPOINT:
            credentials = await credentials_for(self.endpoint, host, self.get_api_key)
        else:
            credentials = Credentials(await api_key_for(host, self.get_api_key))
        request = {
            "expires_after": {"anchor": "created_at", "seconds": LIFETIME_S},
            "session": session_settings(self.endpoint.model),
        }
        headers = credentials.headers
        response = await self._http.request("POST", url, headers, TIMEOUT_S, json=request)
        if response.status in (404, 405) and self.endpoint.secrets_url != FROM_ENDPOINT:
            response = await self._http.request("GET", url, headers, TIMEOUT_S)
        if not response.ok:
            model = self.endpoint.model
            raise ProblemError(response_problem(host, model, response, credentials.api_key))
        return _parse_key(host, response, self.clock())


def key_server_url(endpoint: Endpoint) -> str:
    """Return the address that issues ephemeral keys; raises `ProblemError` if it is unusable."""
    if endpoint.secrets_url == FROM_ENDPOINT:
        return http_url(endpoint.url, CLIENT_SECRETS_PATH, endpoint.allow_insecure)
    url = endpoint.secrets_url.strip()
    websocket_url(url)  # the same rules apply: TLS, and no key in the address
    return f"http{url[2:]}" if url.startswith("ws") else url


def session_settings(model: str) -> dict[str, Any]:
    """Return the session for which a key or a WebRTC connection is requested.

    The other options follow in `session.update`, because vocabulary and context are not meant for
    a key server.
    """
    audio_input = {
        "format": {"type": "audio/pcm", "rate": 24_000},
        "transcription": {"model": model},
        "turn_detection": None,
    }
    return {"type": "transcription", "audio": {"input": audio_input}}


def _parse_key(host: str, response: HttpResponse, now_s: float) -> tuple[str, float]:
    fields = response.json_object() or {}
    inner = fields.get("client_secret")
    fields = inner if isinstance(inner, dict) else fields
    value, expires_at = fields.get("value"), fields.get("expires_at")
    if not isinstance(value, str) or not re.fullmatch(r"[!-~]{1,4096}", value):
        detail = f"{host}: HTTP {response.status}, {response.media_type}"
        raise ProblemError(server_problem(problems.NO_SHORT_LIVED_KEY, host, detail))
    lifetime_s = DEFAULT_LIFETIME_S
    if isinstance(expires_at, int | float) and not isinstance(expires_at, bool):
        # The clock of this computer may be wrong.
        issued_s = _server_time_s(response) or now_s
        lifetime_s = min(MAX_LIFETIME_S, max(0.0, expires_at - issued_s))
    margin_s = min(RENEWAL_MARGIN_S, lifetime_s / 5)
    return value, now_s + lifetime_s - margin_s


def _server_time_s(response: HttpResponse) -> float | None:
    try:
        return parsedate_to_datetime(response.headers.get("date", "")).timestamp()
    except ValueError:
        return None
