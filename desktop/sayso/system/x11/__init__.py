"""X11 backend: keys by XInput2, typing by XTEST."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from ...core.problems import Problem, ProblemError
from ...core.problems import insertion as problems

if TYPE_CHECKING:
    from ..protocols import Selection
    from .focus import X11Focus
    from .hotkey import X11Hotkey
    from .screen import X11Screen
    from .typing import X11Typist

NAME = "X11"


def viable() -> bool:
    return bool(os.environ.get("DISPLAY"))


def missing_requirements() -> list[Problem]:
    from .connection import close, connect, is_xwayland

    try:
        close(connect())
    except ProblemError as error:
        return [error.problem]
    return [problems.XWAYLAND()] if is_xwayland() else []


def create_hotkey() -> X11Hotkey:
    from .connection import close, connect
    from .hotkey import X11Hotkey

    close(connect())  # raises if no X server answers
    return X11Hotkey()


def create_typist() -> X11Typist:
    from .typing import X11Typist

    return X11Typist()


def create_focus() -> X11Focus:
    from .focus import X11Focus

    return X11Focus()


def create_screen() -> X11Screen:
    from .screen import X11Screen

    return X11Screen()


def create_selection_probe() -> Callable[[Selection], bool]:
    from .clipboard import owner_responds

    return owner_responds
