"""X11: keys by XInput2, typing by XTEST."""

from __future__ import annotations

import os

from ...core.problems import Problem, ProblemError
from .. import Machine, unavailable
from .clipboard import Selections
from .connection import connect
from .hotkey import X11Keys
from .screen import X11Screen
from .typing import X11Typist


def machine() -> Machine:
    """The parts for the display that DISPLAY names; if it does not answer, ones that say so."""
    try:
        typist = X11Typist()
    except ProblemError as raised:
        return unavailable.machine(raised.problem)
    return Machine(
        name="X11",
        keys=X11Keys(),
        typist=typist,
        obstacles=_obstacles,
        screen=X11Screen(),
        selection_answers=Selections().answers,
    )


XWAYLAND = Problem(
    "This is a Wayland session, where Sayso sees keys only in X11 windows.",
    "Give sayso start and sayso stop keys of their own in your desktop's settings.",
    "hotkey",
)


def _obstacles() -> list[Problem]:
    try:
        connect().close()
    except ProblemError as raised:
        return [raised.problem]
    return [XWAYLAND] if os.environ.get("WAYLAND_DISPLAY") else []
