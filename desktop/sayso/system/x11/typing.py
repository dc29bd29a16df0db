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
from ...core.problems import Problem, ProblemError
from .. import DisplayGoneError, FocusMovedError, Pressed
from . import layout as layouts
from .connection import close, connect, translated
from .focus import focused
from .layout import Layout, Stroke
from .temporary_keys import Spares
from .xkb import Key, Keyboard

T = TypeVar("T")

SETTLE_S = 0.02
"""Between a change of the map and the keys: every client and the window manager read the map
anew, and a program that is busy with it is slow to take keys."""
UNREAD_S = 1.0
"""How long after the last key symbols may still be unread."""
RETURN_S = 3.0
"""After this long without typing the keys are empty again."""
SLOW_PER_S = 200
"""For both, a second more for so many characters: GTK takes 1,000 on one line in a second."""
HELD_LIMIT_S = 1.0
_POLL_S = 0.01
_AT_ONCE = 64
"""Keys sent between two round trips, so that the server's queue stays short."""

SHIFT, CONTROL, INSERT, V = 0xFFE1, 0xFFE3, 0xFF63, 0x76
_USUAL = {SHIFT: 50, CONTROL: 37, INSERT: 118, V: 55}
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
        self._quiet_at = 0.0
        self._timer: threading.Timer | None = None
        self._connect()

    def _connect(self) -> None:
        self._connection = connect(self._display)
        self._root = self._connection.screen().root
        if not self._connection.has_extension("XTEST"):
            self._connection.close()
            raise ProblemError(
                Problem("This X display takes no simulated keys.", "Words are copied instead.")
            )
        self._keyboard = Keyboard(self._connection)
        self._spares = Spares(self._connection, self._keyboard)
        with translated():
            self._spares.clear_left_behind(self._keyboard.keys())
            self._connection.sync()
        self._cut_off = False

    @contextmanager
    def _connected(self) -> Iterator[None]:
        """The connection for this thread alone; a new one, if the server had cut off the last."""
        with self._lock:
            if self._cut_off:
                close(self._connection)
                self._connect()
            try:
                with translated():
                    yield
            except DisplayGoneError:
                self._cut_off = True
                raise

    def _asked(self, question: Callable[[], T]) -> T:
        """The answer, by a new connection if need be: asking twice does no harm."""
        try:
            with self._connected():
                return question()
        except DisplayGoneError:
            with self._connected():
                return question()

    def target(self) -> Target:
        return self._asked(lambda: focused(self._connection))

    def spare_characters(self, text: str) -> int | None:
        """Those which the layout lacks; None if they do not fit on the empty keys now."""
        try:
            symbols = {layouts.keysym(c) for c in text}
        except ValueError:
            return None
        return self._asked(lambda: self._spare_characters(symbols))

    def _spare_characters(self, symbols: set[int]) -> int | None:
        _, layout = self._read()
        spare = symbols - layout.direct.keys()
        new = spare - self._spares.strokes().keys()
        if len(new) <= self._spares.room(layout):
            return len(spare)
        fits = self._is_quiet() and len(spare) <= self._capacity(layout)
        return len(spare) if fits else None

    def type(self, text: str, into: int = 0) -> None:
        try:
            symbols = [layouts.keysym(c) for c in text]
        except ValueError as error:
            raise ProblemError(
                Problem(
                    "The text has a character that no key gives.",
                    "It can be copied instead.",
                    "copy",
                    str(error),
                )
            ) from error
        with self._connected(), self._hands_off():
            self._check(into)
            self._end_timer()
            while symbols:
                symbols = self._type_some(symbols)
            self._start_timer(RETURN_S + len(text) / SLOW_PER_S)

    def press(self, chord: Pressed, into: int = 0) -> None:
        if chord not in _CHORDS:
            raise ProblemError(Problem(f"There are no keys for {chord} here."))
        with self._connected(), self._hands_off():
            self._check(into)
            layout = self._read()[0]
            codes = [_code_of(layout, symbol) for symbol in _CHORDS[chord]]
            for code in codes:
                xtest.fake_input(self._connection, X.KeyPress, code)
            for code in reversed(codes):
                xtest.fake_input(self._connection, X.KeyRelease, code)
            self._connection.sync()

    def close(self) -> None:
        """Give the keys back and disconnect."""
        with self._lock:
            self._end_timer()
            try:
                with translated():
                    if self._spares:
                        time.sleep(max(0.0, self._quiet_at - time.monotonic()))
                        self._spares.take_back(self._keyboard.keys())
                    self._connection.sync()
            except ProblemError:
                pass  # the display is gone, and with it everything to give back
            close(self._connection)

    def _check(self, into: int) -> None:
        """The hands may have moved on while they were waited for."""
        if into > 0 and focused(self._connection).window != into:
            raise FocusMovedError

    def _type_some(self, symbols: list[int]) -> list[int]:
        """Type what one map can give; the rest is returned."""
        keys, layout = self._read()
        lent = self._spares.strokes()
        new = _distinct(s for s in symbols if s not in layout.direct and s not in lent)
        room = self._spares.room(layout)
        if len(new) > room and self._spares:
            time.sleep(max(0.0, self._quiet_at - time.monotonic()))
            self._spares.take_back(keys)
            return symbols
        if new and not room:
            raise ProblemError(
                Problem("Every key is in use here.", "The text can be copied instead.", "copy")
            )
        if new:
            self._spares.lend(keys, layout, new[:room])
            self._connection.sync()
            time.sleep(SETTLE_S)
        strokes = {**layout.direct, **self._spares.strokes()}
        count = next((n for n, s in enumerate(symbols) if s not in strokes), len(symbols))
        self._send([strokes[s] for s in symbols[:count]], _code_of(keys, SHIFT))
        self._quiet_at = time.monotonic() + UNREAD_S + count / SLOW_PER_S
        return symbols[count:]

    def _send(self, strokes: list[Stroke], shift_code: int) -> None:
        shifted = False
        for n, stroke in enumerate(strokes, 1):
            if stroke.shift != shifted:
                kind = X.KeyPress if stroke.shift else X.KeyRelease
                xtest.fake_input(self._connection, kind, shift_code)
                shifted = stroke.shift
            xtest.fake_input(self._connection, X.KeyPress, stroke.keycode)
            xtest.fake_input(self._connection, X.KeyRelease, stroke.keycode)
            if n % _AT_ONCE == 0:
                self._connection.sync()
        if shifted:
            xtest.fake_input(self._connection, X.KeyRelease, shift_code)
        self._connection.sync()

    def _read(self) -> tuple[dict[int, Key], Layout]:
        while self._connection.pending_events():
            self._connection.next_event()  # the server tells of each change of the map
        keys = self._keyboard.keys()
        self._spares.check(keys)
        modifiers = {k for row in self._connection.get_modifier_mapping() for k in row if k}
        lent = {s.keycode for s in self._spares.strokes().values()}
        group = self._keyboard.state().group
        return keys, layouts.read(keys, group, modifiers | lent)

    def _capacity(self, layout: Layout) -> int:
        lent = {s.keycode for s in self._spares.strokes().values()}
        return 2 * (len(layout.empty) + len(lent))

    @contextmanager
    def _hands_off(self) -> Iterator[None]:
        """No key held, no lock on: waits for the hands, then lets go for them."""
        self._release_held()
        # Every lock but NumLock, which changes the keypad only. Shift lock and a latched
        # AltGr would change the characters as CapsLock does.
        affect = 0xFF & ~self._mask_of(0xFF7F)
        locked = self._keyboard.state().locked & affect
        self._keyboard.lock(affect, 0)
        try:
            yield
        finally:
            if locked:
                self._keyboard.lock(locked, locked)
                self._connection.sync()

    def _release_held(self) -> None:
        """Wait until no key is down, at most a second; then release by XTEST what still is.

        A key other than a modifier counts too: one that was swallowed keeps the keyboard
        grabbed until it is up, and what is typed meanwhile goes nowhere. Polled, because
        raw events of the own keys would have to be told from the user's.
        """
        deadline = time.monotonic() + HELD_LIMIT_S
        while (down := self._down()) and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        for code in down:
            xtest.fake_input(self._connection, X.KeyRelease, code)
        if down:
            self._connection.sync()

    def _down(self) -> list[int]:
        bits = self._connection.query_keymap()
        return [8 * n + b for n, byte in enumerate(bits) for b in range(8) if byte >> b & 1]

    def _mask_of(self, symbol: int) -> int:
        codes = {code for code, _ in self._connection.keysym_to_keycodes(symbol)}
        rows = self._connection.get_modifier_mapping()
        return sum(1 << n for n, row in enumerate(rows) if codes & set(row))

    def _is_quiet(self) -> bool:
        return time.monotonic() >= self._quiet_at

    def _start_timer(self, after_s: float) -> None:
        if self._spares:
            self._timer = threading.Timer(after_s, self._give_back)
            self._timer.daemon = True
            self._timer.start()

    def _end_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_back(self) -> None:
        with self._lock:
            if self._timer is not threading.current_thread():
                return  # another text was typed meanwhile, or the typist is closed
            try:
                with translated():
                    self._spares.take_back(self._keyboard.keys())
                    self._connection.sync()
            except ProblemError:
                return  # the display is gone, and with it everything to give back


def _code_of(keys: dict[int, Key], symbol: int) -> int:
    for code, key in keys.items():
        if symbol in key.symbols[:2]:
            return code
    return _USUAL[symbol]


def _distinct(symbols: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(symbols))
