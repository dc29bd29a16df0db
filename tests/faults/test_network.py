"""A real network that is bad: lost packets, late packets, and a line that goes down in mid-take.

Two network namespaces, real TCP, the real worker and engine in one, the stand-in in the other.
Needs root. See `wire` for why it is not `tc netem`.
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
    wire: LossyLink, fallback: bool, during: Callable[[LossyLink], None]
) -> dict[str, Any]:
    """Dictate at the near end; `during` runs beside it from the first word on."""
    far = wire.remote_command(sys.executable, "-m", "faults.far", REMOTE_ADDRESS)
    with program(far) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        near = wire.local_command(
            sys.executable, "-m", "faults.near", url, str(WORD_COUNT), str(fallback)
        )
        with program(near) as app:
            assert app.stdout is not None
            assert json.loads(app.stdout.readline()) == "speaking"
            beside = threading.Thread(target=during, args=[wire])
            beside.start()
            result = app.stdout.readline()
            beside.join()
        assert server.stdin is not None
        server.stdin.close()
        served = server.stdout.read().strip()
    assert result, "the app said nothing"
    return dict(json.loads(result)) | {"served": served}


def unchanged(_: LossyLink) -> None:
    """The line stays as it is."""


def interrupted(wire: LossyLink) -> None:
    time.sleep(TAKE_S / 4)
    wire.down()
    time.sleep(DOWN_S)
    wire.up()


CONDITIONS: dict[str, tuple[dict[str, float], Callable[[LossyLink], None]]] = {
    "a good line": ({}, unchanged),
    "20 % of the packets lost": ({"loss": 0.2}, unchanged),
    "800 ms there and back": ({"delay_s": 0.4}, unchanged),
    "down for 3 s in mid-take": ({}, interrupted),
}


def outcome(line: str, fallback: bool) -> tuple[LossyLink, dict[str, Any]]:
    options, during = CONDITIONS[line]
    with LossyLink(**options) as wire:
        return wire, dictate_over(wire, fallback, during)


Outcomes = dict[tuple[str, bool], tuple[LossyLink, dict[str, Any]]]


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    """All of them at the same time, because most of it is waiting."""
    ways = [(line, fallback) for line in CONDITIONS for fallback in (True, False)]
    with ThreadPoolExecutor(max_workers=len(ways)) as pool:
        return dict(zip(ways, pool.map(lambda way: outcome(*way), ways), strict=True))


@pytest.mark.parametrize("fallback", [True, False], ids=["with fallback", "without"])
@pytest.mark.parametrize("line", CONDITIONS)
def test_no_word_is_lost_or_said_twice_over(line: str, fallback: bool, outcomes: Outcomes) -> None:
    wire, result = outcomes[line, fallback]
    text = result["typed"] or result["kept"]
    assert words.tally(WORD_COUNT, text).correct, result
    assert result["typed"] or result["told"], result
    assert result["served"].startswith("0 bytes dropped"), result  # what came late came in time
    if line == "a good line":
        assert (result["engine"], result["told"]) == ("stand-in", [])
    assert wire.lost > 0 or "loss" not in CONDITIONS[line][0]
