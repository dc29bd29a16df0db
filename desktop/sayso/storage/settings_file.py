"""The settings file: read if it can be, written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ..core.problems import Problem, ProblemError, untyped_problem
from ..core.settings.file_format import from_dict, to_dict
from ..core.settings.settings import Settings


def load(path: Path) -> tuple[Settings, list[Problem]]:
    """The settings, and what had to be ignored. A broken file is set aside, not lost."""
    try:
        raw = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return Settings(), []
    except OSError as error:
        return Settings(), [
            untyped_problem(
                f"The settings in {path} cannot be read.",
                "Sayso goes on with the defaults.",
                detail=str(error),
            )
        ]
    except ValueError:
        raw = None
    if not isinstance(raw, dict):
        aside = path.with_suffix(".broken")
        path.replace(aside)
        return Settings(), [
            untyped_problem(
                "The settings file was damaged.",
                f"Sayso starts with the defaults and has kept the old file as {aside}.",
            )
        ]
    return from_dict(raw)


def save(path: Path, settings: Settings) -> None:
    """Atomic: after a crash the file is either the old one or the new one.

    Raises:
        ProblemError: It could not be written; the old file is as it was.
    """
    new = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(new, "w", encoding="utf-8", opener=_open_private) as file:
            json.dump(to_dict(settings), file, indent=2, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise ProblemError(
            untyped_problem(
                f"The settings could not be written to {path}.",
                "Check the disk and the rights of the folder.",
                detail=str(error),
            )
        ) from error


def _open_private(path: str, flags: int) -> int:
    """What a person dictates about (`prompt`, `keywords`) is nobody else's business."""
    return os.open(path, flags, 0o600)
