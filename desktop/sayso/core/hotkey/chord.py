"""Which keys are down, and whether they are the chord.

A chord is a set of keys held together, such as ctrl+alt+space, mouse8 or a lone right
ctrl. Generic modifiers match either side.
"""

from __future__ import annotations

import difflib
import enum

import attrs

from . import keys


class ChordError(ValueError):
    """The text is not a chord; the message says why, and what would be."""


@attrs.frozen
class Chord:
    keys: frozenset[str]

    @classmethod
    def parse(cls, text: str) -> Chord:
        """Read "ctrl+alt+space".

        Raises:
            ChordError: A name is empty or unknown, or the chord would be typed all day.
        """
        names = ["+"] if text.strip() == "+" else [p.strip().lower() for p in text.split("+")]
        if not all(names):
            raise ChordError("A hotkey is key names joined with +, such as ctrl+alt+space.")
        for name in names:
            if not keys.is_key(name):
                close = difflib.get_close_matches(name, sorted(keys.NAMED), n=1)
                hint = f" Did you mean {close[0]}?" if close else ""
                raise ChordError(f"There is no key called {name!r}.{hint}")
        if not any(n in keys.NAMED for n in names) or set(names) <= {
            "space",
            "enter",
            "tab",
            "esc",
        }:
            raise ChordError(f"{text} alone is needed for typing. Add Ctrl, Alt or Super.")
        return cls(frozenset(names))

    def __str__(self) -> str:
        return "+".join(self._ordered())

    @property
    def shown(self) -> str:
        """As people read it: "Ctrl+Alt+Space"."""
        return "+".join(keys.shown(name) for name in self._ordered())

    @property
    def is_modifiers_only(self) -> bool:
        return self.keys <= keys.MODIFIERS

    def held(self, down: frozenset[str]) -> bool:
        """Whether exactly these keys are down: ctrl+a is not ctrl+shift+a."""
        return self.keys == {k if k in self.keys else keys.unsided(k) for k in down}

    def touched(self, key: str) -> bool:
        """Whether this key is one of the chord's."""
        return key in self.keys or keys.unsided(key) in self.keys

    def _ordered(self) -> list[str]:
        order = ("ctrl", "alt", "altgr", "shift", "super")

        def rank(name: str) -> tuple[int, str]:
            base = keys.unsided(name)
            return (order.index(base) if base in order else len(order), name)

        return sorted(self.keys, key=rank)


class Change(enum.Enum):
    NONE = "none"
    PRESSED = "pressed"
    RELEASED = "released"


class ChordWatch:
    """Turns key events into chord changes. Auto-repeat is not a change.

    A key that is pressed while the chord is held does not end the hold; only the release
    of a key of the chord does. (What such a key means is `trigger`'s business.)
    """

    def __init__(self, chord: Chord) -> None:
        self.chord = chord
        self._down: frozenset[str] = frozenset()
        self._active = False

    @property
    def down(self) -> frozenset[str]:
        return self._down

    @property
    def active(self) -> bool:
        return self._active

    def press(self, key: str) -> Change:
        if key in self._down:
            return Change.NONE
        self._down |= {key}
        if not self._active and self.chord.held(self._down):
            self._active = True
            return Change.PRESSED
        return Change.NONE

    def release(self, key: str) -> Change:
        self._down -= {key}
        if self._active and self.chord.touched(key):
            self._active = False
            return Change.RELEASED
        return Change.NONE

    def really_down(self, down: frozenset[str]) -> Change:
        """The keys that are down by the system's own account: releases may have been missed."""
        missed = self._down - down
        self._down = frozenset(self._down & down)
        if self._active and any(self.chord.touched(key) for key in missed):
            self._active = False
            return Change.RELEASED
        return Change.NONE


class ChordRecorder:
    """Hears which keys are held together, until one of them is let go."""

    def __init__(self) -> None:
        self._down: list[str] = []

    def press(self, key: str) -> None:
        if key not in self._down:
            self._down.append(key)

    def release(self, key: str) -> str | None:
        """The chord that was held when the first of its keys came up; '' for a lone Esc.

        None if the key went down before the recording began.
        """
        if key not in self._down:
            return None
        if self._down == ["esc"]:
            return ""
        return str(Chord(frozenset(self._down)))
