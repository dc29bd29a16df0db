"""Which engine reads a take next, when one could not or is not believed. Pure.

The chosen engine comes first, then those the user named to help out. What may pass by itself is
tried again, with longer waits each time, for as long as somebody speaks and a little longer;
what no try mends, or what takes longer, goes to the next. When nobody is left, those whose
trouble may still pass are asked in turn until the last limit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from ..problems import Problem
from ..settings.endpoint import ON_DEVICE
from .plausibility import Doubt

LIMIT_S = 2.0
"""After the release, and after its turn: whoever has not taken all of the audio by then is
passed over, if somebody is there who was not asked yet."""
LAST_LIMIT_S = 20.0
"""After the release: so long it is tried again where nobody else is left."""
MOST_ASKED_S = 60.0
"""A server that says when to come back is waited for so long at most."""
FIRST_WAIT_S, MOST_WAIT_S = 0.2, 3.0
"""Each wait is twice the last one, less up to half of it: many clients come back at once."""


@attrs.frozen
class Read:
    """This engine reads the take, from where its text is settled."""

    engine: str
    after_s: float = 0.0


@attrs.frozen
class Enough:
    """This is the text, although it was doubted; nobody did better."""

    engine: str
    doubt: Doubt
    agreed: bool = False
    """Two have given the same, so that there is nothing to tell."""


@attrs.frozen
class GiveUp:
    problem: Problem


@attrs.frozen
class Waiting:
    """For an engine that could not, and may soon: what to tell meanwhile."""

    problem: Problem
    wait_s: float
    """Until it is tried again; more than `MOST_WAIT_S` if the server has asked for it."""

    @property
    def asked(self) -> bool:
        return self.wait_s > MOST_WAIT_S


Step = Read | Enough | GiveUp


class Order:
    """Of one take. `since_release_s` is None while somebody speaks."""

    def __init__(
        self, names: Sequence[str], chance: Callable[[], float], backlog_s: float = 0.0
    ) -> None:
        """`names`: at least one, each once; `chance`: from 0 to 1, for the waits; `backlog_s`: how
        long it takes to send what had been recorded before anybody read it.
        """
        self._names, self._chance = tuple(names), chance
        self._limit_s = LIMIT_S + backlog_s
        self._at = 0
        self._tries = 0
        self._turn_s = 0.0
        """When the engine's turn came, after the release."""
        self._begun = {self._names[0]}
        self._hopeless: set[str] = set()
        self._problems: dict[str, Problem] = {}
        self._doubts: dict[str, Doubt] = {}

    @property
    def engine(self) -> str:
        """Who reads now."""
        return self._names[self._at]

    @property
    def limit_s(self) -> float | None:
        """How long after the release it may take until all audio was taken; None: no limit.

        The engine on this computer is never late: its model may still be loading, and all it
        needs is here.
        """
        if not self._untried or self.engine == ON_DEVICE:
            return None
        return self._turn_s + self._limit_s

    @property
    def spare(self) -> str:
        """Who is asked next if this one does not come back; '' if nobody is left."""
        return self._untried[0] if self._untried else ""

    def first(self) -> Read:
        return Read(self.engine)

    def held(self) -> None:
        """It went well for a while: the next wait is a short one again."""
        self._tries = 0

    def late(self, since_release_s: float) -> Step:
        """It has passed its limit."""
        what = f"{self.engine} did not answer in time."
        late = Problem(what, "Your recording is kept.", "try-again", again_s=0.0)
        return self.failed(self._problems.get(self.engine, late), since_release_s)

    def failed(self, problem: Problem, since_release_s: float | None) -> Step:
        """It could not, for now or at all."""
        self._problems[self.engine] = problem
        if problem.again_s is None or problem.again_s > MOST_ASKED_S:
            self._hopeless.add(self.engine)
        elif self._may_wait(problem.again_s, since_release_s):
            return Read(self.engine, self._wait_s(problem.again_s))
        if self._untried:
            return self._next(since_release_s)
        return self._last_resort(problem.again_s or 0.0, since_release_s)

    def doubted(self, doubt: Doubt, since_release_s: float) -> Step:
        """It gave a text that is not believed: somebody else is asked, or the same once more.

        This computer would only say the same again.
        """
        agreed = self._names == (ON_DEVICE,) or any(
            other.reason == doubt.reason != "dropped"
            and (name != self.engine or doubt.reason == "invented")  # silence is no news
            for name, other in self._doubts.items()
        )
        again = len(self._names) == 1 and not self._doubts
        known = self._doubts.get(self.engine)
        if known is None or len(doubt.text) > len(known.text):
            self._doubts[self.engine] = doubt
        if agreed:
            return Enough(self.engine, doubt, agreed=True)
        if self._untried:
            return self._next(since_release_s)
        return Read(self.engine) if again else self._best()

    @property
    def _untried(self) -> list[str]:
        return [name for name in self._names if name not in self._begun]

    def _next(self, since_release_s: float | None) -> Read:
        self._tries, self._turn_s = 0, since_release_s or 0.0
        return self._turn_to(self._untried[0])

    def _turn_to(self, name: str, after_s: float = 0.0) -> Read:
        self._at = self._names.index(name)
        self._begun.add(name)
        return Read(name, after_s)

    def _may_wait(self, asked_s: float, since_release_s: float | None) -> bool:
        if since_release_s is None:
            return True
        return bool(self._untried) and since_release_s + asked_s < self._turn_s + self._limit_s

    def _wait_s(self, asked_s: float) -> float:
        longest_s = min(MOST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(self._tries, 10))
        self._tries += 1
        return asked_s + longest_s * (1 - self._chance() / 2)

    def _last_resort(self, asked_s: float, since_release_s: float | None) -> Step:
        if self._doubts:
            return self._best()
        limit_s = MOST_ASKED_S if asked_s else LAST_LIMIT_S
        hopeful = [name for name in self._in_turn() if name not in self._hopeless]
        if not hopeful or (since_release_s or 0.0) + asked_s > limit_s:
            return GiveUp(self._problems[self._names[0]])
        return self._turn_to(hopeful[0], self._wait_s(asked_s))

    def _in_turn(self) -> tuple[str, ...]:
        """All of them, beginning after the one that reads now."""
        return self._names[self._at + 1 :] + self._names[: self._at + 1]

    def _best(self) -> Enough:
        engine = max(self._doubts, key=lambda name: len(self._doubts[name].text))
        return Enough(engine, self._doubts[engine])
