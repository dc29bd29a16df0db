"""Translate HTTP statuses into problems. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from ....core.problems import Problem
from ....core.problems import server as problems
from ....core.settings.urls import OPENAI_HOST
from .messages import MAX_WAIT_S, busy, kinds_by_value, server_problem
from .redaction import redact

BY_STATUS = kinds_by_value("statuses")


def from_http_status(host: str, status: int, headers: Mapping[str, str] | None = None) -> Problem:
    """Return the problem for a status that is not a success; `headers` are the response's."""
    fields = {name.lower(): value for name, value in (headers or {}).items()}
    media_type = fields.get("content-type", "").partition(";")[0].strip().lower()
    is_page = media_type in ("text/html", "application/xhtml+xml")
    wait_s = retry_after_s(fields.get("retry-after", ""))
    detail = f"{host}: HTTP {status}"
    if status == 511 or (is_page and status < 400):
        return server_problem(problems.CAPTIVE_PORTAL, host, detail)
    if 300 <= status < 400:
        return redirected(host, fields.get("location", ""), detail)
    if status == 429:
        return busy(host, detail, wait_s)
    if status in BY_STATUS:
        return server_problem(BY_STATUS[status], host, detail)
    if status >= 500:
        return server_problem(problems.UNAVAILABLE, host, detail, wait_s)
    return server_problem(problems.NOT_A_SPEECH_SERVER, host, detail)


def retry_after_s(header: str) -> float:
    """Return the seconds in a `Retry-After` header; dates are ignored."""
    seconds = header.strip()
    return min(MAX_WAIT_S, float(seconds)) if re.fullmatch(r"\d{1,6}", seconds) else 0.0


def redirected(host: str, location: str, detail: str) -> Problem:
    """Return the problem for a redirect, which is not followed: an API key belongs to one host."""
    target = _host_of_location(location)
    if host == OPENAI_HOST or _is_local(target) > _is_local(host):
        return server_problem(problems.CAPTIVE_PORTAL, host, detail)
    if target and target != host:
        return server_problem(problems.REDIRECTED_TO, host, detail, location=target)
    return server_problem(problems.REDIRECTED, host, detail)


def _host_of_location(location: str) -> str:
    """Return 'host' or 'host:port'; '' if it is invalid or cannot be displayed."""
    try:
        parts = urlsplit(location)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if not re.fullmatch(r"[a-z0-9.-]{1,253}", host) or redact(host) != host:
        return ""
    return f"{host}:{port}" if port else host


def _is_local(host: str) -> bool:
    """Return whether the host is in a local network, such as a router's sign-in page."""
    name = host.partition(":")[0]
    try:
        return ipaddress.ip_address(name).is_private
    except ValueError:
        return name.endswith((".lan", ".local", ".home.arpa", ".internal"))
