"""Run an asynchronous test with a time limit, and check that it leaves no tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


def run(test: Callable[[], Awaitable[None]], timeout_s: float = 30) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(timeout_s):
            await test()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        if left:  # canceled tasks need a few iterations to end
            _, stuck = await asyncio.wait(left, timeout=0.5)
            assert not stuck, stuck

    asyncio.run(bounded())
