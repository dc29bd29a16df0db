"""`python -m faults.near URL WORDS FALLBACK`, from tests/: a take at this end of a line.

Says "speaking" when it begins, and what became of it, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import attrs

from sayso.core.settings.settings import Settings

from .harness import AsyncWorkerHarness, settings_for

LONGEST_S = 90.0


def report(what: object) -> None:
    sys.stdout.write(f"{json.dumps(what)}\n")
    sys.stdout.flush()


async def main(url: str, count: int, fallback: bool, folder: Path) -> None:
    settings = settings_for(url, fallback=fallback)
    (endpoint,) = settings.endpoints
    open_way = attrs.evolve(endpoint, allow_insecure=urlsplit(url).hostname)
    settings = attrs.evolve(settings, endpoints=(open_way,))
    desk = AsyncWorkerHarness(folder, settings)
    try:
        report("speaking")
        await desk.dictate(count)
        await desk.wait_until(lambda: desk.at_rest, "the take is over", LONGEST_S)
        after_s = round(time.monotonic() - desk.released_s, 2)
        last = desk.worker.last_summary or {}
        kept = ""
        if not desk.text:  # it waits: a person tries it again, on this computer
            await desk.wait_until(desk.history.entries, "it has a row", 10)
            desk.worker.configure(Settings(sounds=False))
            kept = await asyncio.to_thread(desk.worker.transcribe_again, last["id"])
        report(
            {
                "typed": desk.text,
                "kept": kept,
                "outcome": last["outcome"],
                "engine": last["engine"],
                "after_s": after_s,
                "told": desk.messages,
            }
        )
    finally:
        await desk.close()


with tempfile.TemporaryDirectory() as name:
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3] == "True", Path(name)))
