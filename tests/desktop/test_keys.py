"""Keys pressed on a real X server, as the hotkey source reports them."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Iterator

import pytest
from Xlib import XK, X, error
from Xlib.display import Display as Connection

from sayso.core.hotkey.chord import Chord, ChordMatcher
from sayso.core.problems import Problem, ProblemError
from sayso.system.x11.hotkey import X11Hotkey

from .editors import Xterm
from .processes import wait_until
from .x_server import Display

LIMIT_S = 5.0


class KeyRecorder:
    """A `HotkeyListener` that records the keys and the state of the source."""

    def __init__(self) -> None:
        self._events: queue.Queue[str] = queue.Queue()
        self.is_lost = False

    def ready(self, shown_as: str) -> None: ...

    def key_changed(self, name: str, is_down: bool, at_s: float) -> None:
        self._events.put(f"{'+' if is_down else '-'}{name}")

    def hotkey_down(self, at_s: float) -> None: ...

    def hotkey_up(self, at_s: float) -> None: ...

    def lost(self, problem: Problem) -> None:
        self.is_lost = True

    def restored(self) -> None:
        self.is_lost = False

    def next(self, count: int, timeout_s: float = LIMIT_S) -> list[str]:
        """Return the next events; raises `queue.Empty` after the time."""
        return [self._events.get(timeout=timeout_s) for _ in range(count)]

    def is_empty(self) -> bool:
        return self._events.empty()


@pytest.fixture(scope="module")
def display() -> Iterator[Display]:
    with Display() as display:
        yield display


@pytest.fixture
def recorder() -> KeyRecorder:
    return KeyRecorder()


def start_keys(display: Display, recorder: KeyRecorder) -> X11Hotkey:
    source = X11Hotkey(display.name)
    asyncio.run(source.start(recorder))
    return source


class Source(KeyRecorder):
    """A started source with its display and the keys that it has reported."""

    def __init__(self, display: Display) -> None:
        super().__init__()
        self.display = display
        self.hotkey = start_keys(display, self)


@pytest.fixture
def source(display: Display) -> Iterator[Source]:
    source = Source(display)
    yield source
    source.hotkey.stop()


@pytest.fixture(scope="module")
def terminal(display: Display) -> Iterator[Xterm]:
    with Xterm(display) as editor:
        yield editor


@pytest.fixture
def xterm(terminal: Xterm) -> Xterm:
    terminal.clear()
    return terminal


@pytest.mark.parametrize(
    ("pressed", "names"),
    [
        (["Control_R"], ["ctrl_r"]), (["F9"], ["f9"]), (["Super_L"], ["super_l"]), (["a"], ["a"]),
        ([8], ["mouse8"]), ([2], ["mouse2"]), (["Pause"], ["pause"]),
        (["Control_L", "Alt_L", "space"], ["ctrl_l", "alt_l", "space"]),
        (["Control_L", "Shift_R"], ["ctrl_l", "shift_r"]),
    ],
    ids=str,
)  # fmt: skip
def test_a_press_and_a_release_are_reported_once(
    source: Source, pressed: list[str | int], names: list[str]
) -> None:
    source.display.tap(*pressed)
    expected = [f"+{n}" for n in names] + [f"-{n}" for n in reversed(names)]
    assert source.next(len(expected)) == expected
    assert source.is_empty()


def test_of_the_usual_buttons_only_a_click_is_reported(source: Source) -> None:
    for button in (3, 4, 1):
        source.display.tap(button)
    assert source.next(2) == ["+mouse1", "-mouse1"]
    assert source.hotkey.pressed_now() == frozenset()


def test_a_key_held_until_it_repeats_is_one_press_and_one_release(
    source: Source, xterm: Xterm
) -> None:
    with source.display.holding("a"):
        wait_until(lambda: len(xterm.text()) > 3, "the key repeats")
    assert source.next(2) == ["+a", "-a"]
    assert source.is_empty()


@pytest.mark.parametrize("locked", [None, "Caps_Lock", "Num_Lock"])
@pytest.mark.parametrize(
    ("chord", "pressed"),
    [
        ("ctrl+alt+space", ["Control_L", "Alt_L", "space"]),
        ("ctrl_r+a", ["Control_R", "a"]),
        ("super+b", ["Super_L", "b"]),
        ("f9", ["F9"]),
    ],
)
def test_a_grabbed_chord_is_reported_and_does_not_reach_the_window(
    source: Source, xterm: Xterm, chord: str, pressed: list[str], locked: str | None
) -> None:
    if locked:
        source.display.tap(locked)
        source.next(2)
    try:
        assert source.hotkey.grab(chord) is None
        source.display.tap(*pressed)
        assert len(source.next(2 * len(pressed))) == 2 * len(pressed)
        source.hotkey.grab("")
        source.display.tap("1")
        assert xterm.wait_for("1") == "1"
    finally:
        if locked:
            source.display.tap(locked)


def test_other_keys_than_the_grabbed_one_reach_the_window(source: Source, xterm: Xterm) -> None:
    source.hotkey.grab("f9")
    source.display.tap("F8")
    assert xterm.wait_for("\x1b[19~") == "\x1b[19~"
    source.hotkey.grab("f8")
    source.display.tap("F9")
    assert xterm.wait_for("\x1b[19~\x1b[20~") == "\x1b[19~\x1b[20~"


def test_a_chord_with_two_letters_is_not_grabbed(source: Source, xterm: Xterm) -> None:
    assert source.hotkey.grab("f9+a") is None
    source.display.tap("a")
    assert xterm.wait_for("a") == "a"


def test_a_grab_follows_its_key_after_a_layout_change(source: Source, xterm: Xterm) -> None:
    assert source.hotkey.grab("ctrl+y") is None
    source.display.set_layout("de")
    try:
        wait_until(lambda: is_grabbed(source.display, "y", X.ControlMask), "the new y is grabbed")
        source.display.tap("Control_L", "y")
        assert source.next(4) == ["+ctrl_l", "+y", "-y", "-ctrl_l"]
        source.display.tap("1")
        assert xterm.wait_for("1") == "1"
    finally:
        source.display.set_layout("us")


def test_a_letter_key_has_its_name_on_a_layout_of_another_alphabet(source: Source) -> None:
    source.display.set_layout("ru")
    try:
        source.display.tap("Cyrillic_ef", "Control_R")
        assert source.next(4) == ["+a", "+ctrl_r", "-ctrl_r", "-a"]
    finally:
        source.display.set_layout("us")


def test_a_chord_that_another_program_uses_is_refused(source: Source) -> None:
    other = Connection(source.display.name)
    code = other.keysym_to_keycode(XK.XK_space)
    mask = X.ControlMask | X.Mod1Mask
    other.screen().root.grab_key(code, mask, False, X.GrabModeAsync, X.GrabModeAsync)
    other.sync()
    problem = source.hotkey.grab("ctrl+alt+space")
    other.close()
    assert problem is not None
    assert problem.sentence == "Another program uses Ctrl+Alt+Space. Choose a different hotkey."
    assert problem.code.startswith("hotkey.")


def test_keys_are_reported_while_another_program_grabs_the_keyboard(source: Source) -> None:
    other = Connection(source.display.name)
    other.screen().root.grab_keyboard(False, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime)
    other.sync()
    source.display.tap("F9")
    assert source.next(2) == ["+f9", "-f9"]
    other.close()


@pytest.mark.parametrize("key", ["Control_R", "F9", 8])
def test_a_missed_release_is_detected_by_a_query(
    display: Display, recorder: KeyRecorder, key: str | int
) -> None:
    name = {"Control_R": "ctrl_r", "F9": "f9", 8: "mouse8"}[key]
    keys = start_keys(display, recorder)
    watch = ChordMatcher(Chord.parse(name))
    try:
        with display.holding(key):
            assert recorder.next(1) == [f"+{name}"]
            assert watch.press(name)
            assert keys.pressed_now() == {name}
            assert not watch.sync_pressed(keys.pressed_now())
            keys.stop()
        assert watch.sync_pressed(keys.pressed_now())
    finally:
        keys.stop()


def test_the_source_can_be_started_again(display: Display, recorder: KeyRecorder) -> None:
    keys = X11Hotkey(display.name)
    for _ in range(2):
        asyncio.run(keys.start(recorder))
        display.tap("F9")
        assert recorder.next(2) == ["+f9", "-f9"]
        keys.stop()
    display.tap("F9")
    assert keys.pressed_now() == frozenset()
    assert recorder.is_empty()
    keys.stop()


def test_the_end_of_the_display_releases_keys_and_is_reported(recorder: KeyRecorder) -> None:
    with Display(window_manager=False) as display:
        keys = start_keys(display, recorder)
        display.press("F9")
        assert recorder.next(1) == ["+f9"]
        display.kill_server()
        assert recorder.next(1) == ["-f9"]
        assert keys.pressed_now() == frozenset()
        problem = keys.grab("f9")
        assert problem is not None
        wait_until(lambda: recorder.is_lost, "the loss is reported")
        keys.stop()


def test_without_a_display_the_start_fails(recorder: KeyRecorder) -> None:
    with pytest.raises(ProblemError, match="No X display"):
        asyncio.run(X11Hotkey("nonsense").start(recorder))


def is_grabbed(display: Display, key: str, mask: int) -> bool:
    """Return whether a client has grabbed the key."""
    other = Connection(display.name)
    refused = error.CatchError(error.BadAccess)
    code = other.keysym_to_keycode(XK.string_to_keysym(key))
    other.screen().root.grab_key(
        code, mask, False, X.GrabModeAsync, X.GrabModeAsync, onerror=refused
    )
    other.sync()
    other.close()
    return refused.get_error() is not None
