"""Which window has the focus, by EWMH's _NET_ACTIVE_WINDOW or the input focus."""

from __future__ import annotations

from typing import Any

from Xlib import X, error

from ...core.insertion import Target


def focused(connection: Any) -> Target:
    """The focused window and its program; an empty target if there is none."""
    window = _active(connection) or connection.get_input_focus().focus
    try:
        # The focus may be in a child without a name of its own: the nearest ancestor has it.
        while window and not isinstance(window, int):
            names = window.get_wm_class()
            if names:
                return Target(window.id, names[1].lower())
            window = window.query_tree().parent
    except error.BadWindow:
        pass  # it was closed while we asked
    return Target()


def _active(connection: Any) -> Any:
    atom = connection.intern_atom("_NET_ACTIVE_WINDOW")
    found = connection.screen().root.get_full_property(atom, X.AnyPropertyType)
    if found is None or not len(found.value) or not found.value[0]:
        return None
    return connection.create_resource_object("window", int(found.value[0]))
