"""Where the files that come with Sayso are: in a wheel, or in the checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_FOLDERS = (_PACKAGE / "resources", _PACKAGE.parents[1] / "resources")


def resource(name: str) -> Path:
    """The path of a file in `resources/`, such as "icons/sayso.svg".

    Raises:
        FileNotFoundError: It is not there: the installation is broken.
    """
    for folder in _FOLDERS:
        if (path := folder / name).exists():
            return path
    raise FileNotFoundError(f"Sayso's own file {name} is missing. Install Sayso again.")
