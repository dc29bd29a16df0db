"""X11 backend: keys by XInput2, typing by XTEST."""

from __future__ import annotations

from ...core.problems import Problem, ProblemError
from ...core.problems import insertion as problems
from .clipboard import owner_responds as selection_responds
from .connection import close, connect, is_xwayland
from .focus import X11Focus as create_focus
from .focus import X11Screen as create_screen
from .hotkey import X11Hotkey
from .typing import X11Typist as create_typist

__all__ = ["create_focus", "create_screen", "create_typist", "selection_responds"]
NAME = "X11"


def missing_requirements() -> list[Problem]:
    try:
        close(connect())
    except ProblemError as error:
        return [error.problem]
    return [problems.XWAYLAND()] if is_xwayland() else []


def create_hotkey() -> X11Hotkey:
    close(connect())  # raises if no X server answers
    return X11Hotkey()
