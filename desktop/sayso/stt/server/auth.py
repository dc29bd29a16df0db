"""API keys and the headers that authenticate a request. See `docs/realtime-protocol.md`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import attrs

from ...core.problems import ProblemError
from ...core.problems import server as problems
from ...core.settings.endpoint import Auth, Endpoint
from ...core.settings.urls import requires_api_key
from ...core.settings.validators import parse_headers
from .errors.messages import server_problem

KEYRING_TIMEOUT_S = 60.0

GetApiKey = Callable[[str], str | None]
"""Returns the API key for 'host' or 'host:port', or None. May block and raise `ProblemError`."""


@attrs.frozen
class Credentials:
    api_key: str | None = attrs.field(default=None, repr=False)
    auth: Auth = "bearer"
    extra_headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)

    @property
    def headers(self) -> dict[str, str]:
        headers = dict(self.extra_headers)
        if self.api_key and self.auth == "api-key":
            headers["api-key"] = self.api_key
        elif self.api_key:
            headers["Authorization"] = f"Bearer {self.api_key}"
        return headers


async def credentials_for(endpoint: Endpoint, host: str, get_api_key: GetApiKey) -> Credentials:
    """Return the credentials of the endpoint for `host`; raises as `api_key_for`."""
    api_key = None if endpoint.auth == "none" else await api_key_for(host, get_api_key)
    headers = parse_headers(endpoint.headers)
    if name := endpoint.secret_header:
        secret = await _get(secret_header_id(host, name), get_api_key, KEYRING_TIMEOUT_S)
        if secret:
            headers[name] = _header_value(name, secret)
    return Credentials(api_key, endpoint.auth, headers)


async def api_key_for(
    host: str, get_api_key: GetApiKey, timeout_s: float = KEYRING_TIMEOUT_S
) -> str | None:
    """Return the API key of `host`; None if there is none and none is required.

    Raises:
        ProblemError: A required API key is missing, or the keyring is locked.
    """
    api_key = await _get(host, get_api_key, timeout_s)
    if not api_key and requires_api_key(host):
        raise ProblemError(server_problem(problems.KEY_MISSING, host))
    return api_key


def secret_header_id(host: str, header: str) -> str:
    """Return the name under which the keyring stores the value of a secret header."""
    return f"{host}/{header.lower()}"


def _header_value(name: str, secret: str) -> str:
    """Return the value of a secret header; a bare token for authorization is a bearer token."""
    is_token = name.lower().endswith("authorization") and " " not in secret
    return f"Bearer {secret}" if is_token else secret


async def _get(name: str, get_api_key: GetApiKey, timeout_s: float) -> str | None:
    try:
        async with asyncio.timeout(timeout_s):
            return await asyncio.to_thread(get_api_key, name)
    except TimeoutError:
        raise ProblemError(problems.KEYRING_LOCKED()) from None
