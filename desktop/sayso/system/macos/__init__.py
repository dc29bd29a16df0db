"""macOS: keys and typing by pynput. Not tried on a real one yet."""

from __future__ import annotations

import sys
from typing import Any

from ...core.insertion import Target
from ...core.problems import Problem, untyped_problem
from .. import Platform
from ..pynput_backend import PynputHotkey, PynputTypist, load_pynput

_KEY_ROWS = {
    0: "asdfhgzxcv", 11: "bqweryt", 31: "ou", 34: "ip", 37: "lj", 40: "k", 45: "nm",
}  # fmt: skip
KEY_NAMES = {first + n: char for first, row in _KEY_ROWS.items() for n, char in enumerate(row)}
"""Virtual key codes of letters (Carbon's HIToolbox/Events.h): places on a US keyboard."""

PERMISSION_MISSING = untyped_problem(
    "macOS does not let Sayso see keys or type yet.",
    "Allow it in System Settings, Privacy & Security, under Accessibility and Input Monitoring.",
)


def platform() -> Platform:
    return Platform(
        name="macOS",
        hotkey=PynputHotkey(load_pynput, KEY_NAMES),
        typist=PynputTypist(load_pynput, "cmd", focused_target),
        missing_requirements=missing_requirements,
    )


def missing_requirements() -> list[Problem]:
    """Without the permission macOS says nothing and passes no keys."""
    if sys.platform != "darwin":
        return []
    trusted: Any = __import__("HIServices").AXIsProcessTrusted
    return [] if trusted() else [PERMISSION_MISSING]


def focused_target() -> Target:
    """The frontmost application, by its process number and bundle id."""
    if sys.platform != "darwin":
        return Target()
    workspace: Any = __import__("AppKit").NSWorkspace
    front = workspace.sharedWorkspace().frontmostApplication()
    if front is None:
        return Target()
    return Target(front.processIdentifier(), str(front.bundleIdentifier() or "").lower())
