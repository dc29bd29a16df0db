"""Inserts the text of a take into its target window.

`core.insertion` selects the method. Typist, clipboard and focus block on the system, so their
calls run in a thread of their own, one at a time and in order. Everything else runs in the
event loop of the worker.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ..core.dictation import events as e
from ..core.insertion import NO_WINDOW, UNKNOWN_TARGET, ChosenMethod, Target, choose_method
from ..core.paste import PasteTimeouts
from ..core.problems import ProblemError
from ..core.problems import insertion as problems
from ..core.settings.settings import Settings
from ..core.text.sanitize import count_words, join_with_space
from ..system.protocols import Clipboard, DisplayLostError, Focus, FocusChangedError, Typist
from .active_takes import ActiveTake
from .paste import Paster

T = TypeVar("T")

DISPLAY_LOST_DELAY_S = 3.0
"""Sayso ends with its display; the next start then offers the text."""
OWN_KEYS_S = 0.3
"""Keys reported within this time after an insertion are those that Sayso has sent."""
FOCUS_TIMEOUT_S, FOCUS_POLL_S = 2.0, 0.05


class TextInserter:
    def __init__(
        self,
        typist: Typist,
        focus: Focus,
        clipboard: Clipboard,
        paste_timeouts: PasteTimeouts | None = None,
    ) -> None:
        self._typist, self._focus, self._clipboard = typist, focus, clipboard
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="typist")
        self._paster = Paster(typist, clipboard, self._thread, paste_timeouts)
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
        """Insert the text, which is safe to type, and return the outcome as an event.

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
        setting = settings.insertion
        focused = await self.target()
        if setting.method != "copy":
            if not _may_insert(focused, target):
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


def _may_insert(focused: Target, target: Target) -> bool:
    if focused == NO_WINDOW:
        return False
    return target.id is None or target == NO_WINDOW or focused.id == target.id
