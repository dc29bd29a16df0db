"""What a request shows so that a server lets it in: key, headers, and a gateway's own token.

All of it is for one host. Sources: PROTOCOL 1.2 (bearer), 3.1 (Azure's `api-key`), 3.7 and
Cloudflare's page "Authenticated gateway" (`cf-aig-authorization: Bearer TOKEN`, beside the
provider's key, or alone where the gateway keeps that key).
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ...core.settings.endpoint import Auth, Endpoint
from ...core.settings.validators import parse_headers
from .api_key import GetApiKey, api_key_for

GATEWAY = "cf-aig-authorization"


@attrs.frozen
class Credentials:
    api_key: str | None = attrs.field(default=None, repr=False)
    gateway: str | None = attrs.field(default=None, repr=False)
    """Cloudflare's token."""
    auth: Auth = "bearer"
    extra_headers: Mapping[str, str] = attrs.field(factory=dict)
    """The user's own headers, which hold no secret."""

    @property
    def headers(self) -> dict[str, str]:
        shown = dict(self.extra_headers)
        if self.gateway:
            shown[GATEWAY] = f"Bearer {self.gateway}"
        if self.api_key and self.auth == "api-key":
            shown["api-key"] = self.api_key
        elif self.api_key:
            shown["Authorization"] = f"Bearer {self.api_key}"
        return shown


async def credentials_for(endpoint: Endpoint, host: str, get_api_key: GetApiKey) -> Credentials:
    """What that endpoint's host is shown; asks for no key where none is wanted.

    Raises:
        ProblemError: There is no key where one is needed, or the keyring stays locked.
    """
    key = gateway = None
    if endpoint.auth != "none":
        key = await api_key_for(host, get_api_key)
    if endpoint.auth == "cloudflare":
        gateway = await api_key_for(gateway_of(host), get_api_key)
    return Credentials(key, gateway, endpoint.auth, parse_headers(endpoint.headers))


def gateway_of(host: str) -> str:
    """What names the gateway's token in the keyring: beside the key of the same host."""
    return f"{host}/{GATEWAY}"
