"""Where a speech server is: pure rules on addresses.

Raises no library's error: `urllib` only splits. OpenAI's addresses are in
`sayso.stt.realtime.openai`, because the query is part of how that server speaks.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from ..problems import ProblemError, untyped_problem

OPENAI_HOST = "api.openai.com"
CLOUDFLARE_HOST = "gateway.ai.cloudflare.com"
SECURE_SCHEMES = {"wss": "wss", "https": "wss"}
INSECURE_SCHEMES = {"ws": "ws", "http": "ws"}
DEFAULT_PORTS = {"wss": 443, "https": 443, "ws": 80, "http": 80}

NO_ADDRESS = untyped_problem(
    "There is no server address.", "Enter one in Settings > Recognition.", "recognition"
)


def websocket_url(url: str, allow_insecure: str = "") -> str:
    """The address of the realtime socket behind what a person entered.

    `https://host/v1` becomes `wss://host/v1/realtime`. The query stays as it is, and a path that
    ends in `/realtime` or is Cloudflare's, whose addresses have no such end (PROTOCOL 3.7).
    Without TLS only this computer is spoken to, and `allow_insecure`: one host, or host:port.

    Raises:
        ProblemError: Empty, not an address, with a key inside, or without TLS to a host
            that is not allowed.
    """
    parts = _parse(url)
    if parts.username is not None or parts.password is not None:
        raise _address_error(
            "The address has a name or a key in it.", "Enter the key in its own field."
        )
    if parts.scheme in INSECURE_SCHEMES and not _insecure_allowed(parts, allow_insecure):
        raise _address_error(
            f"Sound and key would travel to {host_of(url)} for all to read.",
            "Use an address that starts with wss:// or https://, or allow this host "
            "(endpoint.allow_insecure).",
        )
    path = parts.path.rstrip("/")
    if not path.endswith("/realtime") and parts.hostname != CLOUDFLARE_HOST:
        path += "/realtime"
    scheme = (SECURE_SCHEMES | INSECURE_SCHEMES)[parts.scheme]
    return urlunsplit((scheme, parts.netloc, path, parts.query, ""))


def http_url(
    url: str, path: str, allow_insecure: str = "", keep_suffixes: tuple[str, ...] = ()
) -> str:
    """The address of another service of the same server: `path` in place of `/realtime`.

    `wss://host/v1/realtime` and `https://host/v1` become `https://host/v1` and `path`; an address
    that ends in one of `kept` stays. What the query says of the socket is left out.

    Raises:
        ProblemError: As `socket_url`.
    """
    parts = urlsplit(websocket_url(url, allow_insecure))
    base = parts.path.removesuffix("/realtime")
    whole = base if keep_suffixes and base.endswith(keep_suffixes) else base + path
    scheme = "https" if parts.scheme == "wss" else "http"
    plain = urlunsplit((scheme, parts.netloc, whole, parts.query, ""))
    return with_query(plain, {}, frozenset({"intent", "model"}))


def with_query(url: str, added: Mapping[str, str], removed: frozenset[str] = frozenset()) -> str:
    """The address with parameters added where it does not have them, and others removed."""
    parts = urlsplit(url)
    have = [
        pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in removed
    ]
    names = {name for name, _ in have}
    have += [(name, value) for name, value in added.items() if name not in names]
    return urlunsplit(parts._replace(query=urlencode(have)))


def host_of(url: str) -> str:
    """'host', or 'host:port' where the port is not the scheme's own: names the key and the server.

    Raises:
        ProblemError: It is not an address.
    """
    parts = _parse(url)
    host = parts.hostname or ""
    name = f"[{host}]" if ":" in host else host
    return name if parts.port in (None, DEFAULT_PORTS[parts.scheme]) else f"{name}:{parts.port}"


def is_loopback(host: str) -> bool:
    """Whether 'host' or 'host:port' is this computer itself: no cable, and no proxy, between."""
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def requires_api_key(host: str) -> bool:
    """Whether a server is known to answer nobody without a key; one's own may."""
    return host == OPENAI_HOST


def _parse(url: str) -> SplitResult:
    url = url.strip()
    if not url:
        raise ProblemError(NO_ADDRESS)
    if not url.isprintable() or " " in url:
        raise _address_error("The address has a space in it.", "Enter it again.")
    try:
        parts = urlsplit(url)
        known = bool(parts.hostname) and (parts.port is None or parts.port > 0)
        (parts.hostname or "").encode("idna")  # as it will be looked up
    except ValueError as error:  # a bracket that does not close, a port that is no number, two dots
        raise _address_error(
            "The server's address is not an address.", "Enter it again."
        ) from error
    if parts.scheme not in DEFAULT_PORTS or not known:
        raise _address_error(
            "The server's address is not complete.",
            "It starts with wss:// or https://, and a name follows.",
        )
    return parts


def _insecure_allowed(parts: SplitResult, allowed: str) -> bool:
    host = parts.hostname or ""
    if host == OPENAI_HOST:
        return False
    wanted = allowed.strip().lower()
    named = f"[{host}]" if ":" in host else host
    if wanted and wanted in (host, named, f"{named}:{parts.port or DEFAULT_PORTS[parts.scheme]}"):
        return True
    return is_loopback(named)


def _address_error(what: str, remedy: str) -> ProblemError:
    return ProblemError(untyped_problem(what, remedy, "recognition"))
