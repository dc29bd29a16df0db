"""Background tasks of a component: started, waited for and canceled together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

log = logging.getLogger(__name__)


class Tasks:
    def __init__(self, on_error: Callable[[], None] = lambda: None) -> None:
        """`on_error` is called after a task failed with an exception, which is logged."""
        self._on_error = on_error
        self._running: set[asyncio.Task[None]] = set()

    def start(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._running.add(task)  # the loop itself keeps only weak references
        task.add_done_callback(self._on_done)
        return task

    async def wait(self, timeout_s: float | None = None) -> None:
        if self._running:
            await asyncio.wait(self._running, timeout=timeout_s)

    async def cancel(self, timeout_s: float) -> None:
        for task in self._running:
            task.cancel()
        await self.wait(timeout_s)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("A background task failed unexpectedly", exc_info=error)
            self._on_error()
