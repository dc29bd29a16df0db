"""The focused window, by EWMH's _NET_ACTIVE_WINDOW or the input focus."""

from __future__ import annotations

from typing import Any

from Xlib import X, error

from ...core.insertion import NO_WINDOW, UNKNOWN_TARGET, Target
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
