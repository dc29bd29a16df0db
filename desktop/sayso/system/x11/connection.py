"""Connections to the X server, and what its errors mean to a person."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from Xlib import display, error
from Xlib.support.connect import get_display

from ...core.problems import Problem, ProblemError, untyped_problem
from .. import DisplayLostError

CONNECTION_ERRORS: tuple[type[Exception], ...] = (error.ConnectionClosedError, OSError)
"""What python-xlib raises when the server has ended or was never there."""


def connect(name: str | None = None) -> Any:
    """A new connection. It may be used by one thread at a time.

    Raises:
        ProblemError: No X server answers.
    """
    try:
        _probe(name)
        connection = display.Display(name)
    except (error.DisplayError, *CONNECTION_ERRORS) as raised:
        raise ProblemError(no_display_problem(str(raised))) from raised
    # python-xlib prints what nobody catches; those errors are for windows that are just gone.
    connection.set_error_handler(lambda *_: None)
    return connection


def _probe(name: str | None) -> None:
    """Raise the error of a local server that does not answer.

    Where it is refused, python-xlib leaves a socket open and goes on to try TCP.
    """
    _, protocol, host, number, _ = get_display(name)
    if protocol not in (None, "unix") or host not in ("", "unix"):
        return
    path = f"/tmp/.X11-unix/X{number}"
    with socket.socket(socket.AF_UNIX) as door:
        # As Xlib does: the abstract name first, which reaches into containers.
        if door.connect_ex(f"\0{path}") != 0:
            door.connect(path)


def close(connection: Any) -> None:
    """Disconnect; a display that has gone is left as it is."""
    with suppress(*CONNECTION_ERRORS):
        connection.close()


def no_display_problem(detail: str = "") -> Problem:
    return untyped_problem(
        "There is no X display here, so Sayso cannot see keys or type.",
        "Use sayso start and sayso stop; the words are then copied.",
        detail=detail,
    )


@contextmanager
def x_errors_translated() -> Iterator[None]:
    """Turn the library's errors into a `ProblemError`."""
    try:
        yield
    except CONNECTION_ERRORS as raised:
        raise DisplayLostError(
            untyped_problem(
                "The X display went away, so nothing could be typed.",
                "Your words are in the history.",
                "copy",
                str(raised),
            )
        ) from raised
    except error.XError as raised:
        raise ProblemError(
            untyped_problem(
                "The X display does not take simulated keys.",
                "Your words can be copied instead.",
                "copy",
                str(raised),
            )
        ) from raised
