"""X11: keys by XInput2, typing by XTEST."""

from __future__ import annotations

import os

from ...core.problems import Problem, ProblemError, untyped_problem
from .. import Platform, unavailable
from .clipboard import SelectionProbe
from .connection import connect
from .hotkey import X11Hotkey
from .screen import X11Screen
from .typing import X11Typist


def platform() -> Platform:
    """The parts for the display that DISPLAY names; if it does not answer, ones that say so."""
    try:
        typist = X11Typist()
    except ProblemError as raised:
        return unavailable.platform(raised.problem)
    return Platform(
        name="X11",
        hotkey=X11Hotkey(),
        typist=typist,
        missing_requirements=_missing_requirements,
        screen=X11Screen(),
        selection_owner_responds=SelectionProbe().owner_responds,
    )


XWAYLAND = untyped_problem(
    "This is a Wayland session, where Sayso sees keys only in X11 windows.",
    "Give sayso start and sayso stop keys of their own in your desktop's settings.",
    "hotkey",
)


def _missing_requirements() -> list[Problem]:
    try:
        connect().close()
    except ProblemError as raised:
        return [raised.problem]
    return [XWAYLAND] if os.environ.get("WAYLAND_DISPLAY") else []
