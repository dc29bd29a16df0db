"""Which engine reads a take next, when one could not or is not believed. Pure.

The chosen engine comes first, then those the user named to help out. What may pass by itself is
tried again, with longer waits each time, for as long as somebody speaks and a little longer;
what no try mends, or what takes longer, goes to the next. When nobody is left, those whose
trouble may still pass are asked in turn until the last limit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from ..problems import Problem, untyped_problem
from ..settings.endpoint import ON_DEVICE
from .plausibility import Suspicion

SWITCH_AFTER_S = 2.0
"""After the release, and after its turn: whoever has not taken all of the audio by then is
passed over, if somebody is there who was not asked yet."""
RETRY_FOR_S = 20.0
"""After the release: so long it is tried again where nobody else is left."""
MAX_RETRY_AFTER_S = 60.0
"""A server that says when to come back is waited for so long at most."""
FIRST_BACKOFF_S, MAX_BACKOFF_S = 0.2, 3.0
"""Each wait is twice the last one, less up to half of it: many clients come back at once."""


@attrs.frozen
class Try:
    """This engine reads the take, from where its text is settled."""

    engine: str
    delay_s: float = 0.0


@attrs.frozen
class Accept:
    """This is the text, although it was doubted; nobody did better."""

    engine: str
    suspicion: Suspicion
    confirmed: bool = False
    """Two have given the same, so that there is nothing to tell."""


@attrs.frozen
class Fail:
    problem: Problem


@attrs.frozen
class RetryDelay:
    """For an engine that could not, and may soon: what to tell meanwhile."""

    problem: Problem
    wait_s: float
    """Until it is tried again; more than `MOST_WAIT_S` if the server has asked for it."""

    @property
    def requested_by_server(self) -> bool:
        return self.wait_s > MAX_BACKOFF_S


Decision = Try | Accept | Fail


class FallbackPolicy:
    """Of one take. `since_release_s` is None while somebody speaks."""

    def __init__(
        self, engines: Sequence[str], random: Callable[[], float], backlog_s: float = 0.0
    ) -> None:
        """`names`: at least one, each once; `chance`: from 0 to 1, for the waits; `backlog_s`: how
        long it takes to send what had been recorded before anybody read it.
        """
        self._engines, self._random = tuple(engines), random
        self._switch_after_s = SWITCH_AFTER_S + backlog_s
        self._index = 0
        self._attempts = 0
        self._turn_began_s = 0.0
        """When the engine's turn came, after the release."""
        self._started = {self._engines[0]}
        self._permanently_failed: set[str] = set()
        self._problems: dict[str, Problem] = {}
        self._suspicions: dict[str, Suspicion] = {}

    @property
    def engine(self) -> str:
        """Who reads now."""
        return self._engines[self._index]

    @property
    def deadline_s(self) -> float | None:
        """How long after the release it may take until all audio was taken; None: no limit.

        The engine on this computer is never late: its model may still be loading, and all it
        needs is here.
        """
        if not self._untried or self.engine == ON_DEVICE:
            return None
        return self._turn_began_s + self._switch_after_s

    @property
    def next_candidate(self) -> str:
        """Who is asked next if this one does not come back; '' if nobody is left."""
        return self._untried[0] if self._untried else ""

    def start(self) -> Try:
        return Try(self.engine)

    def reset_backoff(self) -> None:
        """It went well for a while: the next wait is a short one again."""
        self._attempts = 0

    def on_timeout(self, since_release_s: float) -> Decision:
        """It has passed its limit."""
        what = f"{self.engine} did not answer in time."
        late = untyped_problem(what, "Your recording is kept.", "try-again", retry_after_s=0.0)
        return self.on_failure(self._problems.get(self.engine, late), since_release_s)

    def on_failure(self, problem: Problem, since_release_s: float | None) -> Decision:
        """It could not, for now or at all."""
        self._problems[self.engine] = problem
        if problem.retry_after_s is None or problem.retry_after_s > MAX_RETRY_AFTER_S:
            self._permanently_failed.add(self.engine)
        elif self._may_retry(problem.retry_after_s, since_release_s):
            return Try(self.engine, self._backoff_s(problem.retry_after_s))
        if self._untried:
            return self._switch(since_release_s)
        return self._last_resort(problem.retry_after_s or 0.0, since_release_s)

    def on_suspicion(self, suspicion: Suspicion, since_release_s: float) -> Decision:
        """It gave a text that is not believed: somebody else is asked, or the same once more.

        This computer would only say the same again.
        """
        agreed = self._engines == (ON_DEVICE,) or any(
            other.reason == suspicion.reason != "dropped"
            and (name != self.engine or suspicion.reason == "invented")  # silence is no news
            for name, other in self._suspicions.items()
        )
        again = len(self._engines) == 1 and not self._suspicions
        known = self._suspicions.get(self.engine)
        if known is None or len(suspicion.text) > len(known.text):
            self._suspicions[self.engine] = suspicion
        if agreed:
            return Accept(self.engine, suspicion, confirmed=True)
        if self._untried:
            return self._switch(since_release_s)
        return Try(self.engine) if again else self._accept_best()

    @property
    def _untried(self) -> list[str]:
        return [name for name in self._engines if name not in self._started]

    def _switch(self, since_release_s: float | None) -> Try:
        self._attempts, self._turn_began_s = 0, since_release_s or 0.0
        return self._select(self._untried[0])

    def _select(self, name: str, delay_s: float = 0.0) -> Try:
        self._index = self._engines.index(name)
        self._started.add(name)
        return Try(name, delay_s)

    def _may_retry(self, retry_after_s: float, since_release_s: float | None) -> bool:
        if since_release_s is None:
            return True
        return (
            bool(self._untried)
            and since_release_s + retry_after_s < self._turn_began_s + self._switch_after_s
        )

    def _backoff_s(self, retry_after_s: float) -> float:
        longest_s = min(MAX_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** min(self._attempts, 10))
        self._attempts += 1
        return retry_after_s + longest_s * (1 - self._random() / 2)

    def _last_resort(self, retry_after_s: float, since_release_s: float | None) -> Decision:
        if self._suspicions:
            return self._accept_best()
        limit_s = MAX_RETRY_AFTER_S if retry_after_s else RETRY_FOR_S
        hopeful = [name for name in self._rotation() if name not in self._permanently_failed]
        if not hopeful or (since_release_s or 0.0) + retry_after_s > limit_s:
            return Fail(self._problems[self._engines[0]])
        return self._select(hopeful[0], self._backoff_s(retry_after_s))

    def _rotation(self) -> tuple[str, ...]:
        """All of them, beginning after the one that reads now."""
        return self._engines[self._index + 1 :] + self._engines[: self._index + 1]

    def _accept_best(self) -> Accept:
        engine = max(self._suspicions, key=lambda name: len(self._suspicions[name].text))
        return Accept(engine, self._suspicions[engine])
