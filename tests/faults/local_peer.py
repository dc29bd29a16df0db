"""Take at the local end of a link: `python -m faults.local_peer URL WORDS FALLBACK`, from tests/.

Prints "speaking" when it begins, and the result as JSON.
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

TIMEOUT_S = 90.0


def report(value: object) -> None:
    sys.stdout.write(f"{json.dumps(value)}\n")
    sys.stdout.flush()


async def main(url: str, word_count: int, fallback: bool, folder: Path) -> None:
    settings = settings_for(url, fallback=fallback)
    (endpoint,) = settings.endpoints
    insecure = attrs.evolve(endpoint, allow_insecure=urlsplit(url).hostname)
    settings = attrs.evolve(settings, endpoints=(insecure,))
    harness = AsyncWorkerHarness(folder, settings)
    try:
        report("speaking")
        await harness.dictate(word_count)
        await harness.wait_until(lambda: harness.take_is_over, "the take is over", TIMEOUT_S)
        duration_s = round(time.monotonic() - harness.released_s, 2)
        last = harness.worker.last_summary or {}
        kept = ""
        if not harness.text:  # the user tries again with the on-device engine
            await harness.wait_until(harness.history.entries, "there is an entry", 10)
            harness.worker.configure(Settings(sounds=False))
            kept = await asyncio.to_thread(harness.worker.transcribe_again, last["id"])
        result = {
            "typed": harness.text,
            "kept": kept,
            "outcome": last["outcome"],
            "engine": last["engine"],
            "duration_s": duration_s,
            "messages": harness.messages,
        }
        report(result)
    finally:
        await harness.close()


with tempfile.TemporaryDirectory() as name:
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3] == "True", Path(name)))
