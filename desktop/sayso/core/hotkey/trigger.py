"""What the keys mean: chord changes in, wishes out. Pure; instants are handed in.

hold         listens while the chord is held
toggle       a tap starts, a tap ends
tap-or-hold  held it is hold; a tap starts hands-free listening, which a tap ends

A chord of modifiers only is also the beginning of other shortcuts: another key soon after
it means a shortcut, and what was started is discarded.
"""

from __future__ import annotations

from typing import Literal

from ..settings.settings import HotkeyMode
from .chord import Chord, ChordChange, ChordMatcher

Intent = Literal["start", "start-hands-free", "hands-free", "stop", "cancel", "discard"]

SHORTCUT_WINDOW_MS = 300
"""Another key within this time means a shortcut, not a dictation."""
MAX_TAP_MS = 350
"""A chord held shorter than this is a tap (tap-or-hold)."""


class Trigger:
    def __init__(self, chord: Chord, mode: HotkeyMode) -> None:
        self._matcher = ChordMatcher(chord)
        self._mode = mode
        self._pressed_ms = 0.0
        self._stops_on_release = False
        """This press ends a hands-free take, once it is let go without another key."""

    @property
    def chord(self) -> Chord:
        return self._matcher.chord

    @property
    def is_held(self) -> bool:
        """Whether the chord is down as far as is known: releases may have been missed."""
        return self._matcher.is_held

    def press(self, key: str, at_ms: float, *, recording: bool) -> list[Intent]:
        """A key went down. `listening`: whether a take is open now."""
        if key in self._matcher.pressed:
            return []  # auto-repeat
        if self._matcher.press(key) is ChordChange.PRESSED:
            return self.chord_down(at_ms, recording)
        if not recording or self._matcher.chord.contains(key):
            return []
        if key == "esc":
            return ["cancel"]
        if self._matcher.is_held:
            return self._on_other_key(at_ms)
        return []

    def release(self, key: str, at_ms: float, *, recording: bool) -> list[Intent]:
        if self._matcher.release(key) is ChordChange.RELEASED:
            return self.chord_up(at_ms, recording)
        return []

    def sync_pressed(
        self, pressed: frozenset[str], at_ms: float, *, recording: bool
    ) -> list[Intent]:
        """The keys that are down by the system's account."""
        if self._matcher.sync_pressed(pressed) is ChordChange.RELEASED:
            return self.chord_up(at_ms, recording)
        return []

    def chord_down(self, at_ms: float, recording: bool) -> list[Intent]:
        self._pressed_ms, self._stops_on_release = at_ms, False
        if not recording:
            return ["start-hands-free" if self._mode == "toggle" else "start"]
        if self._mode == "hold":
            return []  # hands-free from elsewhere; letting go will end it
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
        tapped = at_ms - self._pressed_ms < MAX_TAP_MS
        if self._mode == "hold" or (self._mode == "tap-or-hold" and not tapped):
            return ["stop"]
        return ["hands-free"] if self._mode == "tap-or-hold" else []

    def _on_other_key(self, at_ms: float) -> list[Intent]:
        if not self.chord.is_modifiers_only:
            return []
        if self._stops_on_release:
            self._stops_on_release = False  # a shortcut while hands-free: go on listening
            return []
        return ["discard"] if at_ms - self._pressed_ms < SHORTCUT_WINDOW_MS else []
