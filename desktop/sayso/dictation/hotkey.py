"""From keys to wishes: the hotkey as the settings have it, and how another is recorded.

Loop thread only. While the hotkey is held the system is asked what is really down, because a
release is missed when the screen is locked or somebody else grabs the keyboard.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import attrs

from ..core.dictation import events as e
from ..core.hotkey import keys
from ..core.hotkey.chord import Chord, ChordRecorder
from ..core.hotkey.trigger import Trigger, Wish
from ..core.settings.settings import Hotkey as HotkeySettings

POLL_S = 0.2
"""A release that was missed is noticed within 300 ms."""
WISHES: dict[Wish, e.Event] = {
    "start": e.Start(),
    "start-hands-free": e.Start(hands_free=True),
    "hands-free": e.HandsFree(),
    "stop": e.Stop(),
    "cancel": e.Cancel(),
    "discard": e.Discard(),
}


@attrs.frozen(kw_only=True)
class Told:
    """Called in the loop, with the instant of the key in s of the monotonic clock."""

    wish: Callable[[e.Event, float], None]
    other_key: Callable[[float], None]
    """A key that is not of the hotkey went down, or the mouse was clicked."""


class Hotkey:
    def __init__(
        self,
        settings: HotkeySettings,
        told: Told,
        *,
        listening: Callable[[], bool],
        really_down: Callable[[], frozenset[str]],
    ) -> None:
        self._told, self._listening, self._really_down = told, listening, really_down
        self._settings = settings
        self._trigger = _trigger(settings)
        self._recording: tuple[ChordRecorder, Callable[[str], None]] | None = None
        self._polling: asyncio.Task[None] | None = None
        self._keys = 0
        """How many key events have come: what was asked before the last one is stale."""

    def configure(self, settings: HotkeySettings) -> None:
        if settings != self._settings:
            self._settings, self._trigger = settings, _trigger(settings)

    def record(self, done: Callable[[str], None] | None) -> None:
        """Report the next chord held instead of acting on keys; None ends that."""
        self._recording = (ChordRecorder(), done) if done else None

    def key(self, name: str, down: bool, at_s: float) -> None:
        """A key or button went down or up."""
        if name == keys.CLICK:
            if down:
                self._told.other_key(at_s)
            return
        if self._recording:
            self._record(*self._recording, name, down)
            return
        self._keys += 1
        if down and not self._trigger.chord.touched(name):
            self._told.other_key(at_s)
        act = self._trigger.press if down else self._trigger.release
        self._wish(act(name, at_s * 1000, listening=self._listening()), at_s)
        if self._trigger.held and self._polling is None:
            self._polling = asyncio.get_running_loop().create_task(self._poll())

    def close(self) -> None:
        if self._polling:
            self._polling.cancel()

    def _record(
        self, recorder: ChordRecorder, done: Callable[[str], None], name: str, down: bool
    ) -> None:
        if down:
            recorder.press(name)
        elif (chord := recorder.release(name)) is not None:
            self._recording = None
            done(chord)

    async def _poll(self) -> None:
        try:
            while self._trigger.held:
                await asyncio.sleep(POLL_S)
                before = self._keys
                down, at_s = await asyncio.to_thread(self._really_down), time.monotonic()
                if before != self._keys:
                    continue
                wishes = self._trigger.really_down(down, at_s * 1000, listening=self._listening())
                self._wish(wishes, at_s)
        finally:
            self._polling = None

    def _wish(self, wishes: list[Wish], at_s: float) -> None:
        for wish in wishes:
            self._told.wish(WISHES[wish], at_s)


def _trigger(settings: HotkeySettings) -> Trigger:
    return Trigger(Chord.parse(settings.chord), settings.mode)
