"""Signals from other threads to the main thread."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal, Slot


class Bridge(QObject):
    """Create it in the main thread. Any thread may emit its signals.

    Slots must be methods of a QObject that lives in the main thread; other slots run in the
    thread that emits.
    """

    status_changed = Signal(object)
    level_measured = Signal(float)
    """Level in dBFS, 20 to 50 times a second while a take is recorded."""
    settings_changed = Signal(object)
    history_changed = Signal()
    settings_requested = Signal(str)
    """Name of the page; '' for the last one shown."""
    call_requested = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.call_requested.connect(self._on_call_requested, Qt.ConnectionType.AutoConnection)

    def call(self, function: Callable[[], object]) -> None:
        """Call a function in the main thread: at once if this is it, otherwise soon."""
        self.call_requested.emit(function)

    @Slot(object)
    def _on_call_requested(self, function: Callable[[], object]) -> None:
        function()
