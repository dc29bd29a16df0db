"""From any thread to the main thread."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal, Slot


class Bridge(QObject):
    """Signals that any thread may emit and whose slots run in the main thread.

    Create it in the main thread. Slots must be methods of a QObject that lives there:
    others run in the thread of the emitter.
    """

    status = Signal(object)
    """A `core.status.Status`."""
    level = Signal(float)
    """Loudness in dBFS while a take is recorded, 20 to 50 times a second."""
    settings = Signal(object)
    """A `core.settings.Settings`, after every change."""
    history = Signal()
    """It has changed."""
    show_settings = Signal(str)
    """Page name; '' for the one last shown."""
    run = Signal(object)
    """A callable without arguments, to be called in the main thread."""

    def __init__(self) -> None:
        super().__init__()
        self.run.connect(self._run, Qt.ConnectionType.AutoConnection)

    def call(self, function: Callable[[], object]) -> None:
        """Call it in the main thread: at once if this is it, else soon. Any thread."""
        self.run.emit(function)

    @Slot(object)
    def _run(self, function: Callable[[], object]) -> None:
        function()
