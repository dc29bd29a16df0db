"""What the keys mean: chord changes in, wishes out. Pure; instants are handed in.

hold         listens while the chord is held
toggle       a tap starts, a tap ends
tap-or-hold  held it is hold; a tap starts hands-free listening, which a tap ends

A chord of modifiers only is also the beginning of other shortcuts: another key soon after
it means a shortcut, and what was started is discarded.
"""

from __future__ import annotations

from typing import Literal

from ..settings.settings import Mode
from .chord import Change, Chord, ChordWatch

Wish = Literal["start", "start-hands-free", "hands-free", "stop", "cancel", "discard"]

SHORTCUT_MS = 300
"""Another key within this time means a shortcut, not a dictation."""
TAP_MS = 350
"""A chord held shorter than this is a tap (tap-or-hold)."""


class Trigger:
    def __init__(self, chord: Chord, mode: Mode) -> None:
        self._watch = ChordWatch(chord)
        self._mode = mode
        self._pressed_ms = 0.0
        self._stops = False
        """This press ends a hands-free take, once it is let go without another key."""

    @property
    def chord(self) -> Chord:
        return self._watch.chord

    @property
    def held(self) -> bool:
        """Whether the chord is down as far as is known: releases may have been missed."""
        return self._watch.active

    def press(self, key: str, at_ms: float, *, listening: bool) -> list[Wish]:
        """A key went down. `listening`: whether a take is open now."""
        if key in self._watch.down:
            return []  # auto-repeat
        if self._watch.press(key) is Change.PRESSED:
            return self._chord_down(at_ms, listening)
        if not listening or self._watch.chord.touched(key):
            return []
        if key == "esc":
            return ["cancel"]
        if self._watch.active:
            return self._other_key(at_ms)
        return []

    def release(self, key: str, at_ms: float, *, listening: bool) -> list[Wish]:
        if self._watch.release(key) is Change.RELEASED:
            return self._chord_up(at_ms, listening)
        return []

    def really_down(self, down: frozenset[str], at_ms: float, *, listening: bool) -> list[Wish]:
        """The keys that are down by the system's account."""
        if self._watch.really_down(down) is Change.RELEASED:
            return self._chord_up(at_ms, listening)
        return []

    def _chord_down(self, at_ms: float, listening: bool) -> list[Wish]:
        self._pressed_ms, self._stops = at_ms, False
        if not listening:
            return ["start-hands-free" if self._mode == "toggle" else "start"]
        if self._mode == "hold":
            return []  # hands-free from elsewhere; letting go will end it
        if self.chord.is_modifiers_only:
            self._stops = True
            return []
        return ["stop"]

    def _chord_up(self, at_ms: float, listening: bool) -> list[Wish]:
        stops, self._stops = self._stops, False
        if not listening:
            return []
        if stops:
            return ["stop"]
        tapped = at_ms - self._pressed_ms < TAP_MS
        if self._mode == "hold" or (self._mode == "tap-or-hold" and not tapped):
            return ["stop"]
        return ["hands-free"] if self._mode == "tap-or-hold" else []

    def _other_key(self, at_ms: float) -> list[Wish]:
        if not self.chord.is_modifiers_only:
            return []
        if self._stops:
            self._stops = False  # a shortcut while hands-free: go on listening
            return []
        return ["discard"] if at_ms - self._pressed_ms < SHORTCUT_MS else []
