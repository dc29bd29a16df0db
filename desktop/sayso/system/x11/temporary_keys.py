"""Characters the layout lacks, lent to keys it leaves empty.

A client reads the keyboard map when it handles a key, not when the key was sent: a symbol must
not change while a key that used it may be unread. So symbols are only added, all of a text in
one request (clients then see the change before the keys), and taken away late.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from Xlib import Xatom

from .layout import Layout, Stroke
from .xkb import TWO_LEVEL, Key, Keyboard

PROPERTY = "_SAYSO_SPARE_KEYS"
"""On the root window, 32-bit triples: key code and its two symbols. It outlives a crash."""


class Spares:
    """The symbols lent at present; two on each key."""

    def __init__(self, connection: Any, keyboard: Keyboard) -> None:
        self._connection = connection
        self._root = connection.screen().root
        self._keyboard = keyboard
        self._property = connection.intern_atom(PROPERTY)
        self._lent: dict[int, list[int]] = {}

    def __bool__(self) -> bool:
        return bool(self._lent)

    def strokes(self) -> dict[int, Stroke]:
        """How to give each symbol lent."""
        return {
            symbol: Stroke(code, bool(level))
            for code, pair in self._lent.items()
            for level, symbol in enumerate(pair)
        }

    def check(self, keys: Mapping[int, Key]) -> None:
        """Forget what is no longer on the keyboard, such as after a change of layout."""
        self._lent = {c: pair for c, pair in self._lent.items() if _holds(keys.get(c), pair)}

    def room(self, layout: Layout) -> int:
        """How many more symbols can be lent without changing one that is."""
        return 2 * len(layout.empty) + sum(len(pair) == 1 for pair in self._lent.values())

    def lend(self, keys: Mapping[int, Key], layout: Layout, symbols: Iterable[int]) -> None:
        """Add symbols, not more than there is `room` for, in one change of the map."""
        changed: dict[int, list[int]] = {}
        halves = [code for code, pair in self._lent.items() if len(pair) == 1]
        empty = iter(layout.empty)
        for symbol in symbols:
            if not halves:
                code = next(empty)
                self._lent[code] = []
                halves = [code, code]
            code = halves.pop()
            self._lent[code].append(symbol)
            changed[code] = self._lent[code]
        if changed:
            self._remember()
            self._put(keys, {code: _key(pair) for code, pair in changed.items()})

    def take_back(self, keys: Mapping[int, Key]) -> None:
        """Leave the keys as empty as they were, where nobody else has used them since."""
        self._put(keys, {c: Key() for c, pair in self._lent.items() if _holds(keys.get(c), pair)})
        self._lent.clear()
        self._remember()

    def clear_left_behind(self, keys: Mapping[int, Key]) -> None:
        """Take back what an earlier run, which did not end well, has lent."""
        found = self._root.get_full_property(self._property, Xatom.CARDINAL)
        if found is None:
            return
        values = [int(v) for v in found.value]
        triples = zip(values[::3], values[1::3], values[2::3], strict=False)
        self._lent = {code: [a] if a == b else [a, b] for code, a, b in triples}
        self.take_back(keys)

    def _put(self, keys: Mapping[int, Key], changed: Mapping[int, Key]) -> None:
        if not changed:
            return
        codes = range(min(changed), max(changed) + 1)
        self._keyboard.put({code: changed.get(code) or keys[code] for code in codes})

    def _remember(self) -> None:
        values = [v for code, pair in self._lent.items() for v in (code, pair[0], pair[-1])]
        if values:
            self._root.change_property(self._property, Xatom.CARDINAL, 32, values)
        else:
            self._root.delete_property(self._property)


def _key(pair: list[int]) -> Key:
    return Key(bytes([TWO_LEVEL, 0, 0, 0]), 1, 2, (pair[0], pair[-1]))


def _holds(key: Key | None, pair: list[int]) -> bool:
    return key is not None and key.groups == 1 and key.symbols[:2] == (pair[0], pair[-1])
