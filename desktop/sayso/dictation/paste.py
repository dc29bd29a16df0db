"""Pastes texts: puts them on the clipboard, presses the keys and puts back what was there.

Runs in the event loop of the worker; `core.paste` makes the decisions.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress

from ..core.insertion import Target
from ..core.paste import PasteTimeouts, PasteTransaction
from ..core.problems import ProblemError
from ..core.problems import insertion as problems
from ..system.protocols import Clipboard, FocusChangedError, Lease, Typist


class Paster:
    """Pastes one text at a time, in order."""

    def __init__(
        self,
        typist: Typist,
        clipboard: Clipboard,
        thread: Executor,
        timeouts: PasteTimeouts | None = None,
    ) -> None:
        """`thread`: runs the blocking calls of typist and clipboard."""
        self._typist = typist
        self._clipboard = clipboard
        self._thread = thread
        self._transaction = PasteTransaction(timeouts)
        self._lock = asyncio.Lock()
        self._changed = asyncio.Event()
        self._lease: Lease | None = None
        self._restoring: asyncio.Task[None] | None = None
        """Puts back what was on the clipboard before the lease."""

    async def paste(self, text: str, target: Target) -> None:
        """Paste the text, and return when a program has fetched it.

        Raises:
            FocusChangedError: Another window has the focus; the clipboard is put back.
            ProblemError: The text was not pasted. It stays on the clipboard.
        """
        async with self._lock:
            if self._restoring is not None and not self._restoring.done():
                await self._sleep_until(lambda: self._transaction.next_text_at_s)
                self._restoring.cancel()
            self._lease = lease = await self._offer(text)
            try:
                await self._press_and_confirm(target)
            except FocusChangedError:
                lease.restore()
                raise
            except ProblemError:
                self._clipboard.copy(text)
                lease.restore()
                raise
            self._restoring = asyncio.create_task(self._restore(lease))

    def close(self) -> None:
        if self._restoring is not None:
            self._restoring.cancel()

    async def _offer(self, text: str) -> Lease:
        loop = asyncio.get_running_loop()

        def on_change() -> None:
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(self._changed.set)

        self._transaction.begin()
        return await loop.run_in_executor(
            self._thread,
            lambda: self._clipboard.offer(text, concealed=True, on_change=on_change),
        )

    async def _press_and_confirm(self, target: Target) -> None:
        def press() -> float:
            self._typist.press_paste(target)
            return time.monotonic()

        loop = asyncio.get_running_loop()
        self._transaction.keys_sent(await loop.run_in_executor(self._thread, press))
        while True:
            self._changed.clear()
            self._observe()
            outcome = self._transaction.outcome(now_s := time.monotonic())
            if outcome == "pasted":
                return
            if outcome == "failed":
                raise ProblemError(problems.NOT_PASTED())
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, self._transaction.decision_at_s - now_s)):
                    await self._changed.wait()

    async def _restore(self, lease: Lease) -> None:
        await self._sleep_until(lambda: self._transaction.restore_at_s)
        lease.restore()

    async def _sleep_until(self, at_s: Callable[[], float]) -> None:
        """Sleep until a time that requests for the clipboard may postpone."""
        while True:
            self._observe()
            if (wait_s := at_s() - time.monotonic()) <= 0:
                return
            await asyncio.sleep(wait_s)

    def _observe(self) -> None:
        if self._lease is not None and self._lease.listed_at_s is not None:
            self._transaction.listed(self._lease.listed_at_s)
        if self._lease is not None and self._lease.fetched_at_s is not None:
            self._transaction.fetched(self._lease.fetched_at_s)
