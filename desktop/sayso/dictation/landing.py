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
from ..core.text.sanitize import words
from ..system import DisplayGoneError
from .active_takes import Living
from .insertion import Inserter

DISPLAY_GRACE_S = 3.0
AFTER_INSERTION_S = 0.3
"""Keys seen this soon after inserting are our own."""
LONGEST_FOCUS_S, LOOK_AGAIN_S = 2.0, 0.05
"""How long, and how often, it is looked whether another window has the focus again."""


class Landing:
    def __init__(self, inserter: Inserter, told: Callable[[e.Event], None]) -> None:
        """`told`: `Landed`, `Held` or `NotLanded`."""
        self._inserter, self._told = inserter, told
        self._landed_at_s = 0.0
        self.words: int | None = None
        """How many landed; None since a new take has begun."""
        self.by = ""
        """The engine they came from, if it is not the chosen one."""

    def begin(self) -> None:
        """A new take."""
        self.words, self.by = None, ""

    async def look(self, living: Living) -> None:
        """What it will be inserted into is what has the focus now."""
        living.target = await self._inserter.target()

    def touched(self, at_s: float) -> None:
        """A key that is not the hotkey's went down: the user types, or we did."""
        if at_s - self._landed_at_s > AFTER_INSERTION_S:
            self._inserter.touched()

    async def insert(self, living: Living, text: str, anywhere: bool, settings: Settings) -> None:
        number = living.take.number
        try:
            target = None if anywhere else living.target
            inserted = await self._inserter.insert(text, target, settings)
        except DisplayGoneError as error:
            await asyncio.sleep(DISPLAY_GRACE_S)  # Sayso ends with it; the next start has the words
            self._told(e.NotLanded(number, error.problem))
            return
        except ProblemError as error:
            self._told(e.NotLanded(number, error.problem))
            return
        self._landed_at_s = time.monotonic()
        if not inserted.by:
            self._told(e.Held(number))
            return
        take = living.take
        take.inserted_by = inserted.by
        living.step("inserted", self._landed_at_s)
        self.words = words(text)
        self.by = take.engine if not living.past and take.engine != settings.chosen else ""
        self._told(e.Landed(number))

    async def another(self, not_into: int) -> None:
        """Wait until another window than this one has the focus.

        There is no event for it on every system, so it is looked for, but not for ever.
        """
        until_s = time.monotonic() + LONGEST_FOCUS_S
        while time.monotonic() < until_s:
            if (await self._inserter.target()).window not in (0, not_into):
                return
            await asyncio.sleep(LOOK_AGAIN_S)
