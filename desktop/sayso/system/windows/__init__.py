"""Windows: keys and typing by pynput. Not tried on a real one yet."""

from __future__ import annotations

import sys

from ...core.insertion import Target
from ...core.problems import Problem
from .. import Platform
from ..pynput_backend import PynputHotkey, PynputTypist, load_pynput

KEY_NAMES = {code: chr(code).lower() for code in [*range(0x30, 0x3A), *range(0x41, 0x5B)]}
"""Virtual key codes of digits and letters: their ASCII codes."""


def platform() -> Platform:
    return Platform(
        name="Windows",
        hotkey=PynputHotkey(load_pynput, KEY_NAMES),
        typist=PynputTypist(load_pynput, "ctrl", focused_target),
        missing_requirements=missing_requirements,
    )


def missing_requirements() -> list[Problem]:
    return []


def focused_target() -> Target:
    """The foreground window; its program is not asked for, as pasting suits them all."""
    if sys.platform == "win32":
        import ctypes

        return Target(ctypes.windll.user32.GetForegroundWindow() or 0)
    return Target()
