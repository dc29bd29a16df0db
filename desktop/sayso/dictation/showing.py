"""What the rest of the house is shown: each status once, partials no faster than they are drawn.

Loop thread only, but for `Showing.status`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from ..core.dictation.status import Status

PARTIAL_EVERY_S = 0.03
"""A server may send more than the interface could ever draw."""


class Showing:
    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        now: Callable[[], Status],
        show: Callable[[Status], None],
    ) -> None:
        """`now`: how it is. `show`: called with each status that is another than the last."""
        self._loop, self._now, self._show = loop, now, show
        self._waiting: asyncio.TimerHandle | None = None
        self._partial_at_s = 0.0
        self.status = Status()
        """Replaced as a whole; any thread may read it."""

    def show(self) -> None:
        status = self._now()
        if status != self.status:
            self.status = status
            self._show(status)

    def soon(self) -> None:
        """The same, for partials."""
        if self._waiting is None:
            wait_s = max(0.0, self._partial_at_s + PARTIAL_EVERY_S - time.monotonic())
            self._waiting = self._loop.call_later(wait_s, self._show_partial)

    def _show_partial(self) -> None:
        self._waiting, self._partial_at_s = None, time.monotonic()
        self.show()
