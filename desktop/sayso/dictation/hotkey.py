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
from ..core.hotkey.trigger import Intent, Trigger
from ..core.settings.settings import HotkeySettings as HotkeySettings

POLL_INTERVAL_S = 0.2
"""A release that was missed is noticed within 300 ms."""
INTENT_EVENTS: dict[Intent, e.Event] = {
    "start": e.Start(),
    "start-hands-free": e.Start(hands_free=True),
    "hands-free": e.ContinueHandsFree(),
    "stop": e.Stop(),
    "cancel": e.Cancel(),
    "discard": e.Discard(),
}


@attrs.frozen(kw_only=True)
class IntentListener:
    """Called in the loop, with the instant of the key in s of the monotonic clock."""

    on_intent: Callable[[e.Event, float], None]
    on_other_key: Callable[[float], None]
    """A key that is not of the hotkey went down, or the mouse was clicked."""


class HotkeyController:
    def __init__(
        self,
        settings: HotkeySettings,
        listener: IntentListener,
        *,
        is_recording: Callable[[], bool],
        pressed_now: Callable[[], frozenset[str]],
    ) -> None:
        self._listener, self._is_recording, self._pressed_now = listener, is_recording, pressed_now
        self._settings = settings
        self._trigger = _create_trigger(settings)
        self._chord_recording: tuple[ChordRecorder, Callable[[str], None]] | None = None
        self._poll_task: asyncio.Task[None] | None = None
        self._key_event_count = 0
        """How many key events have come: what was asked before the last one is stale."""

    def configure(self, settings: HotkeySettings) -> None:
        if settings != self._settings:
            self._settings, self._trigger = settings, _create_trigger(settings)

    def record_chord(self, done: Callable[[str], None] | None) -> None:
        """Report the next chord held instead of acting on keys; None ends that."""
        self._chord_recording = (ChordRecorder(), done) if done else None

    def on_key(self, name: str, down: bool, at_s: float) -> None:
        """A key or button went down or up."""
        if name == keys.LEFT_CLICK:
            if down:
                self._listener.on_other_key(at_s)
            return
        if self._chord_recording:
            self._record_key(*self._chord_recording, name, down)
            return
        self._key_event_count += 1
        if down and not self._trigger.chord.contains(name):
            self._listener.on_other_key(at_s)
        act = self._trigger.press if down else self._trigger.release
        self._report(act(name, at_s * 1000, recording=self._is_recording()), at_s)
        if self._trigger.is_held and self._poll_task is None:
            self._poll_task = asyncio.get_running_loop().create_task(self._poll())

    def close(self) -> None:
        if self._poll_task:
            self._poll_task.cancel()

    def _record_key(
        self, recorder: ChordRecorder, done: Callable[[str], None], name: str, down: bool
    ) -> None:
        if down:
            recorder.press(name)
        elif (chord := recorder.release(name)) is not None:
            self._chord_recording = None
            done(chord)

    async def _poll(self) -> None:
        try:
            while self._trigger.is_held:
                await asyncio.sleep(POLL_INTERVAL_S)
                before = self._key_event_count
                down, at_s = await asyncio.to_thread(self._pressed_now), time.monotonic()
                if before != self._key_event_count:
                    continue
                wishes = self._trigger.sync_pressed(
                    down, at_s * 1000, recording=self._is_recording()
                )
                self._report(wishes, at_s)
        finally:
            self._poll_task = None

    def _report(self, wishes: list[Intent], at_s: float) -> None:
        for wish in wishes:
            self._listener.on_intent(INTENT_EVENTS[wish], at_s)


def _create_trigger(settings: HotkeySettings) -> Trigger:
    return Trigger(Chord.parse(settings.chord), settings.mode)
