"""A session without a display: the parts are there and explain themselves."""

from __future__ import annotations

from collections.abc import Callable

from ..core.insertion import Target
from ..core.problems import Problem, ProblemError, untyped_problem
from . import Platform, Pressed

NO_DISPLAY = untyped_problem(
    "There is no X display here, so Sayso cannot see keys or type.",
    "Use sayso start and sayso stop; the words are then copied.",
)


class UnavailableHotkey:
    """A `KeySource` that says why there are none."""

    def __init__(self, problem: Problem = NO_DISPLAY) -> None:
        self._problem = problem

    def start(self, press: Callable[[str], None], release: Callable[[str], None]) -> None:
        raise ProblemError(self._problem)

    def stop(self) -> None:
        return None

    def grab(self, chord: str) -> Problem | None:
        return self._problem if chord else None

    def pressed_now(self) -> frozenset[str]:
        return frozenset()


class UnavailableTypist:
    """A `Typist` that says why nothing can be typed."""

    def __init__(self, problem: Problem = NO_DISPLAY) -> None:
        self._problem = problem

    def target(self) -> Target:
        return Target()

    def can_type(self, text: str) -> int | None:
        return None

    def type(self, text: str, target: int = 0) -> None:
        raise ProblemError(self._problem)

    def press_paste(self, chord: Pressed, target: int = 0) -> None:
        raise ProblemError(self._problem)

    def close(self) -> None:
        return None


def platform(problem: Problem = NO_DISPLAY) -> Platform:
    return Platform(
        name="unavailable",
        hotkey=UnavailableHotkey(problem),
        typist=UnavailableTypist(problem),
        missing_requirements=lambda: [problem],
    )
