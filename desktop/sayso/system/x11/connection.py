"""Connections to the X server, and what its errors mean to a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from Xlib import display, error

from ...core.problems import Problem, ProblemError

GONE: tuple[type[Exception], ...] = (error.ConnectionClosedError, OSError)
"""What python-xlib raises when the server has ended or was never there."""


def connect(name: str | None = None) -> Any:
    """A new connection. It may be used by one thread at a time.

    Raises:
        ProblemError: No X server answers.
    """
    try:
        connection = display.Display(name)
    except (error.DisplayError, *GONE) as raised:
        raise ProblemError(no_display(str(raised))) from raised
    # python-xlib prints what nobody catches; those errors are for windows that are just gone.
    connection.set_error_handler(lambda *_: None)
    return connection


def no_display(detail: str = "") -> Problem:
    return Problem(
        "There is no X display here, so Sayso cannot see keys or type.",
        "Use sayso start and sayso stop; the words are then copied.",
        detail=detail,
    )


@contextmanager
def translated() -> Iterator[None]:
    """Turn the library's errors into a `ProblemError`."""
    try:
        yield
    except GONE as raised:
        raise ProblemError(
            Problem(
                "The X display went away, so nothing could be typed.",
                "Log in again; your words are in the history.",
                "copy",
                str(raised),
            )
        ) from raised
    except error.XError as raised:
        raise ProblemError(
            Problem(
                "The X display does not take simulated keys.",
                "Your words can be copied instead.",
                "copy",
                str(raised),
            )
        ) from raised
