"""The engine that is chosen now, those that help it out, and the takes they read.

How a take goes from one to the next: `sayso.stt.fallback`. Loop thread only.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection

import attrs

from ..core.dictation.take import Take
from ..core.problems import Problem, ProblemError, replaced, untyped_problem
from ..core.recognition.fallback_policy import RetryDelay
from ..core.settings.endpoint import ON_DEVICE
from ..core.settings.engine_choice import only_engine
from ..core.settings.settings import Settings
from ..core.settings.validators import parse_keywords
from ..stt import fallback
from ..stt.engine import Engine, EngineUpdate
from ..stt.fallback import FallbackRunner, Transcript

log = logging.getLogger(__name__)

INTERNAL_ERROR = untyped_problem(
    "Recognition stopped because of a fault in Sayso.",
    "Your recording is kept. Report it with the log that sayso doctor names.",
    action="try-again",
)

CLOSE_TIMEOUT_S = 1.0
IN_HISTORY = "The history can recognise it again."
INSTEAD = "{} recognises your words instead."


async def _nobody(_: Settings) -> Problem | None:
    return None


@attrs.frozen(kw_only=True)
class Told:
    """Called in the loop."""

    heard: Callable[[Take, EngineUpdate], None]
    waits: Callable[[Take, RetryDelay | None], None]
    """Its engine could not, and is tried again in a moment; None: not any more."""
    recognised: Callable[[Take, str], None]
    failed: Callable[[Take, Problem], None]
    changed: Callable[[], None]
    """`ready` or `name` may be another."""
    problem: Callable[[Problem], None]
    """An engine cannot be made ready, is of no help, or its text is doubted."""
    refuses: Callable[[Settings], Awaitable[Problem | None]] = _nobody
    """Why the engine of these settings may not be asked now: the budget is used up."""


class Recognition:
    def __init__(self, create_engine: Callable[[Settings], Engine], told: Told) -> None:
        self._create_engine, self._told = create_engine, told
        self._engine: Engine | None = None
        self._settings: Settings | None = None
        self._unavailable = False
        """It could not be made, or not be made ready."""
        self._reading: dict[int, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def ready(self) -> bool:
        return self._engine is not None and self._engine.ready

    def configure(self, settings: Settings) -> None:
        """Change the engine if these settings ask for another; takes being read finish first.

        One that failed is made anew with any settings: its model may have been downloaded since.
        """
        before, self._settings = self._settings, settings
        if (
            before
            and _engine_settings(before) == _engine_settings(settings)
            and not self._unavailable
        ):
            return
        self._unavailable = False
        old, self._engine = self._engine, None
        if old:
            self._close_when_unused(old, list(self._reading.values()))
        try:
            self._engine = self._create_engine(settings)
        except ProblemError as error:
            self._unavailable = True
            self._told.problem(error.problem)
        else:
            self._spawn(self._prepare(self._engine))
        self._told.changed()

    def read(self, take: Take, by: str = "") -> None:
        """Point readers at the take: the chosen engine's, and those that help it out.

        `by`: the engine of this name instead, and nobody helps it out.

        Raises:
            ProblemError: There is none of that name.
        """
        assert self._settings is not None
        only = only_engine(self._settings, by).selected_engine if by else ""
        take.engine = only or self._settings.selected_engine
        work = self._read(take, self._settings, only)
        task = self._reading[take.number] = self._spawn(work)
        task.add_done_callback(lambda task: self._broke(take, task))

    def drop(self, number: int) -> None:
        if task := self._reading.pop(number, None):
            task.cancel()

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_TIMEOUT_S)
        if self._engine:
            self._close_when_unused(self._engine)
        if self._closing:
            await asyncio.wait(self._closing, timeout=CLOSE_TIMEOUT_S)

    async def _prepare(self, engine: Engine) -> None:
        try:
            await engine.prepare()
        except ProblemError as error:
            if engine is self._engine:
                self._unavailable = True
                self._told.problem(error.problem)
        finally:
            self._told.changed()

    async def _read(self, take: Take, settings: Settings, only: str) -> None:
        spares: dict[str, Engine] = {}
        try:
            names = [only] if only else await self._engine_names(settings)
            done = await self._relay(take, settings, names, spares).run()
        except ProblemError as error:
            self._told.failed(take, error.problem)
        else:
            take.engine = done.engine
            self._accept(take, done)
        finally:
            for spare in spares.values():
                self._close_when_unused(spare)  # nobody waits for its goodbye
            self._told.waits(take, None)
            if self._reading.get(take.number) is asyncio.current_task():
                del self._reading[take.number]

    def _accept(self, take: Take, done: Transcript) -> None:
        if done.problem:
            self._told.problem(replaced(done.problem, remedy=IN_HISTORY, action=""))
        self._told.recognised(take, done.text)

    async def _engine_names(self, settings: Settings) -> list[str]:
        """Who is asked, in order; this computer too if the budget keeps the chosen one from it."""
        names = [settings.selected_engine, *settings.fallback]
        if await self._told.refuses(settings):
            names.append(ON_DEVICE)
        return list(dict.fromkeys(names))

    def _relay(
        self, take: Take, settings: Settings, names: list[str], spares: dict[str, Engine]
    ) -> FallbackRunner:
        """`spares`: engines that are made for this take, by name; closed when it is read."""
        engine = self._engine

        @contextlib.asynccontextmanager
        async def lend(name: str) -> AsyncIterator[Engine]:
            if refused := await self._told.refuses(only_engine(settings, name)):
                raise ProblemError(refused)
            if name == settings.selected_engine and (
                mine := engine or self._recreate_engine(settings)
            ):
                yield mine
                return
            if name not in spares:
                spares[name] = self._create_engine(only_engine(settings, name))
            yield spares[name]

        def soon(name: str) -> None:
            if name in spares or name != ON_DEVICE:
                return
            with contextlib.suppress(ProblemError):  # it is told when its turn has come
                spares[name] = self._create_engine(only_engine(settings, name))
                self._spawn(self._prepare(spares[name]))

        def passed_on(problem: Problem, name: str) -> None:
            helper = "This computer" if name == ON_DEVICE else name
            if problem.action != "budget":  # that is a question, and has its own words
                problem = replaced(problem, remedy=INSTEAD.format(helper))
            self._told.problem(problem)

        told = fallback.Told(
            heard=lambda what: self._told.heard(take, what),
            waits=lambda waiting: self._told.waits(take, waiting),
            passed_on=passed_on,
            soon=soon,
        )
        return FallbackRunner(take, names, lend, told)

    def _recreate_engine(self, settings: Settings) -> Engine | None:
        """What it failed for may be there now; None if other settings are in use meanwhile."""
        if self._engine is None and settings is self._settings:
            self._engine = self._create_engine(settings)
        return self._engine if settings is self._settings else None

    def _close_when_unused(
        self, engine: Engine, users: Collection[asyncio.Task[None]] = ()
    ) -> None:
        """Close it as soon as these have read with it."""

        async def retire() -> None:
            if users:
                await asyncio.wait(users)
            await engine.close()

        task = asyncio.ensure_future(retire())
        self._closing.add(task)
        task.add_done_callback(self._on_task_done)

    def _spawn(self, coroutine: object) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.ensure_future(coroutine)  # type: ignore[call-overload]
        self._tasks.add(task)  # the loop itself keeps only weak references
        task.add_done_callback(self._on_task_done)
        return task

    def _broke(self, take: Take, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception():
            self._told.failed(take, INTERNAL_ERROR)

    def _on_task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._closing.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("A task of the engine ended with a fault", exc_info=error)


def _engine_settings(settings: Settings) -> object:
    return settings.engine, settings.language, settings.endpoint, settings.on_device


def create_engine(settings: Settings, get_key: Callable[[str], str | None]) -> Engine:
    """The engine these settings ask for; its libraries are imported only now.

    Raises:
        ProblemError: The settings cannot work, for instance an endpoint without a URL.
    """
    if settings.engine == "realtime":
        from ..stt.factory import create_server_engine

        return create_server_engine(settings.endpoint, settings.language, get_key)
    from ..storage import paths
    from ..stt.ondevice.decoding.prompt import build_prompt
    from ..stt.ondevice.engine import OnDeviceEngine
    from ..stt.ondevice.models.catalog import by_name

    return OnDeviceEngine(
        settings.language,
        models=paths.models(),
        cache=paths.cache(),
        model=by_name(settings.on_device.model),
        unload_s=60.0 * settings.on_device.unload_minutes,
        prompt=build_prompt(settings.on_device.prompt, parse_keywords(settings.on_device.keywords)),
    )
