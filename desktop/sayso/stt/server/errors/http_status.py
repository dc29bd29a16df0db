"""What an HTTP status means that came in place of a socket or an answer, as problems. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from ....core.problems import Problem, untyped_problem
from ....core.settings.urls import OPENAI_HOST
from . import messages
from .connection import proxy_failed


def from_http_status(host: str, status: int, headers: Mapping[str, str] | None = None) -> Problem:
    """`headers` are the answer's, names in any case: three of them are looked at."""
    of = {name.lower(): value for name, value in (headers or {}).items()}
    kind, retry_after = of.get("content-type", ""), of.get("retry-after", "")
    detail = f"{host}: HTTP {status}"
    page = kind.partition(";")[0].strip().lower() in ("text/html", "application/xhtml+xml")
    if status == 511 or (page and status < 400):
        return captive_portal(host, detail)
    if 300 <= status < 400:
        return redirected(host, of.get("location", ""), detail)
    if status == 400:
        what = f"{host} refused the connection."
        remedy = "Check the address and the model."
        return untyped_problem(what, remedy, "recognition", detail)
    if status == 403:  # LiteLLM's answer to a wrong key, OpenAI's to a wrong path
        what = f"{host} refused the connection."
        remedy = "Check the key and the address."
        return untyped_problem(what, remedy, "recognition", detail)
    if status in (405, 426, 501):  # servers for whole files, and proxies that know no sockets
        what = f"{host} takes no live sound here."
        remedy = "Check the address, or send whole recordings."
        return untyped_problem(what, remedy, "recognition", detail)
    if status == 429:
        return messages.busy(host, detail, messages.retry_after_s(retry_after))
    if status in BY_STATUS:
        return BY_STATUS[status](host, detail)
    if status >= 500:
        what, remedy = (
            f"{host} cannot answer now.",
            f"{messages.RECORDING_KEPT} Try again in a moment.",
        )
        return untyped_problem(
            what, remedy, "try-again", detail, retry_after_s=messages.retry_after_s(retry_after)
        )
    return messages.not_a_speech_server(host, detail)


def captive_portal(host: str, detail: str) -> Problem:
    """A page came where a server of this kind gives none: a captive portal, as in hotels."""
    return untyped_problem(
        f"A web page came in place of {host}.",
        "Sign in to this network, or check the address.",
        "try-again",
        detail,
    )


def redirected(host: str, location: str, detail: str) -> Problem:
    """Not followed: the key belongs to one host."""
    other = _host_of_location(location)
    if host == OPENAI_HOST or _is_local(other) > _is_local(host):
        return captive_portal(host, detail)
    remedy = "Enter its new address, if you know it."
    if other and other != host:
        remedy = f"Enter {other}, if you trust it."
    return untyped_problem(f"{host} sends Sayso elsewhere.", remedy, "recognition", detail)


BY_STATUS: Mapping[int, Callable[[str, str], Problem]] = {
    401: messages.api_key_rejected,
    402: messages.no_credit,
    407: proxy_failed,
    408: messages.no_response,
    504: messages.no_response,
}
"""HTTP statuses that say what something else says too."""


def _host_of_location(location: str) -> str:
    """'host' or 'host:port' of a `Location`; '' where there is none, or none that may be shown."""
    try:
        parts = urlsplit(location)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if not re.fullmatch(r"[a-z0-9.-]{1,253}", host) or messages.redact(host) != host:
        return ""
    return f"{host}:{port}" if port else host


def _is_local(host: str) -> bool:
    """As of a router's sign-in page."""
    name = host.partition(":")[0]
    try:
        return ipaddress.ip_address(name).is_private
    except ValueError:
        return name.endswith((".lan", ".local", ".home.arpa", ".internal"))
