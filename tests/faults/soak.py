"""A thousand takes, half of them with a fault.

`python -m faults.soak`, run in tests/, runs twenty workers in one process, so that they wait in
parallel. It prints the resource usage after each hundred takes and the lost words as JSON.
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
from service import StandIn, close_with, drop_connection, send_raw, stay_silent
from service.faults import EXPIRED, HUGE_MESSAGE, fails_item, reset_connection, sends_empty_final
from service.session import Stage
from service.standin import Misbehavior

from . import words
from .harness import AsyncWorkerHarness, recognize_24khz, settings_for

TAKES, HARNESSES, REPORT_INTERVAL = 1000, 20, 100
WORD_COUNT = 4
SPEED = 3.0
SEED = 4
TAKE_TIMEOUT_S = 60.0
TOTAL_TIMEOUT_S = 240.0

FAULTS: list[tuple[Stage, Misbehavior]] = [
    ("created", send_raw("\x00 not JSON")),
    ("created", close_with(3000, "invalid_request_error.invalid_api_key")),
    ("updated", drop_connection()),
    ("audio", reset_connection()),
    ("audio", close_with(1001, EXPIRED)),
    ("audio", send_raw(HUGE_MESSAGE)),
    ("commit", reset_connection()),
    ("committed", drop_connection()),
    ("delta", reset_connection()),
    ("final", fails_item),
    ("final", sends_empty_final),
    ("final", close_with(1011)),
]
SLOW_FAULTS: list[tuple[Stage, Misbehavior]] = [("final", stay_silent())]
"""Faults that take seconds each."""
HTTP_ERRORS = [
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
]


@attrs.frozen
class Sample:
    takes: int
    resident_bytes: int
    files: int
    threads: int
    tasks: int
    live_takes: int
    """Number of `Take` objects in memory."""


@attrs.define
class Totals:
    done: int = 0
    lost: int = 0
    duplicated: int = 0
    faults: int = 0
    by_server: int = 0
    _take_done: asyncio.Event = attrs.field(factory=asyncio.Event, repr=False)

    def as_dict(self) -> dict[str, int]:
        names = ("done", "lost", "duplicated", "faults", "by_server")
        return {name: getattr(self, name) for name in names}

    def take_finished(self) -> None:
        self.done += 1
        self._take_done.set()

    async def wait_for(self, takes: int) -> None:
        while self.done < takes:
            self._take_done.clear()
            await self._take_done.wait()


def inject_fault(service: StandIn, chance: random.Random) -> bool:
    """Inject a fault for one take; return False for half of the takes."""
    service.misbehavior, service.http_status = {}, None
    service.records.clear()  # the records contain all audio
    draw = chance.random()
    if draw < 0.5:
        return False
    if draw < 0.6:
        service.http_status = chance.choice(HTTP_ERRORS)
    else:
        faults = SLOW_FAULTS if draw > 0.995 else FAULTS
        service.misbehavior = dict([chance.choice(faults)])
    return True


async def run_takes(
    harness: AsyncWorkerHarness, service: StandIn, chance: random.Random, sums: Totals
) -> None:
    for _ in range(TAKES // HARNESSES):
        sums.faults += inject_fault(service, chance)
        before, first = (
            len(harness.typist.typed),
            chance.randrange(words.VOCABULARY_SIZE - WORD_COUNT),
        )
        harness.worker.last_summary = None
        await harness.dictate(WORD_COUNT, SPEED, first)
        await harness.wait_until(lambda: harness.take_is_over, "the take is over", TAKE_TIMEOUT_S)
        typed = "".join(harness.typist.typed[before:]).split()
        wanted = words.text_of(range(first, first + WORD_COUNT)).split()
        sums.lost += sum(word not in typed for word in wanted)
        sums.duplicated += max(0, len(typed) - WORD_COUNT)
        sums.by_server += (harness.worker.last_summary or {}).get("engine") != "on-device"
        harness.worker.post(e.Dismiss())
        harness.messages.clear()
        harness.typist.typed.clear()
        sums.take_finished()


async def measure(harnesses: list[AsyncWorkerHarness], takes: int) -> Sample:
    tasks = sum([await harness.task_count() for harness in harnesses])
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # memory that the C library caches is not a leak
    alive = sum(isinstance(thing, Take) for thing in gc.get_objects())
    pages = int(Path("/proc/self/statm").read_text().split()[1])  # noqa: ASYNC240  not on a disk
    return Sample(
        takes=takes,
        resident_bytes=pages * os.sysconf("SC_PAGE_SIZE"),
        files=len(os.listdir("/proc/self/fd")),
        threads=threading.active_count(),
        tasks=tasks,
        live_takes=alive,
    )


async def run_soak(folder: Path) -> tuple[list[Sample], Totals]:
    """Run all workers in parallel; return the samples and the totals."""
    rows, sums = [], Totals()
    async with asyncio.timeout(TOTAL_TIMEOUT_S), _services() as services:
        harnesses = [
            AsyncWorkerHarness(folder / f"{number}", settings_for(service.url, fallback=True))
            for number, service in enumerate(services)
        ]
        try:
            chances = [random.Random(SEED + number) for number in range(HARNESSES)]
            async with asyncio.TaskGroup() as runs:
                for harness, service, chance in zip(harnesses, services, chances, strict=True):
                    runs.create_task(run_takes(harness, service, chance, sums))
                for takes in range(REPORT_INTERVAL, TAKES + 1, REPORT_INTERVAL):
                    await sums.wait_for(takes)
                    rows.append(await measure(harnesses, takes))
            await asyncio.sleep(1.5)  # closing the connections takes at most a second
            rows.append(await measure(harnesses, TAKES))
        finally:
            await asyncio.gather(*(harness.close() for harness in harnesses))
    return rows, sums


@contextlib.asynccontextmanager
async def _services() -> AsyncIterator[list[StandIn]]:
    async with contextlib.AsyncExitStack() as stack:
        services = (StandIn(transcribe=recognize_24khz, live=True) for _ in range(HARNESSES))
        yield [await stack.enter_async_context(service) for service in services]


def main() -> None:
    logging.disable(logging.CRITICAL)  # every fault is logged
    with tempfile.TemporaryDirectory() as name:
        rows, sums = asyncio.run(run_soak(Path(name)))
    whole = {"rows": [attrs.asdict(one) for one in rows], "sums": sums.as_dict()}
    sys.stdout.write(json.dumps(whole))


if __name__ == "__main__":
    main()
