"""What differs between systems. Nothing else in the package asks which one it is.

`this_machine()` chooses once, by what the session really offers. A missing ability is an
object that explains itself (`obstacle`), not a None.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from typing import Literal, Protocol

import attrs

from ..core.insertion import Target
from ..core.problems import Problem, ProblemError, untyped_problem


class DisplayLostError(ProblemError):
    """The display has ended, or cut us off: what is shown and typed there has no place now."""


class FocusChangedError(ProblemError):
    """Another window has the focus than the one meant; nothing was typed."""

    def __init__(self) -> None:
        super().__init__(
            untyped_problem("Another window has the focus.", "Copy your words.", "copy")
        )


class HotkeySource(Protocol):
    """Key and mouse-button events of the whole desktop, in `core.keys` names.

    The callbacks are called in a thread of the source's own and must return at once.
    """

    def start(self, press: Callable[[str], None], release: Callable[[str], None]) -> None:
        """Begin to listen.

        Raises:
            ProblemError: Keys cannot be seen here; the sentence says what works instead.
        """
        ...

    def stop(self) -> None: ...

    def grab(self, chord: str) -> Problem | None:
        """Keep the chord from the focused window where the system can; None or why not.

        '' gives everything back. A lone modifier is not swallowed: it types nothing.
        """
        ...

    def pressed_now(self) -> frozenset[str]:
        """The keys that are down now, asked of the system; any thread."""
        ...


Selection = Literal["clipboard", "primary"]
Pressed = Literal["shift+insert", "ctrl+v", "ctrl+shift+v", "cmd+v"]


class Typist(Protocol):
    """Puts text into the focused window. All methods may block; one thread at a time."""

    def target(self) -> Target:
        """The window that has the focus now; `NOBODY` where it is known that none has.

        Raises:
            ProblemError: The system cannot be asked.
        """
        ...

    def can_type(self, text: str) -> int | None:
        """How many spare key symbols the text needs; None if typing cannot give it exactly."""
        ...

    def type(self, text: str, target: int = 0) -> None:
        """Type the text by simulated keys, exactly; returns when the last key is sent.

        Held modifiers are waited for, then released; nothing is left pressed.

        Args:
            into: The window that must have the focus when it begins; 0: any.

        Raises:
            FocusMovedError: It has not; nothing was typed.
            ProblemError: It could not be typed; nothing or only a part was.
        """
        ...

    def press_paste(self, chord: Pressed, target: int = 0) -> None:
        """Press and release a paste chord, with held modifiers out of the way.

        Raises:
            FocusMovedError: Not the window `into`, which is not 0, has the focus.
            ProblemError: The keys could not be sent.
        """
        ...

    def close(self) -> None: ...


class Screen(Protocol):
    """What the interface has to know about the screen; for the main thread, about 1 ms."""

    def composited(self) -> bool:
        """Whether windows may be translucent now."""
        ...

    def focus_point(self) -> tuple[int, int] | None:
        """A point inside the focused window, in the server's pixels; None if unknown."""
        ...


class DefaultScreen:
    """Where every window may be translucent and nobody tells where the focus is."""

    def composited(self) -> bool:
        return True

    def focus_point(self) -> tuple[int, int] | None:
        return None


@attrs.frozen
class Platform:
    """The parts for this system."""

    name: str
    hotkey: HotkeySource
    typist: Typist
    missing_requirements: Callable[[], list[Problem]]
    """What stands in the way now: no display, a permission not granted."""
    screen: Screen = attrs.field(factory=DefaultScreen)
    selection_owner_responds: Callable[[Selection], bool] = lambda _selection: True
    """Whether the program whose clipboard it is answers, within 0.25 s. Blocks; any thread."""


def current_platform(name: str | None = None) -> Platform:
    """The parts for this system, or for the one named (tests, reports)."""
    module = importlib.import_module(f".{name or system_name()}", __package__)
    machine: Platform = module.platform()
    return machine


def system_name() -> str:
    """'windows', 'macos', 'x11', or 'unavailable' where no X server answers to a name."""
    if sys.platform == "darwin":
        return "macos"
    if sys.platform == "win32":
        return "windows"
    return "x11" if os.environ.get("DISPLAY") else "unavailable"
