"""SIGTERM and Ctrl+C, where Qt's loop would not let Python see them."""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Callable
from types import FrameType

from PySide6.QtCore import QSocketNotifier

log = logging.getLogger(__name__)


class Signals:
    """Python's own handler writes a byte to a socket, which Qt's loop waits for."""

    def __init__(self, came: Callable[[], None]) -> None:
        """`came` is called in the main thread, in which this must be made."""
        self._ours, self._theirs = socket.socketpair()
        for end in (self._ours, self._theirs):
            end.setblocking(False)
        signal.set_wakeup_fd(self._theirs.fileno())
        self._notifier = QSocketNotifier(self._ours.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(came)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _noted)


def _noted(number: int, frame: FrameType | None) -> None:
    log.info("Signal %d: Sayso ends", number)
