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
            if not keys.is_valid_key(name):
                close = difflib.get_close_matches(name, sorted(keys.NAMED_KEYS), n=1)
                hint = f" Did you mean {close[0]}?" if close else ""
                raise ChordError(f"There is no key called {name!r}.{hint}")
        if not any(n in keys.NAMED_KEYS for n in names) or set(names) <= {
            "space",
            "enter",
            "tab",
            "esc",
        }:
            raise ChordError(f"{text} alone is needed for typing. Add Ctrl, Alt or Super.")
        return cls(frozenset(names))

    def __str__(self) -> str:
        return "+".join(self._sorted_keys())

    @property
    def display_name(self) -> str:
        """As people read it: "Ctrl+Alt+Space"."""
        return "+".join(keys.display_name(name) for name in self._sorted_keys())

    @property
    def is_modifiers_only(self) -> bool:
        return self.keys <= keys.MODIFIERS

    def matches(self, pressed: frozenset[str]) -> bool:
        """Whether exactly these keys are down: ctrl+a is not ctrl+shift+a."""
        return self.keys == {k if k in self.keys else keys.without_side(k) for k in pressed}

    def contains(self, key: str) -> bool:
        """Whether this key is one of the chord's."""
        return key in self.keys or keys.without_side(key) in self.keys

    def _sorted_keys(self) -> list[str]:
        order = ("ctrl", "alt", "altgr", "shift", "super")

        def rank(name: str) -> tuple[int, str]:
            base = keys.without_side(name)
            return (order.index(base) if base in order else len(order), name)

        return sorted(self.keys, key=rank)


class ChordChange(enum.Enum):
    NONE = "none"
    PRESSED = "pressed"
    RELEASED = "released"


class ChordMatcher:
    """Turns key events into chord changes. Auto-repeat is not a change.

    A key that is pressed while the chord is held does not end the hold; only the release
    of a key of the chord does. (What such a key means is `trigger`'s business.)
    """

    def __init__(self, chord: Chord) -> None:
        self.chord = chord
        self._pressed: frozenset[str] = frozenset()
        self._held = False

    @property
    def pressed(self) -> frozenset[str]:
        return self._pressed

    @property
    def is_held(self) -> bool:
        return self._held

    def press(self, key: str) -> ChordChange:
        if key in self._pressed:
            return ChordChange.NONE
        self._pressed |= {key}
        if not self._held and self.chord.matches(self._pressed):
            self._held = True
            return ChordChange.PRESSED
        return ChordChange.NONE

    def release(self, key: str) -> ChordChange:
        self._pressed -= {key}
        if self._held and self.chord.contains(key):
            self._held = False
            return ChordChange.RELEASED
        return ChordChange.NONE

    def sync_pressed(self, pressed: frozenset[str]) -> ChordChange:
        """The keys that are down by the system's own account: releases may have been missed."""
        missed = self._pressed - pressed
        self._pressed = frozenset(self._pressed & pressed)
        if self._held and any(self.chord.contains(key) for key in missed):
            self._held = False
            return ChordChange.RELEASED
        return ChordChange.NONE


class ChordRecorder:
    """Hears which keys are held together, until one of them is let go."""

    def __init__(self) -> None:
        self._pressed: list[str] = []

    def press(self, key: str) -> None:
        if key not in self._pressed:
            self._pressed.append(key)

    def release(self, key: str) -> str | None:
        """The chord that was held when the first of its keys came up; '' for a lone Esc.

        None if the key went down before the recording began.
        """
        if key not in self._pressed:
            return None
        if self._pressed == ["esc"]:
            return ""
        return str(Chord(frozenset(self._pressed)))
