"""Points readers at a take, one engine after another, until it has its text.

What next is decided in `sayso.core.recognition.fallback_policy`; this waits, runs and measures.
No wait is without an
end: an engine has deadlines of its own, and who is late after the release is cancelled.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

import attrs

from ..core.audio.vad import measure_speech
from ..core.dictation.take import Take, join_text
from ..core.problems import Problem, ProblemError
from ..core.recognition.fallback_policy import Accept, Fail, FallbackPolicy, RetryDelay, Try
from ..core.recognition.plausibility import EngineReport, Suspicion, check_text, needs_check
from ..core.settings.endpoint import ON_DEVICE
from .engine import Engine, EngineEvent, EngineUpdate, Partial, Ready
from .reader import Reader
from .realtime.pacing import MAX_SPEED

log = logging.getLogger(__name__)
T = TypeVar("T")
STABLE_AFTER_S = 10.0
"""An engine that has read for so long was well."""


class _TooLateError(Exception):
    """The release is too long ago."""


@attrs.frozen(kw_only=True)
class Told:
    """Called in the loop."""

    heard: Callable[[EngineUpdate], None]
    """`Partial`s are of the whole take."""
    waits: Callable[[RetryDelay | None], None]
    """None: it waits no more."""
    passed_on: Callable[[Problem, str], None]
    """No try mends it; from now on the engine of that name reads."""
    soon: Callable[[str], None] = lambda _: None
    """The engine of that name may be needed soon: what it has to load can be loaded."""


@attrs.frozen
class Transcript:
    text: str
    engine: str
    problem: Problem | None = None
    """It is doubted, and nobody did better: to be told beside it."""


class FallbackRunner:
    """One take's way through the engines; `names` in the order the user wants them asked."""

    def __init__(
        self,
        take: Take,
        names: Sequence[str],
        open_engine: Callable[[str], AbstractAsyncContextManager[Engine]],
        told: Told,
    ) -> None:
        """`lend`: the engine of a name, for one reading; may raise `ProblemError`."""
        self._take, self._open_engine, self._told = take, open_engine, told
        left_s = Reader(take, take.committed_bytes).duration_s if take.ended else 0.0
        self._policy = FallbackPolicy(names, random.random, left_s / MAX_SPEED)
        self._clock = asyncio.get_running_loop().time
        self._released_s: float | None = None
        self._released = asyncio.Event()
        self._shown_partial = ""

    async def run(self) -> Transcript:
        """The text of the take. May be cancelled, and does not wait then.

        Raises:
            ProblemError: Nobody could; the take still has its audio, and what is settled.
        """
        stop = self._take.add_listener(self._on_take_changed)
        self._on_take_changed()
        try:
            return await self._run()
        finally:
            stop()

    async def _run(self) -> Transcript:
        step: Try | Accept | Fail | Transcript = self._policy.start()
        while True:
            match step:
                case Transcript():
                    return step
                case Fail(problem):
                    raise ProblemError(problem)
                case Accept(engine, doubted, agreed):
                    return Transcript(doubted.text, engine, None if agreed else doubted.problem)
                case Try():
                    self._take.engine = step.engine
                    step = await self._try_engine(step)

    async def _try_engine(self, attempt: Try) -> Try | Accept | Fail | Transcript:
        take, before = self._take, self._take.committed
        begins_s = self._clock() + attempt.delay_s
        try:
            await self._within_limit(asyncio.sleep(attempt.delay_s))
            reader = Reader(take, take.committed_bytes)
            text, account = await self._within_limit(
                self._transcribe(attempt.engine, reader), reader
            )
        except _TooLateError:
            log.info("%s was late", attempt.engine)
            self._told.waits(None)
            return self._policy.on_timeout(self._since_release_s or 0.0)
        except ProblemError as error:
            log.info("%s: %s", attempt.engine, error.problem.detail or error.problem.message)
            if self._clock() - begins_s > STABLE_AFTER_S:
                self._policy.reset_backoff()
            return self._after_failure(attempt.engine, error.problem)
        self._told.waits(None)
        if doubted := await find_suspicion(text, reader, account):
            log.info("%s is doubted: %s", attempt.engine, doubted.problem.detail)
            take.committed = before  # nothing of it is believed
            whole = join_text(before, doubted.text)
            doubted = attrs.evolve(doubted, text=whole)
            return self._policy.on_suspicion(doubted, self._since_release_s or 0.0)
        return Transcript(join_text(before, text), attempt.engine)

    def _after_failure(self, engine: str, problem: Problem) -> Try | Accept | Fail:
        step = self._policy.on_failure(problem, self._since_release_s)
        if isinstance(step, Try) and step.engine == engine:
            self._told.waits(RetryDelay(problem, step.delay_s))
            if spare := self._policy.next_candidate:
                self._told.soon(spare)
            return step
        self._told.waits(None)
        if isinstance(step, Try) and problem.retry_after_s is None:
            self._told.passed_on(problem, step.engine)
        return step

    async def _transcribe(self, name: str, reader: Reader) -> tuple[str, EngineReport]:
        """What the engine makes of the rest of the take."""
        before, shown, accounts = self._take.committed, self._shown_partial, list[EngineReport]()

        def heard(what: EngineEvent) -> None:
            match what:
                case EngineReport():
                    accounts.append(what)
                    return
                case Ready():
                    self._told.waits(None)
                case Partial(text):
                    what = Partial(join_text(before, text))
                    if len(what.text) < len(shown):
                        return  # it is only catching up with what was shown already
                    self._shown_partial = what.text
            self._told.heard(what)

        async with self._open_engine(name) as engine:
            text = await engine.transcribe(reader, heard)
        return text, accounts[-1] if accounts else default_report(name, reader)

    async def _within_limit(self, work: Awaitable[T], reader: Reader | None = None) -> T:
        """Its result, unless it comes too late; for a reader that has read all it does not.

        Raises:
            _LateError: It was too late, and is cancelled.
        """
        task, late = asyncio.ensure_future(work), asyncio.ensure_future(self._limit_passed())
        task.add_done_callback(_retrieve_exception)
        try:
            await asyncio.wait({task, late}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done() and not (reader and reader.finished):
                raise _TooLateError
            return await task
        finally:
            task.cancel()
            late.cancel()

    async def _limit_passed(self) -> None:
        """Comes to an end when the limit is passed."""
        limit_s = self._policy.deadline_s
        await (self._released if limit_s is not None else asyncio.Event()).wait()
        assert limit_s is not None
        await asyncio.sleep(limit_s - (self._since_release_s or 0.0))

    @property
    def _since_release_s(self) -> float | None:
        return None if self._released_s is None else self._clock() - self._released_s

    def _on_take_changed(self) -> None:
        if self._take.ended and self._released_s is None:
            self._released_s = self._clock()
            self._released.set()


def default_report(name: str, reader: Reader) -> EngineReport:
    """What is known of an engine that gives none itself."""
    return EngineReport("This computer" if name == ON_DEVICE else name, reader.duration_s)


async def find_suspicion(text: str, reader: Reader, account: EngineReport) -> Suspicion | None:
    """Why not to believe what an engine made of this audio; None: it can be believed."""
    if not needs_check(text, account):
        return None
    pcm, rate_hz = reader.take.read(reader.start_bytes), reader.take.rate_hz
    return check_text(text, await asyncio.to_thread(measure_speech, pcm, rate_hz), account)


def _retrieve_exception(task: asyncio.Future[T]) -> None:
    """Whatever came of it after it was given up is of no interest."""
    if not task.cancelled():
        task.exception()
