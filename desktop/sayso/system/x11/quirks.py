"""Programs and limits for which pasting is better than typing on X11."""

from __future__ import annotations

from ...core.insertion import Target
from .layout import DATA

MAX_TYPED_CHARS = 150
"""Longer texts are pasted. GTK lays out the line again after each key: 100 characters take 25 ms,
300 take 150 ms and 1,000 take a second, while a paste of any length takes 20 ms."""

CHROMIUM_PROGRAMS = frozenset(DATA["chromium_programs"])


def prefers_paste(text: str, target: Target) -> bool:
    """Return whether the text should be pasted although it could be typed."""
    return len(text) > MAX_TYPED_CHARS or is_chromium(target)


def is_chromium(target: Target) -> bool:
    """Return whether the window belongs to Chromium or to a program based on it."""
    return target.program in CHROMIUM_PROGRAMS or target.program.startswith(("crx_", "chrome-"))
