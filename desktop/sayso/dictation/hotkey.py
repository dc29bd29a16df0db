"""Turns keys into intents of the user, and records a new hotkey for the settings.

Runs in the event loop of the worker, except for the methods of `HotkeyListener`. While the hotkey
is held, the system is asked for the pressed keys, because a release is missed when the screen is
locked or another program grabs the keyboard.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Protocol

from ..core.dictation import events as e
from ..core.hotkey import keys
from ..core.hotkey.chord import Chord, ChordRecorder
from ..core.hotkey.trigger import Intent, Trigger
from ..core.problems import Problem, ProblemError
from ..core.settings.settings import HotkeySettings
from ..system.protocols import Hotkey

POLL_INTERVAL_S = 0.2
START_TIMEOUT_S = 2.0
"""Time for which the start of the worker waits; a dialog of the system may stay open longer."""
INTENT_EVENTS: dict[Intent, e.Event] = {
    "start": e.Start(),
    "start-hands-free": e.Start(hands_free=True),
    "hands-free": e.ContinueHandsFree(),
    "stop": e.Stop(),
    "cancel": e.Cancel(),
    "discard": e.Discard(),
}


class IntentListener(Protocol):
    """Receives the results in the event loop."""

    @property
    def is_recording(self) -> bool: ...

    def on_intent(self, event: e.Event, at_s: float) -> None: ...

    def on_other_key(self, at_s: float) -> None:
        """A key that does not belong to the hotkey was pressed, or the mouse was clicked."""

    def on_problem(self, problem: Problem) -> None: ...

    def on_hotkey_restored(self) -> None: ...


class HotkeyController:
    """A `HotkeyListener` that acts according to the settings."""

    def __init__(
        self,
        settings: HotkeySettings,
        source: Hotkey,
        listener: IntentListener,
        *,
        poll_interval_s: float = POLL_INTERVAL_S,
    ) -> None:
        self._settings, self._source, self._listener = settings, source, listener
        self._poll_interval_s = poll_interval_s
        self._loop = asyncio.get_running_loop()
        self._trigger = Trigger(Chord.parse(settings.chord), settings.mode)
        self._chord_recording: tuple[ChordRecorder, Callable[[str], None]] | None = None
        self._is_started = False
        self._grab_lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._poll_task: asyncio.Task[None] | None = None
        self._key_event_count = 0
        """Detects answers of the system that are outdated."""

    async def start(self) -> None:
        """Start the source. A failure is reported; the commands still work."""
        starting = self._spawn(self._start())
        await asyncio.wait([starting], timeout=START_TIMEOUT_S)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.to_thread(self._source.stop)

    def configure(self, settings: HotkeySettings) -> None:
        if settings != self._settings:
            self._settings = settings
            self._trigger = Trigger(Chord.parse(settings.chord), settings.mode)
            self._spawn(self._grab())

    def record_chord(self, on_chord: Callable[[str], None] | None) -> None:
        """Report the next chord instead of acting on keys. None ends the recording."""
        self._chord_recording = (ChordRecorder(), on_chord) if on_chord else None
        self._spawn(self._grab())

    # HotkeyListener, any thread

    def ready(self, shown_as: str) -> None: ...

    def key_changed(self, name: str, is_down: bool, at_s: float) -> None:
        self._call_soon(self.on_key, name, is_down, at_s)

    def hotkey_down(self, at_s: float) -> None:
        self._call_soon(self._on_chord, self._trigger.chord_down, at_s)

    def hotkey_up(self, at_s: float) -> None:
        self._call_soon(self._on_chord, self._trigger.chord_up, at_s)

    def lost(self, problem: Problem) -> None:
        self._call_soon(self._listener.on_problem, problem)

    def restored(self) -> None:
        self._call_soon(self._listener.on_hotkey_restored)

    def _call_soon(self, call: Callable[..., object], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(call, *arguments)

    # Event loop

    def on_key(self, name: str, is_down: bool, at_s: float) -> None:
        if name == keys.LEFT_CLICK:
            if is_down:
                self._listener.on_other_key(at_s)
            return
        if self._chord_recording:
            recorder, on_chord = self._chord_recording
            if is_down:
                recorder.press(name)
            elif (chord := recorder.release(name)) is not None:
                self._chord_recording = None
                on_chord(chord)
            return
        self._key_event_count += 1
        if is_down and not self._trigger.chord.contains(name):
            self._listener.on_other_key(at_s)
        act = self._trigger.press if is_down else self._trigger.release
        self._report(act(name, at_s * 1000, recording=self._listener.is_recording), at_s)
        if self._trigger.is_held and self._poll_task is None:
            self._poll_task = self._spawn(self._poll())

    def _on_chord(self, act: Callable[[float, bool], list[Intent]], at_s: float) -> None:
        if not self._chord_recording:
            self._report(act(at_s * 1000, self._listener.is_recording), at_s)

    async def _start(self) -> None:
        try:
            await self._source.start(self)
        except ProblemError as error:
            self._listener.on_problem(error.problem)
            return
        self._is_started = True
        await self._grab()

    async def _grab(self) -> None:
        """Keep the hotkey from the focused window, except while a chord is recorded."""
        async with self._grab_lock:
            if not self._is_started:
                return
            chord = "" if self._chord_recording else self._settings.chord
            if problem := await asyncio.to_thread(self._source.grab, chord):
                self._listener.on_problem(problem)

    async def _poll(self) -> None:
        try:
            while self._trigger.is_held:
                await asyncio.sleep(self._poll_interval_s)
                before = self._key_event_count
                pressed = await asyncio.to_thread(self._source.pressed_now)
                if pressed is None:
                    return
                if before != self._key_event_count:
                    continue
                at_s = time.monotonic()
                recording = self._listener.is_recording
                intents = self._trigger.sync_pressed(pressed, at_s * 1000, recording=recording)
                self._report(intents, at_s)
        finally:
            self._poll_task = None

    def _report(self, intents: list[Intent], at_s: float) -> None:
        for intent in intents:
            self._listener.on_intent(INTENT_EVENTS[intent], at_s)

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)  # the loop itself keeps only weak references
        task.add_done_callback(self._tasks.discard)
        return task
