"""Inserts the text of a take into its target window, by typing, pasting or copying it.

`core.insertion` selects the method, and `core.paste` decides whether a paste has succeeded. Calls
of typist, clipboard and focus block, so they run in a thread of their own, one at a time and in
order. Everything else runs in the event loop of the worker.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TypeVar

from ..core.dictation import events as e
from ..core.insertion import NO_WINDOW, UNKNOWN_TARGET, ChosenMethod, Target, choose_method
from ..core.paste import PasteTimeouts, PasteTransaction
from ..core.problems import ProblemError
from ..core.problems import insertion as problems
from ..core.settings.settings import Settings
from ..core.text.sanitize import count_words, join_with_space, sanitize
from ..system.protocols import Clipboard, DisplayLostError, Focus, FocusChangedError, Lease, Typist
from .active_takes import ActiveTake

T = TypeVar("T")

DISPLAY_LOST_DELAY_S = 3.0
"""Sayso ends with its display; the next start then offers the text."""
OWN_KEYS_S = 0.3
"""Keys reported within this time after an insertion were sent by Sayso."""
FOCUS_TIMEOUT_S, FOCUS_POLL_S = 2.0, 0.05


class TextInserter:
    def __init__(self, typist: Typist, focus: Focus, clipboard: Clipboard) -> None:
        self._typist, self._focus, self._clipboard = typist, focus, clipboard
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="typist")
        self._paster = Paster(typist, clipboard, self._thread, PasteTimeouts())
        self._previous_text = ""
        """Text inserted last, unless the user has typed or clicked since."""
        self._previous_target = UNKNOWN_TARGET
        self._inserted_at_s = 0.0

    async def target(self) -> Target:
        """Return the focused target; the unknown target if the system does not answer."""
        try:
            return await self._run(self._focus.target)
        except ProblemError:
            return UNKNOWN_TARGET

    def on_user_input(self, at_s: float) -> None:
        """Handle a key or click of the user, after which the next text is not a continuation."""
        if at_s - self._inserted_at_s > OWN_KEYS_S:
            self._previous_text = ""

    async def insert(
        self, active: ActiveTake, text: str, anywhere: bool, settings: Settings
    ) -> e.Inserted | e.FocusChanged | e.InsertFailed:
        """Sanitize and insert the text, and return the outcome as an event.

        `anywhere`: whether the text may go into another window than the target of the take.
        """
        take = active.take
        target = UNKNOWN_TARGET if anywhere else active.target
        try:
            method = await self._insert(text, target, settings)
        except FocusChangedError:
            return e.FocusChanged(take.number)
        except ProblemError as error:
            if isinstance(error, DisplayLostError):
                await asyncio.sleep(DISPLAY_LOST_DELAY_S)
            return e.InsertFailed(take.number, error.problem)
        finally:
            self._inserted_at_s = time.monotonic()
        take.inserted_by = method
        active.mark("inserted", self._inserted_at_s)
        is_fallback = not active.history_entry and take.engine != settings.selected_engine
        engine = take.engine if is_fallback else ""
        return e.Inserted(take.number, count_words(text), engine)

    async def _insert(self, text: str, target: Target, settings: Settings) -> ChosenMethod:
        setting = settings.insertion  # may have changed since the text was transcribed
        text = sanitize(text, keep_newlines=setting.newlines)
        focused = await self.target()
        if setting.method != "copy":
            is_any_window = target.id is None or target == NO_WINDOW
            if focused == NO_WINDOW or not (is_any_window or focused.id == target.id):
                raise FocusChangedError
            if focused.secure:
                raise ProblemError(problems.PASSWORD_FIELD())
            if focused.id == self._previous_target.id:
                text = join_with_space(self._previous_text, text)
        can_type = await self._run(self._typist.can_type, text, focused)
        method = choose_method(text, setting.method, can_type=can_type, newlines=setting.newlines)
        self._previous_text = ""
        if method == "copy":
            self._clipboard.copy(text)
            return method
        if method == "type":
            await self._run(self._typist.type, text, focused)
        else:
            await self._paster.paste(text, focused)
        self._previous_text, self._previous_target = text, focused
        return method

    async def wait_for_other_window(self, excluded: Target) -> None:
        """Wait up to two seconds until a window other than `excluded` has the focus.

        Not every system reports focus changes, so the focus is polled.
        """
        deadline_s = time.monotonic() + FOCUS_TIMEOUT_S
        while time.monotonic() < deadline_s:
            target = await self.target()
            if target.id not in (None, excluded.id):
                return
            await asyncio.sleep(FOCUS_POLL_S)

    async def close(self) -> None:
        """Finish the text that is being typed, which takes a limited time."""
        self._paster.close()
        await self._run(self._typist.close)
        await asyncio.to_thread(self._thread.shutdown, cancel_futures=True)

    async def _run(self, function: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *args)


class Paster:
    """Pastes one text at a time, in order."""

    def __init__(
        self, typist: Typist, clipboard: Clipboard, thread: Executor, timeouts: PasteTimeouts
    ) -> None:
        """`thread`: runs the blocking calls of typist and clipboard."""
        self._typist, self._clipboard, self._thread = typist, clipboard, thread
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
            except (FocusChangedError, asyncio.CancelledError):
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
        offer = partial(self._clipboard.offer, text, concealed=True, on_change=on_change)
        return await loop.run_in_executor(self._thread, offer)

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
        if self._lease and self._lease.listed_at_s is not None:
            self._transaction.listed(self._lease.listed_at_s)
        if self._lease and self._lease.fetched_at_s is not None:
            self._transaction.fetched(self._lease.fetched_at_s)
