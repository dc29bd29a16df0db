"""Passive grabs on the root window, which keep a chord from the focused window."""

from __future__ import annotations

import functools
import itertools
import operator
import threading
from collections.abc import Iterable
from typing import Any

from Xlib import X, error

from ...core.hotkey import keys as names
from ...core.hotkey.chord import Chord
from ...core.problems import Problem
from ...core.problems import insertion as problems
from .connection import close, connect
from .layout import key_name

_LOCK_KEYS = ("caps_lock", "num_lock", "scroll_lock")


class KeyGrabs:
    """The grabs of one chord, on a connection of their own. May be used by any thread.

    The grabbed events arrive on this connection and are discarded, because the raw events of
    XInput2 report the same keys.
    """

    def __init__(self, display: str | None = None) -> None:
        self._connection = connect(display)
        self._root = self._connection.screen().root
        self._lock = threading.Lock()
        self.chord = ""
        self._active: frozenset[tuple[bool, int, int]] = frozenset()

    def fileno(self) -> int:
        return int(self._connection.fileno())

    def grab(self, chord: str) -> Problem | None:
        """Grab the only key of the chord that is not a modifier, in place of the previous one.

        A chord with several such keys is not grabbed, since each is needed for typing.
        """
        with self._lock:
            self.chord = chord
            accepted = self._apply()
            if not accepted:
                self.chord = ""
                self._apply()
        return None if accepted else problems.IN_USE(hotkey=Chord.parse(chord).display_name)

    def drain(self) -> None:
        """Discard the grabbed events, and grab again if the layout has moved the keys."""
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
        """Grab what the chord requires. Return False if another client has grabbed it."""
        self._root.ungrab_key(X.AnyKey, X.AnyModifier)
        self._root.ungrab_button(X.AnyButton, X.AnyModifier)
        self._active = self._required()
        access_error = error.CatchError(error.BadAccess)
        modes, events = (X.GrabModeAsync, X.GrabModeAsync), X.ButtonPressMask | X.ButtonReleaseMask
        for is_button, code, mask in self._active:
            if is_button:
                args = (code, mask, False, events, *modes, X.NONE, X.NONE)
                self._root.grab_button(*args, onerror=access_error)
            else:
                self._root.grab_key(code, mask, False, *modes, onerror=access_error)
        self._connection.sync()
        return access_error.get_error() is None

    def _required(self) -> frozenset[tuple[bool, int, int]]:
        """Return (is a button, code, modifier mask) for the chord under each set of locks."""
        chord = Chord.parse(self.chord).keys if self.chord else frozenset()
        others = [key for key in chord if key not in names.MODIFIERS]
        if len(others) != 1:
            return frozenset()
        key = others[0]
        by_name, masks = self._keycodes_and_masks()
        held = _union(masks.get(names.without_side(modifier), 0) for modifier in chord - {key})
        is_button = key in names.MOUSE_BUTTONS
        codes = [int(key.removeprefix("mouse"))] if is_button else by_name.get(key, [])
        locks = _mask_subsets(_union(masks.get(name, 0) for name in _LOCK_KEYS) & ~held)
        return frozenset((is_button, code, held | subset) for code in codes for subset in locks)

    def _keycodes_and_masks(self) -> tuple[dict[str, list[int]], dict[str, int]]:
        names_by_code = read_key_names(self._connection)
        by_name: dict[str, list[int]] = {}
        for code, name in names_by_code.items():
            by_name.setdefault(name, []).append(code)
        masks: dict[str, int] = {}
        for n, row in enumerate(self._connection.get_modifier_mapping()):
            for code in row:
                masks.setdefault(names.without_side(names_by_code.get(code, "")), 1 << n)
        return by_name, masks


def _union(masks: Iterable[int]) -> int:
    return functools.reduce(operator.or_, masks, 0)


def _mask_subsets(mask: int) -> set[int]:
    bits = [1 << n for n in range(8) if mask >> n & 1]
    return {sum(some) for n in range(len(bits) + 1) for some in itertools.combinations(bits, n)}


def read_key_names(connection: Any) -> dict[int, str]:
    info = connection.display.info
    first, last = info.min_keycode, info.max_keycode
    rows = connection.get_keyboard_mapping(first, last - first + 1)
    found = {first + n: key_name(first + n, row) for n, row in enumerate(rows)}
    return {code: name for code, name in found.items() if name}
