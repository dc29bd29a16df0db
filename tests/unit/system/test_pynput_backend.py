"""The backends for Windows and macOS, with fakes of pynput's listeners and controller."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import attrs
import pytest

from sayso.core.insertion import UNKNOWN_TARGET
from sayso.core.problems import ProblemError
from sayso.system import macos, select, windows
from sayso.system.pynput_backend import PynputHotkey, PynputTypist, button_name, key_name
from sayso.system.unavailable import UnknownFocus


@attrs.frozen
class Key:
    """A member of pynput's `Key`, a `KeyCode` or a `Button`."""

    name: str | None = None
    char: str | None = None
    vk: int | None = None


class FakeKey:
    ctrl, ctrl_l, ctrl_r = Key("ctrl"), Key("ctrl_l"), Key("ctrl_r")
    shift, cmd, alt, backspace = Key("shift"), Key("cmd"), Key("alt"), Key("backspace")


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

    def __call__(self) -> Any:
        def listener(created: list[FakeListener], **callbacks: Callable[..., None]) -> FakeListener:
            created.append(FakeListener(**callbacks))
            return created[-1]

        keys, mice = partial(listener, self.keys), partial(listener, self.mice)
        keyboard = SimpleNamespace(Listener=keys, Controller=lambda: self, Key=FakeKey)
        return SimpleNamespace(keyboard=keyboard, mouse=SimpleNamespace(Listener=mice))

    def press(self, key: Any) -> None:
        self.sent.append(f"+{getattr(key, 'name', key)}")

    def release(self, key: Any) -> None:
        self.sent.append(f"-{getattr(key, 'name', key)}")

    def type(self, text: str) -> None:
        self.sent.append(text)


@pytest.fixture
def pynput() -> FakePynput:
    return FakePynput()


class Recorder:
    """A `HotkeyListener` that records the keys."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def ready(self, shown_as: str) -> None:
        self.keys.append("ready")

    def key_changed(self, name: str, is_down: bool, at_s: float) -> None:
        self.keys.append(f"{'+' if is_down else '-'}{name}")


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
def test_keys_of_pynput_have_the_names_of_sayso(key: Key | None, expected: str) -> None:
    assert key_name(key, windows.KEY_NAMES) == expected


@pytest.mark.parametrize(
    ("button", "expected"),
    [("middle", "mouse2"), ("x1", "mouse8"), ("x2", "mouse9"), ("button9", "mouse9"),
     ("left", ""), ("right", ""), ("unknown", "")],
)  # fmt: skip
def test_buttons_of_pynput_have_the_names_of_sayso(button: str, expected: str) -> None:
    assert button_name(Key(button)) == expected


def test_every_letter_has_a_key_code_on_macos() -> None:
    assert sorted(macos.KEY_NAMES.values()) == list("abcdefghijklmnopqrstuvwxyz")


def start(pynput: FakePynput) -> tuple[PynputHotkey, Recorder]:
    hotkey, recorder = PynputHotkey(pynput, windows.KEY_NAMES, default_hotkey="ctrl_r"), Recorder()
    asyncio.run(hotkey.start(recorder))  # type: ignore[arg-type]
    assert recorder.keys.pop() == "ready"
    return hotkey, recorder


def test_repeated_keys_and_buttons_are_reported_once(pynput: FakePynput) -> None:
    hotkey, recorder = start(pynput)
    keys, click = pynput.keys[0].callbacks, pynput.mice[0].callbacks["on_click"]
    for _ in range(3):
        keys["on_press"](Key("ctrl_r"), False)
    click(0, 0, Key("x1"), True)
    click(0, 0, Key("left"), True)
    assert hotkey.pressed_now() == {"ctrl_r", "mouse8"}
    click(0, 0, Key("x1"), False)
    keys["on_release"](Key("ctrl_r"))
    keys["on_release"](Key("ctrl_r"))
    assert recorder.keys == ["+ctrl_r", "+mouse8", "-mouse8", "-ctrl_r"]
    assert hotkey.pressed_now() == frozenset()


def test_injected_keys_and_clicks_are_ignored(pynput: FakePynput) -> None:
    _, recorder = start(pynput)
    pynput.keys[0].callbacks["on_press"](Key("ctrl"), True)
    pynput.mice[0].callbacks["on_click"](0, 0, Key("x1"), True, True)
    assert recorder.keys == []


def test_a_restart_replaces_both_listeners_and_a_stop_ends_them(pynput: FakePynput) -> None:
    hotkey, recorder = start(pynput)
    asyncio.run(hotkey.start(recorder))  # type: ignore[arg-type]
    assert [listener.is_running for listener in pynput.keys] == [False, True]
    hotkey.stop()
    assert not any(listener.is_running for listener in pynput.keys + pynput.mice)


def test_a_hotkey_that_the_focused_window_also_receives_is_reported(pynput: FakePynput) -> None:
    hotkey = PynputHotkey(pynput, {}, default_hotkey="alt_r")
    assert hotkey.grab("ctrl_r") is None
    assert hotkey.grab("") is None
    problem = hotkey.grab("f9")
    assert problem is not None
    assert problem.sentence == (
        "The focused window also receives F9. Choose Right Alt if that is a problem."
    )


@pytest.mark.parametrize("modifier", ["ctrl", "cmd"])
def test_pasting_releases_modifiers_and_presses_the_chord_of_the_system(
    pynput: FakePynput, modifier: str
) -> None:
    PynputTypist(pynput, modifier, UnknownFocus()).press_paste(UNKNOWN_TARGET)
    assert pynput.sent[-4:] == [f"+{modifier}", "+v", "-v", f"-{modifier}"]
    assert set(pynput.sent[:-4]) == {"-ctrl", "-ctrl_l", "-ctrl_r", "-shift", "-cmd", "-alt"}


def test_text_is_typed_only_if_the_user_chooses_typing(pynput: FakePynput) -> None:
    typist = PynputTypist(pynput, "ctrl", UnknownFocus())
    assert not typist.can_type("plain", UNKNOWN_TARGET)
    typist.type("Grüße\n", UNKNOWN_TARGET)
    typist.erase(2, UNKNOWN_TARGET)
    assert pynput.sent == ["Grüße\n", *["+backspace", "-backspace"] * 2]
    with pytest.raises(ProblemError):
        typist.type("\x1b", UNKNOWN_TARGET)


@pytest.mark.parametrize(
    ("backend", "name", "default"), [(windows, "Windows", "ctrl_r"), (macos, "macOS", "alt_r")]
)
def test_the_backends_can_be_created_on_any_system(backend: Any, name: str, default: str) -> None:
    platform = select([backend])
    assert platform.name == name
    assert platform.hotkey.default_hotkey == default
    assert platform.missing_requirements() == []
    assert platform.focus.target() == UNKNOWN_TARGET
    platform.typist.close()
