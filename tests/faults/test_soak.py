"""A thousand takes with faults do not increase memory, threads, tasks or files.

The takes run in a separate process with a single malloc arena: 150 threads with an arena each would
hide the growth that the test looks for.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .soak import HARNESSES, TAKES, TOTAL_TIMEOUT_S, Sample

WARM_SAMPLE = 2
"""Index of the first sample after everything has been used once."""
MAX_GROWTH_BYTES = 6 << 20
IDLE_TASKS = 2


def table(rows: list[Sample]) -> str:
    lines = ["takes   memory    files  threads  tasks  takes in memory"]
    for one in rows:
        memory = f"{one.resident_bytes / 1e6:.1f} MB"
        lines.append(
            f"{one.takes:5}  {memory:>9}  {one.files:5}  {one.threads:7}  {one.tasks:5}"
            f"  {one.live_takes:15}"
        )
    return "\n".join(lines)


@pytest.mark.timeout(TOTAL_TIMEOUT_S + 30)
def test_a_thousand_takes_leave_no_resources_open(capsys: pytest.CaptureFixture[str]) -> None:
    began_s = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "faults.soak"],
        cwd=Path(__file__).parents[1],
        env=os.environ | {"MALLOC_ARENA_MAX": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    whole = json.loads(done.stdout)
    rows, sums = [Sample(**one) for one in whole["rows"]], whole["sums"]
    with capsys.disabled():
        sys.stdout.write(f"\n{table(rows)}\n{sums} in {time.monotonic() - began_s:.0f} s\n")
    assert sums["done"] == TAKES
    assert (sums["lost"], sums["duplicated"]) == (0, 0)
    assert sums["faults"] > TAKES * 0.4
    warm, last = rows[WARM_SAMPLE], rows[-1]
    assert last.resident_bytes - warm.resident_bytes < MAX_GROWTH_BYTES
    assert last.live_takes <= HARNESSES * 2  # each has its newest take and one that can be retried
    assert last.files <= warm.files
    assert last.threads <= warm.threads + 1
    assert last.tasks <= HARNESSES * IDLE_TASKS
