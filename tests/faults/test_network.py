"""A bad network: lost packets, delayed packets, and a link that goes down during a take.

Two network namespaces with real TCP: the real worker and engine in one, the stand-in in the other.
Needs root. `lossy_link` explains why `tc netem` is not used.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from . import words
from .lossy_link import REMOTE_ADDRESS, LossyLink

TESTS = Path(__file__).parents[1]
WORD_COUNT = 25
TAKE_S = WORD_COUNT * words.WORD_S
DOWN_S = 3.0
TIMEOUT_S = 100.0


@contextmanager
def program(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command, cwd=TESTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(TIMEOUT_S)


def dictate_over(
    link: LossyLink, fallback: bool, during: Callable[[LossyLink], None]
) -> dict[str, Any]:
    """Dictate at the local end; `during` runs concurrently from the first word on."""
    remote = link.remote_command(sys.executable, "-m", "faults.remote_peer", REMOTE_ADDRESS)
    with program(remote) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        arguments = [url, str(WORD_COUNT), str(fallback)]
        local = link.local_command(sys.executable, "-m", "faults.local_peer", *arguments)
        with program(local) as app:
            assert app.stdout is not None
            assert json.loads(app.stdout.readline()) == "speaking"
            thread = threading.Thread(target=during, args=[link])
            thread.start()
            result = app.stdout.readline()
            thread.join()
        assert server.stdin is not None
        server.stdin.close()
        dropped = server.stdout.read().strip()
    assert result, "no result"
    return dict(json.loads(result)) | {"dropped": dropped}


def unchanged(_: LossyLink) -> None: ...


def interrupted(link: LossyLink) -> None:
    time.sleep(TAKE_S / 4)
    link.down()
    time.sleep(DOWN_S)
    link.up()


CONDITIONS: dict[str, tuple[dict[str, float], Callable[[LossyLink], None]]] = {
    "good link": ({}, unchanged),
    "20 % packet loss": ({"loss": 0.2}, unchanged),
    "800 ms round-trip time": ({"delay_s": 0.4}, unchanged),
    "down for 3 s": ({}, interrupted),
}
Results = dict[tuple[str, bool], tuple[LossyLink, dict[str, Any]]]


def result_under(condition: str, fallback: bool) -> tuple[LossyLink, dict[str, Any]]:
    options, during = CONDITIONS[condition]
    with LossyLink(**options) as link:
        return link, dictate_over(link, fallback, during)


@pytest.fixture(scope="module")
def results() -> Results:
    """All cases concurrently, because they mostly wait."""
    cases = [(condition, fallback) for condition in CONDITIONS for fallback in (True, False)]
    with ThreadPoolExecutor(max_workers=len(cases)) as pool:
        return dict(zip(cases, pool.map(lambda case: result_under(*case), cases), strict=True))


@pytest.mark.parametrize("fallback", [True, False], ids=["with fallback", "without"])
@pytest.mark.parametrize("condition", CONDITIONS)
def test_no_word_is_lost_or_repeated(condition: str, fallback: bool, results: Results) -> None:
    link, result = results[condition, fallback]
    text = result["typed"] or result["kept"]
    assert words.tally(WORD_COUNT, text).correct, result
    assert result["typed"] or result["messages"], result
    assert result["dropped"].startswith("0 bytes dropped"), result
    if condition == "good link":
        assert (result["engine"], result["messages"]) == ("stand-in", [])
    assert link.lost > 0 or "loss" not in CONDITIONS[condition][0]
