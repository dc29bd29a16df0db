"""From any thread to the main thread."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal, Slot


class Bridge(QObject):
    """Signals that any thread may emit and whose slots run in the main thread.

    Create it in the main thread. Slots must be methods of a QObject that lives there:
    others run in the thread of the emitter.
    """

    status_changed = Signal(object)
    """A `core.status.Status`."""
    level_measured = Signal(float)
    """Loudness in dBFS while a take is recorded, 20 to 50 times a second."""
    settings_changed = Signal(object)
    """A `core.settings.Settings`, after every change."""
    history_changed = Signal()
    """It has changed."""
    settings_requested = Signal(str)
    """Page name; '' for the one last shown."""
    call_requested = Signal(object)
    """A callable without arguments, to be called in the main thread."""

    def __init__(self) -> None:
        super().__init__()
        self.call_requested.connect(self._on_call_requested, Qt.ConnectionType.AutoConnection)

    def call(self, function: Callable[[], object]) -> None:
        """Call it in the main thread: at once if this is it, else soon. Any thread."""
        self.call_requested.emit(function)

    @Slot(object)
    def _on_call_requested(self, function: Callable[[], object]) -> None:
        function()
