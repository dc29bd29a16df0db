"""Information for placing the indicator: compositing and the position of the focus."""

from __future__ import annotations

from typing import Any

from Xlib import X, error

from ...core.problems import ProblemError
from .connection import Connection
from .focus import focused_target


class X11Screen:
    """A `Screen`. Each call takes one or two round trips, about 1 ms."""

    def __init__(self) -> None:
        self._connection = Connection()

    def composited(self) -> bool:
        try:
            return self._connection.query(_is_composited)
        except ProblemError:
            return False

    def focus_point(self) -> tuple[int, int] | None:
        try:
            return self._connection.query(_focus_center)
        except ProblemError:
            return None


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
