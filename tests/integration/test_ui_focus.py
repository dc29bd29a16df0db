"""The pill on a real X server with a window manager: it never takes the focus."""

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
class Pill:
    """The program with the pill, beside a terminal that has the focus."""

    display: Display
    process: subprocess.Popen[str]
    terminal: int

    def say(self, line: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def show(self, state: str) -> None:
        self.say(state)
        wait_until(lambda: bool(self.say("look")["shown"]), f"{state} is shown")

    def wait_for(self, asked: list[Any]) -> None:
        wait_until(lambda: bool(self.say("look")["asked"] == asked), f"asked for {asked}")

    def button(self, name: str) -> list[int]:
        """Where it is, once the window manager has told the pill its place at the bottom."""
        middle = self.display.connection.screen().height_in_pixels // 2
        wait_until(
            lambda: self.say("look")["buttons"][name][1] > middle, "the pill is at the bottom"
        )
        place: list[int] = self.say("look")["buttons"][name]
        return place

    def point(self, place: list[int], *, on_pill: bool) -> None:
        """Move the pointer there, and wait until the pill takes (or does not take) clicks there."""
        connection = self.display.connection
        xtest.fake_input(connection, X.MotionNotify, x=place[0], y=place[1])
        connection.sync()
        root = connection.screen().root
        wait_until(
            lambda: (root.query_pointer().child != X.NONE) == on_pill,
            f"the pill {'takes' if on_pill else 'lets through'} clicks at {place}",
        )

    @property
    def focused(self) -> int:
        return self.display.active_window()


@pytest.fixture
def running() -> Iterator[Pill]:
    with Display() as display:
        paths = os.pathsep.join([str(PACKAGE), str(HERE.parent)])
        environ = os.environ | display.environ | {"QT_QPA_PLATFORM": "xcb", "PYTHONPATH": paths}
        terminal = subprocess.Popen(["xterm"], env=environ, stderr=subprocess.DEVNULL)
        wait_until(lambda: display.active_window() != 0, "the terminal has the focus")
        process = subprocess.Popen(
            [sys.executable, str(HERE / "indicator_program.py")],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        pill = Pill(display, process, display.active_window())
        try:
            yield pill
        finally:
            process.communicate("\n", timeout=10)
            terminal.terminate()
            terminal.wait(10)


def test_the_pill_comes_and_is_clicked_without_taking_the_focus(running: Pill) -> None:
    running.show("listening")
    assert running.focused == running.terminal

    asked: list[Any] = []
    for state, button, wish in (
        ("hands-free", "Finish dictation", ["Stop"]),
        ("held", "Type here", ["InsertHeld"]),
        ("error", "Try again", ["Retry"]),
        ("held", "Copy", ["copy_text", "Dismiss"]),
        ("error", "Settings", [["open_settings", ""]]),
    ):
        running.show(state)
        running.point(running.button(button), on_pill=True)
        running.display.tap(1)
        asked += wish
        running.wait_for(asked)
        running.say("rest")
        wait_until(lambda: not running.say("look")["shown"], "the pill is gone")
        assert running.focused == running.terminal


def test_clicks_on_a_pill_without_buttons_reach_what_is_below(running: Pill) -> None:
    screen = running.display.connection.screen()
    pill = [screen.width_in_pixels // 2, screen.height_in_pixels - 24 - 20]
    running.show("held")
    running.point(pill, on_pill=True)
    running.show("listening")
    running.point(pill, on_pill=False)
    assert running.focused == running.terminal
