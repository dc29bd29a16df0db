"""The focused window, by EWMH's _NET_ACTIVE_WINDOW or the input focus, and compositing."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from Xlib import X, error

from ...core.insertion import NO_WINDOW, UNKNOWN_TARGET, Target
from ...core.problems import ProblemError
from .connection import Connection, is_xwayland


class X11Focus:
    """A `Focus`. Its targets are top-level windows; their program is the WM_CLASS class."""

    def __init__(self, display: str | None = None) -> None:
        self._connection = Connection(display)

    def target(self) -> Target:
        return self._connection.query(focused_target)

    def own(self, window_id: int) -> Target:
        return Target(window_id)

    def close(self) -> None:
        self._connection.close()


class X11Screen:
    """A `Screen`. Each call takes one or two round trips, about 1 ms."""

    def __init__(self) -> None:
        self._connection = Connection()

    def composited(self) -> bool:
        with suppress(ProblemError):
            return self._connection.query(_is_composited)
        return False

    def focus_point(self) -> tuple[int, int] | None:
        with suppress(ProblemError):
            return self._connection.query(_focus_center)
        return None


def focused_target(connection: Any) -> Target:
    """Return the focused window.

    A Wayland window has the focus if no X11 window has it in a Wayland session, so the target
    is then unknown.
    """
    nothing = UNKNOWN_TARGET if is_xwayland() else NO_WINDOW
    active = _active_window(connection)
    window = active or connection.get_input_focus().focus
    if window == X.NONE:
        return nothing
    try:
        # The focus may be in a child without a class; its nearest ancestor has one.
        while window and not isinstance(window, int):
            names = window.get_wm_class()
            if names:
                return Target(window.id, names[1].lower())
            window = window.query_tree().parent
    except error.BadWindow:
        return nothing  # the window was closed in the meantime
    # Window managers focus a window of their own, without a class, if no window is active.
    return UNKNOWN_TARGET if active is None else nothing


def _active_window(connection: Any) -> Any:
    """Return the active window; 0 if there is none, None if the window manager does not tell."""
    atom = connection.intern_atom("_NET_ACTIVE_WINDOW")
    found = connection.screen().root.get_full_property(atom, X.AnyPropertyType)
    if found is None or not len(found.value):
        return None
    number = int(found.value[0])
    return connection.create_resource_object("window", number) if number else 0


def _is_composited(connection: Any) -> bool:
    """Return whether a compositing manager owns the selection that EWMH gives it."""
    atom = connection.intern_atom(f"_NET_WM_CM_S{connection.get_default_screen()}")
    return bool(connection.get_selection_owner(atom) != X.NONE)


def _focus_center(connection: Any) -> tuple[int, int] | None:
    target = focused_target(connection)
    if not isinstance(target.id, int):
        return None
    window = connection.create_resource_object("window", target.id)
    try:
        size = window.get_geometry()
        corner = connection.screen().root.translate_coords(window, 0, 0)
    except error.XError:
        return None  # the window was closed in the meantime
    return corner.x + size.width // 2, corner.y + size.height // 2
