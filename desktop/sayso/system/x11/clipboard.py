"""Whether the owner of a selection answers.

Qt asks it in the main thread and waits for up to 5 s, in which no window of Sayso is drawn. A
program that hangs is found out here first, on a connection of our own.
"""

from __future__ import annotations

import select
import threading
import time
from typing import Any

from Xlib import X

from ...core.problems import ProblemError
from .. import Selection
from .connection import close, connect, x_errors_translated

RESPONSE_TIMEOUT_S = 0.25
_PROPERTY = "_SAYSO_TARGETS"


class SelectionProbe:
    """Any thread; connects when first asked."""

    def __init__(self, display: str | None = None) -> None:
        self._display = display
        self._lock = threading.Lock()

    def owner_responds(self, selection: Selection) -> bool:
        """Whether its owner says within 0.25 s what it has; True where there is no owner."""
        with self._lock:
            try:
                connection = connect(self._display)
            except ProblemError:
                return False
            try:
                with x_errors_translated():
                    return _owner_responds(connection, selection.upper())
            except ProblemError:
                return False
            finally:
                close(connection)


def _owner_responds(connection: Any, selection: str) -> bool:
    """ICCCM 2.4: ConvertSelection with TARGETS, which every owner must answer."""
    atom = connection.intern_atom(selection)
    if connection.get_selection_owner(atom) == X.NONE:
        return True
    window = connection.screen().root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
    window.convert_selection(
        atom, connection.intern_atom("TARGETS"), connection.intern_atom(_PROPERTY), X.CurrentTime
    )
    connection.flush()
    until_s = time.monotonic() + RESPONSE_TIMEOUT_S
    while True:
        while connection.pending_events():
            if connection.next_event().type == X.SelectionNotify:
                return True
        left_s = until_s - time.monotonic()
        if left_s <= 0 or not select.select([connection], [], [], left_s)[0]:
            return False
