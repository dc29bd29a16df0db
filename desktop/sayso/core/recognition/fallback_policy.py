"""Fallback policy: which engine transcribes a take next if one fails or returns suspicious text.

The selected engine is first, followed by the user's fallback engines. A temporary failure is
retried with growing delays, for as long as the user speaks and a little longer. After a permanent
failure or a longer outage the next engine is tried. When all engines have been tried, those that
failed only temporarily are retried in rotation until the last limit. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from ..problems import Problem
from ..problems import recognition as problems
from ..settings.endpoint import ON_DEVICE
from .plausibility import Suspicion

MAX_RETRY_AFTER_S = 60.0
"""Longest delay that is accepted if a server requests one."""
FIRST_BACKOFF_S, MAX_BACKOFF_S = 0.2, 3.0
"""Each delay is twice the previous one, minus up to half of it at random, because many clients may
reconnect at the same time."""


@attrs.frozen(kw_only=True)
class FallbackLimits:
    """Time limits after the key is released."""

    switch_after_s: float = 2.0
    """Time within which an engine must have read all audio, from the release or the beginning of
    its turn. A slower engine is skipped if another one has not been tried."""
    retry_for_s: float = 20.0
    """Time during which failed engines are retried when all have been tried."""


@attrs.frozen
class Try:
    """Transcribe the take with this engine, from the end of its committed text."""

    engine: str
    delay_s: float = 0.0


@attrs.frozen
class Accept:
    engine: str
    suspicion: Suspicion
    confirmed: bool = False
    """Two engines returned the same, so that there is nothing to report."""


@attrs.frozen
class Fail:
    problem: Problem


@attrs.frozen
class RetryDelay:
    """The wait before the next attempt, to be shown to the user."""

    problem: Problem
    wait_s: float

    @property
    def requested_by_server(self) -> bool:
        return self.wait_s > MAX_BACKOFF_S


Decision = Try | Accept | Fail


class FallbackPolicy:
    """Policy for one take. `since_release_s` is None while the user speaks."""

    def __init__(
        self,
        engines: Sequence[str],
        random: Callable[[], float],
        backlog_s: float = 0.0,
        limits: FallbackLimits | None = None,
    ) -> None:
        """`backlog_s`: time needed to send the audio recorded before the first engine started."""
        self._engines, self._random = tuple(engines), random
        self._limits = limits or FallbackLimits()
        self._switch_after_s = self._limits.switch_after_s + backlog_s
        self._index = 0
        self._attempts = 0
        self._turn_began_s = 0.0
        self._started = {self._engines[0]}
        self._permanently_failed: set[str] = set()
        self._problems: dict[str, Problem] = {}
        self._suspicions: dict[str, Suspicion] = {}

    @property
    def engine(self) -> str:
        return self._engines[self._index]

    @property
    def deadline_s(self) -> float | None:
        """Time after the release by which all audio must have been read; None: no limit.

        The on-device engine has no limit: its model may still be loading, and it depends on
        nothing outside this computer.
        """
        if not self._untried or self.engine == ON_DEVICE:
            return None
        return self._turn_began_s + self._switch_after_s

    @property
    def next_candidate(self) -> str:
        return self._untried[0] if self._untried else ""

    def start(self) -> Try:
        return Try(self.engine)

    def reset_backoff(self) -> None:
        """Make the next delay the shortest again, after the engine was stable for a while."""
        self._attempts = 0

    def on_timeout(self, since_release_s: float) -> Decision:
        timeout = problems.TIMEOUT(engine=self.engine, retry_after_s=0.0)
        return self.on_failure(self._problems.get(self.engine, timeout), since_release_s)

    def on_failure(self, problem: Problem, since_release_s: float | None) -> Decision:
        self._problems[self.engine] = problem
        if problem.retry_after_s is None or problem.retry_after_s > MAX_RETRY_AFTER_S:
            self._permanently_failed.add(self.engine)
        elif self._may_retry(problem.retry_after_s, since_release_s):
            return Try(self.engine, self._backoff_s(problem.retry_after_s))
        if self._untried:
            return self._switch(since_release_s)
        return self._last_resort(problem.retry_after_s or 0.0, since_release_s)

    def on_suspicion(self, suspicion: Suspicion, since_release_s: float) -> Decision:
        """The engine has returned suspicious text: try another one, or the only one once more.

        The on-device engine is deterministic and is not asked twice.
        """
        confirmed = self._engines == (ON_DEVICE,) or any(
            other.reason == suspicion.reason != "dropped"
            # The same engine returning no text again confirms nothing.
            and (name != self.engine or suspicion.reason == "hallucinated")
            for name, other in self._suspicions.items()
        )
        try_again = len(self._engines) == 1 and not self._suspicions
        previous = self._suspicions.get(self.engine)
        if previous is None or len(suspicion.text) > len(previous.text):
            self._suspicions[self.engine] = suspicion
        if confirmed:
            return Accept(self.engine, suspicion, confirmed=True)
        if self._untried:
            return self._switch(since_release_s)
        return Try(self.engine) if try_again else self._accept_best()

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
        deadline_s = self._turn_began_s + self._switch_after_s
        return bool(self._untried) and since_release_s + retry_after_s < deadline_s

    def _backoff_s(self, retry_after_s: float) -> float:
        delay_s = min(MAX_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** min(self._attempts, 10))
        self._attempts += 1
        return retry_after_s + delay_s * (1 - self._random() / 2)

    def _last_resort(self, retry_after_s: float, since_release_s: float | None) -> Decision:
        if self._suspicions:
            return self._accept_best()
        limit_s = MAX_RETRY_AFTER_S if retry_after_s else self._limits.retry_for_s
        candidates = [name for name in self._rotation() if name not in self._permanently_failed]
        if not candidates or (since_release_s or 0.0) + retry_after_s > limit_s:
            return Fail(self._problems[self._engines[0]])
        return self._select(candidates[0], self._backoff_s(retry_after_s))

    def _rotation(self) -> tuple[str, ...]:
        return self._engines[self._index + 1 :] + self._engines[: self._index + 1]

    def _accept_best(self) -> Accept:
        engine = max(self._suspicions, key=lambda name: len(self._suspicions[name].text))
        return Accept(engine, self._suspicions[engine])
