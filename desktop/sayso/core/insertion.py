"""Selection of the insertion method for a text and its target."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Literal

import attrs

from .settings.settings import InsertionMethod

ChosenMethod = Literal["type", "paste", "copy"]


@attrs.frozen
class Target:
    """The window, or part of it, that has the keyboard focus."""

    id: Hashable | None = None
    """Identifier on this platform. None: the platform cannot tell which window has the focus."""
    program: str = ""
    """Lower-case name of the program: WM_CLASS on X11, bundle ID on macOS. Empty if unknown."""
    secure: bool | None = None
    """True for a password field. None: unknown."""
    editable: bool | None = None
    """True if it accepts text. None: unknown."""


UNKNOWN_TARGET = Target()
NO_WINDOW = Target(id="no window")
"""No window has the focus, so typed text would be lost."""


def choose_method(
    text: str, method: InsertionMethod, *, can_type: bool, newlines: bool = False
) -> ChosenMethod:
    """Return the method by which the text is inserted.

    Control characters other than newline and tab are commands to many programs, so such a text
    is only copied, regardless of the setting.

    Args:
        text: The text to insert.
        method: The setting of the user.
        can_type: Result of `Typist.can_type` for the text.
        newlines: Whether newline and tab may be typed. They press keys in some programs.
    """
    if method == "copy" or has_control_characters(text):
        return "copy"
    if method == "paste" or (not newlines and ("\n" in text or "\t" in text)):
        return "paste"
    return "type" if method == "type" or can_type else "paste"


def has_control_characters(text: str) -> bool:
    """Return whether the text has control characters other than newline and tab."""
    return any((c < " " and c not in "\n\t") or "\x7f" <= c <= "\x9f" for c in text)
