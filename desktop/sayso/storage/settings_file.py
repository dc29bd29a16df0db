"""The settings file. It is written atomically and read leniently."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ..core.problems import Problem, ProblemError
from ..core.problems.storage import SETTINGS_DAMAGED, SETTINGS_NOT_WRITTEN, SETTINGS_UNREADABLE
from ..core.settings.file_format import from_dict, to_dict
from ..core.settings.settings import Settings
from .paths import open_private


def load(path: Path) -> tuple[Settings, list[Problem]]:
    """Return the settings and a problem for each value that was ignored.

    A file that is not a JSON object is renamed to `.broken`, and the defaults are returned.
    """
    try:
        raw = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return Settings(), []
    except OSError as error:
        return Settings(), [SETTINGS_UNREADABLE(path=path, detail=str(error))]
    except ValueError:
        raw = None
    if not isinstance(raw, dict):
        broken = path.with_suffix(".broken")
        path.replace(broken)
        return Settings(), [SETTINGS_DAMAGED(path=broken)]
    return from_dict(raw)


def save(path: Path, settings: Settings) -> None:
    """Write the settings atomically. Raises ProblemError if the file cannot be written."""
    new = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Prompts and keywords reveal what the user dictates about.
        with open(new, "w", encoding="utf-8", opener=open_private) as file:
            json.dump(to_dict(settings), file, indent=2, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise ProblemError(SETTINGS_NOT_WRITTEN(path=path, detail=str(error))) from error
