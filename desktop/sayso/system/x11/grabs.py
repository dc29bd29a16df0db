"""Keeping a chord from the focused window: passive grabs on the root window."""

from __future__ import annotations

import itertools
import threading
from typing import Any

from Xlib import X, error

from ...core.hotkey import keys as names
from ...core.hotkey.chord import Chord
from ...core.problems import Problem, untyped_problem
from .connection import close, connect
from .layout import key_name as name_of

_LOCK_KEYS = ("caps_lock", "num_lock", "scroll_lock")


class KeyGrabs:
    """The grabs of one chord, on a connection of their own. Any thread.

    What is grabbed comes to this connection and is thrown away: the raw events tell of it.
    """

    def __init__(self, display: str | None = None) -> None:
        self._connection = connect(display)
        self._root = self._connection.screen().root
        self._lock = threading.Lock()
        self.chord = ""
        self._active: frozenset[tuple[bool, int, int]] = frozenset()

    def fileno(self) -> int:
        number: int = self._connection.fileno()
        return number

    def grab(self, chord: str) -> Problem | None:
        """Grab the chord's one key that is not a modifier, in place of what was grabbed.

        A chord of several such keys is not grabbed: each of them is needed for typing.
        """
        with self._lock:
            self.chord = chord
            refused = self._apply()
            if refused:
                self.chord = ""
                self._apply()
        if not refused:
            return None
        return untyped_problem(
            f"Another program uses {Chord.parse(chord).display_name}.",
            "Choose a different hotkey.",
            "hotkey",
        )

    def drain(self) -> None:
        """Throw away what the grabs brought, and grab anew if the keys have moved."""
        is_changed = False
        with self._lock:
            while self._connection.pending_events():
                is_changed |= self._connection.next_event().type == X.MappingNotify
            if is_changed and self.chord and self._required() != self._active:
                self._apply()

    def close(self) -> None:
        with self._lock:
            close(self._connection)

    def _apply(self) -> bool:
        """Whether it was refused."""
        self._root.ungrab_key(X.AnyKey, X.AnyModifier)
        self._root.ungrab_button(X.AnyButton, X.AnyModifier)
        self._active = self._required()
        refusal = error.CatchError(error.BadAccess)
        for is_button, code, mask in self._active:
            if is_button:
                self._root.grab_button(
                    code, mask, False, X.ButtonPressMask | X.ButtonReleaseMask,
                    X.GrabModeAsync, X.GrabModeAsync, X.NONE, X.NONE, onerror=refusal,
                )  # fmt: skip
            else:
                self._root.grab_key(
                    code, mask, False, X.GrabModeAsync, X.GrabModeAsync, onerror=refusal
                )
        self._connection.sync()
        return refusal.get_error() is not None

    def _required(self) -> frozenset[tuple[bool, int, int]]:
        """Is it a button, its code, its modifier mask: the chord under every lock."""
        chord = Chord.parse(self.chord).keys if self.chord else frozenset()
        others = [key for key in chord if key not in names.MODIFIERS]
        if len(others) != 1:
            return frozenset()
        key = others[0]
        by_name, masks = self._keycodes_and_masks()
        held = 0
        for modifier in chord - {key}:
            held |= masks.get(names.without_side(modifier), 0)
        is_button = key in names.MOUSE_BUTTONS
        codes = [int(key.removeprefix("mouse"))] if is_button else by_name.get(key, [])
        locks = 0
        for name in _LOCK_KEYS:
            locks |= masks.get(name, 0)
        return frozenset(
            (is_button, code, held | some)
            for code in codes
            for some in _mask_subsets(locks & ~held)
        )

    def _keycodes_and_masks(self) -> tuple[dict[str, list[int]], dict[str, int]]:
        """Key codes by our names, and modifier masks by unsided names."""
        named = read_key_names(self._connection)
        by_name: dict[str, list[int]] = {}
        for code, name in named.items():
            by_name.setdefault(name, []).append(code)
        masks: dict[str, int] = {}
        for n, row in enumerate(self._connection.get_modifier_mapping()):
            for code in row:
                masks.setdefault(names.without_side(named.get(code, "")), 1 << n)
        return by_name, masks


def _mask_subsets(mask: int) -> set[int]:
    bits = [1 << n for n in range(8) if mask >> n & 1]
    return {sum(some) for n in range(len(bits) + 1) for some in itertools.combinations(bits, n)}


def read_key_names(connection: Any) -> dict[int, str]:
    """Our names of all keys that have one, by key code."""
    info = connection.display.info
    first, last = info.min_keycode, info.max_keycode
    rows = connection.get_keyboard_mapping(first, last - first + 1)
    found = {first + n: name_of(first + n, row) for n, row in enumerate(rows)}
    return {code: name for code, name in found.items() if name}
