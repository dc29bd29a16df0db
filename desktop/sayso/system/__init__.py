"""Platform integration. No other package asks on which system Sayso runs.

`protocols` defines the interfaces. `current_platform` selects an implementation of each one
independently: the first backend that is viable in this session, or the implementation in
`unavailable`, which reports why there is none.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

import attrs

from ..core.problems import Problem, ProblemError
from ..core.problems import insertion as problems
from . import unavailable
from .protocols import Focus, Hotkey, Screen, Selection, Typist

BACKENDS: dict[str, Callable[[], bool]] = {
    "windows": lambda: sys.platform == "win32",
    "macos": lambda: sys.platform == "darwin",
    "x11": lambda: bool(os.environ.get("DISPLAY")),
}
"""Viability checks. A backend module has a `create_` function for each interface it supports."""


@attrs.frozen
class Platform:
    name: str
    """Name of the preferred backend, for reports; empty if none is viable."""
    hotkey: Hotkey
    typist: Typist
    focus: Focus
    screen: Screen
    missing_requirements: Callable[[], list[Problem]]
    """Return what prevents the hotkey or the insertion now, such as a missing permission."""
    selection_responds: Callable[[Selection], bool]
    """Return whether the program that owns the selection answers. Blocks for up to 0.25 s."""


def current_platform() -> Platform:
    viable = [name for name, is_viable in BACKENDS.items() if is_viable()]
    return select([importlib.import_module(f".{name}", __package__) for name in viable])


def select(backends: list[Any]) -> Platform:
    """Select the first implementation of each interface that can be created, best first."""
    failures = [problems.NO_DISPLAY()]

    def first(interface: str) -> Any:
        for backend in backends:
            try:
                if create := getattr(backend, f"create_{interface}", None):
                    return create()
            except ProblemError as error:
                failures.append(error.problem)
        return None

    hotkey, typist = first("hotkey"), first("typist")

    def missing_requirements() -> list[Problem]:
        found = [problem for backend in backends for problem in backend.missing_requirements()]
        return found or ([] if hotkey and typist else failures[-1:])

    probes = [b.selection_responds for b in backends if hasattr(b, "selection_responds")]
    return Platform(
        name=backends[0].NAME if hotkey or typist else "",
        hotkey=hotkey or unavailable.UnavailableHotkey(failures[-1]),
        typist=typist or unavailable.UnavailableTypist(failures[-1]),
        focus=first("focus") or unavailable.UnknownFocus(),
        screen=first("screen") or unavailable.DefaultScreen(),
        missing_requirements=missing_requirements,
        selection_responds=probes[0] if probes else lambda _selection: True,
    )
