"""Text into the window it was spoken for: decides by `core.insertion`, then types or pastes.

The typist blocks on the X server, so it has a thread of its own: one piece of text at a
time, in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import attrs

from ..core.insertion import NO_WINDOW, Target, choose_method
from ..core.problems import ProblemError
from ..core.settings.settings import Settings
from ..core.text.sanitize import join_with_space, sanitize
from ..system import FocusChangedError, Typist

T = TypeVar("T")


@attrs.frozen
class Clipboard:
    """What `ui.paste` does; handed in, because the worker knows no Qt."""

    paste: Callable[[str, Callable[[], None]], Future[None]]
    """Own the clipboard, press the chord, done when the text was fetched."""
    copy: Callable[[str], None]


@attrs.frozen
class Inserted:
    """How it ended: `by` is 'type', 'paste' or 'copy'; '' where another window has the focus, or
    none has."""

    by: str


class TextInserter:
    """Loop thread only."""

    def __init__(self, typist: Typist, clipboard: Clipboard) -> None:
        self._typist = typist
        self._clipboard = clipboard
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="typist")
        self._previous_text = ""
        """What was inserted last, while nothing else has been typed since."""
        self._previous_target = Target()

    async def target(self) -> Target:
        """The window that has the focus now; unknown where the system does not tell."""
        try:
            return await self._run(self._typist.target)
        except ProblemError:
            return Target()

    def forget_previous_text(self) -> None:
        """The user has typed or clicked: what comes next does not go on where we left off."""
        self._previous_text = ""

    async def insert(self, text: str, target: Target | None, settings: Settings) -> Inserted:
        """Insert `text` into `target`, or wherever the focus is when that is None.

        Raises:
            ProblemError: It did not land; the sentence says where the words are.
        """
        now, method = await self.target(), settings.insertion.method
        if method != "copy" and not _is_expected_target(now, target):
            return Inserted("")
        if method != "copy" and now.id == self._previous_target.id:
            text = join_with_space(self._previous_text, text)
        text = self._sanitize(text, settings)
        spare = await self._run(self._typist.can_type, text)
        chosen = choose_method(text, now, method, spare, newlines=settings.insertion.newlines)
        self._previous_text = ""
        try:
            if chosen.way == "type":
                await self._run(self._typist.type, text, now.id)
            elif chosen.way == "paste":
                chord = chosen.chord
                await asyncio.wrap_future(
                    self._clipboard.paste(text, lambda: self._typist.press_paste(chord, now.id))
                )
            else:
                self._clipboard.copy(text)
                return Inserted("copy")
        except FocusChangedError:
            return Inserted("")
        self._previous_text, self._previous_target = text, now
        return Inserted(chosen.way)

    async def close(self) -> None:
        """What is being typed is finished; that is bounded by the typist."""
        await self._run(self._typist.close)
        await asyncio.to_thread(self._thread.shutdown, cancel_futures=True)

    def _sanitize(self, text: str, settings: Settings) -> str:
        space = text[: len(text) - len(text.lstrip(" "))]
        return space + sanitize(text, keep_newlines=settings.insertion.newlines)

    async def _run(self, function: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *args)


def _is_expected_target(now: Target, target: Target | None) -> bool:
    """Whether text for `target` may go where the focus is."""
    if now == NO_WINDOW:
        return False
    if target is None or target == NO_WINDOW or not target.id:
        return True
    return now.id == target.id
