"""Chords: sets of keys that are held together, such as ctrl+alt+space, mouse8 or ctrl_r. Pure.

Modifiers without a side, such as ctrl, match both sides.
"""

from __future__ import annotations

import difflib

import attrs

from . import keys

_TYPING_KEYS = {"space", "enter", "tab", "esc"}
_ORDER = ("ctrl", "alt", "altgr", "shift", "super")


class ChordError(ValueError):
    """A text is not a valid chord."""


@attrs.frozen
class Chord:
    keys: frozenset[str]

    @classmethod
    def parse(cls, text: str) -> Chord:
        """Parse text such as "ctrl+alt+space".

        Raises:
            ChordError: A key name is empty or unknown, or the chord is needed for typing.
        """
        names = ["+"] if text.strip() == "+" else [p.strip().lower() for p in text.split("+")]
        if not all(names):
            raise ChordError("A hotkey is key names joined with +, such as ctrl+alt+space.")
        for name in names:
            if not keys.is_valid_key(name):
                close = difflib.get_close_matches(name, sorted(keys.NAMED_KEYS), n=1)
                hint = f" Did you mean {close[0]}?" if close else ""
                raise ChordError(f"There is no key called {name!r}.{hint}")
        if not any(n in keys.NAMED_KEYS for n in names) or set(names) <= _TYPING_KEYS:
            raise ChordError(f"{text} alone is needed for typing. Add Ctrl, Alt or Super.")
        return cls(frozenset(names))

    def __str__(self) -> str:
        return "+".join(self._sorted_keys())

    @property
    def display_name(self) -> str:
        """The chord for the user, such as "Ctrl+Alt+Space"."""
        return "+".join(map(keys.display_name, self._sorted_keys()))

    @property
    def is_modifiers_only(self) -> bool:
        return self.keys <= keys.MODIFIERS

    def matches(self, pressed: frozenset[str]) -> bool:
        """Return whether exactly these keys are pressed: ctrl+a is not ctrl+shift+a."""
        return self.keys == {k if k in self.keys else keys.without_side(k) for k in pressed}

    def contains(self, key: str) -> bool:
        return key in self.keys or keys.without_side(key) in self.keys

    def _sorted_keys(self) -> list[str]:
        def rank(name: str) -> tuple[int, str]:
            base = keys.without_side(name)
            return (_ORDER.index(base) if base in _ORDER else len(_ORDER), name)

        return sorted(self.keys, key=rank)


class ChordMatcher:
    """Converts key events into chord changes. Auto-repeat is not a change.

    Another key pressed while the chord is held does not end it; `trigger` interprets such keys.
    """

    def __init__(self, chord: Chord) -> None:
        self.chord = chord
        self.pressed: frozenset[str] = frozenset()
        self.is_held = False

    def press(self, key: str) -> bool:
        """Return whether this completes the chord."""
        is_repeat = key in self.pressed
        self.pressed |= {key}
        if is_repeat or self.is_held or not self.chord.matches(self.pressed):
            return False
        self.is_held = True
        return True

    def release(self, key: str) -> bool:
        """Return whether this ends the chord."""
        self.pressed -= {key}
        return self._released(frozenset({key}))

    def sync_pressed(self, pressed: frozenset[str]) -> bool:
        """Correct the state after missed releases; return whether this ends the chord."""
        missed = self.pressed - pressed
        self.pressed &= pressed
        return self._released(missed)

    def _released(self, released: frozenset[str]) -> bool:
        ends = self.is_held and any(map(self.chord.contains, released))
        self.is_held = self.is_held and not ends
        return ends


class ChordRecorder:
    """Records the keys that are held together until one of them is released."""

    def __init__(self) -> None:
        self._pressed: list[str] = []

    def press(self, key: str) -> None:
        if key not in self._pressed:
            self._pressed.append(key)

    def release(self, key: str) -> str | None:
        """Return the chord held until now, '' for Esc alone, None for a key pressed before."""
        if key not in self._pressed:
            return None
        return "" if self._pressed == ["esc"] else str(Chord(frozenset(self._pressed)))
