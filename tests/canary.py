"""An API key of this run, and nobody's: wherever it turns up afterwards, a real one would have.

Every test that needs a key takes this one. When the run is over it is looked for in all files
below the folders of this run and of Sayso, and after each test in its log (all levels) and in
what it printed. The keyring of the tests is a real one, which encrypts. One log is left out,
websockets' own at debugging, where clients and servers of the tests write their headers;
Sayso's connections have a log of their own, and `faults.test_security` says so.

`canary_watch` is what looks; the rigs come without it, since the demonstration uses them too.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

KEY = os.environ.setdefault("SAYSO_CANARY", f"sk-canary-{secrets.token_hex(20)}")
"""In the environment, because programs that tests start need it too."""
CHUNK_BYTES = 1 << 20
LEAKS: list[str] = []
"""Where it was found in this run."""


def files_with_key(folder: Path, key: str = KEY) -> list[Path]:
    """Files below a folder that have the key in them, or in their name."""
    return [
        path for path in _regular_files(folder) if key in path.name or _contains(path, key.encode())
    ]


def scan(folder: Path) -> None:
    """For folders that are deleted before the run is over."""
    LEAKS.extend(str(path) for path in files_with_key(folder))


def _regular_files(folder: Path) -> Iterator[Path]:
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root, name)
            if path.is_file() and not path.is_symlink():
                yield path


def _contains(path: Path, key: bytes) -> bool:
    before = b""
    try:
        with path.open("rb") as file:
            while piece := file.read(CHUNK_BYTES):
                if key in before + piece:
                    return True
                before = piece[-len(key) :]
    except OSError:  # gone meanwhile
        return False
    return False
