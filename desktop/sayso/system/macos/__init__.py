"""macOS: keys and typing by pynput. Not tried on a real one yet."""

from __future__ import annotations

import sys
from typing import Any

from ...core.insertion import Target
from ...core.problems import Problem
from .. import Machine
from ..pynput_backend import PynputKeys, PynputTypist, library

_ROWS = {
    0: "asdfhgzxcv", 11: "bqweryt", 31: "ou", 34: "ip", 37: "lj", 40: "k", 45: "nm",
}  # fmt: skip
CODES = {first + n: char for first, row in _ROWS.items() for n, char in enumerate(row)}
"""Virtual key codes of letters (Carbon's HIToolbox/Events.h): places on a US keyboard."""

NOT_TRUSTED = Problem(
    "macOS does not let Sayso see keys or type yet.",
    "Allow it in System Settings, Privacy & Security, under Accessibility and Input Monitoring.",
)


def machine() -> Machine:
    return Machine(
        name="macOS",
        keys=PynputKeys(library, CODES),
        typist=PynputTypist(library, "cmd", focused),
        obstacles=obstacles,
    )


def obstacles() -> list[Problem]:
    """Without the permission macOS says nothing and passes no keys."""
    if sys.platform != "darwin":
        return []
    trusted: Any = __import__("HIServices").AXIsProcessTrusted
    return [] if trusted() else [NOT_TRUSTED]


def focused() -> Target:
    """The frontmost application, by its process number and bundle id."""
    if sys.platform != "darwin":
        return Target()
    workspace: Any = __import__("AppKit").NSWorkspace
    front = workspace.sharedWorkspace().frontmostApplication()
    if front is None:
        return Target()
    return Target(front.processIdentifier(), str(front.bundleIdentifier() or "").lower())
