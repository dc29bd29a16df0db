"""Every fault, however long it lasts, with and without a second engine: what becomes of the words.

`cases()` are the rows and columns, `run` plays them, many at once, against the real worker and
the stand-in, and `results` are what docs/reliability.md is written from.
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
"""So many that sending them once more, at three times their speed, takes longer than the shortest
trouble: what is tried a second time meets a server that is well again."""
FAULT_DURATIONS_S = (1.0, 10.0, math.inf)
MAX_PARALLEL = 30
"""Cases that run at the same time."""
START_INTERVAL_S = 0.15
LATENCY_S = 0.01
TAKE_TIMEOUT_S = 60.0
"""From the release to the end of a take, whatever happens; engines give up before."""

Ending = Literal["server", "this computer", "waits", "in part", "nothing"]


@attrs.frozen
class Case:
    fault: str
    duration_s: float
    fallback: bool

    @property
    def id(self) -> str:
        lasts = "for ever" if self.duration_s == math.inf else f"{self.duration_s:.0f} s"
        return f"{self.fault}, {lasts}, {'with' if self.fallback else 'without'} fallback"


@attrs.frozen(kw_only=True)
class Result:
    case: Case
    ending: Ending
    """Who had the words in the end; or they wait until they are tried again; or not all of them,
    or none, were heard, which is told, and the sound is in the history."""
    after_s: float
    """From the release of the key until it was at rest."""
    typed: words.Tally
    """Of what was typed without a further act."""
    final: words.Tally
    """After "Try again", where the words waited."""
    recorded: words.Tally
    messages: tuple[str, ...]
    tasks_left: int
    archived: words.Tally
    """In the history."""


def all_cases() -> list[Case]:
    """The longest first, so that the short ones fill the gaps."""
    return [
        Case(fault, lasts_s, fallback)
        for lasts_s in reversed(FAULT_DURATIONS_S)
        for fallback in (False, True)
        for fault in FAULTS
    ]


async def run_all(
    cases: Iterable[Case], folder: Path, max_parallel: int = MAX_PARALLEL
) -> list[Result | BaseException]:
    """What became of each, in their order."""
    places, door = asyncio.Semaphore(max_parallel), asyncio.Lock()

    async def one(number: int, case: Case) -> Result:
        async with places:
            async with door:  # a crowd would keep the microphones waiting
                await asyncio.sleep(START_INTERVAL_S)
            return await run_case(case, folder / f"{number:03d}")

    return list(await asyncio.gather(*map(one, count(), cases), return_exceptions=True))


async def run_case(case: Case, folder: Path) -> Result:
    """One take, from key down to rest, and a second try where its words wait."""
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
    """As a person does: until the server is back, or for the engine on this computer."""
    if trouble.duration_s < math.inf:
        await trouble.over.wait()
    else:
        desk.worker.configure(attrs.evolve(desk.settings, engine=ON_DEVICE))


async def _retry(desk: AsyncWorkerHarness, how: Ending) -> str:
    """By the button that is shown; in the history, where there is none."""
    if how != "waits":
        await _wait_for_entry(desk, "nothing" if how == "nothing" else "inserted")
        id_ = (desk.worker.last_summary or {})["id"]
        return await asyncio.to_thread(desk.worker.transcribe_again, id_)
    desk.worker.post(e.Retry())
    await desk.wait_until(lambda: desk.text, "the words are typed", TAKE_TIMEOUT_S)
    return ""


async def _wait_for_entry(desk: AsyncWorkerHarness, outcome: str, text: str = "") -> HistoryEntry:
    """Of the history, once the archive has come so far, and to this text."""
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
    """What was cancelled takes a turn or two to go, and a goodbye to the server a second."""
    until_s = time.monotonic() + 3
    while True:
        left = await desk.task_count() - before
        if left <= 0 or time.monotonic() > until_s:
            return left
        await asyncio.sleep(0.05)
