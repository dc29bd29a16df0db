"""Typing into the focused window by XTEST.

A character that the layout gives on its first two levels is typed with the key it is on; the
others are lent to empty keys (see `spares`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from Xlib import X
from Xlib.ext import xtest

from ...core.insertion import Target
from ...core.problems import ProblemError, untyped_problem
from .. import DisplayLostError, FocusChangedError, Pressed
from . import layout as layouts
from .connection import close, connect, x_errors_translated
from .focus import focused_target
from .layout import Layout, Stroke
from .temporary_keys import TemporaryKeymap
from .xkb import Key, Keyboard

T = TypeVar("T")

KEYMAP_SETTLE_S = 0.02
"""Between a change of the map and the keys: every client and the window manager read the map
anew, and a program that is busy with it is slow to take keys."""
UNPROCESSED_S = 1.0
"""How long after the last key symbols may still be unread."""
RESTORE_AFTER_S = 3.0
"""After this long without typing the keys are empty again."""
PROCESSED_CHARS_PER_S = 200
"""For both, a second more for so many characters: GTK takes 1,000 on one line in a second."""
HELD_KEYS_TIMEOUT_S = 1.0
_POLL_S = 0.01
_KEYS_PER_SYNC = 64
"""Keys sent between two round trips, so that the server's queue stays short."""

SHIFT, CONTROL, INSERT, V = 0xFFE1, 0xFFE3, 0xFF63, 0x76
_EVDEV_KEYCODES = {SHIFT: 50, CONTROL: 37, INSERT: 118, V: 55}
"""The evdev key codes, for layouts that lack the symbol."""
_CHORDS: dict[str, tuple[int, ...]] = {
    "shift+insert": (SHIFT, INSERT),
    "ctrl+v": (CONTROL, V),
    "ctrl+shift+v": (CONTROL, SHIFT, V),
}


