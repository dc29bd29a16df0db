"""What Windows and macOS have in common: keys heard and pressed by pynput.

pynput is handed in (`Library`), so that all of this is tested where it cannot run. There the
words are pasted: a paste is exact whatever the layout, and one key chord long.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

import attrs

from ..core.hotkey import keys as names
from ..core.hotkey.chord import Chord
from ..core.insertion import Target
from ..core.problems import Problem, ProblemError, untyped_problem
from . import FocusChangedError, Pressed

KeyCallback = Callable[[str], None]

_KEY_NAMES = {
    "cmd": "super_l", "cmd_l": "super_l", "cmd_r": "super_r",
    "alt": "alt_l", "ctrl": "ctrl_l", "shift": "shift_l", "alt_gr": "altgr",
}  # fmt: skip
"""pynput's names that are not ours."""
_BUTTON_NUMBERS = {"middle": 2, "x1": 8, "x2": 9}
"""pynput's names of mouse buttons by X11's numbers, which are ours."""


@attrs.frozen
class PynputModules:
    """The parts of pynput that are used."""

    listen_keys: Callable[..., Any]
    """`pynput.keyboard.Listener`"""
    listen_mouse: Callable[..., Any]
    """`pynput.mouse.Listener`"""
    controller: Callable[[], Any]
    """`pynput.keyboard.Controller`"""
    key: Any
    """`pynput.keyboard.Key`"""


def load_pynput() -> PynputModules:
    """The real one.

    Raises:
        ProblemError: pynput is not there, or refuses this session.
    """
    try:
        from pynput import keyboard, mouse
    except ImportError as error:
        raise ProblemError(
            untyped_problem(
                "Sayso cannot see keys here.", "Use sayso start and sayso stop.", "", str(error)
            )
        ) from error
    return PynputModules(keyboard.Listener, mouse.Listener, keyboard.Controller, keyboard.Key)


def key_name(key: Any, codes: Mapping[int, str]) -> str:
    """Our name of pynput's key; '' if there is none.

    Args:
        codes: Names by virtual key code: with Ctrl held a character is not the key's own.
    """
    if key is None:
        return ""
    word = getattr(key, "name", None)
    if word is not None:
        name = _KEY_NAMES.get(word, word)
        return name if name in names.NAMED_KEYS else ""
    code = getattr(key, "vk", None)
    if isinstance(code, int) and code in codes:
        return codes[code]
    char = (getattr(key, "char", None) or "").lower()
    return char if char and names.is_valid_key(char) else ""


class PynputHotkey:
    """A `KeySource`. It hears keys after the focused window has: none can be swallowed."""

    def __init__(self, pynput: Callable[[], PynputModules], codes: Mapping[int, str]) -> None:
        self._pynput = pynput
        self._codes = codes
        self._listeners = ExitStack()
        self._pressed: frozenset[str] = frozenset()

    def start(self, press: KeyCallback, release: KeyCallback) -> None:
        self.stop()
        pynput = self._pynput()
        with ExitStack() as listeners:
            for listener in (
                pynput.listen_keys(
                    on_press=lambda key, *_: self._dispatch(
                        key_name(key, self._codes), True, press
                    ),
                    on_release=lambda key, *_: self._dispatch(
                        key_name(key, self._codes), False, release
                    ),
                ),
                pynput.listen_mouse(
                    on_click=lambda x, y, button, down, *_: self._dispatch(
                        button_name(button), down, press if down else release
                    )
                ),
            ):
                listener.start()
                listeners.callback(listener.stop)
            self._listeners = listeners.pop_all()

    def stop(self) -> None:
        self._listeners.close()
        self._pressed = frozenset()

    def grab(self, chord: str) -> Problem | None:
        if not chord or Chord.parse(chord).is_modifiers_only:
            return None
        return untyped_problem(
            f"{Chord.parse(chord).display_name} also reaches the window you are in.",
            "Choose Right Ctrl if that gets in the way.",
            "hotkey",
        )

    def pressed_now(self) -> frozenset[str]:
        """As heard: these systems have no account of their own that pynput gives."""
        return self._pressed

    def _dispatch(self, name: str, is_down: bool, hear: KeyCallback) -> None:
        if not name or is_down == (name in self._pressed):
            return  # auto-repeat, or released twice
        self._pressed = self._pressed | {name} if is_down else self._pressed - {name}
        hear(name)


def button_name(button: Any) -> str:
    """Our name of pynput's mouse button; '' for the two that are not offered."""
    number = _BUTTON_NUMBERS.get(button.name, 0)
    if not number and button.name.startswith("button"):
        number = int(button.name.removeprefix("button") or 0)
    name = f"mouse{number}"
    return name if name in names.MOUSE_BUTTONS else ""


class PynputTypist:
    """A `Typist` that pastes with the system's chord, and types only where it is told to."""

    def __init__(
        self,
        pynput: Callable[[], PynputModules],
        modifier: str,
        focused_target: Callable[[], Target],
    ) -> None:
        """
        Args:
            modifier: pynput's name of the key that pastes together with V.
            focused: Asks the system for the window with the focus.
        """
        self._pynput = pynput
        self._modifier = modifier
        self._focused_target = focused_target
        self._library: PynputModules | None = None

    def target(self) -> Target:
        return self._focused_target()

    def can_type(self, text: str) -> int | None:
        """None: simulated characters are not exact in every program here."""
        return None

    def type(self, text: str, target: int = 0) -> None:
        if any((c < " " and c not in "\n\t") or "\x7f" <= c <= "\x9f" for c in text):
            raise ProblemError(
                untyped_problem(
                    "The text has a character that no key gives.",
                    "It can be copied instead.",
                    "copy",
                )
            )
        self._check_focus(target)
        self._load()[1].type(text)

    def press_paste(self, chord: Pressed, target: int = 0) -> None:
        """Press this system's paste chord, whichever is named."""
        self._check_focus(target)
        library, controller = self._load()
        for name in ("shift", "ctrl", "alt", "cmd"):
            for side in ("", "_l", "_r"):
                if hasattr(library.key, name + side):
                    controller.release(getattr(library.key, name + side))
        modifier = getattr(library.key, self._modifier)
        controller.press(modifier)
        controller.press("v")
        controller.release("v")
        controller.release(modifier)

    def close(self) -> None:
        self._library = None

    def _check_focus(self, target: int) -> None:
        if target and self._focused_target().id != target:
            raise FocusChangedError

    def _load(self) -> tuple[PynputModules, Any]:
        if self._library is None:
            self._library = self._pynput()
        return self._library, self._library.controller()
