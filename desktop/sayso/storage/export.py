"""Everything that is kept, as a file to take along: text, table, JSON, or all with its sound."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

from ..core.dictation.history_entry import Entry, Format, exported
from ..core.problems import Problem, ProblemError
from .recordings import Spool

Kind = Literal[Format, "zip"]
KINDS: tuple[Kind, ...] = (*get_args(Format), "zip")


def kind_of(path: Path) -> Kind:
    """By its ending.

    Raises:
        ProblemError: It is none that Sayso writes.
    """
    suffix = path.suffix.lower().removeprefix(".")
    for kind in KINDS:
        if suffix == kind:
            return kind
    ends = ", ".join(f".{kind}" for kind in KINDS[:-1])
    raise ProblemError(
        Problem(f"{path.name} says not what kind of file it is.", f"End it in {ends} or .zip.")
    )


def write(path: Path, kind: Kind, entries: Sequence[Entry], spool: Spool) -> None:
    """A zip has the words as text and as JSON, and each recording that is still kept.

    Raises:
        ProblemError: The file cannot be written.
    """
    try:
        if kind == "zip":
            _pack(path, entries, spool)
        else:
            path.write_text(exported(entries, kind), "utf-8", newline="")
    except OSError as error:
        raise ProblemError(
            Problem(f"{path} cannot be written: {error.strerror}.", "Choose another place.")
        ) from error


def _pack(path: Path, entries: Sequence[Entry], spool: Spool) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for format_ in ("txt", "json"):
            packed.writestr(f"dictations.{format_}", exported(entries, format_))
        for entry in entries:
            if sound := spool.sound(entry.id):
                packed.write(sound, f"sound/{sound.name}", zipfile.ZIP_STORED)
