"""Rules for server addresses. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from ..problems import ProblemError
from ..problems import server as problems

OPENAI_HOST = "api.openai.com"
CLOUDFLARE_HOST = "gateway.ai.cloudflare.com"
SERVICE_NAMES = {
    OPENAI_HOST: "OpenAI",
    CLOUDFLARE_HOST: "Cloudflare AI Gateway",
    "api.groq.com": "Groq",
    "api.together.ai": "Together",
    "api.together.xyz": "Together",
}
WEBSOCKET_SCHEMES = {"wss": "wss", "https": "wss", "ws": "ws", "http": "ws"}
DEFAULT_PORTS = {"wss": 443, "https": 443, "ws": 80, "http": 80}


def websocket_url(url: str, allow_insecure: str = "") -> str:
    """Return the address of the realtime WebSocket for an address that the user entered.

    `https://host/v1` becomes `wss://host/v1/realtime`. The query is kept, and so is a path that
    ends in `/realtime`. Cloudflare's paths have no such ending. A connection without TLS is
    allowed to this computer and to `allow_insecure`, which is one host or host:port.

    Raises:
        ProblemError: The address is empty or invalid, contains a key, or has no TLS although its
            host is not allowed without.
    """
    parts = _parse(url)
    if parts.username is not None or parts.password is not None:
        raise ProblemError(problems.ADDRESS_HAS_KEY())
    scheme = WEBSOCKET_SCHEMES[parts.scheme]
    if scheme == "ws" and not _insecure_allowed(parts, allow_insecure):
        raise ProblemError(problems.NOT_ENCRYPTED(server=service_name(host_of(url))))
    path = parts.path.rstrip("/")
    if not path.endswith("/realtime") and parts.hostname != CLOUDFLARE_HOST:
        path += "/realtime"
    return urlunsplit((scheme, parts.netloc, path, parts.query, ""))


def http_url(
    url: str, path: str, allow_insecure: str = "", keep_suffixes: tuple[str, ...] = ()
) -> str:
    """Return the address of an HTTP endpoint of the same server: `path` replaces `/realtime`.

    `wss://host/v1/realtime` and `https://host/v1` become `https://host/v1` plus `path`. A path that
    ends in one of `keep_suffixes` is kept. `intent` and `model` are removed from the query. Raises
    `ProblemError` as `websocket_url` does.
    """
    parts = urlsplit(websocket_url(url, allow_insecure))
    base = parts.path.removesuffix("/realtime")
    full_path = base if keep_suffixes and base.endswith(keep_suffixes) else base + path
    scheme = "https" if parts.scheme == "wss" else "http"
    full_url = urlunsplit((scheme, parts.netloc, full_path, parts.query, ""))
    return with_query(full_url, {}, frozenset({"intent", "model"}))


def with_query(url: str, added: Mapping[str, str], removed: frozenset[str] = frozenset()) -> str:
    """Return the address with missing parameters added and others removed."""
    parts = urlsplit(url)
    pairs = [
        pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in removed
    ]
    names = {name for name, _ in pairs}
    pairs += [(name, value) for name, value in added.items() if name not in names]
    return urlunsplit(parts._replace(query=urlencode(pairs)))


def host_of(url: str) -> str:
    """Return 'host', or 'host:port' if the port is not the default; may raise `ProblemError`.

    API keys are stored under this name.
    """
    parts = _parse(url)
    host = _bracketed(parts.hostname or "")
    return host if parts.port in (None, DEFAULT_PORTS[parts.scheme]) else f"{host}:{parts.port}"


def host_or_empty(url: str) -> str:
    """Return `host_of(url)`, or '' if the address is not valid."""
    try:
        return host_of(url)
    except ProblemError:
        return ""


def service_name(host: str) -> str:
    """Return the name of a known service, otherwise `host` itself. For messages."""
    if host.endswith(".openai.azure.com"):
        return "Azure OpenAI"
    return SERVICE_NAMES.get(host, host)


def is_loopback(host: str) -> bool:
    """Return whether 'host' or 'host:port' is this computer, so that no proxy is used."""
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def requires_api_key(host: str) -> bool:
    """Return whether the server is known to refuse every request without an API key."""
    return host == OPENAI_HOST


def _parse(url: str) -> SplitResult:
    url = url.strip()
    if not url:
        raise ProblemError(problems.NO_ADDRESS())
    if not url.isprintable() or " " in url:
        raise ProblemError(problems.ADDRESS_HAS_SPACE())
    try:
        parts = urlsplit(url)
        complete = bool(parts.hostname) and (parts.port is None or parts.port > 0)
        (parts.hostname or "").encode("idna")  # the encoding that the name resolver uses
    except ValueError as error:  # an unclosed bracket, an invalid port, two dots in a row
        raise ProblemError(problems.ADDRESS_INVALID()) from error
    if parts.scheme not in DEFAULT_PORTS or not complete:
        raise ProblemError(problems.ADDRESS_INCOMPLETE())
    return parts


def _insecure_allowed(parts: SplitResult, allowed: str) -> bool:
    host = parts.hostname or ""
    if host == OPENAI_HOST:
        return False
    name = _bracketed(host)
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    return is_loopback(name) or allowed.strip().lower() in (host, name, f"{name}:{port}")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
