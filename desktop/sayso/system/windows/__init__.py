"""Windows: keys and typing by pynput. Not tried on a real one yet."""

from __future__ import annotations

import sys

from ...core.insertion import Target
from ...core.problems import Problem
from .. import Machine
from ..pynput_backend import PynputKeys, PynputTypist, library

CODES = {code: chr(code).lower() for code in [*range(0x30, 0x3A), *range(0x41, 0x5B)]}
"""Virtual key codes of digits and letters: their ASCII codes."""


def machine() -> Machine:
    return Machine(
        name="Windows",
        keys=PynputKeys(library, CODES),
        typist=PynputTypist(library, "ctrl", focused),
        obstacles=obstacles,
    )


def obstacles() -> list[Problem]:
    return []


def focused() -> Target:
    """The foreground window; its program is not asked for, as pasting suits them all."""
    if sys.platform == "win32":
        import ctypes

        return Target(ctypes.windll.user32.GetForegroundWindow() or 0)
    return Target()
