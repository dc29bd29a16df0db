"""Creation and preparation of engines, with fake engines."""

import asyncio
from pathlib import Path

import attrs
import pytest

from sayso.core.dictation.take import Take
from sayso.core.problems import Problem, ProblemError, ProblemKind
from sayso.core.settings import settings as s
from sayso.core.settings.settings import Settings
from sayso.dictation.recognition import Recognition
from sayso.stt.factory import create_engine

MODEL_MISSING = ProblemKind("test.model", "The model Small is not downloaded yet.")()
CONNECTION_LOST = ProblemKind("test.lost", "The connection was lost.")(retry_after_s=5.0)
WITH_FALLBACK = s.put(s.put(Settings(), "engine", "realtime"), "fallback", ("on-device",))


@attrs.define(eq=False)
class FakeEngine:
    missing: bool = False
    result: str | Problem = ""
    name: str = "on-device"
    ready: bool = False
    closed: bool = False

    async def prepare(self) -> None:
        if self.missing:
            raise ProblemError(MODEL_MISSING)
        self.ready = True

    async def transcribe(self, audio, on_event) -> str:
        if isinstance(self.result, Problem):
            raise ProblemError(self.result)
        return self.result

    async def close(self) -> None:
        self.closed = True


@attrs.define
class Scenario:
    """Creates fake engines and implements `RecognitionListener`."""

    missing: bool = False
    broken: bool = False
    server_result: str | Problem = ""
    created: list[FakeEngine] = attrs.field(factory=list)
    problems: list[Problem] = attrs.field(factory=list)

    def run(self, scenario) -> None:
        async def run() -> None:
            recognition = Recognition(self.create_engine, self.check_budget, self)
            await scenario(recognition)
            await recognition.close()

        asyncio.run(run())

    def create_engine(self, settings: Settings) -> FakeEngine:
        if self.broken:
            raise ProblemError(MODEL_MISSING)
        result = self.server_result if settings.engine == "realtime" else "Hello."
        self.created.append(FakeEngine(self.missing, result))
        return self.created[-1]

    async def check_budget(self, settings: Settings) -> None: ...

    def on_engine_update(self, take, update) -> None: ...

    def on_retry(self, take, delay) -> None: ...

    def on_ready_changed(self) -> None: ...

    def on_problem(self, problem: Problem) -> None:
        self.problems.append(problem)


async def run_pending() -> None:
    """Let the tasks that have been started finish."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_other_settings_do_not_replace_the_engine():
    async def scenario(recognition):
        recognition.configure(Settings())
        await run_pending()
        recognition.configure(s.put(Settings(), "sounds", False))
        await run_pending()
        assert recognition.ready

    environment = Scenario()
    environment.run(scenario)
    assert len(environment.created) == 1


CHANGES = {"model": ("on_device.model", "whisper-small"), "language": ("language", "de")}


@pytest.mark.parametrize(("key", "value"), CHANGES.values(), ids=CHANGES)
def test_engine_settings_replace_the_engine_at_once(key, value):
    async def scenario(recognition):
        recognition.configure(Settings())
        await run_pending()
        recognition.configure(s.put(Settings(), key, value))
        await run_pending()
        assert recognition.ready

    environment = Scenario()
    environment.run(scenario)
    assert [engine.closed for engine in environment.created] == [True, True]


@pytest.mark.parametrize("failure", ["missing", "broken"])
def test_a_failed_engine_is_created_again_with_any_settings(failure):
    async def scenario(recognition):
        recognition.configure(Settings())
        await run_pending()
        assert not recognition.ready
        assert environment.problems == [MODEL_MISSING]
        setattr(environment, failure, False)
        recognition.configure(Settings())
        await run_pending()
        assert recognition.ready
        recognition.configure(Settings())
        await run_pending()

    environment = Scenario(**{failure: True})
    environment.run(scenario)
    assert environment.problems == [MODEL_MISSING]
    assert len(environment.created) == (2 if failure == "missing" else 1)


def test_the_fallback_is_prepared_while_the_selected_engine_is_retried():
    async def scenario(recognition):
        recognition.configure(WITH_FALLBACK)
        take = Take(number=1, id="1", rate_hz=16_000)  # not ended: the user is speaking
        task = asyncio.create_task(recognition.transcribe(take))
        await run_pending()
        assert [engine.ready for engine in environment.created] == [True, True]
        task.cancel()
        await run_pending()
        assert [engine.closed for engine in environment.created] == [False, True]

    environment = Scenario(server_result=CONNECTION_LOST)
    environment.run(scenario)


@pytest.mark.parametrize(
    ("model", "problem"),
    [
        ("whisper-tiny", "The model Tiny is not downloaded yet"),
        ("whisper-smal", "Did you mean whisper-small"),
    ],
)
def test_the_on_device_engine_uses_the_selected_model(tmp_path, monkeypatch, model, problem):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    settings = s.put(Settings(), "on_device.model", model)

    async def prepare(models: Path) -> None:
        engine = create_engine(settings, lambda host: None, models, models)
        try:
            await engine.prepare()
        finally:
            await engine.close()

    with pytest.raises(ProblemError, match=problem):
        asyncio.run(prepare(tmp_path))
