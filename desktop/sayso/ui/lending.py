"""What is lent to the clipboard, and what of the clipboard is kept meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QDeadlineTimer, QMimeData

BACKUP_LIMIT_BYTES = 32_000_000
BACKUP_TIMEOUT_MS = 250
"""What is kept of the clipboard, and how long reading it may take; the owner may be slow."""

CONCEALED_FORMAT = "x-kde-passwordManagerHint"
"""KDE's mark that clipboard managers leave out of their history when it says "secret"."""
_X11_TARGETS = {"TARGETS", "MULTIPLE", "TIMESTAMP", "SAVE_TARGETS", "DELETE", "INSERT_SELECTION",
           "INSERT_PROPERTY", "application/x-qt-image"}  # fmt: skip
"""X11's own targets, which Qt lists as formats, and Qt's name for an image of any format."""
_FORMATS = ["text/plain", "text/plain;charset=utf-8", CONCEALED_FORMAT]

ClipboardBackup = dict[str, bytes]
"""By format."""


class ClipboardOffer(QMimeData):
    """The words, for as long as they are lent; reports who asks for them."""

    def __init__(
        self, text: str, on_listed: Callable[[], None], on_fetched: Callable[[], None]
    ) -> None:
        """`listed`: somebody asked what there is."""
        super().__init__()
        self._text = text
        self._on_listed, self._on_fetched = on_listed, on_fetched

    def formats(self) -> list[str]:
        self._on_listed()
        return _FORMATS

    def hasFormat(self, mimetype: str) -> bool:
        return mimetype in _FORMATS

    def retrieveData(self, mimetype: str, preferred: Any) -> Any:
        if mimetype == CONCEALED_FORMAT:
            return b"secret"
        if not mimetype.startswith("text/plain"):
            return None
        self._on_fetched()
        return self._text


def backup(mime: QMimeData | None) -> ClipboardBackup:
    """The bytes of every format, texts first, within the limits.

    Of images one format is kept, PNG if there is one: an owner encodes each anew.
    """
    kept: ClipboardBackup = {}
    deadline = QDeadlineTimer(BACKUP_TIMEOUT_MS)
    for name in formats_to_keep(mime.formats() if mime else []):
        if deadline.hasExpired():
            break
        assert mime is not None
        data = bytes(mime.data(name).data())
        if sum(map(len, kept.values())) + len(data) <= BACKUP_LIMIT_BYTES:
            kept[name] = data
    return kept


def formats_to_keep(formats: list[str]) -> list[str]:
    """In the order in which they are read."""
    real = [name for name in formats if name not in _X11_TARGETS]
    images = [name for name in real if name.startswith("image/")]
    kept = "image/png" if "image/png" in images else (images or [""])[0]
    rest = [name for name in real if name not in images]
    return sorted(rest, key=lambda name: not name.startswith("text/")) + ([kept] if kept else [])


def restore(saved: ClipboardBackup) -> QMimeData:
    """For the clipboard again."""
    mime = QMimeData()
    for name, data in saved.items():
        mime.setData(name, data)
    return mime
