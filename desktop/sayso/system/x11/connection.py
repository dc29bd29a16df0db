"""Connections to the X server, and the translation of its errors."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from Xlib import display, error
from Xlib.support.connect import get_display

from ...core.problems import ProblemError
from ...core.problems import insertion as problems
from ..protocols import DisplayLostError

T = TypeVar("T")

CONNECTION_ERRORS: tuple[type[Exception], ...] = (error.ConnectionClosedError, OSError)


def is_xwayland() -> bool:
    """Return whether the display belongs to a Wayland session, which also has other windows."""
    return bool(os.environ.get("WAYLAND_DISPLAY"))


def connect(name: str | None = None) -> Any:
    """Open a connection for one thread; raises `ProblemError` if no X server answers."""
    try:
        _probe(name)
        connection = display.Display(name)
    except (error.DisplayError, *CONNECTION_ERRORS) as raised:
        raise ProblemError(problems.NO_DISPLAY(detail=str(raised))) from raised
    # python-xlib prints errors without a handler; these are for windows that were just closed.
    connection.set_error_handler(lambda *_: None)
    return connection


def _probe(name: str | None) -> None:
    """Raise if a local server does not answer; python-xlib would leave its socket open."""
    _, protocol, host, number, _ = get_display(name)
    if protocol not in (None, "unix") or host not in ("", "unix"):
        return
    path = f"/tmp/.X11-unix/X{number}"
    with socket.socket(socket.AF_UNIX) as client:
        # Like Xlib, try the abstract name first, which is reachable from containers.
        if client.connect_ex(f"\0{path}") != 0:
            client.connect(path)


def close(connection: Any) -> None:
    with suppress(*CONNECTION_ERRORS):
        connection.close()


@contextmanager
def x_errors_translated() -> Iterator[None]:
    try:
        yield
    except CONNECTION_ERRORS as raised:
        raise DisplayLostError(problems.DISPLAY_LOST(detail=str(raised))) from raised
    except error.XError as raised:
        raise ProblemError(problems.KEYS_REJECTED(detail=str(raised))) from raised


def pressed_keycodes(connection: Any) -> list[int]:
    bits = connection.query_keymap()
    return [8 * n + b for n, byte in enumerate(bits) for b in range(8) if byte >> b & 1]


class Connection:
    """A connection that is opened when first used, and opened again after it was lost.

    May be used by any thread; `use` reserves it.
    """

    def __init__(
        self, name: str | None = None, prepare: Callable[[Any], None] = lambda _: None
    ) -> None:
        """`prepare`: called with each new connection."""
        self._name, self._prepare = name, prepare
        self._lock = threading.RLock()
        self._connection: Any = None

    @contextmanager
    def use(self) -> Iterator[Any]:
        """Reserve the connection for this thread, translating the errors of python-xlib."""
        with self._lock:
            if self._connection is None:
                self._connection = connect(self._name)
                try:
                    with x_errors_translated():
                        self._prepare(self._connection)
                except ProblemError:
                    self.close()
                    raise
            try:
                with x_errors_translated():
                    yield self._connection
            except DisplayLostError:
                self.close()
                raise

    def query(self, ask: Callable[[Any], T]) -> T:
        """Return the result of `ask(connection)`, asking again if the connection was lost."""
        with suppress(DisplayLostError), self.use() as connection:
            return ask(connection)
        with self.use() as connection:
            return ask(connection)

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                close(self._connection)
                self._connection = None
