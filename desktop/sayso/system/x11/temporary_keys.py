"""Temporary keys for characters that the layout lacks.

A client reads the keyboard map when it handles a key, which may be long after the key was sent.
A symbol must not change while a key that used it may be unprocessed. Symbols are therefore only
added to unused keys, all symbols of a text in one request, and removed seconds later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from Xlib import Xatom

from .layout import Layout, Stroke
from .xkb import TWO_LEVEL_TYPES, Key, Keyboard

PROPERTY = "_SAYSO_SPARE_KEYS"
"""Property of the root window with 32-bit triples: a key code and its two symbols. It remains
after a crash, so that the next run can remove the keys."""


class TemporaryKeymap:
    def __init__(self, connection: Any, keyboard: Keyboard) -> None:
        self._root = connection.screen().root
        self._keyboard = keyboard
        self._property = connection.intern_atom(PROPERTY)
        self._mapped: dict[int, list[int]] = {}

    def __bool__(self) -> bool:
        return bool(self._mapped)

    def strokes(self) -> dict[int, Stroke]:
        return {
            symbol: Stroke(code, bool(level))
            for code, pair in self._mapped.items()
            for level, symbol in enumerate(pair)
        }

    def discard_overwritten(self, keys: Mapping[int, Key]) -> None:
        """Forget symbols that are no longer on the keyboard, such as after a layout change."""
        self._mapped = {c: p for c, p in self._mapped.items() if _is_still_mapped(keys.get(c), p)}

    def free_slots(self, layout: Layout) -> int:
        """Return how many more symbols can be mapped without changing a mapped one."""
        half_used = sum(len(pair) == 1 for pair in self._mapped.values())
        return 2 * len(layout.unused_keycodes) + half_used

    def map_symbols(self, keys: Mapping[int, Key], layout: Layout, symbols: Iterable[int]) -> None:
        """Map symbols, at most `free_slots`, in one change of the keyboard map."""
        changed: dict[int, list[int]] = {}
        free = [code for code, pair in self._mapped.items() if len(pair) == 1]
        unused = iter(layout.unused_keycodes)
        for symbol in symbols:
            if not free:
                code = next(unused)
                self._mapped[code] = []
                free = [code, code]
            code = free.pop()
            self._mapped[code].append(symbol)
            changed[code] = self._mapped[code]
        if changed:
            self._save_to_root_window()
            pairs = {code: (pair[0], pair[-1]) for code, pair in changed.items()}
            self._write(keys, {code: Key(TWO_LEVEL_TYPES, 1, 2, pairs[code]) for code in pairs})

    def restore(self, keys: Mapping[int, Key]) -> None:
        """Empty the keys again, unless another program has changed them since."""
        own = {c for c, pair in self._mapped.items() if _is_still_mapped(keys.get(c), pair)}
        self._write(keys, {code: Key() for code in own})
        self._mapped.clear()
        self._save_to_root_window()

    def restore_after_crash(self, keys: Mapping[int, Key]) -> None:
        """Empty the keys that an earlier run has left mapped."""
        found = self._root.get_full_property(self._property, Xatom.CARDINAL)
        if found is None:
            return
        values = [int(v) for v in found.value]
        triples = zip(values[::3], values[1::3], values[2::3], strict=False)
        self._mapped = {code: [a] if a == b else [a, b] for code, a, b in triples}
        self.restore(keys)

    def _write(self, keys: Mapping[int, Key], changed: Mapping[int, Key]) -> None:
        if not changed:
            return
        codes = range(min(changed), max(changed) + 1)
        self._keyboard.write_keys({code: changed.get(code) or keys[code] for code in codes})

    def _save_to_root_window(self) -> None:
        values = [v for code, pair in self._mapped.items() for v in (code, pair[0], pair[-1])]
        if values:
            self._root.change_property(self._property, Xatom.CARDINAL, 32, values)
        else:
            self._root.delete_property(self._property)


def _is_still_mapped(key: Key | None, pair: list[int]) -> bool:
    return key is not None and key.groups == 1 and key.symbols[:2] == (pair[0], pair[-1])
