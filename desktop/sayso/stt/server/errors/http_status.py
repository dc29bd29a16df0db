"""What an HTTP status means that came in place of a socket or an answer, as problems. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from ....core.problems import Problem
from ..urls import OPENAI
from . import messages
from .connection import by_proxy


def by_status(host: str, status: int, headers: Mapping[str, str] | None = None) -> Problem:
    """`headers` are the answer's, names in any case: three of them are looked at."""
    of = {name.lower(): value for name, value in (headers or {}).items()}
    kind, retry_after = of.get("content-type", ""), of.get("retry-after", "")
    detail = f"{host}: HTTP {status}"
    page = kind.partition(";")[0].strip().lower() in ("text/html", "application/xhtml+xml")
    if status == 511 or (page and status < 400):
        return in_the_way(host, detail)
    if 300 <= status < 400:
        return moved(host, of.get("location", ""), detail)
    if status == 400:
        what = f"{host} refused the connection."
        remedy = "Check the address and the model."
        return Problem(what, remedy, "recognition", detail)
    if status == 403:  # LiteLLM's answer to a wrong key, OpenAI's to a wrong path
        what = f"{host} refused the connection."
        remedy = "Check the key and the address."
        return Problem(what, remedy, "recognition", detail)
    if status in (405, 426, 501):  # servers for whole files, and proxies that know no sockets
        what = f"{host} takes no live sound here."
        remedy = "Check the address, or send whole recordings."
        return Problem(what, remedy, "recognition", detail)
    if status == 429:
        return messages.busy(host, detail, messages.header_s(retry_after))
    if status in ALIKE:
        return ALIKE[status](host, detail)
    if status >= 500:
        what, remedy = f"{host} cannot answer now.", f"{messages.KEPT} Try again in a moment."
        return Problem(what, remedy, "try-again", detail, again_s=messages.header_s(retry_after))
    return messages.not_a_speech_server(host, detail)


def in_the_way(host: str, detail: str) -> Problem:
    """A page came where a server of this kind gives none: a captive portal, as in hotels."""
    return Problem(
        f"A web page came in place of {host}.",
        "Sign in to this network, or check the address.",
        "try-again",
        detail,
    )


def moved(host: str, elsewhere: str, detail: str) -> Problem:
    """Not followed: the key belongs to one host."""
    other = _host_in(elsewhere)
    if host == OPENAI or _is_local(other) > _is_local(host):
        return in_the_way(host, detail)
    remedy = "Enter its new address, if you know it."
    if other and other != host:
        remedy = f"Enter {other}, if you trust it."
    return Problem(f"{host} sends Sayso elsewhere.", remedy, "recognition", detail)


ALIKE: Mapping[int, Callable[[str, str], Problem]] = {
    401: messages.key_refused,
    402: messages.no_credit,
    407: by_proxy,
    408: messages.no_answer,
    504: messages.no_answer,
}
"""HTTP statuses that say what something else says too."""


def _host_in(address: str) -> str:
    """'host' or 'host:port' of a `Location`; '' where there is none, or none that may be shown."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if not re.fullmatch(r"[a-z0-9.-]{1,253}", host) or messages.said(host) != host:
        return ""
    return f"{host}:{port}" if port else host


def _is_local(host: str) -> bool:
    """As of a router's sign-in page."""
    name = host.partition(":")[0]
    try:
        return ipaddress.ip_address(name).is_private
    except ValueError:
        return name.endswith((".lan", ".local", ".home.arpa", ".internal"))
