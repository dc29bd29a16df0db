"""kill -9 at any point of a take loses at most the last 100 ms, and the text is recovered.

A hundred processes are killed at twenty points, from the key press until the take is archived.
tests/desktop kills the whole application once.
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
from .fake_speaker import read_progress
from .harness import RATE_HZ, AsyncWorkerHarness, ToneEngine

KILL_POINTS, RUNS, MAX_PARALLEL = 20, 100, 4
SEED = 20261121
WORD_COUNT = 5
TAKE_DURATION_S = 2.4
"""Duration of a take including archiving; the last kill points are later."""


@attrs.frozen
class KillResult:
    kill_after_s: float
    delivered_bytes: int
    safe_bytes: int
    stored_bytes: int
    """Bytes of audio on the disk, in any format."""
    typed: int
    recovered_text: str
    """The text that the next start offers or has in its history."""
    offered: bool


class SpeakerProcesses:
    """The process from which the dictating processes are forked."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lock = asyncio.Lock()

    async def start(self, folder: Path) -> int:
        """Start a process that dictates, and return its process id."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        async with self._lock:
            self._process.stdin.write(f"{folder} {WORD_COUNT}\n")
            self._process.stdin.flush()
            return int(await asyncio.to_thread(self._process.stdout.readline))


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "faults.fake_speaker"],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


async def wait_until_gone(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        for _ in range(500):
            os.kill(pid, 0)
            await asyncio.sleep(0.01)
        raise AssertionError("the process does not end")


async def run_and_kill(speakers: SpeakerProcesses, folder: Path, point_s: float) -> KillResult:
    pid = await speakers.start(folder)
    while not read_progress(folder).delivered_bytes:  # noqa: ASYNC110  another process
        await asyncio.sleep(0.005)
    await asyncio.sleep(point_s)
    with contextlib.suppress(ProcessLookupError):  # it has already ended
        os.kill(pid, signal.SIGKILL)
    await wait_until_gone(pid)
    progress = read_progress(folder)
    kept = stored_bytes(folder / "takes")
    text, offered = await recover(folder, wanted=bool(expected_words(progress.persisted_bytes)))
    return KillResult(
        point_s,
        progress.delivered_bytes,
        progress.persisted_bytes,
        kept,
        progress.typed_words,
        text,
        offered,
    )


def speech_bytes(given_bytes: int) -> int:
    """Return the part of the audio that contains words."""
    return min(given_bytes, WORD_COUNT * len(words.word_audio(0, RATE_HZ)))


def expected_words(safe_bytes: int) -> list[str]:
    """Return the words that must be recovered."""
    said = words.speech_audio(WORD_COUNT, RATE_HZ)[: speech_bytes(safe_bytes)]
    return words.recognize(said, RATE_HZ).split()


def stored_bytes(takes: Path) -> int:
    if any(takes.glob("*.flac")):  # which is renamed only when it is complete
        return WORD_COUNT * RATE_HZ * 2
    return sum(path.stat().st_size - 44 for path in takes.glob("*.wav"))


async def recover(folder: Path, wanted: bool) -> tuple[str, bool]:
    """Start a worker; return the recovered text and whether it is offered."""
    harness = AsyncWorkerHarness(folder, Settings(sounds=False), lambda _: ToneEngine())

    def there() -> bool:
        rows = harness.history.entries()
        return bool(harness.worker.status.held_text or (rows and rows[0].outcome == "inserted"))

    try:
        if wanted:
            await harness.wait_until(there, "the text is recovered", 20)
        held = harness.worker.status.held_text
        rows = await asyncio.to_thread(harness.history.entries)
        return held or (rows[0].text if rows else ""), bool(held)
    finally:
        await harness.close()


async def run_all(process: subprocess.Popen[str], folder: Path) -> list[KillResult]:
    speakers, slots = SpeakerProcesses(process), asyncio.Semaphore(MAX_PARALLEL)
    chance = random.Random(SEED)
    points = [chance.uniform(0, TAKE_DURATION_S) for _ in range(KILL_POINTS)]

    async def one(number: int) -> KillResult:
        async with slots:
            own = folder / f"{number:03d}"
            await asyncio.to_thread(own.mkdir)
            return await run_and_kill(speakers, own, points[number % KILL_POINTS])

    return list(await asyncio.gather(*(one(number) for number in range(RUNS))))


def test_a_hundred_kills_lose_at_most_100_ms(
    process: subprocess.Popen[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = asyncio.run(run_all(process, tmp_path))
    assert len(runs) == RUNS
    for run in runs:
        wanted = expected_words(run.safe_bytes)
        assert run.stored_bytes >= speech_bytes(run.safe_bytes), run
        assert run.recovered_text.split()[: len(wanted)] == wanted, run
        assert run.offered or run.typed == WORD_COUNT or not wanted, run
    ends = Counter(
        "typed" if run.typed else "offered at the next start" if run.offered else "no complete word"
        for run in runs
    )
    assert len(ends) >= 2, ends  # otherwise the kill points are wrong
    assert sum(run.safe_bytes for run in runs) > sum(run.delivered_bytes for run in runs) / 2
    missing = max(speech_bytes(run.delivered_bytes) - run.stored_bytes for run in runs)
    missing_ms = max(0, missing) / 2 / RATE_HZ * 1000
    with capsys.disabled():
        rows = ", ".join(f"{ends[end]} {end}" for end in sorted(ends))
        sys.stdout.write(f"\n{RUNS} kills: {rows}; at most {missing_ms:.0f} ms missing\n")
