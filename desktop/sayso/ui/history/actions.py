"""The menu of an entry, and the export of the history."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from ...core.dictation.history_entry import HistoryEntry
from ...core.usage import endpoint_title
from ...storage import export
from ...storage.archive import Archive
from ..translate import tr
from .rows import RowAction, row_actions


def entry_menu(
    parent: QWidget,
    entry: HistoryEntry,
    playing: str,
    engines: Iterable[str],
    *,
    perform: Callable[[RowAction], None],
    transcribe: Callable[[str], None],
) -> QMenu:
    """Return a menu of an entry's actions, and of the engines that can transcribe it again."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for action, label in row_actions(entry, playing):
        if action == "delete":
            menu.addSeparator()
        if action != "menu":
            menu.addAction(label).triggered.connect(lambda _, action=action: perform(action))
        elif entry.audio:
            submenu = QMenu(tr("Transcribe again"), menu)
            menu.addMenu(submenu)
            for name in engines:
                item = submenu.addAction(tr(endpoint_title(name)).replace("&", "&&"))
                item.triggered.connect(lambda _, name=name: transcribe(name))
    return menu


def ask_export_path(parent: QWidget) -> tuple[Path, export.ExportFormat] | None:
    """Ask for a file; return its path and the selected format, or None if the user cancels."""
    formats: dict[str, export.ExportFormat] = {
        tr("Text (*.txt)"): "txt",
        tr("Table (*.csv)"): "csv",
        tr("JSON (*.json)"): "json",
        tr("Text and recordings (*.zip)"): "zip",
    }
    default = str(Path.home() / "dictations.txt")
    name, chosen = QFileDialog.getSaveFileName(parent, tr("Export"), default, ";;".join(formats))
    return (Path(name), formats.get(chosen, "txt")) if name else None


def export_all(archive: Archive, path: Path, default: export.ExportFormat) -> int:
    """Write the history to a file and return the number of dictations. Blocks.

    The suffix decides the format, or `default` if it is unknown. Raises `ProblemError`.
    """
    suffix = path.suffix.lower().removeprefix(".")
    format_ = next((known for known in export.EXPORT_FORMATS if known == suffix), default)
    entries = archive.history.entries()
    export.write(path, format_, entries, archive.recordings)
    return len(entries)
