"""The clipboard of Qt, with leases for pasting.

While a text of Sayso is on the clipboard, Qt asks for its formats and its data when another
program does, which shows when a paste happens. Before a text is offered, the programs that own
the clipboard are probed: Qt would wait 5 s for one that hangs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import attrs
import shiboken6
from PySide6.QtCore import QDeadlineTimer, QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QClipboard, QGuiApplication

from ..core.problems import ProblemError
from ..core.problems import insertion as problems
from ..system.protocols import Selection

BACKUP_LIMIT_BYTES = 32_000_000
BACKUP_TIMEOUT_MS = 250
"""Limits for the backup of the clipboard; its owner may be slow."""

CONCEALED_FORMAT = "x-kde-passwordManagerHint"
"""Format by which KDE marks content that clipboard managers do not store, with data "secret"."""
_TEXT_FORMATS = ["text/plain", "text/plain;charset=utf-8"]
_X11_TARGETS = {"TARGETS", "MULTIPLE", "TIMESTAMP", "SAVE_TARGETS", "DELETE", "INSERT_SELECTION",
                "INSERT_PROPERTY", "application/x-qt-image"}  # fmt: skip
"""Formats without content, and Qt's name for any image."""
_SELECTIONS: dict[QClipboard.Mode, Selection] = {
    QClipboard.Mode.Clipboard: "clipboard",
    QClipboard.Mode.Selection: "primary",
}

ClipboardBackup = dict[str, bytes]


@attrs.define(eq=False)
class ClipboardLease:
    """A `Lease`. Its times are set in the main thread and may be read in any thread."""

    text: str
    formats: list[str]
    _on_change: Callable[[], None]
    _restore: Callable[[ClipboardLease], None]
    listed_at_s: float | None = None
    fetched_at_s: float | None = None
    lost: bool = False

    def restore(self) -> None:
        self._restore(self)

    def on_request(self, *, fetched: bool) -> None:
        self.listed_at_s = time.monotonic()
        if fetched:
            self.fetched_at_s = self.listed_at_s
        self._on_change()


class _LeasedText(QMimeData):
    def __init__(self, lease: ClipboardLease) -> None:
        super().__init__()
        self._lease = lease

    def formats(self) -> list[str]:
        self._lease.on_request(fetched=False)
        return self._lease.formats

    def hasFormat(self, mimetype: str) -> bool:
        return mimetype in self._lease.formats

    def retrieveData(self, mimetype: str, preferred: Any) -> Any:
        if mimetype == CONCEALED_FORMAT:
            return b"secret"
        if not mimetype.startswith("text/plain"):
            return None
        self._lease.on_request(fetched=True)
        return self._lease.text


