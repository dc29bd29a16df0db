"""Every fault, however long it lasts, with and without help: no word lost, none twice.

`matrix` has the cases; what became of each is in docs/reliability.md, and compared with it here.
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

HELPED_S = 4.0
"""Where somebody helps, the words are there so long after the release."""
SLOW = {"never final", "slow final"}
"""But where a server has all of the sound and is silent: it is waited for."""
ALONE_S = 35.0


@attrs.frozen
class Played:
    results: dict[Case, Result | BaseException]
    before: dict[str, int]
    after: dict[str, int]

    def of(self, case: Case) -> Result:
        result = self.results[case]
        if isinstance(result, BaseException):
            raise AssertionError(case.id) from result
        return result


def left() -> dict[str, int]:
    gc.collect()
    return {
        "threads": threading.active_count(),
        "files": len(os.listdir("/proc/self/fd")),
        "takes": sum(isinstance(thing, Take) for thing in gc.get_objects()),
    }


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """All of it, once."""
    before = left()
    cases = matrix.cases()
    results = asyncio.run(matrix.run(cases, tmp_path_factory.mktemp("matrix")))
    until_s = time.monotonic() + 5
    while (after := left()) != before and time.monotonic() < until_s:
        time.sleep(0.1)
    return Played(dict(zip(cases, results, strict=True)), before, after)


CASES = [pytest.param(case, id=case.id) for case in matrix.cases()]


@pytest.mark.timeout(240)
def test_it_leaves_nothing_behind(played: Played) -> None:
    assert played.after["threads"] <= played.before["threads"]
    assert played.after["files"] <= played.before["files"]
    assert played.after["takes"] <= played.before["takes"]


@pytest.mark.parametrize("case", CASES)
def test_no_word_is_lost_and_none_is_there_twice(case: Case, played: Played) -> None:
    result = played.of(case)
    assert result.at_last.right, result
    assert result.on_disk.right, result
    assert result.kept.right, result
    assert result.how not in ("server", "this computer") or result.first.right, result
    assert result.first.doubled == 0, result
    assert result.tasks_left <= 0, result
    assert result.after_s < (HELPED_S if case.fallback and case.fault not in SLOW else ALONE_S)


@pytest.mark.parametrize("case", CASES)
def test_the_person_is_told(case: Case, played: Played) -> None:
    result = played.of(case)
    assert result.how == "server" or result.told, result
    by = ("This computer recognises", "Recognised by: on-device")
    assert result.how != "this computer" or any(words in " ".join(result.told) for words in by)


def test_the_page_says_what_became_of_them(played: Played) -> None:
    assert report.kept() == report.table([played.of(case) for case in matrix.cases()])
