"""Access to the files in `resources/`, in an installed package or in a checkout."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).parents[1]
_FOLDERS = (_PACKAGE / "resources", _PACKAGE.parents[1] / "resources")


def resource(name: str) -> Path:
    """Return the path of a file in `resources/`, such as "icons/sayso.svg".

    Raises:
        FileNotFoundError: The installation is damaged.
    """
    for folder in _FOLDERS:
        if (path := folder / name).exists():
            return path
    raise FileNotFoundError(f"Sayso's own file {name} is missing. Install Sayso again.")


def load_toml(name: str) -> dict[str, Any]:
    """Return the content of a TOML file in `resources/`."""
    return tomllib.loads(resource(name).read_text("utf-8"))
