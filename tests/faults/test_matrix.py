"""No fault loses or duplicates a word, whether or not there is a fallback engine.

`matrix` defines the cases; the results are compared with the table in docs/reliability.md.
"""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time

import attrs
import pytest

from sayso.core.dictation.take import Take

from . import matrix, report
from .matrix import Case, Result

WITH_FALLBACK_LIMIT_S = 4.0
"""Limit for the time from the release to the text, if there is a fallback engine."""
SLOW_FAULTS = {"never final", "slow final"}
"""Faults of a server that has received all audio and is waited for."""
WITHOUT_FALLBACK_LIMIT_S = 35.0


@attrs.frozen
class MatrixRun:
    results: dict[Case, Result | BaseException]
    before: dict[str, int]
    after: dict[str, int]

    def result(self, case: Case) -> Result:
        result = self.results[case]
        if isinstance(result, BaseException):
            raise AssertionError(case.id) from result
        return result


def open_resources() -> dict[str, int]:
    gc.collect()
    return {
        "threads": threading.active_count(),
        "files": len(os.listdir("/proc/self/fd")),
        "takes": sum(isinstance(thing, Take) for thing in gc.get_objects()),
    }


@pytest.fixture(scope="module")
def matrix_run(tmp_path_factory: pytest.TempPathFactory) -> MatrixRun:
    """Run the matrix once for all tests."""
    before = open_resources()
    cases = matrix.all_cases()
    results = asyncio.run(matrix.run_all(cases, tmp_path_factory.mktemp("matrix")))
    until_s = time.monotonic() + 5
    while (after := open_resources()) != before and time.monotonic() < until_s:
        time.sleep(0.1)
    return MatrixRun(dict(zip(cases, results, strict=True)), before, after)


CASES = [pytest.param(case, id=case.id) for case in matrix.all_cases()]


@pytest.mark.timeout(240)
def test_the_matrix_leaves_no_resources_open(matrix_run: MatrixRun) -> None:
    assert matrix_run.after["threads"] <= matrix_run.before["threads"]
    assert matrix_run.after["files"] <= matrix_run.before["files"]
    assert matrix_run.after["takes"] <= matrix_run.before["takes"]


@pytest.mark.parametrize("case", CASES)
def test_no_word_is_lost_or_duplicated(case: Case, matrix_run: MatrixRun) -> None:
    result = matrix_run.result(case)
    assert result.final.correct, result
    assert result.recorded.correct, result
    assert result.archived.correct, result
    assert result.ending not in ("server", "this computer") or result.typed.correct, result
    assert result.typed.duplicated == 0, result
    assert result.tasks_left <= 0, result
    assert result.after_s < (
        WITH_FALLBACK_LIMIT_S
        if case.fallback and case.fault not in SLOW_FAULTS
        else WITHOUT_FALLBACK_LIMIT_S
    )


@pytest.mark.parametrize("case", CASES)
def test_the_user_is_informed(case: Case, matrix_run: MatrixRun) -> None:
    result = matrix_run.result(case)
    assert result.ending == "server" or result.messages, result
    by = ("This computer transcribes", "Transcribed by: on-device")
    assert result.ending != "this computer" or any(
        words in " ".join(result.messages) for words in by
    )


def test_the_documented_table_is_up_to_date(matrix_run: MatrixRun) -> None:
    assert report.documented_table() == report.table(
        [matrix_run.result(case) for case in matrix.all_cases()]
    )
