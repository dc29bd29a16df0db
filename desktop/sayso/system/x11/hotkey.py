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
from ...core.problems import Problem, ProblemError
from .. import DisplayGoneError
from . import xinput
from .connection import GONE, close, connect, no_display, translated
from .grabs import Grabs, read_names

_NOT_OFFERED = frozenset([1, 3, 4, 5, 6, 7])
"""Left, right, and the wheel, which has a button for each direction."""
_HEARD_BUTTONS = names.MOUSE - {f"mouse{n}" for n in _NOT_OFFERED} | {names.CLICK}

LOOK_EVERY_S = 0.5
"""For a display that has gone: one that only cut us off is there at once."""

Hear = Callable[[str], None]


class X11Keys:
    """A `KeySource` with a thread of its own."""

    def __init__(self, display: str | None = None) -> None:
        self._display = display
        self._thread: threading.Thread | None = None
        self._wake = -1
        self._grabs: Grabs | None = None
        self._asking = threading.Lock()
        self._question: Any = None
        self._names: dict[int, str] = {}
        self.lost: Problem | None = None
        """Why keys are not seen now: the display has gone, and is looked for."""

    def start(self, press: Hear, release: Hear) -> None:
        """Begin to listen.

        Raises:
            ProblemError: No X server answers, or it is too old for XInput2.
        """
        self.stop()
        self.lost = None
        connection = self._connect()
        self._open_grabs()
        woken, self._wake = os.pipe()
        listener = _Listener(self, connection, woken, press, release)
        self._thread = threading.Thread(target=listener.run, name="keys", daemon=True)
        self._thread.start()

    def _connect(self) -> Any:
        connection = connect(self._display)
        if not connection.has_extension("XInputExtension"):
            connection.close()
            raise ProblemError(
                Problem(
                    "This X display does not let Sayso see keys.",
                    "Use sayso start and sayso stop.",
                    "hotkey",
                )
            )
        with translated():
            xinput.listen(connection)
            self._names = read_names(connection)
        return connection

    def reconnect(self) -> Any:
        """What the server had cut off, anew; the connection that keys come from.

        Raises:
            ProblemError: No server answers.
        """
        connection = self._connect()
        with translated(), self._asking:
            before = self._grabs
            self._grabs = Grabs(self._display)
            if before is not None:
                before.close()
                self._grabs.swallow(before.chord)
            if self._question is not None:
                close(self._question)
                self._question = None
        self.lost = None
        return connection

    def stop(self) -> None:
        if self._thread is not None:
            os.close(self._wake)
            self._thread.join()
            self._thread = None
        if self._grabs is not None:
            self._grabs.close()
            self._grabs = None
        with self._asking:
            if self._question is not None:
                close(self._question)
                self._question = None

    def swallow(self, chord: str) -> Problem | None:
        if self._thread is None and not chord:
            return None
        try:
            with translated():
                return self._open_grabs().swallow(chord)
        except ProblemError as raised:
            return raised.problem

    def really_down(self) -> frozenset[str]:
        with self._asking:
            for _ in range(2):  # the second time on a new connection
                try:
                    with translated():
                        return self._ask()
                except DisplayGoneError:
                    close(self._question)
                    self._question = None
                except ProblemError:
                    break
            return frozenset()

    def _ask(self) -> frozenset[str]:
        if self._question is None:
            self._question = connect(self._display)
        connection = self._question
        while connection.pending_events():
            connection.next_event()
        named = self._names or read_names(connection)
        bits = connection.query_keymap()
        down = {8 * n + b for n, byte in enumerate(bits) for b in range(8) if byte >> b & 1}
        buttons = {f"mouse{n}" for n in xinput.buttons_down(connection) - _NOT_OFFERED}
        return frozenset(named[code] for code in down if code in named) | buttons & names.MOUSE

    def _open_grabs(self) -> Grabs:
        if self._grabs is None:
            self._grabs = Grabs(self._display)
        return self._grabs


class _Listener:
    """What runs in the thread."""

    def __init__(
        self, owner: X11Keys, connection: Any, woken: int, press: Hear, release: Hear
    ) -> None:
        self._owner = owner
        self._connection = connection
        self._woken = woken
        self._press = press
        self._release = release
        self._down: dict[tuple[bool, int], str] = {}

    def run(self) -> None:
        try:
            while self._lose() and self._find():
                pass
        finally:
            close(self._connection)
            os.close(self._woken)

    def _lose(self) -> bool:
        """Listen until the display has gone (True) or nobody wants to listen (False)."""
        grabs = self._owner._grabs
        assert grabs is not None
        try:
            while True:
                # Events may stand in the queue that the last reply brought along.
                self._read()
                grabs.drain()
                ready, _, _ = select.select([self._connection, grabs, self._woken], [], [])
                if self._woken in ready:
                    return False
        except (error.XError, *GONE) as raised:
            self._owner.lost = no_display(str(raised))
            self._let_go()
            return True

    def _find(self) -> bool:
        """Look for the display until it is there (True) or nobody wants to listen (False)."""
        while not select.select([self._woken], [], [], LOOK_EVERY_S)[0]:
            try:
                connection = self._owner.reconnect()
            except ProblemError:
                continue
            close(self._connection)
            self._connection = connection
            return True
        return False

    def _read(self) -> None:
        while self._connection.pending_events():
            event = self._connection.next_event()
            if event.type == X.MappingNotify:
                self._owner._names = read_names(self._connection)
                continue
            raw = xinput.raw(event)
            if raw is not None:
                self._tell(raw)

    def _tell(self, raw: xinput.Raw) -> None:
        key = (raw.is_button, raw.code)
        if not raw.is_down:
            # Named as it was when it went down, whatever the layout says now.
            name = self._down.pop(key, "")
            if name:
                self._release(name)
            return
        button = f"mouse{raw.code}"
        name = self._owner._names.get(raw.code, "") if not raw.is_button else button
        if raw.is_button and button not in _HEARD_BUTTONS:
            return
        if name and key not in self._down:
            self._down[key] = name
            self._press(name)

    def _let_go(self) -> None:
        """Nobody will hear of a release any more: what is held ends now."""
        for name in self._down.values():
            self._release(name)
        self._down.clear()
