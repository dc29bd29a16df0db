"""Keys and mouse buttons of the whole desktop.

XInput2 reports raw events without auto-repeat, also while another program has grabbed the
keyboard. Grabs only keep a chord from the focused window. Keys simulated by XTEST are reported
like any others; Sayso sends them only while no key is pressed.
"""

from __future__ import annotations

import asyncio
import os
import select
import threading
import time
from typing import Any

from Xlib import X, error

from ...core.hotkey import keys as names
from ...core.problems import Problem, ProblemError
from ...core.problems import insertion as problems
from ..protocols import HotkeyListener
from . import xinput
from .connection import CONNECTION_ERRORS, Connection, close, connect, x_errors_translated
from .grabs import KeyGrabs, read_key_names

_UNUSABLE_BUTTONS = frozenset([1, 3, 4, 5, 6, 7])
"""The left and the right button, and the wheel, which has a button for each direction."""
_USABLE_BUTTONS = names.MOUSE_BUTTONS - {f"mouse{n}" for n in _UNUSABLE_BUTTONS}
_REPORTED_BUTTONS = _USABLE_BUTTONS | {names.LEFT_CLICK}

RECONNECT_INTERVAL_S = 0.5


class X11Hotkey:
    """A `Hotkey` that reports raw keys from a thread of its own."""

    default_hotkey = "ctrl_r"

    def __init__(self, display: str | None = None) -> None:
        self._display = display
        self._thread: _KeyThread | None = None
        self._grabs: KeyGrabs | None = None
        self._queries = Connection(display)

    async def start(self, listener: HotkeyListener) -> None:
        """Start to report events.

        Raises:
            ProblemError: No X server answers, or it does not support XInput2.
        """
        await asyncio.to_thread(self._start, listener)
        listener.ready("")

    def _start(self, listener: HotkeyListener) -> None:
        self.stop()
        connection = _connect(self._display)
        with x_errors_translated():
            self._thread = _KeyThread(connection, self, listener)
        self._thread.start()

    def reconnect(self) -> tuple[Any, KeyGrabs]:
        """Open the connection for events again, and grab the chord again.

        Raises:
            ProblemError: No X server answers.
        """
        connection = _connect(self._display)
        with x_errors_translated():
            previous, self._grabs = self.grabs, KeyGrabs(self._display)
            previous.close()
            self._grabs.grab(previous.chord)
        return connection, self._grabs

    @property
    def grabs(self) -> KeyGrabs:
        if self._grabs is None:
            self._grabs = KeyGrabs(self._display)
        return self._grabs

    def stop(self) -> None:
        if self._thread is not None:
            self._thread.stop()
            self._thread = None
        if self._grabs is not None:
            self._grabs.close()
            self._grabs = None
        self._queries.close()

    def configure(self, window_id: int) -> bool:
        return False

    def grab(self, chord: str) -> Problem | None:
        if self._thread is None and not chord:
            return None
        try:
            with x_errors_translated():
                return self.grabs.grab(chord)
        except ProblemError as raised:
            return raised.problem

    def pressed_now(self) -> frozenset[str] | None:
        try:
            return self._queries.query(_query_pressed)
        except ProblemError:
            return frozenset()  # no key can be pressed on a display that does not answer


def _connect(display: str | None) -> Any:
    """Open a connection that receives raw key and button events."""
    connection = connect(display)
    if not connection.has_extension("XInputExtension"):
        close(connection)
        raise ProblemError(problems.DISPLAY_UNSUPPORTED())
    with x_errors_translated():
        xinput.select_raw_events(connection)
    return connection


def _query_pressed(connection: Any) -> frozenset[str]:
    while connection.pending_events():
        connection.next_event()
    names_by_code = read_key_names(connection)
    bits = connection.query_keymap()
    codes = {8 * n + b for n, byte in enumerate(bits) for b in range(8) if byte >> b & 1}
    buttons = {f"mouse{n}" for n in xinput.pressed_buttons(connection)} & _USABLE_BUTTONS
    return frozenset(names_by_code[code] for code in codes if code in names_by_code) | buttons


class _KeyThread:
    """Reads events and reports them, and reconnects if the display closes the connection."""

    def __init__(self, connection: Any, owner: X11Hotkey, listener: HotkeyListener) -> None:
        self._connection = connection
        self._owner = owner
        self._listener = listener
        self._grabs = owner.grabs
        self._key_names = read_key_names(connection)
        self._pressed: dict[tuple[bool, int], str] = {}
        """Names of pressed keys and buttons by (is a button, code)."""
        self._stop_read, self._stop_write = os.pipe()
        self._thread = threading.Thread(target=self._run, name="keys", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        os.close(self._stop_write)
        self._thread.join()

    def _run(self) -> None:
        try:
            while self._listen_until_lost() and self._reconnect():
                pass
        finally:
            close(self._connection)
            os.close(self._stop_read)

    def _listen_until_lost(self) -> bool:
        """Report events. Return True if the connection was lost, False to stop."""
        try:
            while True:
                # A reply may have brought events along, which select() does not see.
                self._read_events()
                self._grabs.drain()
                sources = [self._connection, self._grabs, self._stop_read]
                if self._stop_read in select.select(sources, [], [])[0]:
                    return False
        except (error.XError, *CONNECTION_ERRORS) as raised:
            self._release_all()
            self._listener.lost(problems.HOTKEY_LOST(detail=str(raised)))
            return True

    def _reconnect(self) -> bool:
        """Wait for the display. Return True when it answers, False to stop."""
        while not select.select([self._stop_read], [], [], RECONNECT_INTERVAL_S)[0]:
            try:
                connection, self._grabs = self._owner.reconnect()
            except ProblemError:
                continue
            close(self._connection)
            self._connection = connection
            self._key_names = read_key_names(connection)
            self._listener.restored()
            return True
        return False

    def _read_events(self) -> None:
        while self._connection.pending_events():
            event = self._connection.next_event()
            if event.type == X.MappingNotify:
                self._key_names = read_key_names(self._connection)
                continue
            raw_event = xinput.parse_raw_event(event)
            if raw_event is not None:
                self._report(raw_event)

    def _report(self, event: xinput.RawEvent) -> None:
        key = (event.is_button, event.code)
        if not event.is_down:
            # The name is that of the press, even if the layout has changed since.
            if name := self._pressed.pop(key, ""):
                self._listener.key_changed(name, False, time.monotonic())
            return
        button = f"mouse{event.code}"
        if event.is_button and button not in _REPORTED_BUTTONS:
            return
        name = button if event.is_button else self._key_names.get(event.code, "")
        if name and key not in self._pressed:
            self._pressed[key] = name
            self._listener.key_changed(name, True, time.monotonic())

    def _release_all(self) -> None:
        """Report all keys as released, because their releases will not be seen."""
        for name in self._pressed.values():
            self._listener.key_changed(name, False, time.monotonic())
        self._pressed.clear()
