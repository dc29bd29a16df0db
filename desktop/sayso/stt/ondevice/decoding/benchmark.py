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


def save_measurement(folder: Path, model: str, hardware: str, latency_s: float) -> None:
    """Keep what was measured now, unless it was less before.

    Args:
        folder: The cache.
        model: Its name.
        on: What it ran on, in any words: on something else it is measured anew.
        wait_s: What was measured.
    """
    known = read(folder / FILE)
    before: Any = known.get(model)
    if _is_valid(before) and before["on"] == hardware and before["wait_s"] <= latency_s:
        return
    write(folder / FILE, {**known, model: {"on": hardware, "wait_s": round(latency_s, 3)}})


def estimate_speeds(models: Iterable[Model], folder: Path) -> Mapping[str, Speed]:
    """Of every model by its name; {} where none has run here."""
    models = list(models)
    known = {name: row["wait_s"] for name, row in read(folder / FILE).items() if _is_valid(row)}
    ran = [model for model in models if model.name in known]
    found = {}
    for model in models:
        if model.name in known:
            found[model.name] = Speed(known[model.name], measured=True)
        elif ran:
            near = min(
                ran, key=lambda other: abs(math.log(other.relative_cost / model.relative_cost))
            )
            found[model.name] = Speed(
                known[near.name] * model.relative_cost / near.relative_cost, measured=False
            )
    return found


def _is_valid(row: Any) -> bool:
    """Whether a row of the file is one that was written here."""
    if not isinstance(row, dict) or not isinstance(row.get("on"), str):
        return False
    wait_s = row.get("wait_s")
    return isinstance(wait_s, float) and 0 < wait_s < math.inf
