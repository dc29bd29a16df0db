"""Implementations for sessions without a viable backend. They report the reason."""

from __future__ import annotations

from ..core.insertion import UNKNOWN_TARGET, Target
from ..core.problems import Problem, ProblemError
from .protocols import HotkeyListener


class UnavailableHotkey:
    """A `Hotkey` that never reports events."""

    default_hotkey = "ctrl_r"

    def __init__(self, problem: Problem) -> None:
        self._problem = problem

    async def start(self, listener: HotkeyListener) -> None:
        raise ProblemError(self._problem)

    def stop(self) -> None: ...

    def configure(self, window_id: int) -> bool:
        return False

    def grab(self, chord: str) -> Problem | None:
        return self._problem if chord else None

    def pressed_now(self) -> frozenset[str] | None:
        return None


class UnavailableTypist:
    """A `Typist` that refuses every call."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem

    def can_type(self, text: str, target: Target) -> bool:
        return False

    def _refuse(self, *_: object) -> None:
        raise ProblemError(self._problem)

    type = erase = press_paste = _refuse

    def close(self) -> None: ...


class UnknownFocus:
    """A `Focus` for systems that do not tell which window has the focus."""

    def target(self, _window_id: int = 0) -> Target:
        return UNKNOWN_TARGET

    own = target


class DefaultScreen:
    """A `Screen` without information: translucent windows, no focus point."""

    def composited(self) -> bool:
        return True

    def focus_point(self) -> tuple[int, int] | None:
        return None
