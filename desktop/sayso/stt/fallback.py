"""Transcribe a take with one engine after another until one of them succeeds.

`core.recognition.fallback_policy` decides which engine is next; this module runs the engines and
measures the time. Every wait is bounded: engines have their own timeouts, and an engine that is too
late after the end of the take is canceled.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, TypeVar

import attrs

from ..core.audio.vad import measure_speech
from ..core.dictation.take import Take, join_text
from ..core.problems import Problem, ProblemError
from ..core.recognition.fallback_policy import (
    Accept,
    Decision,
    FallbackLimits,
    FallbackPolicy,
    RetryDelay,
    Try,
)
from ..core.recognition.plausibility import EngineReport, Suspicion, check_text, needs_check
from ..core.settings.endpoint import ON_DEVICE
from .engine import Engine, EngineEvent, EngineUpdate, Partial, Ready
from .reader import Reader
from .realtime.pacing import MAX_SPEED

log = logging.getLogger(__name__)
T = TypeVar("T")
EngineFactory = Callable[[], Awaitable[Engine]]
"""Creates an engine or returns an existing one; may raise `ProblemError`."""
STABLE_AFTER_S = 10.0
"""An engine that fails after it worked for this long is tried again after a short delay."""


class FallbackListener(Protocol):
    def on_update(self, update: EngineUpdate) -> None:
        """Handle an update; a `Partial` contains the text of the whole take."""

    def on_retry(self, delay: RetryDelay | None) -> None:
        """The engine is tried again after a delay. None: the delay is over."""

    def on_fallback(self, problem: Problem, engine: str) -> None: ...

    def on_candidate(self, engine: str) -> None:
        """Prepare `engine`, which may be needed soon."""


@attrs.frozen
class Transcript:
    text: str
    engine: str
    problem: Problem | None = None
    """The reason to doubt the text, if no engine returned a better one."""


class _TooLateError(Exception): ...


class FallbackRunner:
    """Transcribes one take. `engines` are in the order in which they are tried."""

    def __init__(
        self,
        take: Take,
        engines: Mapping[str, EngineFactory],
        listener: FallbackListener,
        limits: FallbackLimits | None = None,
    ) -> None:
        self._take, self._engines, self._listener = take, engines, listener
        backlog_s = Reader(take, take.committed_bytes).duration_s if take.ended else 0.0
        self._policy = FallbackPolicy(list(engines), random.random, backlog_s / MAX_SPEED, limits)
        self._clock = asyncio.get_running_loop().time
        self._released_s: float | None = None
        self._released = asyncio.Event()
        self._shown_partial = ""

    async def run(self) -> Transcript:
        """Return the text of the take; raise `ProblemError` if all engines failed."""
        remove_listener = self._take.add_listener(self._on_take_changed)
        self._on_take_changed()
        try:
            return await self._run()
        finally:
            remove_listener()

    async def _run(self) -> Transcript:
        step: Decision | Transcript = self._policy.start()
        while isinstance(step, Try):
            self._take.engine = step.engine
            step = await self._try_engine(step)
        if isinstance(step, Transcript):
            return step
        if isinstance(step, Accept):
            problem = None if step.confirmed else step.suspicion.problem
            return Transcript(step.suspicion.text, step.engine, problem)
        raise ProblemError(step.problem)

    async def _try_engine(self, attempt: Try) -> Decision | Transcript:
        take, before = self._take, self._take.committed
        begins_s = self._clock() + attempt.delay_s
        try:
            await self._within_limit(asyncio.sleep(attempt.delay_s))
            reader = Reader(take, take.committed_bytes)
            text, report = await self._within_limit(
                self._transcribe(attempt.engine, reader), reader
            )
        except _TooLateError:
            log.info("%s was too late", attempt.engine)
            self._listener.on_retry(None)
            return self._policy.on_timeout(self._since_release_s or 0.0)
        except ProblemError as error:
            log.info("%s: %s", attempt.engine, error.problem.detail or error.problem.message)
            if self._clock() - begins_s > STABLE_AFTER_S:
                self._policy.reset_backoff()
            return self._after_failure(attempt.engine, error.problem)
        self._listener.on_retry(None)
        if suspicion := await find_suspicion(text, reader, report):
            log.info("Text of %s not trusted: %s", attempt.engine, suspicion.problem.detail)
            take.committed = before
            suspicion = attrs.evolve(suspicion, text=join_text(before, suspicion.text))
            return self._policy.on_suspicion(suspicion, self._since_release_s or 0.0)
        return Transcript(join_text(before, text), attempt.engine)

    def _after_failure(self, engine: str, problem: Problem) -> Decision:
        step = self._policy.on_failure(problem, self._since_release_s)
        if isinstance(step, Try) and step.engine == engine:
            self._listener.on_retry(RetryDelay(problem, step.delay_s))
            if candidate := self._policy.next_candidate:
                self._listener.on_candidate(candidate)
            return step
        self._listener.on_retry(None)
        if isinstance(step, Try) and problem.retry_after_s is None:
            self._listener.on_fallback(problem, step.engine)
        return step

    async def _transcribe(self, name: str, reader: Reader) -> tuple[str, EngineReport]:
        before, already_shown = self._take.committed, self._shown_partial
        reports: list[EngineReport] = []

        def on_event(event: EngineEvent) -> None:
            match event:
                case EngineReport():
                    reports.append(event)
                    return
                case Ready():
                    self._listener.on_retry(None)
                case Partial(text):
                    event = Partial(join_text(before, text))
                    if len(event.text) < len(already_shown):
                        return  # the engine has not caught up with the previous attempt yet
                    self._shown_partial = event.text
            self._listener.on_update(event)

        engine = await self._engines[name]()
        text = await engine.transcribe(reader, on_event)
        return text, reports[-1] if reports else default_report(name, reader)

    async def _within_limit(self, work: Awaitable[T], reader: Reader | None = None) -> T:
        """Return the result; raise `_TooLateError` unless the reader has read everything."""
        task, limit = asyncio.ensure_future(work), asyncio.ensure_future(self._limit_exceeded())
        task.add_done_callback(_retrieve_exception)
        try:
            await asyncio.wait({task, limit}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done() and not (reader and reader.finished):
                raise _TooLateError
            return await task
        finally:
            task.cancel()
            limit.cancel()

    async def _limit_exceeded(self) -> None:
        deadline_s = self._policy.deadline_s
        await (self._released if deadline_s is not None else asyncio.Event()).wait()
        assert deadline_s is not None
        await asyncio.sleep(deadline_s - (self._since_release_s or 0.0))

    @property
    def _since_release_s(self) -> float | None:
        return None if self._released_s is None else self._clock() - self._released_s

    def _on_take_changed(self) -> None:
        if self._take.ended and self._released_s is None:
            self._released_s = self._clock()
            self._released.set()


def default_report(name: str, reader: Reader) -> EngineReport:
    """Return a report for an engine that sends none."""
    return EngineReport("This computer" if name == ON_DEVICE else name, reader.duration_s)


async def find_suspicion(text: str, reader: Reader, report: EngineReport) -> Suspicion | None:
    """Compare the text with the audio it was made from; return the reason not to trust it."""
    if not needs_check(text, report):
        return None
    pcm, rate_hz = reader.take.read(reader.start_bytes), reader.take.rate_hz
    return check_text(text, await asyncio.to_thread(measure_speech, pcm, rate_hz), report)


def _retrieve_exception(task: asyncio.Future[T]) -> None:
    """Prevent the log message about an exception of a canceled task that is not awaited."""
    if not task.cancelled():
        task.exception()
