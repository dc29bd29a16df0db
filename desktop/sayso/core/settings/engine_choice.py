"""Changes of the endpoints and of the selected engine."""

from __future__ import annotations

import attrs

from ..problems import Problem, ProblemError
from ..problems import settings as problems
from .endpoint import ON_DEVICE, Endpoint, unique_name
from .settings import Settings


def with_endpoint(settings: Settings, endpoint: Endpoint) -> Settings:
    """Append an endpoint. If its name is taken, a number is appended to it."""
    name = unique_name(endpoint.name, (one.name for one in settings.endpoints))
    endpoints = (*settings.endpoints, attrs.evolve(endpoint, name=name))
    return attrs.evolve(settings, endpoints=endpoints)


def select_engine(settings: Settings, name: str) -> Settings:
    """Select an endpoint, or 'on-device'. Raises ProblemError if there is no such endpoint."""
    if name == ON_DEVICE:
        return attrs.evolve(settings, engine=ON_DEVICE)
    if settings.endpoint_named(name) is None:
        names = ", ".join([*(one.name for one in settings.endpoints), ON_DEVICE])
        raise ProblemError(problems.UNKNOWN_ENGINE(name=name, names=names))
    return attrs.evolve(settings, engine="realtime", profile=name)


def without_endpoint(settings: Settings, name: str) -> Settings:
    """Remove an endpoint. Raises ProblemError if the name is unknown, or it is the only one.

    If it was selected, the on-device engine is selected instead, so that audio is never sent
    to a server that the user did not choose.
    """
    left = tuple(one for one in settings.endpoints if one.name != name)
    if len(left) == len(settings.endpoints):
        raise ProblemError(unknown_endpoint(settings, name))
    if not left:
        raise ProblemError(problems.LAST_ENDPOINT(name=name))
    was_selected = settings.profile == name
    return attrs.evolve(
        settings,
        endpoints=left,
        profile=left[0].name if was_selected else settings.profile,
        engine=ON_DEVICE if was_selected else settings.engine,
        fallback=tuple(one for one in settings.fallback if one != name),
    )


def only_engine(settings: Settings, name: str) -> Settings:
    """Select an engine and remove all fallbacks. Raises ProblemError as `select_engine`.

    'realtime' stands for the selected endpoint, unless an endpoint has that name.
    """
    if name == "realtime" and settings.endpoint_named(name) is None:
        name = settings.profile
    return attrs.evolve(select_engine(settings, name), fallback=())


def unknown_endpoint(settings: Settings, name: object) -> Problem:
    names = ", ".join(one.name for one in settings.endpoints)
    return problems.UNKNOWN_ENDPOINT(name=name, names=names)
