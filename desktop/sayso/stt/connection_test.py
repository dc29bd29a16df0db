"""Connection test: transcribes a short sample with an engine."""

from __future__ import annotations

import asyncio
import math
from array import array

from ..core.dictation.take import Take
from .engine import Engine
from .reader import Reader

RATE_HZ = 24_000


async def check_connection(engine: Engine) -> float:
    """Send one second of a quiet tone; returns the seconds until its text arrived.

    Closes the engine. Raises `ProblemError` as `Engine.prepare` and `Engine.transcribe` do.
    """
    take = Take(number=0, id="test", rate_hz=RATE_HZ)
    take.append(_tone())
    take.end()
    clock = asyncio.get_running_loop().time
    try:
        await engine.prepare()
        started_s = clock()
        await engine.transcribe(Reader(take), lambda _: None)
        return clock() - started_s
    finally:
        await engine.close()


def success_message(seconds: float) -> str:
    """Return the sentence that the settings show after a successful test."""
    return f"It works. A one-second sample was transcribed in {seconds:.1f} s."


def _tone() -> bytes:
    step = math.tau * 440 / RATE_HZ
    return array("h", (round(300 * math.sin(i * step)) for i in range(RATE_HZ))).tobytes()
