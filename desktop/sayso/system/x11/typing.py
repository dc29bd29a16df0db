"""Typing into the focused window by XTEST.

A character on the first two levels of the layout is typed with its key. Other characters are
mapped to unused keys for some seconds (see `temporary_keys`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from Xlib import X
from Xlib.ext import xtest

from ...core.insertion import Target
from ...core.problems import ProblemError
from ...core.problems import insertion as problems
from ..protocols import FocusChangedError
from . import layout as layouts
from .connection import Connection, is_xwayland, pressed_keycodes
from .focus import focused_target
from .layout import Layout, Stroke
from .quirks import prefers_paste
from .temporary_keys import TemporaryKeymap
from .xkb import Key, Keyboard

KEYMAP_SETTLE_S = 0.02
"""Pause between a change of the keyboard map and the keys. Every client reads the map again, and
a client that is busy with it is slow to process keys."""
UNPROCESSED_S, RESTORE_AFTER_S = 1.0, 3.0
"""Times after the last key: clients may not have processed all keys; temporary keys are removed."""
PROCESSED_CHARS_PER_S = 200
"""Both times grow by a second per this many characters, because GTK may be this slow."""
HELD_KEYS_TIMEOUT_S = 1.0
_POLL_S = 0.01
_KEYS_PER_SYNC = 64
"""Number of keys sent between two round trips, which keeps the queue of the server short."""

SHIFT, INSERT, BACKSPACE, NUM_LOCK = 0xFFE1, 0xFF63, 0xFF08, 0xFF7F
_EVDEV_KEYCODES = {SHIFT: 50, INSERT: 118, BACKSPACE: 22}
"""Key codes for layouts that lack the symbol."""


class X11Typist:
    """A `Typist` on a connection of its own."""

    def __init__(self, display: str | None = None) -> None:
        """Raises `ProblemError` if no X server answers, or it does not support XTEST."""
        self._processed_at_s = 0.0
        self._restore_timer: threading.Timer | None = None
        self._shared = Connection(display, self._prepare)
        with self._shared.use():
            pass

    def _prepare(self, connection: Any) -> None:
        if not connection.has_extension("XTEST"):
            raise ProblemError(problems.NO_SIMULATED_KEYS())
        self._connection = connection
        self._keyboard = Keyboard(connection)
        self._temporary_keymap = TemporaryKeymap(connection, self._keyboard)
        self._temporary_keymap.restore_after_crash(self._keyboard.read_keys())
        connection.sync()

    def can_type(self, text: str, target: Target) -> bool:
        if prefers_paste(text, target) or _is_wayland_window(target):
            return False
        try:
            symbols = {layouts.keysym(c) for c in text}
        except ValueError:
            return False
        return self._shared.query(lambda _: self._can_type_symbols(symbols))

    def _can_type_symbols(self, symbols: set[int]) -> bool:
        _, layout = self._read_layout()
        missing = symbols - layout.direct.keys()
        mapped = self._temporary_keymap.strokes()
        if len(missing - mapped.keys()) <= self._temporary_keymap.free_slots(layout):
            return True
        used = len({stroke.keycode for stroke in mapped.values()})
        capacity = 2 * (len(layout.unused_keycodes) + used)
        return time.monotonic() >= self._processed_at_s and len(missing) <= capacity

    def type(self, text: str, target: Target) -> None:
        try:
            symbols = [layouts.keysym(c) for c in text]
        except ValueError as error:
            raise ProblemError(problems.CANNOT_TYPE(detail=str(error))) from error
        with self._keys_for(target):
            self._cancel_restore_timer()
            while symbols:
                symbols = self._type_chunk(symbols)
            if self._temporary_keymap:
                after_s = RESTORE_AFTER_S + len(text) / PROCESSED_CHARS_PER_S
                self._restore_timer = threading.Timer(after_s, self._on_restore_timer)
                self._restore_timer.daemon = True
                self._restore_timer.start()

    def erase(self, count: int, target: Target) -> None:
        with self._keys_for(target):
            keys, _ = self._read_layout()
            self._send_strokes([Stroke(_keycode_for(keys, BACKSPACE))] * count, 0)

    def press_paste(self, target: Target) -> None:
        """Press Shift+Insert.

        GTK, Qt, Chromium and terminals all paste with it. Terminals paste the primary selection,
        so the text must be there too. Ctrl+V sends a control character to a terminal.
        """
        with self._keys_for(target):
            keys, _ = self._read_layout()
            insert = Stroke(_keycode_for(keys, INSERT), shift=True)
            self._send_strokes([insert], _keycode_for(keys, SHIFT))

    def close(self) -> None:
        self._cancel_restore_timer()
        if self._temporary_keymap:
            time.sleep(max(0.0, self._processed_at_s - time.monotonic()))
        self._restore_keymap()
        self._shared.close()

    @contextmanager
    def _keys_for(self, target: Target) -> Iterator[None]:
        if _is_wayland_window(target):
            raise ProblemError(problems.NOT_AN_X11_WINDOW())
        with self._shared.use(), self._modifiers_released():
            # The focus may have changed while pressed keys were waited for.
            if target.id is not None and focused_target(self._connection).id != target.id:
                raise FocusChangedError
            yield

    def _type_chunk(self, symbols: list[int]) -> list[int]:
        """Type as many symbols as fit on the keyboard, and return the rest."""
        keys, layout = self._read_layout()
        mapped = self._temporary_keymap.strokes()
        missing = [s for s in dict.fromkeys(symbols) if s not in layout.direct and s not in mapped]
        free = self._temporary_keymap.free_slots(layout)
        if len(missing) > free and self._temporary_keymap:
            time.sleep(max(0.0, self._processed_at_s - time.monotonic()))
            self._temporary_keymap.restore(keys)
            return symbols
        if missing and not free:
            raise ProblemError(problems.NO_FREE_KEY())
        if missing:
            self._temporary_keymap.map_symbols(keys, layout, missing[:free])
            self._connection.sync()
            time.sleep(KEYMAP_SETTLE_S)
        strokes = {**layout.direct, **self._temporary_keymap.strokes()}
        count = next((n for n, s in enumerate(symbols) if s not in strokes), len(symbols))
        self._send_strokes([strokes[s] for s in symbols[:count]], _keycode_for(keys, SHIFT))
        self._processed_at_s = time.monotonic() + UNPROCESSED_S + count / PROCESSED_CHARS_PER_S
        return symbols[count:]

    def _send_strokes(self, strokes: list[Stroke], shift_code: int) -> None:
        shifted = False
        for n, stroke in enumerate(strokes, 1):
            if stroke.shift != shifted:
                kind = X.KeyPress if stroke.shift else X.KeyRelease
                xtest.fake_input(self._connection, kind, shift_code)
                shifted = stroke.shift
            xtest.fake_input(self._connection, X.KeyPress, stroke.keycode)
            xtest.fake_input(self._connection, X.KeyRelease, stroke.keycode)
            if n % _KEYS_PER_SYNC == 0:
                self._connection.sync()
        if shifted:
            xtest.fake_input(self._connection, X.KeyRelease, shift_code)
        self._connection.sync()

    def _read_layout(self) -> tuple[dict[int, Key], Layout]:
        while self._connection.pending_events():
            self._connection.next_event()  # notifications of changes of the map
        keys = self._keyboard.read_keys()
        self._temporary_keymap.discard_overwritten(keys)
        modifiers = {k for row in self._connection.get_modifier_mapping() for k in row if k}
        mapped = {stroke.keycode for stroke in self._temporary_keymap.strokes().values()}
        _, group = self._keyboard.state()
        return keys, layouts.read_layout(keys, group, modifiers | mapped)

    @contextmanager
    def _modifiers_released(self) -> Iterator[None]:
        """Release all keys and turn off the locks that change characters.

        The user has up to a second to release the keys, then they are released by XTEST. Other
        keys than modifiers count too: a grabbed hotkey keeps the keyboard grabbed until it is
        released. The state is polled, because events do not distinguish simulated keys.
        """
        deadline_s = time.monotonic() + HELD_KEYS_TIMEOUT_S
        while (pressed := pressed_keycodes(self._connection)) and time.monotonic() < deadline_s:
            time.sleep(_POLL_S)
        for code in pressed:
            xtest.fake_input(self._connection, X.KeyRelease, code)
        # NumLock changes only the keypad. Shift lock and a latched AltGr change characters, as
        # CapsLock does.
        codes = {code for code, _ in self._connection.keysym_to_keycodes(NUM_LOCK)}
        rows = self._connection.get_modifier_mapping()
        affect = 0xFF - sum(1 << n for n, row in enumerate(rows) if codes & set(row))
        locked = self._keyboard.state()[0] & affect
        self._keyboard.set_locked(affect, 0)
        try:
            yield
        finally:
            if locked:
                self._keyboard.set_locked(locked, locked)
                self._connection.sync()

    def _cancel_restore_timer(self) -> None:
        if self._restore_timer is not None:
            self._restore_timer.cancel()
            self._restore_timer = None

    def _on_restore_timer(self) -> None:
        with suppress(ProblemError), self._shared.use():
            if self._restore_timer is threading.current_thread():  # no text was typed since
                self._restore_keymap()

    def _restore_keymap(self) -> None:
        # The keyboard map ends with the display.
        with suppress(ProblemError), self._shared.use():
            self._temporary_keymap.restore(self._keyboard.read_keys())
            self._connection.sync()


def _is_wayland_window(target: Target) -> bool:
    """Return whether the focus is in a window that X11 cannot reach (see `focused_target`)."""
    return target.id is None and is_xwayland()


def _keycode_for(keys: dict[int, Key], symbol: int) -> int:
    for code, key in keys.items():
        if symbol in key.symbols[:2]:
            return code
    return _EVDEV_KEYCODES[symbol]
