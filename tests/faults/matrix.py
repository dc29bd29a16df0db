"""Test matrix: every fault, for several durations, with and without a fallback engine.

`run_all` runs the cases in parallel against the real worker and the stand-in service. The table in
docs/reliability.md is made from the results.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Literal

import attrs

from sayso.core.dictation import events as e
from sayso.core.dictation.history_entry import HistoryEntry
from sayso.core.settings.endpoint import ON_DEVICE
from service.faults import FAULTS, FaultWindow

from . import words
from .harness import AsyncWorkerHarness, recognize_24khz, settings_for

WORD_COUNT = 20
"""Enough that sending the words again, at three times real time, takes longer than the shortest
fault: the second attempt meets a server that works again."""
FAULT_DURATIONS_S = (1.0, 10.0, math.inf)
MAX_PARALLEL = 30
"""Maximum number of cases that run at the same time."""
START_INTERVAL_S = 0.15
LATENCY_S = 0.01
TAKE_TIMEOUT_S = 60.0
"""Limit from the release to the end of a take; engines give up earlier."""

Ending = Literal["server", "this computer", "waits", "in part", "nothing"]


@attrs.frozen
class Case:
    fault: str
    duration_s: float
    fallback: bool

    @property
    def id(self) -> str:
        duration = "permanent" if self.duration_s == math.inf else f"{self.duration_s:.0f} s"
        return f"{self.fault}, {duration}, {'with' if self.fallback else 'without'} fallback"


@attrs.frozen(kw_only=True)
class Result:
    case: Case
    ending: Ending
    """The engine that returned all words; or 'waits' if the take can be retried; or 'in part' or
'nothing' if words are missing, which is reported and leaves the recording in the history."""
    after_s: float
    """Time from the release of the key until the take is over."""
    typed: words.Tally
    """The words that were typed before a retry."""
    final: words.Tally
    """The words that were typed after a retry, if one was necessary."""
    recorded: words.Tally
    messages: tuple[str, ...]
    tasks_left: int
    archived: words.Tally
    """The words in the history."""


def all_cases() -> list[Case]:
    """Return all cases, the longest first, so that short cases fill the gaps."""
    return [
        Case(fault, duration_s, fallback)
        for duration_s in reversed(FAULT_DURATIONS_S)
        for fallback in (False, True)
        for fault in FAULTS
    ]


async def run_all(
    cases: Iterable[Case], folder: Path, max_parallel: int = MAX_PARALLEL
) -> list[Result | BaseException]:
    """Return the results in the order of the cases."""
    slots, start_lock = asyncio.Semaphore(max_parallel), asyncio.Lock()

    async def one(number: int, case: Case) -> Result:
        async with slots:
            async with start_lock:  # starting all at once would delay the microphones
                await asyncio.sleep(START_INTERVAL_S)
            return await run_case(case, folder / f"{number:03d}")

    return list(await asyncio.gather(*map(one, count(), cases), return_exceptions=True))


async def run_case(case: Case, folder: Path) -> Result:
    """Run one take, and retry it if its text is not complete."""
    fault = FaultWindow(case.duration_s)
    async with FAULTS[case.fault](
        fault, transcribe=recognize_24khz, live=True, latency_s=LATENCY_S
    ) as service:
        harness = AsyncWorkerHarness(folder, settings_for(service.url, fallback=case.fallback))
        try:
            return await _run_take(case, harness, fault)
        except AssertionError as error:
            raise AssertionError(f"{case.id}: {error}") from None
        finally:
            await harness.close()


async def _run_take(case: Case, harness: AsyncWorkerHarness, fault: FaultWindow) -> Result:
    before = await harness.task_count()
    await harness.dictate(WORD_COUNT)
    await harness.wait_until(lambda: harness.take_is_over, "the take is over", TAKE_TIMEOUT_S)
    after_s = time.monotonic() - harness.released_s
    typed, messages = words.tally(WORD_COUNT, harness.text), tuple(harness.messages)
    ending, new_text = _ending(harness), ""
    if ending not in ("server", "this computer"):
        await _wait_for_recovery(harness, fault)
        new_text = await _retry(harness, ending)
    harness.worker.post(e.Dismiss())
    worker = harness.worker
    await harness.wait_until(lambda: worker.status.state == "idle", "it is idle", 10)
    entry = await _wait_for_entry(
        harness, "rescued" if ending == "nothing" else "inserted", new_text
    )
    return Result(
        case=case,
        ending=ending,
        after_s=after_s,
        typed=typed,
        final=words.tally(WORD_COUNT, new_text or harness.text),
        recorded=words.tally(WORD_COUNT, await harness.recorded_words(entry.id)),
        messages=messages,
        tasks_left=await _tasks_left(harness, before),
        archived=words.tally(WORD_COUNT, entry.text),
    )


def _ending(harness: AsyncWorkerHarness) -> Ending:
    last = harness.worker.last_summary or {}
    if last["outcome"] == "nothing":
        return "nothing"
    if last["outcome"] != "inserted":
        return "waits"
    if last["engine"] == ON_DEVICE:
        return "this computer"
    return "server" if words.tally(WORD_COUNT, harness.text).correct else "in part"


async def _wait_for_recovery(harness: AsyncWorkerHarness, fault: FaultWindow) -> None:
    """Wait until the server works again, or select the on-device engine."""
    if fault.duration_s < math.inf:
        await fault.over.wait()
    else:
        harness.worker.configure(attrs.evolve(harness.settings, engine=ON_DEVICE))


async def _retry(harness: AsyncWorkerHarness, ending: Ending) -> str:
    """Retry with the button that is shown, or in the history if there is none."""
    if ending != "waits":
        await _wait_for_entry(harness, "nothing" if ending == "nothing" else "inserted")
        id_ = (harness.worker.last_summary or {})["id"]
        return await asyncio.to_thread(harness.worker.transcribe_again, id_)
    harness.worker.post(e.Retry())
    await harness.wait_until(lambda: harness.text, "the text is typed", TAKE_TIMEOUT_S)
    return ""


async def _wait_for_entry(
    harness: AsyncWorkerHarness, outcome: str, text: str = ""
) -> HistoryEntry:
    """Wait for the history entry with this outcome and text."""
    until_s = time.monotonic() + 10
    while True:
        entries = await asyncio.to_thread(harness.history.entries)
        newest = entries[0] if entries else None
        done = newest and newest.outcome == outcome and newest.audio.endswith(".flac")
        if newest and done and text in ("", newest.text):
            return newest
        assert time.monotonic() < until_s, f"the history has {entries}"
        await asyncio.sleep(0.05)


async def _tasks_left(harness: AsyncWorkerHarness, before: int) -> int:
    """Return the number of additional tasks, after giving canceled tasks time to end."""
    until_s = time.monotonic() + 3
    while True:
        left = await harness.task_count() - before
        if left <= 0 or time.monotonic() > until_s:
            return left
        await asyncio.sleep(0.05)
