"""The history as a file to take along: which file, asked; and written."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from ...storage import export
from ...storage.archive import Archive

FILE_TYPES: dict[str, export.ExportFormat] = {
    "Text (*.txt)": "txt",
    "Table (*.csv)": "csv",
    "JSON (*.json)": "json",
    "Everything with its sound (*.zip)": "zip",
}


def ask_export_path(parent: QWidget) -> tuple[Path, export.ExportFormat] | None:
    """Which file, and the kind that was chosen for it; None where the person changed their mind."""
    name, kind = QFileDialog.getSaveFileName(
        parent, "Export", str(Path.home() / "dictations.txt"), ";;".join(FILE_TYPES)
    )
    return (Path(name), FILE_TYPES.get(kind, "txt")) if name else None


def export_all(archive: Archive, path: Path, default_type: export.ExportFormat) -> int:
    """Everything there is; its ending says how, where it is a known one. Slow.

    Returns:
        How many dictations.

    Raises:
        ProblemError: The file cannot be written, or the history not be read.
    """
    suffix = path.suffix.lower().removeprefix(".")
    kind = next((kind for kind in export.EXPORT_FORMATS if kind == suffix), default_type)
    entries = archive.history.entries()
    export.write(path, kind, entries, archive.recordings)
    return len(entries)
