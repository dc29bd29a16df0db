"""The words of a take into the window they were spoken for, and how that ended.

Loop thread only.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from ..core.dictation import events as e
from ..core.problems import ProblemError
from ..core.settings.settings import Settings
from ..core.text.sanitize import count_words
from ..system import DisplayLostError
from .active_takes import ActiveTake
from .insertion import TextInserter

DISPLAY_LOST_DELAY_S = 3.0
OWN_KEYS_S = 0.3
"""Keys seen this soon after inserting are our own."""
FOCUS_TIMEOUT_S, FOCUS_POLL_S = 2.0, 0.05
"""How long, and how often, it is looked whether another window has the focus again."""


class Landing:
    def __init__(self, inserter: TextInserter, told: Callable[[e.Event], None]) -> None:
        """`told`: `Landed`, `Held` or `NotLanded`."""
        self._inserter, self._told = inserter, told
        self._landed_at_s = 0.0

    async def record_target(self, living: ActiveTake) -> None:
        """What it will be inserted into is what has the focus now."""
        living.target = await self._inserter.target()

    def on_user_input(self, at_s: float) -> None:
        """A key that is not the hotkey's went down: the user types, or we did."""
        if at_s - self._landed_at_s > OWN_KEYS_S:
            self._inserter.forget_previous_text()

    async def insert(
        self, living: ActiveTake, text: str, anywhere: bool, settings: Settings
    ) -> None:
        number = living.take.number
        try:
            target = None if anywhere else living.target
            inserted = await self._inserter.insert(text, target, settings)
        except DisplayLostError as error:
            await asyncio.sleep(
                DISPLAY_LOST_DELAY_S
            )  # Sayso ends with it; the next start has the words
            self._told(e.InsertFailed(number, error.problem))
            return
        except ProblemError as error:
            self._told(e.InsertFailed(number, error.problem))
            return
        self._landed_at_s = time.monotonic()
        if not inserted.by:
            self._told(e.FocusChanged(number))
            return
        take = living.take
        take.inserted_by = inserted.by
        living.mark("inserted", self._landed_at_s)
        is_fallback = not living.history_entry and take.engine != settings.selected_engine
        fallback_engine = take.engine if is_fallback else ""
        self._told(e.Inserted(number, count_words(text), fallback_engine))

    async def wait_for_other_window(self, excluded: int) -> None:
        """Wait until another window than this one has the focus.

        There is no event for it on every system, so it is looked for, but not for ever.
        """
        until_s = time.monotonic() + FOCUS_TIMEOUT_S
        while time.monotonic() < until_s:
            if (await self._inserter.target()).id not in (0, excluded):
                return
            await asyncio.sleep(FOCUS_POLL_S)
