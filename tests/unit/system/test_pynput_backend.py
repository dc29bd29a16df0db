"""The parts for Windows and macOS, with stand-ins for pynput's listeners and controller."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from sayso.core.insertion import Target
from sayso.core.problems import ProblemError
from sayso.system import current_platform, macos, windows
from sayso.system.pynput_backend import (
    PynputHotkey,
    PynputModules,
    PynputTypist,
    button_name,
    key_name,
)


@attrs.frozen
class Key:
    """Like a member of pynput's Key, a KeyCode or a Button."""

    name: str | None = None
    char: str | None = None
    vk: int | None = None


class FakeKey:
    ctrl, ctrl_l, ctrl_r = Key("ctrl"), Key("ctrl_l"), Key("ctrl_r")
    shift, cmd, alt = Key("shift"), Key("cmd"), Key("alt")


class FakeListener:
    def __init__(self, **tell: Callable[..., None]) -> None:
        self.callbacks = tell
        self.is_running = False

    def start(self) -> None:
        self.is_running = True

    def stop(self) -> None:
        self.is_running = False


class FakePynput:
    def __init__(self) -> None:
        self.keys: list[FakeListener] = []
        self.mice: list[FakeListener] = []
        self.sent: list[str] = []

    def __call__(self) -> PynputModules:
        def keys(**tell: Callable[..., None]) -> FakeListener:
            self.keys.append(FakeListener(**tell))
            return self.keys[-1]

        def mouse(**tell: Callable[..., None]) -> FakeListener:
            self.mice.append(FakeListener(**tell))
            return self.mice[-1]

        return PynputModules(keys, mouse, lambda: self, FakeKey)

    def press(self, key: Any) -> None:
        self.sent.append(f"+{getattr(key, 'name', key)}")

    def release(self, key: Any) -> None:
        self.sent.append(f"-{getattr(key, 'name', key)}")

    def type(self, text: str) -> None:
        self.sent.append(text)


@pytest.fixture
def pynput() -> FakePynput:
    return FakePynput()


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (Key("ctrl_r"), "ctrl_r"), (Key("ctrl"), "ctrl_l"), (Key("cmd"), "super_l"),
        (Key("cmd_r"), "super_r"), (Key("alt_gr"), "altgr"), (Key("f9"), "f9"),
        (Key("space"), "space"), (Key("media_play_pause"), ""), (Key(char="A"), "a"),
        (Key(char="\x01", vk=0x41), "a"), (Key(char="ф", vk=0x41), "a"), (Key(char="ü"), "ü"),
        (Key(char="\x01"), ""), (Key(), ""), (None, ""),
    ],
    ids=str,
)  # fmt: skip
def test_pynputs_keys_have_our_names(key: Key | None, expected: str) -> None:
    assert key_name(key, windows.KEY_NAMES) == expected


@pytest.mark.parametrize(
    ("button", "expected"),
    [("middle", "mouse2"), ("x1", "mouse8"), ("x2", "mouse9"), ("button9", "mouse9"),
     ("left", ""), ("right", ""), ("unknown", "")],
)  # fmt: skip
def test_pynputs_buttons_have_our_names(button: str, expected: str) -> None:
    assert button_name(Key(button)) == expected


def test_every_letter_has_its_place_on_a_mac() -> None:
    assert sorted(macos.KEY_NAMES.values()) == list("abcdefghijklmnopqrstuvwxyz")


def test_keys_and_buttons_are_heard_once_however_often_they_repeat(pynput: FakePynput) -> None:
    heard: list[str] = []
    keys = PynputHotkey(pynput, windows.KEY_NAMES)
    keys.start(lambda k: heard.append(f"+{k}"), lambda k: heard.append(f"-{k}"))
    tell, click = pynput.keys[0].callbacks, pynput.mice[0].callbacks["on_click"]
    for _ in range(3):
        tell["on_press"](Key("ctrl_r"), False)
    click(0, 0, Key("x1"), True)
    click(0, 0, Key("left"), True)
    assert keys.pressed_now() == {"ctrl_r", "mouse8"}
    click(0, 0, Key("x1"), False)
    tell["on_release"](Key("ctrl_r"))
    tell["on_release"](Key("ctrl_r"))
    assert heard == ["+ctrl_r", "+mouse8", "-mouse8", "-ctrl_r"]
    assert keys.pressed_now() == frozenset()


def test_stopping_ends_both_listeners_and_starting_again_makes_new_ones(
    pynput: FakePynput,
) -> None:
    keys = PynputHotkey(pynput, {})
    for _ in range(2):
        keys.start(lambda _: None, lambda _: None)
    assert [listener.is_running for listener in pynput.keys] == [False, True]
    keys.stop()
    assert not any(listener.is_running for listener in pynput.keys + pynput.mice)


def test_that_a_key_cannot_be_swallowed_is_said_unless_it_types_nothing(
    pynput: FakePynput,
) -> None:
    keys = PynputHotkey(pynput, {})
    assert keys.grab("ctrl_r") is None
    assert keys.grab("") is None
    problem = keys.grab("f9")
    assert problem is not None
    assert problem.message == "F9 also reaches the window you are in."


@pytest.mark.parametrize("modifier", ["ctrl", "cmd"])
def test_pasting_lets_go_of_modifiers_and_presses_the_systems_chord(
    pynput: FakePynput, modifier: str
) -> None:
    PynputTypist(pynput, modifier, Target).press_paste("shift+insert")
    assert pynput.sent[-4:] == [f"+{modifier}", "+v", "-v", f"-{modifier}"]
    assert set(pynput.sent[:-4]) == {"-ctrl", "-ctrl_l", "-ctrl_r", "-shift", "-cmd", "-alt"}


def test_everything_is_pasted_unless_typing_is_asked_for(pynput: FakePynput) -> None:
    typist = PynputTypist(pynput, "ctrl", lambda: Target(3, "notepad"))
    assert typist.can_type("plain") is None
    assert typist.target() == Target(3, "notepad")
    typist.type("Grüße\n")
    assert pynput.sent == ["Grüße\n"]
    with pytest.raises(ProblemError):
        typist.type("\x1b")
    typist.close()


@pytest.mark.parametrize(("name", "shown"), [("windows", "Windows"), ("macos", "macOS")])
def test_the_machines_can_be_made_anywhere(name: str, shown: str) -> None:
    machine = current_platform(name)
    assert machine.name == shown
    assert machine.missing_requirements() == []
    assert machine.typist.target() == Target()
