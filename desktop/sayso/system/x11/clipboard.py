"""Probe for clipboard owners that do not respond.

Qt asks the owner of a selection in the main thread and waits for up to 5 s, during which no
window of Sayso is drawn. This probe asks first, on a connection of its own.
"""

from __future__ import annotations

import select
import time
from contextlib import suppress
from typing import Any

from Xlib import X

from ...core.problems import ProblemError
from ..protocols import Selection
from .connection import close, connect, x_errors_translated

RESPONSE_TIMEOUT_S = 0.25
_PROPERTY = "_SAYSO_TARGETS"


def owner_responds(selection: Selection, display: str | None = None) -> bool:
    """Return whether the owner lists its formats within 0.25 s, or there is no owner.

    Opens a connection of its own, so it may be called in any thread.
    """
    with suppress(ProblemError):
        connection = connect(display)
        try:
            with x_errors_translated():
                return _owner_responds(connection, selection.upper())
        finally:
            close(connection)
    return False


def _owner_responds(connection: Any, selection: str) -> bool:
    """Convert the selection to TARGETS, which every owner must support (ICCCM 2.4)."""
    atom = connection.intern_atom(selection)
    if connection.get_selection_owner(atom) == X.NONE:
        return True
    window = connection.screen().root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
    window.convert_selection(
        atom, connection.intern_atom("TARGETS"), connection.intern_atom(_PROPERTY), X.CurrentTime
    )
    connection.flush()
    deadline_s = time.monotonic() + RESPONSE_TIMEOUT_S
    while True:
        while connection.pending_events():
            if connection.next_event().type == X.SelectionNotify:
                return True
        left_s = deadline_s - time.monotonic()
        if left_s <= 0 or not select.select([connection], [], [], left_s)[0]:
            return False
