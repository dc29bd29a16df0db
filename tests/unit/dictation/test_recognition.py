"""Which engine is made when; with engines that only remember."""

import asyncio

import attrs
import pytest

from sayso.core.dictation.take import Take
from sayso.core.problems import Problem, ProblemError, untyped_problem
from sayso.core.settings import settings as s
from sayso.core.settings.settings import Settings
from sayso.dictation.recognition import Recognition, Told, create_engine

MODEL_MISSING = untyped_problem("The model Small is not downloaded yet.", "Download it (486 MB).")


class FakeEngine:
    name = "on-device"

    def __init__(self, missing: bool) -> None:
        self.missing, self.ready, self.closed = missing, False, False

    async def prepare(self) -> None:
        if self.missing:
            raise ProblemError(MODEL_MISSING)
        self.ready = True

    async def close(self) -> None:
        self.closed = True


@attrs.define
class Scenario:
    missing: bool = False
    broken: bool = False
    created: list[FakeEngine] = attrs.field(factory=list)
    problems: list[Problem] = attrs.field(factory=list)

    def create_engine(self, settings: Settings) -> FakeEngine:
        if self.broken:
            raise ProblemError(MODEL_MISSING)
        self.created.append(FakeEngine(self.missing))
        return self.created[-1]

    def engines(self) -> Recognition:
        nothing = lambda *_: None  # noqa: E731
        return Recognition(
            self.create_engine,  # type: ignore[arg-type]
            Told(
                heard=nothing,
                waits=nothing,
                recognised=nothing,
                failed=nothing,
                changed=nothing,
                problem=self.problems.append,
            ),
        )


async def run_pending() -> None:
    """What was begun is done."""
    for _ in range(20):
        await asyncio.sleep(0)


def run(scenario, **world) -> Scenario:
    made = Scenario(**world)
    asyncio.run(run_scenario(scenario, made))
    return made


def test_settings_that_are_not_the_engines_leave_it_alone():
    async def scenario(engines, world):
        engines.configure(Settings())
        await run_pending()
        engines.configure(s.put(Settings(), "sounds", False))
        await run_pending()
        assert engines.ready

    assert len(run(scenario).created) == 1


CHANGES = {"model": ("on_device.model", "whisper-small"), "language": ("language", "de")}


@pytest.mark.parametrize(("key", "value"), CHANGES.values(), ids=CHANGES)
def test_another_model_is_another_engine_at_once(key, value):
    async def scenario(engines, world):
        engines.configure(Settings())
        await run_pending()
        engines.configure(s.put(Settings(), key, value))
        await run_pending()
        assert engines.ready

    made = run(scenario).created
    assert [engine.closed for engine in made] == [True, True]


@pytest.mark.parametrize("how", ["missing", "broken"])
def test_an_engine_that_failed_is_tried_again_with_any_settings(how):
    async def scenario(engines, world):
        engines.configure(Settings())
        await run_pending()
        assert not engines.ready
        assert world.problems == [MODEL_MISSING]
        setattr(world, how, False)
        engines.configure(Settings())
        await run_pending()
        assert engines.ready
        engines.configure(Settings())
        await run_pending()

    world = run(scenario, **{how: True})
    assert world.problems == [MODEL_MISSING]
    assert len(world.created) == (2 if how == "missing" else 1)


def test_the_engine_has_the_model_of_the_settings(tmp_path, monkeypatch):
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "HF_HUB_CACHE"):
        monkeypatch.setenv(name, str(tmp_path))
    settings = s.put(Settings(), "on_device.model", "whisper-tiny")
    engine = create_engine(settings, lambda host: None)

    async def prepared() -> None:
        try:
            await engine.prepare()
        finally:
            await engine.close()

    with pytest.raises(ProblemError, match="The model Tiny is not downloaded yet"):
        asyncio.run(prepared())


def test_a_model_nobody_knows_is_told():
    settings = s.put(Settings(), "on_device.model", "whisper-smal")
    with pytest.raises(ProblemError, match="Did you mean whisper-small"):
        create_engine(settings, lambda host: None)


CONNECTION_LOST = untyped_problem("The connection was lost.", retry_after_s=5.0)


class AnsweringEngine(FakeEngine):
    """Fails, or answers at once."""

    def __init__(self, answer: str | Problem) -> None:
        super().__init__(missing=False)
        self.answer = answer

    async def transcribe(self, audio, on_event) -> str:
        if isinstance(self.answer, Problem):
            raise ProblemError(self.answer)
        return self.answer


WITH_FALLBACK = s.put(s.put(Settings(), "engine", "realtime"), "fallback", ("on-device",))


def test_who_may_have_to_help_is_made_ready_while_the_chosen_one_is_tried_again():
    async def scenario(engines, world):
        engines.configure(WITH_FALLBACK)
        engines.read(Take(number=1, id="1", rate_hz=16_000))  # somebody still speaks
        await run_pending()
        assert [engine.ready for engine in world.created] == [True, True]
        engines.drop(1)
        await run_pending()
        assert [engine.closed for engine in world.created] == [False, True]

    asyncio.run(run_scenario(scenario, FallbackScenario()))


class FallbackScenario(Scenario):
    def create_engine(self, settings: Settings) -> FakeEngine:
        self.created.append(
            AnsweringEngine(CONNECTION_LOST if settings.engine == "realtime" else "Hello.")
        )
        return self.created[-1]


async def run_scenario(scenario, world: Scenario) -> None:
    engines = world.engines()
    await scenario(engines, world)
    await engines.close()
