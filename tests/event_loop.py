"""Run an asynchronous test with a time limit, and check that it leaves no tasks."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import ParamSpec

P = ParamSpec("P")


def run(test: Callable[[], Awaitable[None]], timeout_s: float = 30) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(timeout_s):
            await test()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        if left:  # canceled tasks need a few iterations to end
            _, stuck = await asyncio.wait(left, timeout=0.5)
            assert not stuck, stuck

    asyncio.run(bounded())


def in_event_loop(
    timeout_s: float = 30,
) -> Callable[[Callable[P, Awaitable[None]]], Callable[P, None]]:
    """Return a decorator that runs an asynchronous test with `run`."""

    def decorate(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
        @functools.wraps(test)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> None:
            run(lambda: test(*args, **kwargs), timeout_s)

        return wrapper

    return decorate
