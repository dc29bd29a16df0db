"""Every fault, however long it lasts, with and without a second engine: what becomes of the words.

`cases()` are the rows and columns, `run` plays them, many at once, against the real worker and
the stand-in, and `results` are what docs/reliability.md is written from.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import attrs

from sayso.core import events as e
from sayso.core.endpoint import ON_DEVICE
from sayso.core.entry import Entry
from service.faults import FAULTS, Trouble

from . import words
from .desk import Desk, hears, settings_for

WORDS = 12
LASTING_S = (1.0, 10.0, math.inf)
AT_ONCE = 30
"""Cases that run at the same time."""
LATENCY_S = 0.01
LONGEST_S = 60.0
"""From the release to the end of a take, whatever happens; engines give up before."""

How = Literal["server", "this computer", "waits"]


@attrs.frozen
class Case:
    fault: str
    lasts_s: float
    fallback: bool

    @property
    def id(self) -> str:
        lasts = "for ever" if self.lasts_s == math.inf else f"{self.lasts_s:.0f} s"
        return f"{self.fault}, {lasts}, {'with' if self.fallback else 'without'} fallback"


@attrs.frozen(kw_only=True)
class Result:
    case: Case
    how: How
    """Who had the words in the end; or they wait in the history until they are tried again."""
    after_s: float
    """From the release of the key until it was at rest."""
    first: words.Tally
    """Of what was typed without a further act."""
    at_last: words.Tally
    """After "Try again", where the words waited."""
    on_disk: words.Tally
    told: tuple[str, ...]
    tasks_left: int
    kept: str
    """What the history says became of it."""


def cases() -> list[Case]:
    return [
        Case(fault, lasts_s, fallback)
        for fault in FAULTS
        for lasts_s in LASTING_S
        for fallback in (True, False)
    ]


async def run(those: Iterable[Case], folder: Path, at_once: int = AT_ONCE) -> list[Result]:
    """The longest first, so that the short ones fill the gaps."""
    places = asyncio.Semaphore(at_once)

    async def one(number: int, case: Case) -> Result:
        async with places:
            return await play(case, folder / f"{number:03d}")

    ordered = sorted(those, key=lambda case: -min(case.lasts_s, 15.0) * (2 - case.fallback))
    return list(await asyncio.gather(*(one(n, case) for n, case in enumerate(ordered))))


async def play(case: Case, folder: Path) -> Result:
    """One take, from key down to rest, and a second try where its words wait."""
    trouble = Trouble(case.lasts_s)
    async with FAULTS[case.fault](
        trouble, recognise=hears, live=True, latency_s=LATENCY_S
    ) as service:
        desk = Desk(folder, settings_for(service.url, fallback=case.fallback))
        try:
            return await _played(case, desk, trouble)
        except AssertionError as error:
            raise AssertionError(f"{case.id}: {error}") from None
        finally:
            await desk.close()


async def _played(case: Case, desk: Desk, trouble: Trouble) -> Result:
    before = await desk.tasks()
    await desk.dictate(WORDS)
    await desk.until(lambda: desk.at_rest, "the take is over", LONGEST_S)
    after_s = time.monotonic() - desk.released_s
    first, told, how = words.tally(WORDS, desk.text), tuple(desk.told), _how(desk)
    if how == "waits":
        await _try_again(desk, trouble)
    desk.worker.post(e.Dismiss())
    await desk.until(lambda: desk.worker.status.state == "idle", "it is idle", 10)
    entry = await _settled(desk)
    on_disk = words.tally(WORDS, await desk.on_disk(entry.id))
    tasks_left = await _tasks_left(desk, before)
    return Result(
        case=case, how=how, after_s=after_s, first=first, at_last=words.tally(WORDS, desk.text),
        on_disk=on_disk, told=told, tasks_left=tasks_left, kept=entry.outcome,
    )  # fmt: skip


def _how(desk: Desk) -> How:
    last = desk.worker.last or {}
    if last["outcome"] != "inserted":
        return "waits"
    return "this computer" if last["engine"] == ON_DEVICE else "server"


async def _try_again(desk: Desk, trouble: Trouble) -> None:
    """As a person does: when the server is back, or with the engine on this computer."""
    if trouble.lasts_s < math.inf:
        await trouble.over.wait()
    else:
        desk.worker.configure(attrs.evolve(desk.settings, engine=ON_DEVICE))
    desk.worker.post(e.Retry())
    await desk.until(lambda: desk.text, "the words are typed", LONGEST_S)


async def _settled(desk: Desk) -> Entry:
    """The row, once the archive has written it."""
    until_s = time.monotonic() + 10
    while True:
        entries = await asyncio.to_thread(desk.history.entries)
        if entries and entries[0].outcome == "inserted" and entries[0].audio.endswith(".flac"):
            return entries[0]
        assert time.monotonic() < until_s, f"the history has {entries}"
        await asyncio.sleep(0.05)


async def _tasks_left(desk: Desk, before: int) -> int:
    """What was cancelled takes a turn or two to go, and a goodbye to the server a second."""
    until_s = time.monotonic() + 3
    while True:
        left = await desk.tasks() - before
        if left <= 0 or time.monotonic() > until_s:
            return left
        await asyncio.sleep(0.05)
