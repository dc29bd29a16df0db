"""Latency of each model on this computer, measured once per load and kept in a cache file.

The lowest value is kept, because higher ones are caused by other programs. For models that never
ran here, the latency is estimated from one that did.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..models.catalog import Model, Speed

FILE = "speeds.json"


def save_measurement(folder: Path, model: str, hardware: str, latency_s: float) -> None:
    """Save a measurement in the cache folder, unless a lower one is saved for this hardware."""
    saved = _read(folder / FILE)
    before: Any = saved.get(model)
    if _is_valid(before) and before["on"] == hardware and before["wait_s"] <= latency_s:
        return
    row = {"on": hardware, "wait_s": round(latency_s, 3)}
    with contextlib.suppress(OSError):  # it is measured again; a full disk is reported elsewhere
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_text(json.dumps({**saved, model: row}), "utf-8")


def estimate_speeds(models: Iterable[Model], folder: Path) -> Mapping[str, Speed]:
    """Return the speed of each model by name; empty if no model has run on this computer."""
    models = list(models)
    saved = {name: row["wait_s"] for name, row in _read(folder / FILE).items() if _is_valid(row)}
    measured = [model for model in models if model.name in saved]
    found = {}
    for model in models:
        if model.name in saved:
            found[model.name] = Speed(saved[model.name], measured=True)
        elif measured:
            cost = model.relative_cost
            near = min(measured, key=lambda other: abs(math.log(other.relative_cost / cost)))
            latency_s = saved[near.name] * cost / near.relative_cost
            found[model.name] = Speed(latency_s, measured=False)
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        saved = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return saved if isinstance(saved, dict) else {}


def _is_valid(row: Any) -> bool:
    if not isinstance(row, dict) or not isinstance(row.get("on"), str):
        return False
    latency_s = row.get("wait_s")
    return isinstance(latency_s, float) and 0 < latency_s < math.inf
