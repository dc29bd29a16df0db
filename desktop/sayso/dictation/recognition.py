"""Runs the selected engine, prepares it, and uses other engines where it fails.

`sayso.stt.fallback` decides how a take passes from one engine to the next. Worker thread only.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import Protocol

import attrs

from ..core.dictation.take import Take
from ..core.problems import Problem, ProblemError
from ..core.problems import dictation as problems
from ..core.recognition.fallback_policy import RetryDelay
from ..core.settings.endpoint import ON_DEVICE
from ..core.settings.engine_choice import only_engine
from ..core.settings.settings import Settings
from ..core.text.sanitize import sanitize
from ..stt.engine import Engine, EngineUpdate
from ..stt.fallback import FallbackRunner, Transcript
from .tasks import Tasks

log = logging.getLogger(__name__)

CLOSE_TIMEOUT_S = 1.0


class RecognitionListener(Protocol):
    """Called in the worker's loop."""

    def on_engine_update(self, take: Take, update: EngineUpdate) -> None: ...

    def on_retry(self, take: Take, delay: RetryDelay | None) -> None:
        """The engine is tried again after a delay. None: the delay is over."""

    def on_ready_changed(self) -> None: ...

    def on_problem(self, problem: Problem) -> None: ...


class Recognition:
    def __init__(
        self,
        create_engine: Callable[[Settings], Engine],
        check_budget: Callable[[Settings], Awaitable[Problem | None]],
        listener: RecognitionListener,
    ) -> None:
        """`check_budget` returns the problem if the engine may not be used because of its cost."""
        self._create_engine, self._check_budget = create_engine, check_budget
        self._listener = listener
        self._engine: Engine | None = None
        self._settings: Settings | None = None
        self._failed = False
        """True if the selected engine could not be created or prepared."""
        self._active: set[asyncio.Future[None]] = set()
        """Futures that are done when a call of `transcribe` returns."""
        self._preparing, self._closing = Tasks(), Tasks()

    @property
    def ready(self) -> bool:
        return self._engine is not None and self._engine.ready

    def configure(self, settings: Settings) -> None:
        """Replace the engine if its settings changed; active takes finish with the previous one.

        An engine that failed is always created again: its model may have been downloaded since.
        """
        before, self._settings = self._settings, settings
        if before and _engine_settings(before) == _engine_settings(settings) and not self._failed:
            return
        self._failed = False
        previous, self._engine = self._engine, None
        if previous:
            self._close_when_unused(previous, list(self._active))
        try:
            self._engine = self._create_engine(settings)
        except ProblemError as error:
            self._failed = True
            self._listener.on_problem(error.problem)
        else:
            self._preparing.start(self._prepare(self._engine))
        self._listener.on_ready_changed()

    async def transcribe(self, take: Take, engine: str = "") -> Transcript:
        """Transcribe a take with the selected engine and its fallbacks, or only with `engine`.

        The text is sanitized. Raises `ProblemError`.
        """
        settings = self._settings
        assert settings is not None
        only = only_engine(settings, engine).selected_engine if engine else ""
        take.engine = only or settings.selected_engine
        done = asyncio.get_running_loop().create_future()
        self._active.add(done)
        run = _TakeRun(self, take, settings)
        try:
            transcript = await run.transcribe(only)
        except ProblemError:
            raise
        except Exception as error:
            log.exception("An engine raised an unexpected error")
            raise ProblemError(problems.RECOGNITION_INTERNAL_ERROR()) from error
        finally:
            for created in run.created.values():
                self._close_when_unused(created)
            self._listener.on_retry(take, None)
            self._active.discard(done)
            done.set_result(None)
        if transcript.problem:
            self._listener.on_problem(problems.TEXT_NOT_TRUSTED(problem=transcript.problem))
        text = sanitize(transcript.text, keep_newlines=settings.insertion.newlines)
        return attrs.evolve(transcript, text=text)

    async def close(self) -> None:
        await self._preparing.cancel(CLOSE_TIMEOUT_S)
        if self._engine:
            self._close_when_unused(self._engine)
        await self._closing.wait(CLOSE_TIMEOUT_S)

    async def _prepare(self, engine: Engine) -> None:
        try:
            await engine.prepare()
        except ProblemError as error:
            if engine is self._engine:
                self._failed = True
                self._listener.on_problem(error.problem)
        finally:
            self._listener.on_ready_changed()

    def _selected_engine(self, settings: Settings) -> Engine | None:
        """Return the selected engine, created again if it failed; None if settings have changed."""
        if settings is not self._settings:
            return None
        if self._engine is None:
            self._engine = self._create_engine(settings)
        return self._engine

    def _close_when_unused(
        self, engine: Engine, active: Collection[asyncio.Future[None]] = ()
    ) -> None:
        async def close() -> None:
            if active:
                await asyncio.wait(active)
            await engine.close()

        self._closing.start(close())


class _TakeRun:
    """The engines of one take, created when they are needed. Implements `FallbackListener`."""

    def __init__(self, recognition: Recognition, take: Take, settings: Settings) -> None:
        self._recognition, self._take, self._settings = recognition, take, settings
        self._listener, self._selected = recognition._listener, recognition._engine
        self._refusals: dict[str, Problem | None] = {}
        self.created: dict[str, Engine] = {}
        """Engines by name; they are closed when the take has been transcribed."""

    async def transcribe(self, engine: str) -> Transcript:
        settings, names = self._settings, [engine]
        if not engine:
            names = [settings.selected_engine, *settings.fallback]
            if await self._refusal(settings.selected_engine):
                names.append(ON_DEVICE)
        engines = {name: partial(self._open, name) for name in names}
        transcript = await FallbackRunner(self._take, engines, self).run()
        self._take.engine = transcript.engine
        return transcript

    async def _refusal(self, name: str) -> Problem | None:
        """Check the budget once for each engine."""
        if name not in self._refusals:
            check = self._recognition._check_budget
            self._refusals[name] = await check(only_engine(self._settings, name))
        return self._refusals[name]

    async def _open(self, name: str) -> Engine:
        if refusal := await self._refusal(name):
            raise ProblemError(refusal)
        if name == self._settings.selected_engine:
            selected = self._selected or self._recognition._selected_engine(self._settings)
            if selected:
                return selected
        return self._create(name)

    def _create(self, name: str) -> Engine:
        if name not in self.created:
            create = self._recognition._create_engine
            self.created[name] = create(only_engine(self._settings, name))
        return self.created[name]

    def on_update(self, update: EngineUpdate) -> None:
        self._listener.on_engine_update(self._take, update)

    def on_retry(self, delay: RetryDelay | None) -> None:
        self._listener.on_retry(self._take, delay)

    def on_fallback(self, problem: Problem, engine: str) -> None:
        if problem.kind is not problems.BUDGET_USED_UP:  # which is a question with its own buttons
            name = "This computer" if engine == ON_DEVICE else engine
            problem = problems.FALLBACK_USED(cause=problem, engine=name)
        self._listener.on_problem(problem)

    def on_candidate(self, engine: str) -> None:
        if engine == ON_DEVICE and engine not in self.created:
            with contextlib.suppress(ProblemError):  # reported when the engine is used
                self._recognition._preparing.start(self._recognition._prepare(self._create(engine)))


def _engine_settings(settings: Settings) -> object:
    return settings.engine, settings.language, settings.endpoint, settings.on_device
