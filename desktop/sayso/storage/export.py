"""Export of the history as text, CSV or JSON, or as a zip file with the recordings."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, get_args

from ..core.dictation.history_entry import HistoryEntry
from ..core.problems import ProblemError
from ..core.problems.storage import EXPORT_FORMAT_UNKNOWN, EXPORT_NOT_WRITTEN
from .recordings import Recordings

TextFormat = Literal["txt", "csv", "json"]
ExportFormat = Literal[TextFormat, "zip"]
EXPORT_FORMATS: tuple[ExportFormat, ...] = (*get_args(TextFormat), "zip")


def format_for(path: Path) -> ExportFormat:
    """Return the format for a file's suffix. Raises ProblemError if it is not supported."""
    suffix = path.suffix.lower().removeprefix(".")
    for format_ in EXPORT_FORMATS:
        if suffix == format_:
            return format_
    suffixes = ", ".join(f".{one}" for one in EXPORT_FORMATS[:-1])
    raise ProblemError(EXPORT_FORMAT_UNKNOWN(file=path.name, suffixes=f"{suffixes} or .zip"))


def write(
    path: Path, format_: ExportFormat, entries: Sequence[HistoryEntry], recordings: Recordings
) -> None:
    """Write the entries to a file. Raises ProblemError if it cannot be written."""
    try:
        if format_ == "zip":
            _write_zip(path, entries, recordings)
        else:
            path.write_text(format_entries(entries, format_), "utf-8", newline="")
    except OSError as error:
        reason = error.strerror or str(error)
        raise ProblemError(EXPORT_NOT_WRITTEN(path=path, reason=reason)) from error


def format_entries(entries: Iterable[HistoryEntry], format_: TextFormat) -> str:
    """Return the entries as text with the time above each one, as CSV or as a JSON list."""
    if format_ == "json":
        rows = [entry.as_dict() for entry in entries]
        return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"
    if format_ == "csv":
        return _format_csv(entries)
    return "\n".join(f"{e.local_time:%Y-%m-%d %H:%M}\n{e.text}\n" for e in entries if e.text)


def _format_csv(entries: Iterable[HistoryEntry]) -> str:
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(["time", "program", "seconds", "engine", "cost_usd", "outcome", "text"])
    for e in entries:
        time = e.local_time.isoformat(timespec="seconds")
        program, engine, text = map(_escape_formula, (e.program, e.engine, e.text))
        writer.writerow([time, program, e.duration_s, engine, e.cost_usd, e.outcome, text])
    return table.getvalue()


def _escape_formula(text: str) -> str:
    """Prefix text that a spreadsheet would evaluate as a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _write_zip(path: Path, entries: Sequence[HistoryEntry], recordings: Recordings) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("dictations.txt", format_entries(entries, "txt"))
        packed.writestr("dictations.json", format_entries(entries, "json"))
        for entry in entries:
            if audio := recordings.audio_path(entry.id):
                packed.write(audio, f"sound/{audio.name}", zipfile.ZIP_STORED)
