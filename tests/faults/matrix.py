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
from sayso.core.dictation.history_entry import Entry
from sayso.core.settings.endpoint import ON_DEVICE
from service.faults import FAULTS, Trouble

from . import words
from .harness import Desk, hears, settings_for

WORDS = 20
"""So many that sending them once more, at three times their speed, takes longer than the shortest
trouble: what is tried a second time meets a server that is well again."""
LASTING_S = (1.0, 10.0, math.inf)
AT_ONCE = 30
"""Cases that run at the same time."""
APART_S = 0.15
LATENCY_S = 0.01
LONGEST_S = 60.0
"""From the release to the end of a take, whatever happens; engines give up before."""

How = Literal["server", "this computer", "waits", "in part", "nothing"]


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
    """Who had the words in the end; or they wait until they are tried again; or not all of them,
    or none, were heard, which is told, and the sound is in the history."""
    after_s: float
    """From the release of the key until it was at rest."""
    first: words.Tally
    """Of what was typed without a further act."""
    at_last: words.Tally
    """After "Try again", where the words waited."""
    on_disk: words.Tally
    told: tuple[str, ...]
    tasks_left: int
    kept: words.Tally
    """In the history."""


def cases() -> list[Case]:
    """The longest first, so that the short ones fill the gaps."""
    return [
        Case(fault, lasts_s, fallback)
        for lasts_s in reversed(LASTING_S)
        for fallback in (False, True)
        for fault in FAULTS
    ]


async def run(
    those: Iterable[Case], folder: Path, at_once: int = AT_ONCE
) -> list[Result | BaseException]:
    """What became of each, in their order."""
    places, door = asyncio.Semaphore(at_once), asyncio.Lock()

    async def one(number: int, case: Case) -> Result:
        async with places:
            async with door:  # a crowd would keep the microphones waiting
                await asyncio.sleep(APART_S)
            return await play(case, folder / f"{number:03d}")

    return list(await asyncio.gather(*map(one, count(), those), return_exceptions=True))


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
    again = ""
    if how not in ("server", "this computer"):
        await _wait_for(desk, trouble)
        again = await _try_again(desk, how)
    desk.worker.post(e.Dismiss())
    await desk.until(lambda: desk.worker.status.state == "idle", "it is idle", 10)
    entry = await _row(desk, "rescued" if how == "nothing" else "inserted", again)
    return Result(
        case=case,
        how=how,
        after_s=after_s,
        first=first,
        at_last=words.tally(WORDS, again or desk.text),
        on_disk=words.tally(WORDS, await desk.on_disk(entry.id)),
        told=told,
        tasks_left=await _tasks_left(desk, before),
        kept=words.tally(WORDS, entry.text),
    )


def _how(desk: Desk) -> How:
    last = desk.worker.last or {}
    if last["outcome"] == "nothing":
        return "nothing"
    if last["outcome"] != "inserted":
        return "waits"
    if last["engine"] == ON_DEVICE:
        return "this computer"
    return "server" if words.tally(WORDS, desk.text).right else "in part"


async def _wait_for(desk: Desk, trouble: Trouble) -> None:
    """As a person does: until the server is back, or for the engine on this computer."""
    if trouble.lasts_s < math.inf:
        await trouble.over.wait()
    else:
        desk.worker.configure(attrs.evolve(desk.settings, engine=ON_DEVICE))


async def _try_again(desk: Desk, how: How) -> str:
    """By the button that is shown; in the history, where there is none."""
    if how != "waits":
        await _row(desk, "nothing" if how == "nothing" else "inserted")
        id_ = (desk.worker.last or {})["id"]
        return await asyncio.to_thread(desk.worker.recognise_again, id_)
    desk.worker.post(e.Retry())
    await desk.until(lambda: desk.text, "the words are typed", LONGEST_S)
    return ""


async def _row(desk: Desk, outcome: str, text: str = "") -> Entry:
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


async def _tasks_left(desk: Desk, before: int) -> int:
    """What was cancelled takes a turn or two to go, and a goodbye to the server a second."""
    until_s = time.monotonic() + 3
    while True:
        left = await desk.tasks() - before
        if left <= 0 or time.monotonic() > until_s:
            return left
        await asyncio.sleep(0.05)
