"""Which window has the focus, by EWMH's _NET_ACTIVE_WINDOW or the input focus."""

from __future__ import annotations

from typing import Any

from Xlib import X, error

from ...core.insertion import NO_WINDOW, Target


def focused_target(connection: Any) -> Target:
    """The focused window and its program; an empty target where nobody can tell."""
    manager = _active_window(connection)
    window = manager or connection.get_input_focus().focus
    if window == X.NONE:
        return NO_WINDOW
    try:
        # The focus may be in a child without a name of its own: the nearest ancestor has it.
        while window and not isinstance(window, int):
            names = window.get_wm_class()
            if names:
                return Target(window.id, names[1].lower())
            window = window.query_tree().parent
    except error.BadWindow:
        return NO_WINDOW  # it was closed while we asked
    # Window managers give the focus to a nameless window of their own where none is active.
    return Target() if manager is None else NO_WINDOW


def _active_window(connection: Any) -> Any:
    """The window manager's answer; 0 where none is active, None where it does not tell."""
    atom = connection.intern_atom("_NET_ACTIVE_WINDOW")
    found = connection.screen().root.get_full_property(atom, X.AnyPropertyType)
    if found is None or not len(found.value):
        return None
    number = int(found.value[0])
    return connection.create_resource_object("window", number) if number else 0
