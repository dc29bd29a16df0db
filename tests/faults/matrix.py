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
        Case(fault, lasts_s, fallback)
        for lasts_s in reversed(FAULT_DURATIONS_S)
        for fallback in (False, True)
        for fault in FAULTS
    ]


async def run_all(
    cases: Iterable[Case], folder: Path, max_parallel: int = MAX_PARALLEL
) -> list[Result | BaseException]:
    """Return the results in the order of the cases."""
    places, door = asyncio.Semaphore(max_parallel), asyncio.Lock()

    async def one(number: int, case: Case) -> Result:
        async with places:
            async with door:  # starting all at once would delay the microphones
                await asyncio.sleep(START_INTERVAL_S)
            return await run_case(case, folder / f"{number:03d}")

    return list(await asyncio.gather(*map(one, count(), cases), return_exceptions=True))


async def run_case(case: Case, folder: Path) -> Result:
    """Run one take, and retry it if its text is not complete."""
    trouble = FaultWindow(case.duration_s)
    async with FAULTS[case.fault](
        trouble, transcribe=recognize_24khz, live=True, latency_s=LATENCY_S
    ) as service:
        desk = AsyncWorkerHarness(folder, settings_for(service.url, fallback=case.fallback))
        try:
            return await _run_take(case, desk, trouble)
        except AssertionError as error:
            raise AssertionError(f"{case.id}: {error}") from None
        finally:
            await desk.close()


async def _run_take(case: Case, desk: AsyncWorkerHarness, trouble: FaultWindow) -> Result:
    before = await desk.task_count()
    await desk.dictate(WORD_COUNT)
    await desk.wait_until(lambda: desk.take_is_over, "the take is over", TAKE_TIMEOUT_S)
    after_s = time.monotonic() - desk.released_s
    first, told, how = words.tally(WORD_COUNT, desk.text), tuple(desk.messages), _ending(desk)
    again = ""
    if how not in ("server", "this computer"):
        await _wait_for_recovery(desk, trouble)
        again = await _retry(desk, how)
    desk.worker.post(e.Dismiss())
    await desk.wait_until(lambda: desk.worker.status.state == "idle", "it is idle", 10)
    entry = await _wait_for_entry(desk, "rescued" if how == "nothing" else "inserted", again)
    return Result(
        case=case,
        ending=how,
        after_s=after_s,
        typed=first,
        final=words.tally(WORD_COUNT, again or desk.text),
        recorded=words.tally(WORD_COUNT, await desk.recorded_words(entry.id)),
        messages=told,
        tasks_left=await _tasks_left(desk, before),
        archived=words.tally(WORD_COUNT, entry.text),
    )


def _ending(desk: AsyncWorkerHarness) -> Ending:
    last = desk.worker.last_summary or {}
    if last["outcome"] == "nothing":
        return "nothing"
    if last["outcome"] != "inserted":
        return "waits"
    if last["engine"] == ON_DEVICE:
        return "this computer"
    return "server" if words.tally(WORD_COUNT, desk.text).correct else "in part"


async def _wait_for_recovery(desk: AsyncWorkerHarness, trouble: FaultWindow) -> None:
    """Wait until the server works again, or select the on-device engine."""
    if trouble.duration_s < math.inf:
        await trouble.over.wait()
    else:
        desk.worker.configure(attrs.evolve(desk.settings, engine=ON_DEVICE))


async def _retry(desk: AsyncWorkerHarness, how: Ending) -> str:
    """Retry with the button that is shown, or in the history if there is none."""
    if how != "waits":
        await _wait_for_entry(desk, "nothing" if how == "nothing" else "inserted")
        id_ = (desk.worker.last_summary or {})["id"]
        return await asyncio.to_thread(desk.worker.transcribe_again, id_)
    desk.worker.post(e.Retry())
    await desk.wait_until(lambda: desk.text, "the text is typed", TAKE_TIMEOUT_S)
    return ""


async def _wait_for_entry(desk: AsyncWorkerHarness, outcome: str, text: str = "") -> HistoryEntry:
    """Wait for the history entry with this outcome and text."""
    until_s = time.monotonic() + 10
    while True:
        entries = await asyncio.to_thread(desk.history.entries)
        newest = entries[0] if entries else None
        done = newest and newest.outcome == outcome and newest.audio.endswith(".flac")
        if newest and done and text in ("", newest.text):
            return newest
        assert time.monotonic() < until_s, f"the history has {entries}"
        await asyncio.sleep(0.05)


async def _tasks_left(desk: AsyncWorkerHarness, before: int) -> int:
    """Return the number of additional tasks, after giving canceled tasks time to end."""
    until_s = time.monotonic() + 3
    while True:
        left = await desk.task_count() - before
        if left <= 0 or time.monotonic() > until_s:
            return left
        await asyncio.sleep(0.05)
