"""Keys and mouse buttons of the whole desktop.

Raw events say what goes down and up, also while another program has the keyboard, and without
auto-repeat; grabs only keep a chord from the focused window. Raw events are not told apart by
device: XTEST keys count like any others, and Sayso types only while nothing is held.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from typing import Any

from Xlib import X, error

from ...core.hotkey import keys as names
from ...core.problems import Problem, ProblemError, untyped_problem
from .. import DisplayLostError
from . import xinput
from .connection import CONNECTION_ERRORS, close, connect, no_display_problem, x_errors_translated
from .grabs import KeyGrabs, read_key_names

_UNUSABLE_BUTTONS = frozenset([1, 3, 4, 5, 6, 7])
"""Left, right, and the wheel, which has a button for each direction."""
_REPORTED_BUTTONS = names.MOUSE_BUTTONS - {f"mouse{n}" for n in _UNUSABLE_BUTTONS} | {
    names.LEFT_CLICK
}

RECONNECT_INTERVAL_S = 0.5
"""For a display that has gone: one that only cut us off is there at once."""

KeyCallback = Callable[[str], None]


class X11Hotkey:
    """A `KeySource` with a thread of its own."""

    def __init__(self, display: str | None = None) -> None:
        self._display = display
        self._thread: threading.Thread | None = None
        self._stop_pipe = -1
        self._grabs: KeyGrabs | None = None
        self._query_lock = threading.Lock()
        self._query_connection: Any = None
        self._key_names: dict[int, str] = {}
        self.lost: Problem | None = None
        """Why keys are not seen now: the display has gone, and is looked for."""

    def start(self, press: KeyCallback, release: KeyCallback) -> None:
        """Begin to listen.

        Raises:
            ProblemError: No X server answers, or it is too old for XInput2.
        """
        self.stop()
        self.lost = None
        connection = self._connect()
        self._open_grabs()
        woken, self._stop_pipe = os.pipe()
        listener = _KeyThread(self, connection, woken, press, release)
        self._thread = threading.Thread(target=listener.run, name="keys", daemon=True)
        self._thread.start()

    def _connect(self) -> Any:
        connection = connect(self._display)
        if not connection.has_extension("XInputExtension"):
            connection.close()
            raise ProblemError(
                untyped_problem(
                    "This X display does not let Sayso see keys.",
                    "Use sayso start and sayso stop.",
                    "hotkey",
                )
            )
        with x_errors_translated():
            xinput.select_raw_events(connection)
            self._key_names = read_key_names(connection)
        return connection

    def reconnect(self) -> Any:
        """What the server had cut off, anew; the connection that keys come from.

        Raises:
            ProblemError: No server answers.
        """
        connection = self._connect()
        with x_errors_translated(), self._query_lock:
            before = self._grabs
            self._grabs = KeyGrabs(self._display)
            if before is not None:
                before.close()
                self._grabs.grab(before.chord)
            if self._query_connection is not None:
                close(self._query_connection)
                self._query_connection = None
        self.lost = None
        return connection

    def stop(self) -> None:
        if self._thread is not None:
            os.close(self._stop_pipe)
            self._thread.join()
            self._thread = None
        if self._grabs is not None:
            self._grabs.close()
            self._grabs = None
        with self._query_lock:
            if self._query_connection is not None:
                close(self._query_connection)
                self._query_connection = None

    def grab(self, chord: str) -> Problem | None:
        if self._thread is None and not chord:
            return None
        try:
            with x_errors_translated():
                return self._open_grabs().grab(chord)
        except ProblemError as raised:
            return raised.problem

    def pressed_now(self) -> frozenset[str]:
        with self._query_lock:
            for _ in range(2):  # the second time on a new connection
                try:
                    with x_errors_translated():
                        return self._query_pressed()
                except DisplayLostError:
                    close(self._query_connection)
                    self._query_connection = None
                except ProblemError:
                    break
            return frozenset()

    def _query_pressed(self) -> frozenset[str]:
        if self._query_connection is None:
            self._query_connection = connect(self._display)
        connection = self._query_connection
        while connection.pending_events():
            connection.next_event()
        named = self._key_names or read_key_names(connection)
        bits = connection.query_keymap()
        down = {8 * n + b for n, byte in enumerate(bits) for b in range(8) if byte >> b & 1}
        buttons = {f"mouse{n}" for n in xinput.pressed_buttons(connection) - _UNUSABLE_BUTTONS}
        return (
            frozenset(named[code] for code in down if code in named) | buttons & names.MOUSE_BUTTONS
        )

    def _open_grabs(self) -> KeyGrabs:
        if self._grabs is None:
            self._grabs = KeyGrabs(self._display)
        return self._grabs


class _KeyThread:
    """What runs in the thread."""

    def __init__(
        self,
        owner: X11Hotkey,
        connection: Any,
        stop_fd: int,
        press: KeyCallback,
        release: KeyCallback,
    ) -> None:
        self._owner = owner
        self._connection = connection
        self._stop_fd = stop_fd
        self._press = press
        self._release = release
        self._pressed: dict[tuple[bool, int], str] = {}

    def run(self) -> None:
        try:
            while self._listen_until_lost() and self._reconnect():
                pass
        finally:
            close(self._connection)
            os.close(self._stop_fd)

    def _listen_until_lost(self) -> bool:
        """Listen until the display has gone (True) or nobody wants to listen (False)."""
        grabs = self._owner._grabs
        assert grabs is not None
        try:
            while True:
                # Events may stand in the queue that the last reply brought along.
                self._read_events()
                grabs.drain()
                ready, _, _ = select.select([self._connection, grabs, self._stop_fd], [], [])
                if self._stop_fd in ready:
                    return False
        except (error.XError, *CONNECTION_ERRORS) as raised:
            self._owner.lost = no_display_problem(str(raised))
            self._release_all()
            return True

    def _reconnect(self) -> bool:
        """Look for the display until it is there (True) or nobody wants to listen (False)."""
        while not select.select([self._stop_fd], [], [], RECONNECT_INTERVAL_S)[0]:
            try:
                connection = self._owner.reconnect()
            except ProblemError:
                continue
            close(self._connection)
            self._connection = connection
            return True
        return False

    def _read_events(self) -> None:
        while self._connection.pending_events():
            event = self._connection.next_event()
            if event.type == X.MappingNotify:
                self._owner._key_names = read_key_names(self._connection)
                continue
            raw = xinput.parse_raw_event(event)
            if raw is not None:
                self._dispatch(raw)

    def _dispatch(self, raw: xinput.RawEvent) -> None:
        key = (raw.is_button, raw.code)
        if not raw.is_down:
            # Named as it was when it went down, whatever the layout says now.
            name = self._pressed.pop(key, "")
            if name:
                self._release(name)
            return
        button = f"mouse{raw.code}"
        name = self._owner._key_names.get(raw.code, "") if not raw.is_button else button
        if raw.is_button and button not in _REPORTED_BUTTONS:
            return
        if name and key not in self._pressed:
            self._pressed[key] = name
            self._press(name)

    def _release_all(self) -> None:
        """Nobody will hear of a release any more: what is held ends now."""
        for name in self._pressed.values():
            self._release(name)
        self._pressed.clear()
