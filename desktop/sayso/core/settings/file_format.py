"""Conversion of settings to and from the contents of the settings file."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import attrs

from ..problems import Problem, ProblemError
from ..problems import settings as problems
from .endpoint import ON_DEVICE, OPENAI_URL, Endpoint, unique_name
from .engine_choice import unknown_endpoint
from .settings import GROUPS, Settings, put

VERSION = 3
CUSTOM_SERVER_NAME = "My server"
"""Default name of an endpoint that is not OpenAI's."""


def from_dict(raw: dict[str, Any]) -> tuple[Settings, list[Problem]]:
    """Return the settings of a decoded file and a problem for each entry that was ignored.

    Older versions are upgraded.
    """
    raw = copy.deepcopy(raw)
    version = raw.pop("version", VERSION)
    for old_version, upgrade in UPGRADES.items():
        if isinstance(version, int) and version <= old_version:
            raw = upgrade(raw)
    settings, found = _read_endpoints(raw.pop("endpoints", None))
    names = [one.name for one in settings.endpoints]
    profile = raw.pop("profile", names[0])
    fallback = raw.get("fallback")
    if isinstance(fallback, list):
        known = [name for name in fallback if name in (*names, ON_DEVICE)]
        found += [_ignored(unknown_endpoint(settings, one)) for one in fallback if one not in known]
        raw["fallback"] = tuple(dict.fromkeys(known))
    for key, value in [("profile", profile), *_flatten(raw)]:
        try:
            settings = put(settings, key, value)
        except ProblemError as error:
            found.append(_ignored(error.problem))
    if profile not in names:  # audio must not go to a server that the user did not choose
        settings = attrs.evolve(settings, engine=ON_DEVICE)
    return settings, found


def to_dict(settings: Settings) -> dict[str, Any]:
    """Return the settings as JSON represents them."""

    def serialize(_: Any, __: Any, value: Any) -> Any:
        return list(value) if isinstance(value, tuple) else value

    return {"version": VERSION, **attrs.asdict(settings, value_serializer=serialize)}


def _read_endpoints(raw: Any) -> tuple[Settings, list[Problem]]:
    """Return the default settings with these endpoints.

    An endpoint without a valid address is skipped, because another address would send the
    audio elsewhere.
    """
    settings = Settings()
    found: list[Problem] = []
    if raw is None:
        return settings, found
    endpoints: list[Endpoint] = []
    for entry in raw if isinstance(raw, list) else [raw]:
        if not isinstance(entry, Mapping) or not isinstance(entry.get("url"), str):
            found.append(problems.ENDPOINT_IGNORED())
            continue
        one = put(Settings(), "endpoint.name", _default_name(entry["url"]))
        for key, value in entry.items():
            try:
                one = put(one, f"endpoint.{key}", value)
            except ProblemError as error:
                found.append(_ignored(error.problem))
        name = unique_name(one.profile, (other.name for other in endpoints))
        endpoints.append(attrs.evolve(one.endpoint, name=name))
    if endpoints:
        settings = attrs.evolve(settings, endpoints=tuple(endpoints), profile=endpoints[0].name)
    return settings, found


def _ignored(problem: Problem) -> Problem:
    return problems.IGNORED(problem=problem, remedy=problem.remedy)


def _default_name(url: Any) -> str:
    return Endpoint().name if url == OPENAI_URL else CUSTOM_SERVER_NAME


def _flatten(raw: Mapping[str, Any]) -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for name, value in raw.items():
        is_group = name in GROUPS and isinstance(value, Mapping)
        rows += [(f"{name}.{one}", value[one]) for one in value] if is_group else [(name, value)]
    return rows


def _upgrade_from_1(raw: dict[str, Any]) -> dict[str, Any]:
    """Convert one endpoint to a list, the fallback switch to a list, `keep_sound` to days."""
    if isinstance(raw.get("endpoint"), Mapping):
        endpoint = raw.pop("endpoint")
        url = endpoint.get("url", OPENAI_URL)
        raw["endpoints"] = [{"name": _default_name(url), "url": url, **endpoint}]
    if isinstance(fallback := raw.get("fallback"), bool):
        raw["fallback"] = [ON_DEVICE] if fallback else []
    history = raw.get("history")
    if isinstance(history, dict) and history.pop("keep_sound", True) is False:
        history["sound_days"] = 0
    return raw


def _upgrade_from_2(raw: dict[str, Any]) -> dict[str, Any]:
    """Drop `keep_open_s`, and convert the authentication for Cloudflare to a secret header."""
    endpoints = raw.get("endpoints")
    for entry in endpoints if isinstance(endpoints, list) else []:
        if isinstance(entry, dict):
            entry.pop("keep_open_s", None)
            if entry.get("auth") == "cloudflare":
                entry |= {"auth": "bearer", "secret_header": "cf-aig-authorization"}
    return raw


UPGRADES = {1: _upgrade_from_1, 2: _upgrade_from_2}
"""Upgrades from a version to the next one, applied in order."""
