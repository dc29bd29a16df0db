"""The platform interfaces: `Hotkey`, `Typist`, `Clipboard`, `Focus` and `Screen`.

Each platform implements what it can, and `sayso.system` selects an implementation of each
interface independently. `tests/contracts/` checks every implementation. All times are seconds of
the monotonic clock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

from ..core.insertion import Target
from ..core.problems import Problem, ProblemError
from ..core.problems import insertion as problems

Selection = Literal["clipboard", "primary"]


class DisplayLostError(ProblemError):
    """The display has ended or has closed the connection."""


class FocusChangedError(ProblemError):
    """Another window than the target has the focus, and nothing was inserted."""

    def __init__(self) -> None:
        super().__init__(problems.FOCUS_CHANGED())


class HotkeyListener(Protocol):
    """Receives the events of a `Hotkey`, in any thread; every method returns at once.

    A source reports either raw keys (`key_changed`), which Sayso matches with the chord of the
    settings, or a shortcut that the system matches (`hotkey_down`, `hotkey_up`).
    """

    def ready(self, shown_as: str) -> None:
        """The source works. `shown_as` is the shortcut that the system chose, if it did."""

    def key_changed(self, name: str, is_down: bool, at_s: float) -> None:
        """A key or mouse button, named as in `core.hotkey.keys`, was pressed or released."""

    def hotkey_down(self, at_s: float) -> None: ...

    def hotkey_up(self, at_s: float) -> None: ...

    def lost(self, problem: Problem) -> None:
        """The source stopped working. Keys that were down have been reported as released."""

    def restored(self) -> None:
        """The source works again after `lost`."""


class Hotkey(Protocol):
    """Source of hotkey events of the whole desktop. Methods other than `start` may block."""

    default_hotkey: str
    """Chord that suits the keyboards of this platform."""

    async def start(self, listener: HotkeyListener) -> None:
        """Start, or restart, reporting events; raises `ProblemError` if that is impossible."""

    def stop(self) -> None:
        """Stop reporting events. Calling it twice is allowed."""

    def configure(self, window_id: int) -> bool:
        """Open the system's dialog for the shortcut. Return False if it has none."""
        ...

    def grab(self, chord: str) -> Problem | None:
        """Keep the chord, or nothing if it is empty, from the focused window.

        A chord of modifiers only is not grabbed, since it has no effect in other programs. Returns
        the problem if the chord cannot be grabbed.
        """
        ...

    def pressed_now(self) -> frozenset[str] | None:
        """Return the pressed keys as the system reports them; None if it cannot be asked."""
        ...


class Typist(Protocol):
    """Sends simulated keys to the focused window.

    Methods may block and may be called in any thread; an implementation runs one at a time. A
    target with a known ID must have the focus when the keys are sent. All methods wait, for about
    a second at most, until the user has released all keys.

    `type`, `erase` and `press_paste` raise `FocusChangedError` if another window has the focus,
    and `ProblemError` if not all keys could be sent.
    """

    def can_type(self, text: str, target: Target) -> bool:
        """Return whether typing the text is exact and as fast as pasting it."""
        ...

    def type(self, text: str, target: Target) -> None:
        """Type the text exactly, and return when the last key was sent."""

    def erase(self, count: int, target: Target) -> None:
        """Delete this many characters before the cursor."""

    def press_paste(self, target: Target) -> None:
        """Press the keys that paste in the target."""

    def close(self) -> None: ...


class Lease(Protocol):
    """A text that is on the clipboard for a limited time."""

    listed_at_s: float | None
    """Time at which another program last asked for the formats or the text."""
    fetched_at_s: float | None
    """Time at which another program last asked for the text."""
    lost: bool
    """True if another program has put something else on the clipboard."""

    def restore(self) -> None:
        """Put back what was on the clipboard before, unless the lease is lost. Does not block."""


class Clipboard(Protocol):
    """The clipboard, and the primary selection where the system has one."""

    def offer(self, text: str, *, concealed: bool, on_change: Callable[[], None]) -> Lease:
        """Put the text on the clipboard and keep what was there before for `Lease.restore`.

        Blocks for up to about a second; not for the main thread. Clipboard managers do not store
        a concealed text. `on_change` is called in any thread when the lease has changed. Raises
        `ProblemError` if the clipboard is not available.
        """
        ...

    def copy(self, text: str) -> None:
        """Put the text on the clipboard permanently. Does not block; any thread."""


class Focus(Protocol):
    """Reports which window has the keyboard focus."""

    def target(self) -> Target:
        """Return the focused target; `UNKNOWN_TARGET` if the system does not tell.

        May block; any thread. Raises `ProblemError` if the system cannot be asked.
        """
        ...

    def own(self, window_id: int) -> Target:
        """Return the target for a window of Sayso with this identifier (`QWidget.winId`)."""
        ...


class Screen(Protocol):
    """Information for placing the indicator, within about 1 ms."""

    def composited(self) -> bool:
        """Return whether windows may be translucent."""
        ...

    def focus_point(self) -> tuple[int, int] | None:
        """Return a point inside the focused window in physical pixels; None if unknown."""
