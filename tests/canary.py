"""A canary API key, which must not appear anywhere after the tests.

Every test that needs an API key uses this one. After each test, its log (all levels) and its output
are searched for the key; at the end of the run, all files in the folders of the run and of Sayso.
The tests use a real keyring, which encrypts it. One log is excluded: the debug log of websockets,
to which clients and servers of the tests write their headers. Sayso's own connections use another
logger, which `faults/test_security.py` checks.

The search is in `canary_plugin`, because the demo uses the fixtures without pytest.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

KEY = os.environ.setdefault("SAYSO_CANARY", f"sk-canary-{secrets.token_hex(20)}")
"""The key of this run. Programs that tests start read it from the environment."""
CHUNK_BYTES = 1 << 20
LEAKS: list[str] = []
"""Places where the key was found in this run."""


def files_with_key(folder: Path, key: str = KEY) -> list[Path]:
    """Return the files below a folder whose name or content contains the key."""
    encoded = key.encode()
    return [p for p in _regular_files(folder) if key in p.name or _contains(p, encoded)]


def scan(folder: Path) -> None:
    """Search a folder that is deleted before the run ends."""
    LEAKS.extend(str(path) for path in files_with_key(folder))


def _regular_files(folder: Path) -> Iterator[Path]:
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root, name)
            if path.is_file() and not path.is_symlink():
                yield path


def _contains(path: Path, key: bytes) -> bool:
    previous = b""
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                if key in previous + chunk:
                    return True
                previous = chunk[-len(key) :]
    except OSError:  # deleted in the meantime
        return False
    return False
