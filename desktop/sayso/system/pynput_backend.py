"""Keys of Windows and macOS, based on pynput.

pynput is passed in, so that this module can be tested on any system. Text is pasted by default:
pasting is exact on every layout and needs one chord.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from ..core.hotkey import keys as names
from ..core.hotkey.chord import Chord
from ..core.insertion import Target, has_control_characters
from ..core.problems import Problem, ProblemError
from ..core.problems import insertion as problems
from .protocols import Focus, FocusChangedError, HotkeyListener

_KEY_NAMES = {
    "cmd": "super_l", "cmd_l": "super_l", "cmd_r": "super_r",
    "alt": "alt_l", "ctrl": "ctrl_l", "shift": "shift_l", "alt_gr": "altgr",
}  # fmt: skip
_MODIFIERS = [m + side for m in ("shift", "ctrl", "alt", "cmd") for side in ("", "_l", "_r")]
_BUTTON_NUMBERS = {"middle": 2, "x1": 8, "x2": 9}


def load_pynput() -> Any:
    """Import pynput; raises `ProblemError` if it is not installed or not usable here."""
    try:
        import pynput.keyboard
        import pynput.mouse
    except ImportError as error:
        raise ProblemError(problems.LIBRARY_MISSING(detail=str(error))) from error
    return pynput


def key_name(key: Any, names_by_code: Mapping[int, str]) -> str:
    """Return the name of pynput's key; empty if it has none.

    The virtual key code takes precedence over the character, which is a control character while
    Ctrl is down.
    """
    special = getattr(key, "name", None)
    if special is not None:
        name = _KEY_NAMES.get(special, special)
        return name if name in names.NAMED_KEYS else ""
    code = getattr(key, "vk", None)
    if isinstance(code, int) and code in names_by_code:
        return names_by_code[code]
    char = (getattr(key, "char", None) or "").lower()
    return char if char and names.is_valid_key(char) else ""


def button_name(button: Any) -> str:
    """Return the name of pynput's mouse button; empty for the left and the right one."""
    number = _BUTTON_NUMBERS.get(button.name, 0)
    if not number and button.name.startswith("button"):
        number = int(button.name.removeprefix("button") or 0)
    name = f"mouse{number}"
    return name if name in names.MOUSE_BUTTONS else ""


class PynputHotkey:
    """A `Hotkey` that reports raw keys. It cannot keep them from the focused window."""

    def __init__(
        self, load: Callable[[], Any], names: Mapping[int, str], *, default_hotkey: str
    ) -> None:
        self.default_hotkey = default_hotkey
        self._load, self._names = load, names
        self._listeners = ExitStack()
        self._pressed: frozenset[str] = frozenset()

    async def start(self, listener: HotkeyListener) -> None:
        self.stop()
        pynput = self._load()

        def key(is_down: bool) -> Callable[..., None]:
            def report(key: Any, injected: bool = False) -> None:
                if not injected:  # injected keys are those that Sayso sends
                    self._report(key_name(key, self._names), is_down, listener)

            return report

        def click(x: int, y: int, button: Any, is_down: bool, injected: bool = False) -> None:
            if not injected:
                self._report(button_name(button), is_down, listener)

        keys = pynput.keyboard.Listener(on_press=key(True), on_release=key(False))
        with ExitStack() as listeners:
            for source in (keys, pynput.mouse.Listener(on_click=click)):
                source.start()
                listeners.callback(source.stop)
            self._listeners = listeners.pop_all()
        listener.ready("")

    def stop(self) -> None:
        self._listeners.close()
        self._pressed = frozenset()

    def configure(self, window_id: int) -> bool:
        return False

    def grab(self, chord: str) -> Problem | None:
        if not chord or Chord.parse(chord).is_modifiers_only:
            return None
        default = Chord.parse(self.default_hotkey).display_name
        return problems.NOT_EXCLUSIVE(hotkey=Chord.parse(chord).display_name, default=default)

    def pressed_now(self) -> frozenset[str] | None:
        """Return the keys by the events received: pynput cannot ask the system."""
        return self._pressed

    def _report(self, name: str, is_down: bool, listener: HotkeyListener) -> None:
        if not name or is_down == (name in self._pressed):
            return  # auto-repeat, or a second release
        self._pressed = self._pressed | {name} if is_down else self._pressed - {name}
        listener.key_changed(name, is_down, time.monotonic())


class PynputTypist:
    """A `Typist` that presses the system's paste chord, and types only if the user wants it."""

    def __init__(self, load: Callable[[], Any], modifier: str, focus: Focus) -> None:
        """`modifier`: pynput's name of the key that pastes together with V."""
        self._load, self._modifier, self._focus = load, modifier, focus
        self._lock = threading.Lock()

    def can_type(self, text: str, target: Target) -> bool:
        """Return False: simulated characters are not exact in every program."""
        return False

    def type(self, text: str, target: Target) -> None:
        if has_control_characters(text):
            raise ProblemError(problems.CANNOT_TYPE())
        with self._keys_for(target) as (_, controller):
            controller.type(text)

    def erase(self, count: int, target: Target) -> None:
        with self._keys_for(target) as (key, controller):
            for _ in range(count):
                controller.press(key.backspace)
                controller.release(key.backspace)

    def press_paste(self, target: Target) -> None:
        with self._keys_for(target) as (key, controller):
            for name in _MODIFIERS:
                if hasattr(key, name):
                    controller.release(getattr(key, name))
            modifier = getattr(key, self._modifier)
            controller.press(modifier)
            controller.press("v")
            controller.release("v")
            controller.release(modifier)

    def close(self) -> None: ...

    @contextmanager
    def _keys_for(self, target: Target) -> Iterator[tuple[Any, Any]]:
        """Provide pynput's keys and a controller, if the target has the focus."""
        with self._lock:
            if target.id is not None and self._focus.target().id != target.id:
                raise FocusChangedError
            keyboard = self._load().keyboard
            yield keyboard.Key, keyboard.Controller()
