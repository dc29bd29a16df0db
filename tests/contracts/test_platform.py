"""Contracts of `Hotkey`, `Typist` and `Focus`, for every implementation that can run here."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from desktop.x_server import Display
from fakes import FakePlatform
from sayso.core.hotkey.chord import Chord
from sayso.core.insertion import NO_WINDOW, UNKNOWN_TARGET, Target
from sayso.core.problems import ProblemError
from sayso.core.problems.insertion import NO_DISPLAY
from sayso.system import macos, windows
from sayso.system.protocols import FocusChangedError
from sayso.system.pynput_backend import PynputHotkey, PynputTypist
from sayso.system.unavailable import UnavailableHotkey, UnavailableTypist, UnknownFocus
from sayso.system.x11.focus import X11Focus
from sayso.system.x11.hotkey import X11Hotkey
from sayso.system.x11.typing import X11Typist
from unit.system.test_pynput_backend import FakePynput


class Listener:
    """A `HotkeyListener` that records the calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *_: self.calls.append(name)


def pynput(backend: Any, modifier: str, default: str) -> SimpleNamespace:
    library, focus = FakePynput(), backend.create_focus()
    return SimpleNamespace(
        hotkey=PynputHotkey(library, backend.KEY_NAMES, default_hotkey=default),
        typist=PynputTypist(library, modifier, focus),
        focus=focus,
    )


@pytest.fixture(scope="module", params=["x11", "windows", "macos", "fake", "unavailable"])
def platform(request: pytest.FixtureRequest) -> Iterator[Any]:
    match request.param:
        case "x11":
            if not shutil.which("Xvfb"):
                pytest.skip("Xvfb is not installed")
            with Display(window_manager=False) as display:
                parts = SimpleNamespace(
                    hotkey=X11Hotkey(display.name),
                    typist=X11Typist(display.name),
                    focus=X11Focus(display.name),
                )
                yield parts
                parts.typist.close()
                parts.focus.close()
        case "windows":
            yield pynput(windows, "ctrl", "ctrl_r")
        case "macos":
            yield pynput(macos, "cmd", "alt_r")
        case "fake":
            yield FakePlatform()
        case "unavailable":
            yield SimpleNamespace(
                hotkey=UnavailableHotkey(NO_DISPLAY()),
                typist=UnavailableTypist(NO_DISPLAY()),
                focus=UnknownFocus(),
            )


def test_a_started_source_is_ready_or_reports_a_problem(platform: Any) -> None:
    listener = Listener()
    for _ in range(2):
        if isinstance(platform.hotkey, UnavailableHotkey):
            with pytest.raises(ProblemError):
                asyncio.run(platform.hotkey.start(listener))
        else:
            asyncio.run(platform.hotkey.start(listener))
            assert listener.calls.pop() == "ready"
    for _ in range(2):
        platform.hotkey.stop()
    assert listener.calls == []


def test_a_source_answers_before_any_key_is_pressed(platform: Any) -> None:
    hotkey = platform.hotkey
    assert str(Chord.parse(hotkey.default_hotkey)) == hotkey.default_hotkey
    assert hotkey.pressed_now() in (None, frozenset())
    assert hotkey.configure(1) is False, "no implementation has a dialog of the system yet"


def test_an_empty_chord_releases_the_grab(platform: Any) -> None:
    platform.hotkey.grab("f9")
    assert platform.hotkey.grab("") is None
    platform.hotkey.stop()


def test_a_text_that_is_not_valid_unicode_cannot_be_typed(platform: Any) -> None:
    assert platform.typist.can_type("\ud83d", UNKNOWN_TARGET) is False
    assert platform.typist.can_type("text", UNKNOWN_TARGET) in (True, False)


@pytest.mark.parametrize("action", ["type", "erase", "press_paste"])
def test_nothing_is_sent_to_another_window_than_the_target(platform: Any, action: str) -> None:
    arguments = {"type": ["text"], "erase": [1], "press_paste": []}[action]
    is_null = isinstance(platform.typist, UnavailableTypist)
    with pytest.raises(ProblemError if is_null else FocusChangedError):
        getattr(platform.typist, action)(*arguments, Target(4711))


def test_the_target_is_a_window_or_one_of_the_special_values(platform: Any) -> None:
    target = platform.focus.target()
    assert target in (UNKNOWN_TARGET, NO_WINDOW) or target.id
    assert target.secure is None
    assert NO_WINDOW not in (UNKNOWN_TARGET, platform.focus.own(4711))
