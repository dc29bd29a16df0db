"""Which engine is made when; with engines that only remember."""

import asyncio

import attrs
import pytest

from sayso.core import settings as s
from sayso.core.problems import Problem, ProblemError
from sayso.core.settings import Settings
from sayso.engines import Engines, Told, make_engine

MISSING = Problem("The model Small is not downloaded yet.", "Download it (486 MB).")


class Fake:
    name = "on-device"

    def __init__(self, missing: bool) -> None:
        self.missing, self.ready, self.closed = missing, False, False

    async def prepare(self) -> None:
        if self.missing:
            raise ProblemError(MISSING)
        self.ready = True

    async def close(self) -> None:
        self.closed = True


@attrs.define
class World:
    missing: bool = False
    broken: bool = False
    made: list[Fake] = attrs.field(factory=list)
    told: list[Problem] = attrs.field(factory=list)

    def make(self, settings: Settings) -> Fake:
        if self.broken:
            raise ProblemError(MISSING)
        self.made.append(Fake(self.missing))
        return self.made[-1]

    def engines(self) -> Engines:
        nothing = lambda *_: None  # noqa: E731
        return Engines(
            self.make,  # type: ignore[arg-type]
            Told(
                heard=nothing,
                waits=nothing,
                recognised=nothing,
                failed=nothing,
                changed=nothing,
                problem=self.told.append,
            ),
        )


async def rest() -> None:
    """What was begun is done."""
    for _ in range(5):
        await asyncio.sleep(0)


def run(scenario, **world) -> World:
    made = World(**world)

    async def whole() -> None:
        engines = made.engines()
        await scenario(engines, made)
        await engines.close()

    asyncio.run(whole())
    return made


def test_settings_that_are_not_the_engines_leave_it_alone():
    async def scenario(engines, world):
        engines.configure(Settings())
        await rest()
        engines.configure(s.put(Settings(), "sounds", False))
        await rest()
        assert engines.ready

    assert len(run(scenario).made) == 1


CHANGES = {"model": ("on_device.model", "whisper-small"), "language": ("language", "de")}


@pytest.mark.parametrize(("key", "value"), CHANGES.values(), ids=CHANGES)
def test_another_model_is_another_engine_at_once(key, value):
    async def scenario(engines, world):
        engines.configure(Settings())
        await rest()
        engines.configure(s.put(Settings(), key, value))
        await rest()
        assert engines.ready

    made = run(scenario).made
    assert [engine.closed for engine in made] == [True, True]


@pytest.mark.parametrize("how", ["missing", "broken"])
def test_an_engine_that_failed_is_tried_again_with_any_settings(how):
    async def scenario(engines, world):
        engines.configure(Settings())
        await rest()
        assert not engines.ready
        assert world.told == [MISSING]
        setattr(world, how, False)
        engines.configure(Settings())
        await rest()
        assert engines.ready
        engines.configure(Settings())
        await rest()

    world = run(scenario, **{how: True})
    assert world.told == [MISSING]
    assert len(world.made) == (2 if how == "missing" else 1)


def test_the_engine_has_the_model_of_the_settings(tmp_path, monkeypatch):
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "HF_HUB_CACHE"):
        monkeypatch.setenv(name, str(tmp_path))
    settings = s.put(Settings(), "on_device.model", "whisper-tiny")
    engine = make_engine(settings, lambda host: None)

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
        make_engine(settings, lambda host: None)
