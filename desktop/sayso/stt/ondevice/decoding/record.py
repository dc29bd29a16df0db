"""What was measured on this computer once, in a file of the cache."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any


def read(path: Path) -> dict[str, Any]:
    """What is kept; {} where it is not there or makes no sense."""
    try:
        known = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def write(path: Path, known: dict[str, Any]) -> None:
    """Keep it; where that cannot be, it is measured again: a full disk is told elsewhere."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(known), "utf-8")
