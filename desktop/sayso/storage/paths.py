"""Locations of Sayso's files in the system's standard folders."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import PlatformDirs

_DIRS = PlatformDirs("sayso", appauthor=False, roaming=True)


def settings_file() -> Path:
    return _DIRS.user_config_path / "settings.json"


def recordings() -> Path:
    return _DIRS.user_state_path / "takes"


def database() -> Path:
    """Return the file that holds history and usage."""
    return _DIRS.user_state_path / "history.db"


def models() -> Path:
    """Return the folder of downloaded models. The user may also copy models into it."""
    return _DIRS.user_data_path / "models"


def cache() -> Path:
    return _DIRS.user_cache_path


def log_file() -> Path:
    return _DIRS.user_log_path / "sayso.log"


def open_private(path: str, flags: int) -> int:
    """Opener for `open` that creates files which only the user can read (mode 0600)."""
    return os.open(path, flags, 0o600)
