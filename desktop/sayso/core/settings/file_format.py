"""Settings as the file has them: read leniently, upgraded from older versions.

A wrong entry costs that entry, not the file, and is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from ..problems import Problem, ProblemError, replaced, untyped_problem
from .endpoint import ON_DEVICE, OPENAI_URL, Endpoint, unique_name
from .engine_choice import unknown_endpoint
from .settings import GROUPS, Settings, put

VERSION = 2
CUSTOM_SERVER_NAME = "My server"
"""What an address of the user's own is called that had no name before."""


def from_dict(raw: Mapping[str, Any]) -> tuple[Settings, list[Problem]]:
    """Settings from a decoded file, and what had to be ignored."""
    raw = dict(raw)
    version = raw.pop("version", VERSION)
    for since, upgrade in UPGRADES.items():
        if isinstance(version, int) and version <= since:
            raw = upgrade(raw)
    settings, problems = _read_endpoints(raw.pop("endpoints", None))
    names = [one.name for one in settings.endpoints]
    profile = raw.pop("profile", names[0])
    fallback = raw.get("fallback")
    if isinstance(fallback, list):
        known = [name for name in fallback if name in (*names, ON_DEVICE)]
        problems += [
            _ignored_setting(unknown_endpoint(settings, name))
            for name in fallback
            if name not in known
        ]
        raw["fallback"] = tuple(dict.fromkeys(known))
    for key, value in [("profile", profile), *_flatten(raw)]:
        try:
            settings = put(settings, key, value)
        except ProblemError as error:
            problems.append(_ignored_setting(error.problem))
    if profile not in names:  # what is said goes to no server that was not chosen for it
        settings = attrs.evolve(settings, engine=ON_DEVICE)
    return settings, problems


def to_dict(settings: Settings) -> dict[str, Any]:
    """As JSON has it: lists, no tuples."""
    values = attrs.asdict(settings, value_serializer=lambda _, __, value: _tuple_to_list(value))
    return {"version": VERSION, **values}


def _tuple_to_list(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _read_endpoints(raw: Any) -> tuple[Settings, list[Problem]]:
    """The default settings with these endpoints; an address that is none costs the endpoint,
    because the words would go elsewhere."""
    settings = Settings()
    problems: list[Problem] = []
    if raw is None:
        return settings, problems
    found: list[Endpoint] = []
    for entry in raw if isinstance(raw, list) else [raw]:
        if not isinstance(entry, Mapping) or not isinstance(entry.get("url"), str):
            problems.append(
                untyped_problem(
                    "An endpoint was ignored: it has no address.", "Add it again in Settings."
                )
            )
            continue
        one = put(Settings(), "endpoint.name", _default_name(entry["url"]))
        for key, value in entry.items():
            try:
                one = put(one, f"endpoint.{key}", value)
            except ProblemError as error:
                problems.append(_ignored_setting(error.problem))
        name = unique_name(one.profile, (other.name for other in found))
        found.append(attrs.evolve(one.endpoint, name=name))
    if found:
        settings = attrs.evolve(settings, endpoints=tuple(found), profile=found[0].name)
    return settings, problems


def _default_name(url: Any) -> str:
    return Endpoint().name if url == OPENAI_URL else CUSTOM_SERVER_NAME


def _ignored_setting(problem: Problem) -> Problem:
    return replaced(problem, message=f"A setting was ignored: {problem.message}")


def _flatten(raw: Mapping[str, Any]) -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for name, value in raw.items():
        if name in GROUPS and isinstance(value, Mapping):
            rows += [(f"{name}.{sub}", inner) for sub, inner in value.items()]
        else:
            rows.append((name, value))
    return rows


def _upgrade_from_1(raw: dict[str, Any]) -> dict[str, Any]:
    """Version 2 has several endpoints with names, an order of who helps out, and recordings that
    are kept for a number of days."""
    raw = dict(raw)
    if isinstance(raw.get("endpoint"), Mapping):
        endpoint = raw.pop("endpoint")
        url = endpoint.get("url", OPENAI_URL)
        raw["endpoints"] = [{"name": _default_name(url), "url": url, **endpoint}]
    if isinstance(fallback := raw.get("fallback"), bool):
        raw["fallback"] = [ON_DEVICE] if fallback else []
    if isinstance(raw.get("history"), Mapping):
        history = dict(raw["history"])
        if history.pop("keep_sound", True) is False:
            history["sound_days"] = 0
        raw["history"] = history
    return raw


UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _upgrade_from_1}
"""From the version named to the next; applied in order."""
