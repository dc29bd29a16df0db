"""A session without a display: the parts are there and explain themselves."""

from __future__ import annotations

from collections.abc import Callable

from ..core.insertion import Target
from ..core.problems import Problem, ProblemError
from . import Machine, Pressed

NO_DISPLAY = Problem(
    "There is no X display here, so Sayso cannot see keys or type.",
    "Use sayso start and sayso stop; the words are then copied.",
)


class NoKeys:
    """A `KeySource` that says why there are none."""

    def __init__(self, why: Problem = NO_DISPLAY) -> None:
        self._why = why

    def start(self, press: Callable[[str], None], release: Callable[[str], None]) -> None:
        raise ProblemError(self._why)

    def stop(self) -> None:
        return None

    def swallow(self, chord: str) -> Problem | None:
        return self._why if chord else None

    def really_down(self) -> frozenset[str]:
        return frozenset()


class NoTypist:
    """A `Typist` that says why nothing can be typed."""

    def __init__(self, why: Problem = NO_DISPLAY) -> None:
        self._why = why

    def target(self) -> Target:
        return Target()

    def spare_characters(self, text: str) -> int | None:
        return None

    def type(self, text: str, into: int = 0) -> None:
        raise ProblemError(self._why)

    def press(self, chord: Pressed, into: int = 0) -> None:
        raise ProblemError(self._why)

    def close(self) -> None:
        return None


def machine(why: Problem = NO_DISPLAY) -> Machine:
    return Machine(
        name="unavailable", keys=NoKeys(why), typist=NoTypist(why), obstacles=lambda: [why]
    )
