"""The engine that is chosen now, and the takes it reads. Loop thread only."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import attrs

from .core.hints import keywords_of
from .core.problems import Problem, ProblemError
from .core.settings import EngineName, Settings
from .core.take import Take
from .stt.engine import Engine, Heard
from .stt.reader import Reader

log = logging.getLogger(__name__)

BUG = Problem(
    "Recognition stopped because of a fault in Sayso.",
    "Your recording is kept. Report it with the log that sayso doctor names.",
    action="try-again",
)

ON_DEVICE: EngineName = "on-device"
INSTEAD = "This computer recognises your words instead."


@attrs.frozen(kw_only=True)
class Told:
    """Called in the loop."""

    heard: Callable[[Take, Heard], None]
    recognised: Callable[[Take, str], None]
    failed: Callable[[Take, Problem], None]
    changed: Callable[[], None]
    """`ready` or `name` may be another."""
    problem: Callable[[Problem], None]
    """The engine cannot be made ready."""


class Engines:
    def __init__(self, make: Callable[[Settings], Engine], told: Told) -> None:
        self._make, self._told = make, told
        self._engine: Engine | None = None
        self._settings: Settings | None = None
        self._failed = False
        """It could not be made, or not be made ready."""
        self._reading: dict[int, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def ready(self) -> bool:
        return self._engine is not None and self._engine.ready

    def configure(self, settings: Settings) -> None:
        """Change the engine if these settings ask for another; takes being read finish first.

        One that failed is made anew with any settings: its model may have been downloaded since.
        """
        before, self._settings = self._settings, settings
        if before and _of_engine(before) == _of_engine(settings) and not self._failed:
            return
        self._failed = False
        old, self._engine = self._engine, None
        if old:
            self._spawn(self._retire(old, list(self._reading.values())))
        try:
            self._engine = self._make(settings)
        except ProblemError as error:
            self._failed = True
            self._told.problem(error.problem)
        else:
            self._spawn(self._prepare(self._engine))
        self._told.changed()

    def read(self, take: Take) -> None:
        """Point a reader of the chosen engine at the take."""
        settings = self._settings
        if self._engine is None and settings:
            try:
                self._engine = self._make(settings)
            except ProblemError as error:
                asyncio.get_running_loop().call_soon(self._told.failed, take, error.problem)
                return
        assert self._engine is not None
        take.engine = self._engine.name
        task = self._reading[take.number] = self._spawn(self._read(self._engine, take))
        task.add_done_callback(lambda task: self._broke(take, task))

    def drop(self, number: int) -> None:
        if task := self._reading.pop(number, None):
            task.cancel()

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)
        if self._engine:
            await self._engine.close()

    async def _prepare(self, engine: Engine) -> None:
        try:
            await engine.prepare()
        except ProblemError as error:
            if engine is self._engine:
                self._failed = True
                self._told.problem(error.problem)
        finally:
            self._told.changed()

    async def _read(self, engine: Engine, take: Take) -> None:
        try:
            text = await self._recognise(engine, take)
        except ProblemError as error:
            self._told.failed(take, error.problem)
        else:
            self._told.recognised(take, text)
        finally:
            if self._reading.get(take.number) is asyncio.current_task():
                del self._reading[take.number]

    async def _recognise(self, engine: Engine, take: Take) -> str:
        """By this engine; where the user wants it, by this computer when the server fails."""

        def heard(what: Heard) -> None:
            self._told.heard(take, what)

        try:
            return await engine.recognise(Reader(take), heard)
        except ProblemError as error:
            settings = self._settings
            if engine.name == ON_DEVICE or settings is None or not settings.fallback:
                raise
            first = error
        try:
            spare = self._make(attrs.evolve(settings, engine=ON_DEVICE))
            self._told.problem(attrs.evolve(first.problem, remedy=INSTEAD))
            take.engine = spare.name
            try:
                return await spare.recognise(Reader(take), heard)
            finally:
                await spare.close()
        except ProblemError as second:
            log.warning("The engine on this computer did not help: %s", second.problem.what)
            raise first from second  # that is the one to do something about

    async def _retire(self, engine: Engine, readers: list[asyncio.Task[None]]) -> None:
        if readers:
            await asyncio.wait(readers)
        await engine.close()

    def _spawn(self, coroutine: object) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.ensure_future(coroutine)  # type: ignore[call-overload]
        self._tasks.add(task)  # the loop itself keeps only weak references
        task.add_done_callback(self._ended)
        return task

    def _broke(self, take: Take, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception():
            self._told.failed(take, BUG)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("A task of the engine ended with a fault", exc_info=error)


def _of_engine(settings: Settings) -> object:
    return settings.engine, settings.language, settings.endpoint, settings.on_device


def make_engine(settings: Settings, api_key: Callable[[str], str | None]) -> Engine:
    """The engine these settings ask for; its libraries are imported only now.

    Raises:
        ProblemError: The settings cannot work, for instance an endpoint without a URL.
    """
    if settings.engine == "realtime":
        from .stt.realtime import RealtimeEngine

        return RealtimeEngine(settings.endpoint, settings.language, api_key)
    from .edges import folders
    from .stt.ondevice.catalogue import named
    from .stt.ondevice.echo import hint
    from .stt.ondevice.recogniser import OnDeviceEngine

    return OnDeviceEngine(
        settings.language,
        models=folders.models(),
        cache=folders.cache(),
        model=named(settings.on_device.model),
        unload_s=60.0 * settings.on_device.unload_minutes,
        hint=hint(settings.on_device.prompt, keywords_of(settings.on_device.keywords)),
    )
