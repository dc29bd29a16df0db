"""Keys and mouse buttons of the whole desktop.

XInput2 reports raw events without auto-repeat, also while another program has grabbed the
keyboard. Grabs only keep a chord from the focused window. Keys simulated by XTEST are reported
like any others; Sayso sends them only while no key is pressed.
"""

from __future__ import annotations

import asyncio
import functools
import os
import select
import threading
import time
from contextlib import suppress
from typing import Any

from Xlib import X, error

from ...core.hotkey import keys as names
from ...core.problems import Problem, ProblemError
from ...core.problems import insertion as problems
from ..protocols import HotkeyListener
from . import xinput
from .connection import (
    CONNECTION_ERRORS,
    Connection,
    close,
    connect,
    pressed_keycodes,
    x_errors_translated,
)
from .grabs import KeyGrabs, read_key_names

_HOTKEY_BUTTONS = names.MOUSE_BUTTONS - {f"mouse{n}" for n in (1, 3, 4, 5, 6, 7)}
"""All but the left and the right button and the wheel, which has a button for each direction."""
_BUTTONS = _HOTKEY_BUTTONS | {names.LEFT_CLICK}

RECONNECT_INTERVAL_S = 0.5


class X11Hotkey:
    """A `Hotkey` that reports raw keys from a thread of its own."""

    default_hotkey = "ctrl_r"

    def __init__(self, display: str | None = None) -> None:
        self._display = display
        self._thread: threading.Thread | None = None
        self._grabs: KeyGrabs | None = None
        self._queries = Connection(display)
        self._stop_pipe = (-1, -1)
        self._key_names: dict[int, str] = {}
        self._pressed: dict[tuple[bool, int], str] = {}
        """Names of pressed keys and buttons by (is a button, code)."""

    async def start(self, listener: HotkeyListener) -> None:
        await asyncio.to_thread(self._start, listener)
        listener.ready("")

    def _start(self, listener: HotkeyListener) -> None:
        self.stop()
        connection = self._connect()
        self._stop_pipe = os.pipe()
        run = functools.partial(self._run, connection, listener)
        self._thread = threading.Thread(target=run, name="keys", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._thread is not None:
            os.close(self._stop_pipe[1])
            self._thread.join()
            self._thread = None
        if self._grabs is not None:
            self._grabs.close()
            self._grabs = None
        self._queries.close()

    def configure(self, window_id: int) -> bool:
        return False

    def grab(self, chord: str) -> Problem | None:
        if self._grabs is None and not chord:
            return None
        try:
            with x_errors_translated():
                self._grabs = self._grabs or KeyGrabs(self._display)
                return self._grabs.grab(chord)
        except ProblemError as raised:
            return raised.problem

    def pressed_now(self) -> frozenset[str] | None:
        with suppress(ProblemError):
            return self._queries.query(_query_pressed)
        return frozenset()  # no key can be pressed on a display that does not answer

    def _connect(self) -> Any:
        """Return a connection that receives raw events, and grab the chord on another one."""
        connection = connect(self._display)
        if not connection.has_extension("XInputExtension"):
            close(connection)
            raise ProblemError(problems.DISPLAY_UNSUPPORTED())
        with x_errors_translated():
            xinput.select_raw_events(connection)
            self._key_names = read_key_names(connection)
            previous, self._grabs = self._grabs, KeyGrabs(self._display)
            if previous is not None:
                previous.close()
                self._grabs.grab(previous.chord)
        return connection

    # The thread

    def _run(self, connection: Any, listener: HotkeyListener) -> None:
        stop = self._stop_pipe[0]
        try:
            while problem := self._listen(connection, listener, stop):
                for name in self._pressed.values():  # their releases will not be seen
                    listener.key_changed(name, False, time.monotonic())
                self._pressed.clear()
                listener.lost(problem)
                close(connection)
                connection = None
                while connection is None:
                    if select.select([stop], [], [], RECONNECT_INTERVAL_S)[0]:
                        return
                    with suppress(ProblemError):
                        connection = self._connect()
                listener.restored()
        finally:
            if connection is not None:
                close(connection)
            os.close(stop)

    def _listen(self, connection: Any, listener: HotkeyListener, stop: int) -> Problem | None:
        """Report events. Return the problem if the connection was lost, None to stop."""
        try:
            while True:
                # Events may have arrived together with a reply; select() does not see them.
                while connection.pending_events():
                    self._handle(connection, connection.next_event(), listener)
                assert self._grabs is not None
                self._grabs.drain()
                if stop in select.select([connection, self._grabs, stop], [], [])[0]:
                    return None
        except (error.XError, *CONNECTION_ERRORS) as raised:
            return problems.HOTKEY_LOST(detail=str(raised))

    def _handle(self, connection: Any, event: Any, listener: HotkeyListener) -> None:
        if event.type == X.MappingNotify:
            self._key_names = read_key_names(connection)
            return
        raw = xinput.parse_raw_event(event)
        if raw is None:
            return
        key = (raw.is_button, raw.code)
        name = f"mouse{raw.code}" if raw.is_button else self._key_names.get(raw.code, "")
        if not raw.is_down:
            # The name is that of the press, even if the layout has changed since.
            if name := self._pressed.pop(key, ""):
                listener.key_changed(name, False, time.monotonic())
        elif name and key not in self._pressed and (name in _BUTTONS or not raw.is_button):
            self._pressed[key] = name
            listener.key_changed(name, True, time.monotonic())


def _query_pressed(connection: Any) -> frozenset[str]:
    while connection.pending_events():
        connection.next_event()
    names_by_code = read_key_names(connection)
    keys = {names_by_code.get(code, "") for code in pressed_keycodes(connection)}
    buttons = {f"mouse{n}" for n in xinput.pressed_buttons(connection)}
    return frozenset(keys - {""} | buttons & _HOTKEY_BUTTONS)
