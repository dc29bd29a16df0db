"""The history as a file to take along: which file, asked; and written."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from ...storage import export
from ...storage.archive import Archive

KINDS: dict[str, export.Kind] = {
    "Text (*.txt)": "txt",
    "Table (*.csv)": "csv",
    "JSON (*.json)": "json",
    "Everything with its sound (*.zip)": "zip",
}


def ask_where(parent: QWidget) -> tuple[Path, export.Kind] | None:
    """Which file, and the kind that was chosen for it; None where the person changed their mind."""
    name, kind = QFileDialog.getSaveFileName(
        parent, "Export", str(Path.home() / "dictations.txt"), ";;".join(KINDS)
    )
    return (Path(name), KINDS.get(kind, "txt")) if name else None


def write_all(archive: Archive, path: Path, usual: export.Kind) -> int:
    """Everything there is; its ending says how, where it is a known one. Slow.

    Returns:
        How many dictations.

    Raises:
        ProblemError: The file cannot be written, or the history not be read.
    """
    suffix = path.suffix.lower().removeprefix(".")
    kind = next((kind for kind in export.KINDS if kind == suffix), usual)
    entries = archive.history.entries()
    export.write(path, kind, entries, archive.spool)
    return len(entries)
