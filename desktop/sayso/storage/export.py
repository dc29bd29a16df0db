"""Everything that is kept, as a file to take along: text, table, JSON, or all with its sound."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

from ..core.dictation.history_entry import ExportFormat as TextFormat
from ..core.dictation.history_entry import HistoryEntry, format_entries
from ..core.problems import ProblemError, untyped_problem
from .recordings import Recordings

ExportFormat = Literal[TextFormat, "zip"]
EXPORT_FORMATS: tuple[ExportFormat, ...] = (*get_args(TextFormat), "zip")


def format_for(path: Path) -> ExportFormat:
    """By its ending.

    Raises:
        ProblemError: It is none that Sayso writes.
    """
    suffix = path.suffix.lower().removeprefix(".")
    for kind in EXPORT_FORMATS:
        if suffix == kind:
            return kind
    ends = ", ".join(f".{kind}" for kind in EXPORT_FORMATS[:-1])
    raise ProblemError(
        untyped_problem(
            f"{path.name} says not what kind of file it is.", f"End it in {ends} or .zip."
        )
    )


def write(
    path: Path, format_: ExportFormat, entries: Sequence[HistoryEntry], spool: Recordings
) -> None:
    """A zip has the words as text and as JSON, and each recording that is still kept.

    Raises:
        ProblemError: The file cannot be written.
    """
    try:
        if format_ == "zip":
            _write_zip(path, entries, spool)
        else:
            path.write_text(format_entries(entries, format_), "utf-8", newline="")
    except OSError as error:
        raise ProblemError(
            untyped_problem(f"{path} cannot be written: {error.strerror}.", "Choose another place.")
        ) from error


def _write_zip(path: Path, entries: Sequence[HistoryEntry], spool: Recordings) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for format_ in ("txt", "json"):
            packed.writestr(f"dictations.{format_}", format_entries(entries, format_))
        for entry in entries:
            if sound := spool.audio_path(entry.id):
                packed.write(sound, f"sound/{sound.name}", zipfile.ZIP_STORED)
