"""What a request shows so that a server lets it in: key, headers, and a gateway's own token.

All of it is for one host. Sources: PROTOCOL 1.2 (bearer), 3.1 (Azure's `api-key`), 3.7 and
Cloudflare's page "Authenticated gateway" (`cf-aig-authorization: Bearer TOKEN`, beside the
provider's key, or alone where the gateway keeps that key).
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ...core.settings.endpoint import Auth, Endpoint
from ...core.settings.headers import headers_of
from .api_key import KeyOf, key_for

GATEWAY = "cf-aig-authorization"


@attrs.frozen
class Access:
    key: str | None = attrs.field(default=None, repr=False)
    gateway: str | None = attrs.field(default=None, repr=False)
    """Cloudflare's token."""
    auth: Auth = "bearer"
    extra: Mapping[str, str] = attrs.field(factory=dict)
    """The user's own headers, which hold no secret."""

    @property
    def headers(self) -> dict[str, str]:
        shown = dict(self.extra)
        if self.gateway:
            shown[GATEWAY] = f"Bearer {self.gateway}"
        if self.key and self.auth == "api-key":
            shown["api-key"] = self.key
        elif self.key:
            shown["Authorization"] = f"Bearer {self.key}"
        return shown


async def access_for(endpoint: Endpoint, host: str, key_of: KeyOf) -> Access:
    """What that endpoint's host is shown; asks for no key where none is wanted.

    Raises:
        ProblemError: There is no key where one is needed, or the keyring stays locked.
    """
    key = gateway = None
    if endpoint.auth != "none":
        key = await key_for(host, key_of)
    if endpoint.auth == "cloudflare":
        gateway = await key_for(gateway_of(host), key_of)
    return Access(key, gateway, endpoint.auth, headers_of(endpoint.headers))


def gateway_of(host: str) -> str:
    """What names the gateway's token in the keyring: beside the key of the same host."""
    return f"{host}/{GATEWAY}"
