"""The table of results in docs/reliability.md.

`python -m faults.report`, run in tests/, writes it. `test_matrix` compares it with every later run,
so it contains only what must not change, for example no durations.
"""

from __future__ import annotations

import asyncio
import math
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from service.faults import FAULTS

from . import matrix
from .matrix import Case, Result

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN_MARKER, END_MARKER = "<!-- written by tests/faults/report.py -->", "<!-- until here -->"
ENDING_LABELS = {
    "server": "inserted",
    "this computer": "inserted",
    "waits": "retry",
    "in part": "partial",
    "nothing": "recording kept",
}
"""The table omits the engine, which depends on a tenth of a second in some cells."""


def table(results: Sequence[Result]) -> str:
    """Return a table with one row for each fault."""
    by_case = {result.case: result for result in results}
    heads = [
        f"{_duration_label(duration_s)}, {'fallback' if fallback else 'alone'}"
        for fallback in (True, False)
        for duration_s in matrix.FAULT_DURATIONS_S
    ]
    rows = [f"| fault | {' | '.join(heads)} |", f"|{'---|' * (len(heads) + 1)}"]
    for fault in FAULTS:
        cells = [
            ENDING_LABELS[by_case[Case(fault, duration_s, fallback)].ending]
            for fallback in (True, False)
            for duration_s in matrix.FAULT_DURATIONS_S
        ]
        rows.append(f"| {fault} | {' | '.join(cells)} |")
    lost = sum(result.final.lost for result in results)
    duplicated = sum(result.final.duplicated for result in results)
    spoken = len(results) * matrix.WORD_COUNT
    rows += ["", f"{len(results)} takes, {spoken} words: {lost} lost, {duplicated} duplicated."]
    return "\n".join(rows)


def _duration_label(duration_s: float) -> str:
    return "permanent" if duration_s == math.inf else f"{duration_s:.0f} s"


def documented_table() -> str:
    """Return the table in the documentation."""
    page = PAGE.read_text("utf-8")
    return page[page.index(BEGIN_MARKER) + len(BEGIN_MARKER) : page.index(END_MARKER)].strip()


def write_table(table: str) -> None:
    page = PAGE.read_text("utf-8")
    before, after = page[: page.index(BEGIN_MARKER)], page[page.index(END_MARKER) :]
    PAGE.write_text(f"{before}{BEGIN_MARKER}\n{table}\n{after}", "utf-8")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        outcomes = asyncio.run(matrix.run_all(matrix.all_cases(), Path(name)))
    results = [result for result in outcomes if isinstance(result, Result)]
    if len(results) < len(outcomes):
        raise SystemExit("\n".join(str(one) for one in outcomes if not isinstance(one, Result)))
    fresh = table(results)
    write_table(fresh)
    sys.stdout.write(f"{fresh}\n")


if __name__ == "__main__":
    main()
