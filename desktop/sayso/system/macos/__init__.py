"""macOS backend, based on pynput. It has not been tested on a real macOS system yet."""

from __future__ import annotations

import os
import sys
from typing import Any

from ...core.insertion import UNKNOWN_TARGET, Target
from ...core.problems import Problem
from ...core.problems import insertion as problems
from ..pynput_backend import PynputHotkey, PynputTypist, load_pynput

NAME = "macOS"
_KEY_ROWS = {
    0: "asdfhgzxcv", 11: "bqweryt", 31: "ou", 34: "ip", 37: "lj", 40: "k", 45: "nm",
}  # fmt: skip
KEY_NAMES = {first + n: char for first, row in _KEY_ROWS.items() for n, char in enumerate(row)}
"""Letters by virtual key code (HIToolbox/Events.h), which is a position on a US keyboard."""


def missing_requirements() -> list[Problem]:
    """Without the permission, macOS delivers no keys and reports no error."""
    if sys.platform != "darwin":
        return []
    is_trusted: Any = __import__("HIServices").AXIsProcessTrusted
    return [] if is_trusted() else [problems.PERMISSION_MISSING()]


class MacFocus:
    """Reports the frontmost application: its process ID and bundle ID."""

    def target(self) -> Target:
        if sys.platform != "darwin":
            return UNKNOWN_TARGET
        workspace: Any = __import__("AppKit").NSWorkspace
        front = workspace.sharedWorkspace().frontmostApplication()
        if front is None:
            return UNKNOWN_TARGET
        return Target(front.processIdentifier(), str(front.bundleIdentifier() or "").lower())

    def own(self, window_id: int) -> Target:
        return Target(os.getpid())


def create_hotkey() -> PynputHotkey:
    # Many Mac keyboards have no right Ctrl key.
    return PynputHotkey(load_pynput, KEY_NAMES, default_hotkey="alt_r")


def create_typist() -> PynputTypist:
    return PynputTypist(load_pynput, "cmd", MacFocus())


create_focus = MacFocus
