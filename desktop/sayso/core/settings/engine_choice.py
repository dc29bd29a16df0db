"""Which engines there are, and which of them is chosen: settings to settings. Pure."""

from __future__ import annotations

import attrs

from ..problems import Problem, ProblemError, untyped_problem
from .endpoint import ON_DEVICE, Endpoint, unique_name
from .settings import Settings


def with_endpoint(settings: Settings, endpoint: Endpoint) -> Settings:
    """With one endpoint more, the last; its name gets a number if it is taken."""
    name = unique_name(endpoint.name, (one.name for one in settings.endpoints))
    endpoints = (*settings.endpoints, attrs.evolve(endpoint, name=name))
    return attrs.evolve(settings, endpoints=endpoints)


def select_engine(settings: Settings, name: str) -> Settings:
    """With the engine of that name chosen: an endpoint's, or 'on-device'.

    Raises:
        ProblemError: There is none of that name.
    """
    if name == ON_DEVICE:
        return attrs.evolve(settings, engine=ON_DEVICE)
    if settings.endpoint_named(name) is None:
        names = ", ".join([*(one.name for one in settings.endpoints), ON_DEVICE])
        raise ProblemError(
            untyped_problem(f"No engine is called {name!r}.", f"It is one of: {names}.")
        )
    return attrs.evolve(settings, engine="realtime", profile=name)


def without_endpoint(settings: Settings, name: str) -> Settings:
    """With one endpoint less. If it was in use, this computer is: a recording goes to no server
    that was not chosen for it.

    Raises:
        ProblemError: There is none of that name, or no other.
    """
    left = tuple(one for one in settings.endpoints if one.name != name)
    if len(left) == len(settings.endpoints):
        raise ProblemError(unknown_endpoint(settings, name))
    if not left:
        raise ProblemError(
            untyped_problem(
                f"{name} is the only endpoint.", "Add another first, or change this one."
            )
        )
    used = settings.profile == name
    return attrs.evolve(
        settings,
        endpoints=left,
        profile=left[0].name if used else settings.profile,
        engine=ON_DEVICE if used else settings.engine,
        fallback=tuple(one for one in settings.fallback if one != name),
    )


def only_engine(settings: Settings, name: str) -> Settings:
    """As `in_use`, and nobody helps it out; 'realtime' is the endpoint in use, unless one has
    that name.

    Raises:
        ProblemError: As `in_use`.
    """
    if name == "realtime" and settings.endpoint_named(name) is None:
        name = settings.profile
    return attrs.evolve(select_engine(settings, name), fallback=())


def unknown_endpoint(settings: Settings, name: str) -> Problem:
    names = ", ".join(one.name for one in settings.endpoints)
    return untyped_problem(f"There is no endpoint called {name!r}.", f"The endpoints are: {names}.")
