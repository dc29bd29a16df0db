"""`python -m faults.soak`, from tests/: a thousand takes with faults in between.

Twenty Saysos in one process, so that the waiting is shared. Prints, as JSON, what the process holds
after each hundred takes, and what became of the words.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import json
import logging
import os
import random
import sys
import tempfile
import threading
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path

import attrs

from sayso.core.dictation import events as e
from sayso.core.dictation.take import Take
from service import StandIn, drop, hang_up, say, stay_silent
from service.faults import EXPIRED, HUGE, fails, hears_nothing, reset
from service.session import Stage
from service.standin import Mischief

from . import words
from .harness import Desk, hears, settings_for

TAKES, DESKS, EVERY = 1000, 20, 100
WORDS = 4
SPEED = 3.0
SEED = 4
LONGEST_S = 60.0
LONGEST_IN_ALL_S = 240.0

FAULTS: list[tuple[Stage, Mischief]] = [
    ("created", say("\x00 not JSON")),
    ("created", hang_up(3000, "invalid_request_error.invalid_api_key")),
    ("updated", drop()),
    ("audio", reset()),
    ("audio", hang_up(1001, EXPIRED)),
    ("audio", say(HUGE)),
    ("commit", reset()),
    ("committed", drop()),
    ("delta", reset()),
    ("final", fails),
    ("final", hears_nothing),
    ("final", hang_up(1011)),
]
RARE: list[tuple[Stage, Mischief]] = [("final", stay_silent())]
"""Each costs seconds of waiting."""
ANSWERS = [HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE]


@attrs.frozen
class Row:
    takes: int
    resident_bytes: int
    files: int
    threads: int
    tasks: int
    alive: int
    """`Take` objects that somebody still holds."""


@attrs.define
class Sum:
    done: int = 0
    lost: int = 0
    doubled: int = 0
    faults: int = 0
    by_server: int = 0
    _news: asyncio.Event = attrs.field(factory=asyncio.Event, repr=False)

    def told(self) -> dict[str, int]:
        names = ("done", "lost", "doubled", "faults", "by_server")
        return {name: getattr(self, name) for name in names}

    def add(self) -> None:
        self.done += 1
        self._news.set()

    async def until(self, takes: int) -> None:
        while self.done < takes:
            self._news.clear()
            await self._news.wait()


def go_wrong(service: StandIn, chance: random.Random) -> bool:
    """Half of the takes meet a fault, that stays for all of the take."""
    service.mischief, service.http_status = {}, None
    service.records.clear()  # they have all of the sound
    draw = chance.random()
    if draw < 0.5:
        return False
    if draw < 0.6:
        service.http_status = chance.choice(ANSWERS)
    else:
        faults = RARE if draw > 0.995 else FAULTS
        service.mischief = dict([chance.choice(faults)])
    return True


async def takes_of(desk: Desk, service: StandIn, chance: random.Random, sums: Sum) -> None:
    for _ in range(TAKES // DESKS):
        sums.faults += go_wrong(service, chance)
        before, first = len(desk.typist.typed), chance.randrange(words.MOST - WORDS)
        desk.worker.last = None
        await desk.dictate(WORDS, SPEED, first)
        await desk.until(lambda: desk.at_rest, "the take is over", LONGEST_S)
        typed = "".join(desk.typist.typed[before:]).split()
        wanted = words.named(range(first, first + WORDS)).split()
        sums.lost += sum(word not in typed for word in wanted)
        sums.doubled += max(0, len(typed) - WORDS)
        sums.by_server += (desk.worker.last or {}).get("engine") != "on-device"
        desk.worker.post(e.Dismiss())
        desk.told.clear()
        desk.typist.typed.clear()
        sums.add()


async def row(desks: list[Desk], takes: int) -> Row:
    tasks = sum([await desk.tasks() for desk in desks])
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what the C library only keeps for later is nobody's
    alive = sum(isinstance(thing, Take) for thing in gc.get_objects())
    pages = int(Path("/proc/self/statm").read_text().split()[1])  # noqa: ASYNC240  in memory
    return Row(
        takes=takes,
        resident_bytes=pages * os.sysconf("SC_PAGE_SIZE"),
        files=len(os.listdir("/proc/self/fd")),
        threads=threading.active_count(),
        tasks=tasks,
        alive=alive,
    )


async def soak(folder: Path) -> tuple[list[Row], Sum]:
    """Some workers beside each other, so that the waiting is shared."""
    rows, sums = [], Sum()
    async with asyncio.timeout(LONGEST_IN_ALL_S), _services() as services:
        desks = [
            Desk(folder / f"{number}", settings_for(service.url, fallback=True))
            for number, service in enumerate(services)
        ]
        try:
            chances = [random.Random(SEED + number) for number in range(DESKS)]
            async with asyncio.TaskGroup() as runs:
                for desk, service, chance in zip(desks, services, chances, strict=True):
                    runs.create_task(takes_of(desk, service, chance, sums))
                for takes in range(EVERY, TAKES + 1, EVERY):
                    await sums.until(takes)
                    rows.append(await row(desks, takes))
            await asyncio.sleep(1.5)  # goodbyes to servers take a second at most
            rows.append(await row(desks, TAKES))
        finally:
            await asyncio.gather(*(desk.close() for desk in desks))
    return rows, sums


@contextlib.asynccontextmanager
async def _services() -> AsyncIterator[list[StandIn]]:
    async with contextlib.AsyncExitStack() as stack:
        made = (StandIn(recognise=hears, live=True) for _ in range(DESKS))
        yield [await stack.enter_async_context(service) for service in made]


def main() -> None:
    logging.disable(logging.CRITICAL)  # a thousand takes of faults
    with tempfile.TemporaryDirectory() as name:
        rows, sums = asyncio.run(soak(Path(name)))
    whole = {"rows": [attrs.asdict(one) for one in rows], "sums": sums.told()}
    sys.stdout.write(json.dumps(whole))


if __name__ == "__main__":
    main()
