"""Converts chord changes into intents. Pure; `at_ms` is the time of the event.

hold         records while the chord is held
toggle       a tap starts, another tap stops
tap-or-hold  holding is like hold; a tap starts hands-free recording, which another tap stops

A chord of modifiers only may be the beginning of another shortcut: if another key follows soon, the
recording is discarded.
"""

from __future__ import annotations

from typing import Literal

from ..settings.settings import HotkeyMode
from .chord import Chord, ChordMatcher

Intent = Literal["start", "start-hands-free", "hands-free", "stop", "cancel", "discard"]

SHORTCUT_WINDOW_MS = 300
MAX_TAP_MS = 350


class Trigger:
    """`recording` tells whether a take is being recorded at this moment.

    `press`, `release` and `sync_pressed` are for sources that report keys; `chord_down` and
    `chord_up` are for systems that match the shortcut themselves.
    """

    def __init__(self, chord: Chord, mode: HotkeyMode) -> None:
        self._matcher = ChordMatcher(chord)
        self._mode = mode
        self._pressed_ms = 0.0
        self._stops_on_release = False
        """The chord stops a hands-free take unless another key follows."""

    @property
    def chord(self) -> Chord:
        return self._matcher.chord

    @property
    def is_held(self) -> bool:
        """True if the chord is held according to the events received; releases may be missed."""
        return self._matcher.is_held

    def press(self, key: str, at_ms: float, *, recording: bool) -> list[Intent]:
        if key in self._matcher.pressed:
            return []  # auto-repeat
        if self._matcher.press(key):
            return self.chord_down(at_ms, recording)
        if not recording or self.chord.contains(key):
            return []
        if key == "esc":
            return ["cancel"]
        return self._on_other_key(at_ms) if self.is_held else []

    def release(self, key: str, at_ms: float, *, recording: bool) -> list[Intent]:
        return self.chord_up(at_ms, recording) if self._matcher.release(key) else []

    def sync_pressed(
        self, pressed: frozenset[str], at_ms: float, *, recording: bool
    ) -> list[Intent]:
        return self.chord_up(at_ms, recording) if self._matcher.sync_pressed(pressed) else []

    def chord_down(self, at_ms: float, recording: bool) -> list[Intent]:
        self._pressed_ms, self._stops_on_release = at_ms, False
        if not recording:
            return ["start-hands-free" if self._mode == "toggle" else "start"]
        if self._mode == "hold":
            return []  # a take started by a command; the release will stop it
        if self.chord.is_modifiers_only:
            self._stops_on_release = True
            return []
        return ["stop"]

    def chord_up(self, at_ms: float, recording: bool) -> list[Intent]:
        stops, self._stops_on_release = self._stops_on_release, False
        if not recording:
            return []
        if stops:
            return ["stop"]
        is_tap = at_ms - self._pressed_ms < MAX_TAP_MS
        if self._mode == "hold" or (self._mode == "tap-or-hold" and not is_tap):
            return ["stop"]
        return ["hands-free"] if self._mode == "tap-or-hold" else []

    def _on_other_key(self, at_ms: float) -> list[Intent]:
        if not self.chord.is_modifiers_only:
            return []
        if self._stops_on_release:
            self._stops_on_release = False  # a shortcut during a hands-free take: keep recording
            return []
        return ["discard"] if at_ms - self._pressed_ms < SHORTCUT_WINDOW_MS else []
