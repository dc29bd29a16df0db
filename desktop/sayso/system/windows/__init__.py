"""Windows backend, based on pynput. It has not been tested on a real Windows system yet."""

from __future__ import annotations

import sys

from ...core.insertion import UNKNOWN_TARGET, Target
from ...core.problems import Problem
from ..pynput_backend import PynputHotkey, PynputTypist, load_pynput

NAME = "Windows"
KEY_NAMES = {code: chr(code).lower() for code in [*range(0x30, 0x3A), *range(0x41, 0x5B)]}
"""Digits and letters by virtual key code, which is their ASCII code."""


def missing_requirements() -> list[Problem]:
    return []


class WindowsFocus:
    """Reports the foreground window, without its program: text is pasted into all programs."""

    def target(self) -> Target:
        if sys.platform != "win32":
            return UNKNOWN_TARGET
        import ctypes

        return Target(ctypes.windll.user32.GetForegroundWindow() or None)

    def own(self, window_id: int) -> Target:
        return Target(window_id)


def create_hotkey() -> PynputHotkey:
    return PynputHotkey(load_pynput, KEY_NAMES, default_hotkey="ctrl_r")


def create_typist() -> PynputTypist:
    return PynputTypist(load_pynput, "ctrl", WindowsFocus())


create_focus = WindowsFocus
