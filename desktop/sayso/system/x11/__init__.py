"""X11: keys by XInput2, typing by XTEST."""

from __future__ import annotations

from ...core.problems import Problem, ProblemError
from .. import Machine, nowhere
from .connection import connect
from .keys import X11Keys
from .screen import X11Screen
from .typing import X11Typist


def machine() -> Machine:
    """The parts for the display that DISPLAY names; if it does not answer, ones that say so."""
    try:
        typist = X11Typist()
    except ProblemError as raised:
        return nowhere.machine(raised.problem)
    return Machine(
        name="X11", keys=X11Keys(), typist=typist, obstacles=_obstacles, screen=X11Screen()
    )


def _obstacles() -> list[Problem]:
    try:
        connect().close()
    except ProblemError as raised:
        return [raised.problem]
    return []
