"""The indicator on a real X server with a window manager: it never takes the focus."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from Xlib import X
from Xlib.ext import xtest

from desktop.processes import wait_until
from desktop.x_server import Display

pytestmark = pytest.mark.needs_programs

HERE = Path(__file__).parent
PACKAGE = HERE.parents[1] / "desktop"


@attrs.frozen
class IndicatorProgram:
    """The program with the indicator, beside a terminal that has the focus."""

    server: Display
    process: subprocess.Popen[str]
    terminal: int

    def send(self, line: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def show(self, state: str) -> None:
        self.send(state)
        wait_until(lambda: bool(self.send("report")["shown"]), f"{state} is shown")

    def button(self, name: str) -> list[int]:
        """Return the position of a button, once the window is at the bottom of the screen."""
        middle = self.server.connection.screen().height_in_pixels // 2
        wait_until(lambda: self.send("report")["buttons"][name][1] > middle, "it is at the bottom")
        position: list[int] = self.send("report")["buttons"][name]
        return position

    def point(self, position: list[int], *, takes_clicks: bool) -> None:
        """Move the pointer, and wait until clicks there are taken or go through."""
        connection = self.server.connection
        xtest.fake_input(connection, X.MotionNotify, x=position[0], y=position[1])
        connection.sync()
        root = connection.screen().root
        wait_until(
            lambda: (root.query_pointer().child != X.NONE) == takes_clicks,
            f"clicks at {position} {'are taken' if takes_clicks else 'go through'}",
        )

    def wait_for_calls(self, calls: list[Any]) -> None:
        wait_until(lambda: bool(self.send("report")["calls"] == calls), f"calls {calls}")

    @property
    def focused(self) -> int:
        return self.server.active_window()


@pytest.fixture
def program() -> Iterator[IndicatorProgram]:
    with Display() as server:
        paths = os.pathsep.join([str(PACKAGE), str(HERE.parent)])
        environ = os.environ | server.environ | {"QT_QPA_PLATFORM": "xcb", "PYTHONPATH": paths}
        terminal = subprocess.Popen(["xterm"], env=environ, stderr=subprocess.DEVNULL)
        wait_until(lambda: server.active_window() != 0, "the terminal has the focus")
        process = subprocess.Popen(
            [sys.executable, str(HERE / "indicator_program.py")],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield IndicatorProgram(server, process, server.active_window())
        finally:
            process.communicate("\n", timeout=10)
            terminal.terminate()
            terminal.wait(10)


def test_it_is_shown_and_clicked_without_taking_the_focus(program: IndicatorProgram) -> None:
    program.show("listening")
    assert program.focused == program.terminal

    expected: list[Any] = []
    for state, button, calls in (
        ("hands-free", "Finish dictation", ["Stop"]),
        ("held", "Insert here", ["InsertHeld"]),
        ("error", "Try again", ["Retry"]),
        ("held", "Copy", ["copy_text", "Dismiss"]),
        ("error", "Settings", [["open_settings", ""]]),
    ):
        program.show(state)
        program.point(program.button(button), takes_clicks=True)
        program.server.tap(1)
        expected += calls
        program.wait_for_calls(expected)
        program.send("rest")
        wait_until(lambda: not program.send("report")["shown"], "the indicator is hidden")
        assert program.focused == program.terminal


def test_clicks_go_through_an_indicator_without_buttons(program: IndicatorProgram) -> None:
    screen = program.server.connection.screen()
    position = [screen.width_in_pixels // 2, screen.height_in_pixels - 24 - 20]
    program.show("held")
    program.point(position, takes_clicks=True)
    program.show("listening")
    program.point(position, takes_clicks=False)
    assert program.focused == program.terminal
