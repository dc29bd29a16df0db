"""What the interface has to know about the screen: compositing, and where the focus is."""

from __future__ import annotations

from typing import Any

from Xlib import X, error

from ...core.problems import ProblemError
from .. import DisplayLostError
from .connection import connect, x_errors_translated
from .focus import focused_target


class X11Screen:
    """For the main thread; each question is one or two round trips, about 1 ms."""

    def __init__(self) -> None:
        self._connection: Any = None

    def composited(self) -> bool:
        """Whether a compositing manager runs, by the selection EWMH gives it."""
        try:
            with x_errors_translated():
                connection = self._connect_if_needed()
                atom = connection.intern_atom(f"_NET_WM_CM_S{connection.get_default_screen()}")
                return bool(connection.get_selection_owner(atom) != X.NONE)
        except DisplayLostError:
            self._connection = None
            return False
        except ProblemError:
            return False

    def focus_point(self) -> tuple[int, int] | None:
        """The middle of the focused window, in the server's pixels; None if unknown."""
        try:
            with x_errors_translated():
                return self._focus_center()
        except DisplayLostError:
            self._connection = None
            return None
        except ProblemError:
            return None

    def _focus_center(self) -> tuple[int, int] | None:
        connection = self._connect_if_needed()
        target = focused_target(connection)
        if target.id <= 0:
            return None
        window = connection.create_resource_object("window", target.id)
        try:
            size = window.get_geometry()
            corner = connection.screen().root.translate_coords(window, 0, 0)
        except error.XError:
            return None  # it was closed while we asked
        return corner.x + size.width // 2, corner.y + size.height // 2

    def _connect_if_needed(self) -> Any:
        if self._connection is None:
            self._connection = connect()
        return self._connection
