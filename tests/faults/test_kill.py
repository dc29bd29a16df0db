"""kill -9 at any point of a take: nothing is lost but the last 100 ms, and the words are offered.

A hundred takes of a process each, killed at twenty points from the key down to after the last
row is written, five at each. The one in tests/desktop kills all of Sayso, once.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from sayso.core.settings.settings import Settings

from . import words
from .fake_speaker import progress
from .harness import RATE_HZ, Desk, Hearing

POINTS, RUNS, AT_ONCE = 20, 100, 4
SEED = 20261121
WORDS = 5
WHOLE_S = 2.4
"""From the key down until a take and its archiving are over: the last points are after it."""


@attrs.frozen
class Run:
    point_s: float
    given_bytes: int
    safe_bytes: int
    kept_bytes: int
    """On the disk, in whatever form."""
    typed: int
    again: str
    """What the next start offers or has in the history."""
    offered: bool


class Speakers:
    """The process that the others are forked from."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lock = asyncio.Lock()

    async def speak(self, folder: Path) -> int:
        """Its process number."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        async with self._lock:
            self._process.stdin.write(f"{folder} {WORDS}\n")
            self._process.stdin.flush()
            return int(await asyncio.to_thread(self._process.stdout.readline))


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "faults.speaker"],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


async def until_gone(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        for _ in range(500):
            os.kill(pid, 0)
            await asyncio.sleep(0.01)
        raise AssertionError("it does not die")


async def killed(speakers: Speakers, folder: Path, point_s: float) -> Run:
    pid = await speakers.speak(folder)
    while not progress(folder).given_bytes:  # noqa: ASYNC110  another process
        await asyncio.sleep(0.005)
    await asyncio.sleep(point_s)
    with contextlib.suppress(ProcessLookupError):  # it had come to its end
        os.kill(pid, signal.SIGKILL)
    await until_gone(pid)
    came = progress(folder)
    kept = kept_bytes(folder / "takes")
    again, offered = await next_start(folder, wanted=bool(due(came.safe_bytes)))
    return Run(point_s, came.given_bytes, came.safe_bytes, kept, came.typed, again, offered)


def spoken_bytes(given_bytes: int) -> int:
    """Without the quiet after the words."""
    return min(given_bytes, WORDS * len(words.sound(0, RATE_HZ)))


def due(safe_bytes: int) -> list[str]:
    """The words that must be there again."""
    said = words.speech(WORDS, RATE_HZ)[: spoken_bytes(safe_bytes)]
    return words.heard(said, RATE_HZ).split()


def kept_bytes(takes: Path) -> int:
    if any(takes.glob("*.flac")):  # which is there only when all is in it
        return WORDS * RATE_HZ * 2
    return sum(path.stat().st_size - 44 for path in takes.glob("*.wav"))


async def next_start(folder: Path, wanted: bool) -> tuple[str, bool]:
    """What is there of it then, and whether it is offered."""
    desk = Desk(folder, Settings(sounds=False), lambda _: Hearing())

    def there() -> bool:
        rows = desk.history.entries()
        return bool(desk.worker.status.held or (rows and rows[0].outcome == "inserted"))

    try:
        if wanted:
            await desk.until(there, "the words are back", 20)
        held = desk.worker.status.held
        rows = await asyncio.to_thread(desk.history.entries)
        return held or (rows[0].text if rows else ""), bool(held)
    finally:
        await desk.close()


async def all_runs(process: subprocess.Popen[str], folder: Path) -> list[Run]:
    speakers, places = Speakers(process), asyncio.Semaphore(AT_ONCE)
    chance = random.Random(SEED)
    points = [chance.uniform(0, WHOLE_S) for _ in range(POINTS)]

    async def one(number: int) -> Run:
        async with places:
            own = folder / f"{number:03d}"
            await asyncio.to_thread(own.mkdir)
            return await killed(speakers, own, points[number % POINTS])

    return list(await asyncio.gather(*(one(number) for number in range(RUNS))))


def test_a_hundred_kills_lose_nothing_but_the_last_100_ms(
    process: subprocess.Popen[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = asyncio.run(all_runs(process, tmp_path))
    assert len(runs) == RUNS
    for run in runs:
        wanted = due(run.safe_bytes)
        assert run.kept_bytes >= spoken_bytes(run.safe_bytes), run
        assert run.again.split()[: len(wanted)] == wanted, run
        assert run.offered or run.typed == WORDS or not wanted, run
    ends = Counter(
        "typed" if run.typed else "offered at the next start" if run.offered else "nothing said yet"
        for run in runs
    )
    assert len(ends) >= 2, ends  # otherwise the points are not where they should be
    assert sum(run.safe_bytes for run in runs) > sum(run.given_bytes for run in runs) / 2
    missing = max(spoken_bytes(run.given_bytes) - run.kept_bytes for run in runs)
    missing_ms = max(0, missing) / 2 / RATE_HZ * 1000
    with capsys.disabled():
        rows = ", ".join(f"{ends[end]} {end}" for end in sorted(ends))
        sys.stdout.write(f"\n{RUNS} kills: {rows}; at most {missing_ms:.0f} ms missing\n")