class QtClipboard(QObject):
    """A `Clipboard`. Create it in the main thread, whose event loop must run."""

    _offered = Signal(object, object, object)
    _copied = Signal(str)
    _restored = Signal(object)

    def __init__(
        self, owner_responds: Callable[[Selection], bool] = lambda _selection: True
    ) -> None:
        """`owner_responds`: returns whether the owner of a selection answers; may block."""
        super().__init__()
        self._owner_responds = owner_responds
        self._clipboard = QGuiApplication.clipboard()
        self._modes = [QClipboard.Mode.Clipboard]
        if self._clipboard.supportsSelection():
            self._modes.append(QClipboard.Mode.Selection)
        self._lease: ClipboardLease | None = None
        self._leased: dict[QClipboard.Mode, _LeasedText] = {}
        self._own_modes: set[QClipboard.Mode] = set()
        self._backups: dict[QClipboard.Mode, ClipboardBackup] = {}
        """Content from before the first lease that has not been restored."""
        self._waiting: Future[None] | None = None
        self._closed = False
        queued = Qt.ConnectionType.QueuedConnection
        self._offered.connect(self._offer, queued)
        self._copied.connect(self._copy)
        self._restored.connect(self._restore, queued)
        self._clipboard.changed.connect(self._on_changed)
        application = QGuiApplication.instance()
        assert application is not None
        application.aboutToQuit.connect(self.close)

    def offer(self, text: str, *, concealed: bool, on_change: Callable[[], None]) -> ClipboardLease:
        formats = [*_TEXT_FORMATS, CONCEALED_FORMAT] if concealed else _TEXT_FORMATS
        lease = ClipboardLease(text, formats, on_change, self._restored.emit)
        own = self._own_modes
        modes = [m for m in self._modes if m in own or self._owner_responds(_SELECTIONS[m])]
        self._waiting = future = Future[None]()
        if self._closed:
            raise ProblemError(problems.CLOSED())
        self._offered.emit(lease, modes, future)
        future.result()
        return lease

    def copy(self, text: str) -> None:
        self._copied.emit(text)

    def close(self) -> None:
        """Put back the previous content at once; also called when the application quits."""
        self._closed = True
        if self._lease is not None:
            self._restore(self._lease)
        if waiting := self._waiting:
            self._waiting = None
            waiting.set_exception(ProblemError(problems.CLOSED()))

    def _offer(
        self, lease: ClipboardLease, responding: list[QClipboard.Mode], future: Future[None]
    ) -> None:
        if future is not self._waiting:
            return
        self._waiting = None
        for mode in self._modes:
            if not self._is_leased(mode):
                mime = self._clipboard.mimeData(mode) if mode in responding else None
                self._backups[mode] = backup(mime)
            self._leased[mode] = _LeasedText(lease)
        self._lease = lease
        for mode in self._modes:
            self._clipboard.setMimeData(self._leased[mode], mode)
        future.set_result(None)

    def _copy(self, text: str) -> None:
        self._leased.pop(QClipboard.Mode.Clipboard, None)
        self._clipboard.setText(text)

    def _restore(self, lease: ClipboardLease) -> None:
        if lease is not self._lease:
            return
        self._lease = None
        for mode in self._modes:
            if not self._is_leased(mode):
                continue
            if before := self._backups.get(mode):
                mime = QMimeData()
                for name, data in before.items():
                    mime.setData(name, data)
                self._clipboard.setMimeData(mime, mode)
            else:
                self._clipboard.clear(mode)
        self._leased.clear()

    def _on_changed(self, mode: QClipboard.Mode) -> None:
        self._own_modes = {mode for mode in self._modes if self._is_leased(mode)}
        if self._lease is not None and not self._own_modes:
            self._lease.lost = True

    def _is_leased(self, mode: QClipboard.Mode) -> bool:
        leased = self._leased.get(mode)
        if leased is None or not shiboken6.isValid(leased):
            return False
        return self._clipboard.mimeData(mode) is leased


def backup(mime: QMimeData | None, limit_bytes: int = BACKUP_LIMIT_BYTES) -> ClipboardBackup:
    """Return the data of every format, texts first, within the limits.

    Of several image formats one is kept, PNG if possible, because an owner encodes each anew.
    """
    kept: ClipboardBackup = {}
    deadline = QDeadlineTimer(BACKUP_TIMEOUT_MS)
    for name in formats_to_keep(mime.formats() if mime else []):
        if deadline.hasExpired():
            break
        assert mime is not None
        data = bytes(mime.data(name).data())
        if sum(map(len, kept.values())) + len(data) <= limit_bytes:
            kept[name] = data
    return kept


def formats_to_keep(formats: list[str]) -> list[str]:
    """Return the formats to keep, in the order in which they are read."""
    content = [name for name in formats if name not in _X11_TARGETS]
    images = [name for name in content if name.startswith("image/")]
    image = "image/png" if "image/png" in images else (images or [""])[0]
    others = [name for name in content if name not in images]
    return sorted(others, key=lambda name: not name.startswith("text/")) + [image] * bool(image)