class X11Typist:
    """A `Typist` on one connection of its own. Any thread; one call at a time gets through."""

    def __init__(self, display: str | None = None) -> None:
        """Connect, and clear what a crashed run left on the keyboard.

        Raises:
            ProblemError: No X server answers, or it has no XTEST.
        """
        self._display = display
        self._lock = threading.Lock()
        self._processed_at_s = 0.0
        self._restore_timer: threading.Timer | None = None
        self._connect()

    def _connect(self) -> None:
        self._connection = connect(self._display)
        self._root = self._connection.screen().root
        if not self._connection.has_extension("XTEST"):
            self._connection.close()
            raise ProblemError(
                untyped_problem(
                    "This X display takes no simulated keys.", "Words are copied instead."
                )
            )
        self._keyboard = Keyboard(self._connection)
        self._temporary_keymap = TemporaryKeymap(self._connection, self._keyboard)
        with x_errors_translated():
            self._temporary_keymap.restore_after_crash(self._keyboard.read_keys())
            self._connection.sync()
        self._disconnected = False

    @contextmanager
    def _exclusive_connection(self) -> Iterator[None]:
        """The connection for this thread alone; a new one, if the server had cut off the last."""
        with self._lock:
            if self._disconnected:
                close(self._connection)
                self._connect()
            try:
                with x_errors_translated():
                    yield
            except DisplayLostError:
                self._disconnected = True
                raise

    def _query(self, query: Callable[[], T]) -> T:
        """The answer, by a new connection if need be: asking twice does no harm."""
        try:
            with self._exclusive_connection():
                return query()
        except DisplayLostError:
            with self._exclusive_connection():
                return query()

    def target(self) -> Target:
        return self._query(lambda: focused_target(self._connection))

    def can_type(self, text: str) -> int | None:
        """Those which the layout lacks; None if they do not fit on the empty keys now."""
        try:
            symbols = {layouts.keysym(c) for c in text}
        except ValueError:
            return None
        return self._query(lambda: self._can_type_symbols(symbols))

    def _can_type_symbols(self, symbols: set[int]) -> int | None:
        _, layout = self._read_layout()
        spare = symbols - layout.direct.keys()
        new = spare - self._temporary_keymap.strokes().keys()
        if len(new) <= self._temporary_keymap.free_slots(layout):
            return len(spare)
        fits = self._keys_are_processed() and len(spare) <= self._capacity(layout)
        return len(spare) if fits else None

    def type(self, text: str, target: int = 0) -> None:
        try:
            symbols = [layouts.keysym(c) for c in text]
        except ValueError as error:
            raise ProblemError(
                untyped_problem(
                    "The text has a character that no key gives.",
                    "It can be copied instead.",
                    "copy",
                    str(error),
                )
            ) from error
        with self._exclusive_connection(), self._modifiers_released():
            self._check_focus(target)
            self._cancel_restore_timer()
            while symbols:
                symbols = self._type_chunk(symbols)
            self._start_restore_timer(RESTORE_AFTER_S + len(text) / PROCESSED_CHARS_PER_S)

    def press_paste(self, chord: Pressed, target: int = 0) -> None:
        if chord not in _CHORDS:
            raise ProblemError(untyped_problem(f"There are no keys for {chord} here."))
        with self._exclusive_connection(), self._modifiers_released():
            self._check_focus(target)
            layout = self._read_layout()[0]
            codes = [_keycode_for(layout, symbol) for symbol in _CHORDS[chord]]
            for code in codes:
                xtest.fake_input(self._connection, X.KeyPress, code)
            for code in reversed(codes):
                xtest.fake_input(self._connection, X.KeyRelease, code)
            self._connection.sync()

    def close(self) -> None:
        """Give the keys back and disconnect."""
        with self._lock:
            self._cancel_restore_timer()
            try:
                with x_errors_translated():
                    if self._temporary_keymap:
                        time.sleep(max(0.0, self._processed_at_s - time.monotonic()))
                        self._temporary_keymap.restore(self._keyboard.read_keys())
                    self._connection.sync()
            except ProblemError:
                pass  # the display is gone, and with it everything to give back
            close(self._connection)

    def _check_focus(self, target: int) -> None:
        """The hands may have moved on while they were waited for."""
        if target > 0 and focused_target(self._connection).id != target:
            raise FocusChangedError

    def _type_chunk(self, symbols: list[int]) -> list[int]:
        """Type what one map can give; the rest is returned."""
        keys, layout = self._read_layout()
        lent = self._temporary_keymap.strokes()
        new = _distinct(s for s in symbols if s not in layout.direct and s not in lent)
        room = self._temporary_keymap.free_slots(layout)
        if len(new) > room and self._temporary_keymap:
            time.sleep(max(0.0, self._processed_at_s - time.monotonic()))
            self._temporary_keymap.restore(keys)
            return symbols
        if new and not room:
            raise ProblemError(
                untyped_problem(
                    "Every key is in use here.", "The text can be copied instead.", "copy"
                )
            )
        if new:
            self._temporary_keymap.map_symbols(keys, layout, new[:room])
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
            self._connection.next_event()  # the server tells of each change of the map
        keys = self._keyboard.read_keys()
        self._temporary_keymap.discard_overwritten(keys)
        modifiers = {k for row in self._connection.get_modifier_mapping() for k in row if k}
        lent = {s.keycode for s in self._temporary_keymap.strokes().values()}
        group = self._keyboard.state().group
        return keys, layouts.read_layout(keys, group, modifiers | lent)

    def _capacity(self, layout: Layout) -> int:
        lent = {s.keycode for s in self._temporary_keymap.strokes().values()}
        return 2 * (len(layout.unused_keycodes) + len(lent))

    @contextmanager
    def _modifiers_released(self) -> Iterator[None]:
        """No key held, no lock on: waits for the hands, then lets go for them."""
        self._release_pressed_keys()
        # Every lock but NumLock, which changes the keypad only. Shift lock and a latched
        # AltGr would change the characters as CapsLock does.
        affect = 0xFF & ~self._modifier_mask(0xFF7F)
        locked = self._keyboard.state().locked & affect
        self._keyboard.set_locked(affect, 0)
        try:
            yield
        finally:
            if locked:
                self._keyboard.set_locked(locked, locked)
                self._connection.sync()

    def _release_pressed_keys(self) -> None:
        """Wait until no key is down, at most a second; then release by XTEST what still is.

        A key other than a modifier counts too: one that was swallowed keeps the keyboard
        grabbed until it is up, and what is typed meanwhile goes nowhere. Polled, because
        raw events of the own keys would have to be told from the user's.
        """
        deadline = time.monotonic() + HELD_KEYS_TIMEOUT_S
        while (down := self._pressed_keycodes()) and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        for code in down:
            xtest.fake_input(self._connection, X.KeyRelease, code)
        if down:
            self._connection.sync()

    def _pressed_keycodes(self) -> list[int]:
        bits = self._connection.query_keymap()
        return [8 * n + b for n, byte in enumerate(bits) for b in range(8) if byte >> b & 1]

    def _modifier_mask(self, symbol: int) -> int:
        codes = {code for code, _ in self._connection.keysym_to_keycodes(symbol)}
        rows = self._connection.get_modifier_mapping()
        return sum(1 << n for n, row in enumerate(rows) if codes & set(row))

    def _keys_are_processed(self) -> bool:
        return time.monotonic() >= self._processed_at_s

    def _start_restore_timer(self, after_s: float) -> None:
        if self._temporary_keymap:
            self._restore_timer = threading.Timer(after_s, self._restore_keymap)
            self._restore_timer.daemon = True
            self._restore_timer.start()

    def _cancel_restore_timer(self) -> None:
        if self._restore_timer is not None:
            self._restore_timer.cancel()
            self._restore_timer = None

    def _restore_keymap(self) -> None:
        with self._lock:
            if self._restore_timer is not threading.current_thread():
                return  # another text was typed meanwhile, or the typist is closed
            try:
                with x_errors_translated():
                    self._temporary_keymap.restore(self._keyboard.read_keys())
                    self._connection.sync()
            except ProblemError:
                return  # the display is gone, and with it everything to give back


def _keycode_for(keys: dict[int, Key], symbol: int) -> int:
    for code, key in keys.items():
        if symbol in key.symbols[:2]:
            return code
    return _EVDEV_KEYCODES[symbol]


def _distinct(symbols: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(symbols))
