"""How long each model lets people wait here, from letting go to the words.

Measured whenever a model is made ready, and the least is kept: what is more was other programs'
doing. For models that never ran here it is reckoned from one that did.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..models.catalog import Model, Speed
from .record import read, write

FILE = "speeds.json"


def remember(folder: Path, model: str, on: str, wait_s: float) -> None:
    """Keep what was measured now, unless it was less before.

    Args:
        folder: The cache.
        model: Its name.
        on: What it ran on, in any words: on something else it is measured anew.
        wait_s: What was measured.
    """
    known = read(folder / FILE)
    before: Any = known.get(model)
    if _sound(before) and before["on"] == on and before["wait_s"] <= wait_s:
        return
    write(folder / FILE, {**known, model: {"on": on, "wait_s": round(wait_s, 3)}})


def speeds(models: Iterable[Model], folder: Path) -> Mapping[str, Speed]:
    """Of every model by its name; {} where none has run here."""
    models = list(models)
    known = {name: row["wait_s"] for name, row in read(folder / FILE).items() if _sound(row)}
    ran = [model for model in models if model.name in known]
    found = {}
    for model in models:
        if model.name in known:
            found[model.name] = Speed(known[model.name], measured=True)
        elif ran:
            near = min(ran, key=lambda other: abs(math.log(other.work / model.work)))
            found[model.name] = Speed(known[near.name] * model.work / near.work, measured=False)
    return found


def _sound(row: Any) -> bool:
    """Whether a row of the file is one that was written here."""
    if not isinstance(row, dict) or not isinstance(row.get("on"), str):
        return False
    wait_s = row.get("wait_s")
    return isinstance(wait_s, float) and 0 < wait_s < math.inf
