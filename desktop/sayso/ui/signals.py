"""SIGTERM and Ctrl+C, which Python does not notice while Qt's event loop waits."""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Callable
from types import FrameType

from PySide6.QtCore import QSocketNotifier

log = logging.getLogger(__name__)


class SignalHandler:
    """Python's C handler writes a byte to a socket, on which Qt's event loop waits."""

    def __init__(self, on_signal: Callable[[], None]) -> None:
        """`on_signal` is called in the main thread, where this object must be created."""
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno())
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(on_signal)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _log_signal)


def _log_signal(number: int, frame: FrameType | None) -> None:
    log.info("Quitting because of signal %d", number)
