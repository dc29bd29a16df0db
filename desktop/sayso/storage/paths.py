"""Where Sayso keeps things on this computer: the system's own folders, by platformdirs."""

from __future__ import annotations

from pathlib import Path

from platformdirs import PlatformDirs

_DIRS = PlatformDirs("sayso", appauthor=False, roaming=True)


def settings_file() -> Path:
    return _DIRS.user_config_path / "settings.json"


def recordings() -> Path:
    """Sound and text of the takes; private to the user."""
    return _DIRS.user_state_path / "takes"


def database() -> Path:
    return _DIRS.user_state_path / "history.db"


def models() -> Path:
    """Where the user may put models by hand."""
    return _DIRS.user_data_path / "models"


def cache() -> Path:
    return _DIRS.user_cache_path


def log_file() -> Path:
    return _DIRS.user_log_path / "sayso.log"
