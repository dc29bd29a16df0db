"""A take's way through the engines, over real sockets, with words that count."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import attrs
import pytest

from event_loop import run
from faults import words
from faults.harness import PAUSE, Hearing, hears
from integration.sample_takes import RATE_HZ, take_of
from sayso.core.dictation.take import Segment, Take
from sayso.core.problems import Problem, ProblemError
from sayso.core.recognition import fallback_policy
from sayso.core.recognition.fallback_policy import Waiting
from sayso.core.settings.endpoint import Endpoint
from sayso.stt.engine import Engine, News, Partial
from sayso.stt.fallback import Relay, Text, Told
from sayso.stt.realtime import openai, server_vad
from sayso.stt.realtime.engine import RealtimeEngine
from service import KEY, StandIn, drop, hang_up, stay_silent
from service.server_vad import FlatSession
from service.session import Session, Stage

BLOCK_BYTES = RATE_HZ // 50 * 2
QUIET = PAUSE * 50
"""One second."""
SERVER, HERE = "Test", "on-device"


@attrs.define(eq=False)
class World:
    """A take, the engines it may be read by, and what is told meanwhile."""

    engines: dict[str, Engine]
    take: Take = attrs.field(factory=lambda: take_of(ended=False))
    partials: list[str] = attrs.field(factory=list)
    waits: list[Waiting | None] = attrs.field(factory=list)
    has_waited: asyncio.Event = attrs.field(factory=asyncio.Event)
    passed: list[tuple[Problem, str]] = attrs.field(factory=list)

    async def read(self) -> Text:
        told = Told(heard=self._heard, waits=self._waits, passed_on=self._passed)
        return await Relay(self.take, list(self.engines), self._lend, told).text()

    async def read_while(self, pcm: bytes) -> Text:
        """Somebody says this meanwhile, as fast as one speaks."""
        saying = asyncio.create_task(say(self.take, pcm))
        try:
            return await self.read()
        finally:
            await saying

    @contextlib.asynccontextmanager
    async def _lend(self, name: str) -> AsyncIterator[Engine]:
        yield self.engines[name]

    def _heard(self, news: News) -> None:
        if isinstance(news, Partial):
            self.partials.append(news.text)

    def _waits(self, waiting: Waiting | None) -> None:
        self.waits.append(waiting)
        self.has_waited.set()

    def _passed(self, problem: Problem, name: str) -> None:
        self.passed.append((problem, name))


async def say(take: Take, pcm: bytes) -> None:
    began_s = time.monotonic()
    for start in range(0, len(pcm), BLOCK_BYTES):
        await asyncio.sleep(began_s + start / 2 / RATE_HZ - time.monotonic())
        take.add(pcm[start : start + BLOCK_BYTES])
    take.end()


def engine_of(service: StandIn, **fields: Any) -> RealtimeEngine:
    endpoint = Endpoint(name=SERVER, url=service.url, **fields)
    return RealtimeEngine(endpoint, "en", lambda _: KEY)


def heard(count: int, first: int = 0) -> str:
    return words.named(range(first, first + count))


def once(mischief: Callable[[Session], Awaitable[bool]]) -> Callable[[Session], Awaitable[bool]]:
    """On the first connection that gets so far; the next ones go on as usual."""
    met = []

    async def first(session: Session) -> bool:
        if met:
            return True
        met.append(session)
        return await mischief(session)

    return first


# Breaks


@pytest.mark.parametrize("model", ["gpt-live-transcribe", "gpt-transcribe"])
@pytest.mark.parametrize(
    ("stage", "how"),
    [
        ("created", hang_up(1012)),
        ("audio", drop()),
        ("second", hang_up(1011)),
        ("delta", drop()),
        ("commit", drop()),
        ("final", hang_up(1001, "60 minutes")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_break_costs_no_word_and_doubles_none(model: str, stage: Stage, how: Any) -> None:
    async def test() -> None:
        mischief = {stage: once(how)}
        async with StandIn(recognise=hears, live=True, mischief=mischief) as service:
            engine = engine_of(service, model=model)
            world = World({SERVER: engine})
            text = await world.read_while(words.speech(6, RATE_HZ))
            assert text == Text(heard(6), SERVER)
            assert len(service.records) == 2
            assert service.record.dropped_bytes == 0
            assert world.waits[-1] is None
            assert any(world.waits)
            lengths = [len(partial) for partial in world.partials]
            assert lengths == sorted(lengths)  # no word goes away in the pill
            await engine.close()

    run(test)


def test_a_server_that_restarts_is_waited_for() -> None:
    async def test() -> None:
        async with StandIn() as gone:
            pass
        service = StandIn(recognise=hears, port=gone.port)
        engine = engine_of(service)
        world = World({SERVER: engine})
        reading = asyncio.create_task(world.read_while(words.speech(6, RATE_HZ)))
        await world.has_waited.wait()
        async with service:
            assert await reading == Text(heard(6), SERVER)
        assert next(waiting.problem.what for waiting in world.waits if waiting).startswith(
            "Nothing answers at"
        )
        await engine.close()

    run(test)


def test_what_is_final_is_kept_and_the_rest_is_read_from_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(openai, "TURN_S", 0.5)
    spoken = words.speech(4, RATE_HZ) + PAUSE * 70 + words.speech(3, RATE_HZ, first=4) + QUIET

    async def test() -> None:
        met = []

        async def breaks(session: Session) -> bool:
            met.append(session)
            if len(met) != 2:  # the second is that of the commit at the end
                return True
            return await drop()(session)

        async with StandIn(recognise=hears, mischief={"commit": breaks}) as service:
            engine = engine_of(service, model="gpt-transcribe")
            world = World({SERVER: engine})
            assert await world.read_while(spoken) == Text(heard(7), SERVER)
            [segment] = world.take.settled
            assert segment.text == heard(4)
            assert 0.8 < segment.until_bytes / 2 / RATE_HZ < 3.0
            first, second = service.records
            assert hears(bytes(first.audio)) == heard(7)
            assert hears(bytes(second.audio)) == heard(3, first=4)
            assert world.partials[-1] == heard(7)
            await engine.close()

    run(test)


@pytest.mark.parametrize("model", ["gpt-live-transcribe", "gpt-realtime-whisper", "mine"])
def test_models_that_stream_are_not_committed_in_mid_take(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openai, "TURN_S", 0.2)

    async def test() -> None:
        dialect = openai.OpenAI("wss://api.openai.com/v1/realtime", model)
        dialect.audio(bytes(10 * 48_000))
        assert dialect.pause() == []

    run(test)


def test_a_server_that_hears_pauses_is_read_on_from_the_last_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server_vad, "NOTHING_S", 0.5)
    spoken = words.speech(3, RATE_HZ) + QUIET + words.speech(2, RATE_HZ, first=3) + QUIET

    class Hears(FlatSession):
        async def finish(self, item_id: str, text: str, size_bytes: int) -> None:
            await super().finish(item_id, text, size_bytes)
            if len(self.service.records) == 1:
                self.ws.transport.abort()

    async def test() -> None:
        async with StandIn(["w0 w1 w2", "w3 w4"], session=Hears) as service:
            engine = engine_of(service, dialect="speaches", model="m")
            world = World({SERVER: engine})
            assert await world.read_while(spoken) == Text(heard(5), SERVER)
            assert [segment.text for segment in world.take.settled][:1] == [heard(3)]
            assert hears(bytes(service.record.audio)) == heard(2, first=3)
            await engine.close()

    run(test)


# The next engine


def test_who_is_not_back_soon_after_the_release_is_passed_over() -> None:
    async def test() -> None:
        async with StandIn(recognise=hears, mischief={"second": drop()}) as service:
            engine = engine_of(service)
            world = World({SERVER: engine, HERE: Hearing()})
            saying = asyncio.create_task(say(world.take, words.speech(7, RATE_HZ)))
            reading = asyncio.create_task(world.read())
            await saying
            released_s = time.monotonic()
            assert await reading == Text(heard(7), HERE)
            assert (
                fallback_policy.LIMIT_S - 0.7
                < time.monotonic() - released_s
                < fallback_policy.LIMIT_S + 0.5
            )
            assert world.passed == []  # it may be back for the next take
            assert world.take.engine == HERE
            await engine.close()

    run(test)


def test_what_the_server_had_settled_is_not_read_again_by_the_next() -> None:
    async def test() -> None:
        take = take_of(words.speech(5, RATE_HZ))
        take.settled = (Segment(heard(2), len(words.speech(2, RATE_HZ))),)
        async with StandIn(http_status=401) as service:
            world = World({SERVER: engine_of(service), HERE: Hearing()}, take)
            assert await world.read() == Text(heard(5), HERE)
            await world.engines[SERVER].close()

    run(test)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"http_status": 401}, "Your API key was refused"),
        ({"http_status": 403}, "refused the connection"),
        ({"key": "another"}, "Your API key was refused"),
        ({"http_status": 404}, "No speech server answers at"),
        ({"model": "whisper-9"}, "“whisper-9” does not transcribe."),
        ({"url": "ws://speech.example/v1"}, "for all to read"),
    ],
    ids=str,
)
def test_what_no_try_mends_goes_to_the_next_at_once(options: dict[str, Any], what: str) -> None:
    async def test() -> None:
        fields = {name: options.pop(name) for name in ("model",) if name in options}
        url = options.pop("url", None)
        async with StandIn(recognise=hears, **options) as service:
            engine = engine_of(service, **fields)
            if url:
                engine.endpoint = attrs.evolve(engine.endpoint, url=url)
            world = World({SERVER: engine, HERE: Hearing()})
            began_s = time.monotonic()
            assert await world.read_while(words.speech(3, RATE_HZ)) == Text(heard(3), HERE)
            assert time.monotonic() - began_s < 1.2
            [(problem, name)] = world.passed
            assert what in problem.what
            assert name == HERE
            await engine.close()

    run(test)


def test_who_stays_silent_after_the_commit_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai, "ANSWER_S", 2.2)

    async def test() -> None:
        async with StandIn(recognise=hears, mischief={"final": stay_silent()}) as service:
            engine = engine_of(service)
            world = World({SERVER: engine, HERE: Hearing()}, take_of(words.speech(3, RATE_HZ)))
            assert await world.read() == Text(heard(3), HERE)
            await engine.close()

    run(test)


def test_a_long_replay_is_left_to_the_next_engine() -> None:
    """30 s follow in 10 s at three times their speed; the next engine has them sooner."""

    async def test() -> None:
        async with StandIn(recognise=hears) as service:
            engine = engine_of(service)
            world = World({SERVER: engine, HERE: Hearing()})
            world.take.add(words.speech(150, RATE_HZ))
            asyncio.get_running_loop().call_later(0.1, world.take.end)
            began_s = time.monotonic()
            text = await world.read()
            assert words.tally(80, " ".join(text.text.split()[:80])).right
            assert text.engine == HERE
            assert time.monotonic() - began_s < fallback_policy.LIMIT_S + 3.0
            await engine.close()

    run(test)


def test_a_recording_of_before_is_left_to_the_chosen_one() -> None:
    async def test() -> None:
        async with StandIn(recognise=hears) as service:
            engine = engine_of(service)
            world = World({SERVER: engine, HERE: Hearing()}, take_of(words.speech(45, RATE_HZ)))
            assert await world.read() == Text(heard(45), SERVER)
            await engine.close()

    run(test)


def test_nobody_left_is_the_first_ones_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fallback_policy, "LAST_LIMIT_S", 0.6)

    async def test() -> None:
        async with StandIn() as gone:
            pass
        engine = engine_of(gone)
        world = World({SERVER: engine}, take_of(words.speech(2, RATE_HZ)))
        with pytest.raises(ProblemError, match="Nothing answers at"):
            await world.read()
        assert len([waiting for waiting in world.waits if waiting]) >= 2
        assert world.waits[-1] is None
        await engine.close()

    run(test)


# Waiting as told


@pytest.mark.parametrize("how", ["header", "words"])
def test_a_busy_server_is_waited_for_as_it_asks(how: str) -> None:
    class Busy(Session):
        async def admitted(self, given: str | None, beta: bool) -> bool:
            if len(self.service.records) > 1:
                return await super().admitted(given, beta)
            message = "Rate limit reached. Please try again in 1.2s."
            return await self.turn_away("rate_limit_exceeded", message, 4000)

    class Closed(StandIn):
        asked = 0

        def _at_the_door(self, connection: Any, request: Any) -> Any:
            self.asked += 1
            if how == "words" or self.asked > 1:
                return None
            response = connection.respond(429, "busy\n")
            response.headers["Retry-After"] = "1"
            return response

    async def test() -> None:
        session = Busy if how == "words" else Session
        async with Closed(recognise=hears, session=session) as service:
            engine = engine_of(service)
            world = World({SERVER: engine}, take_of(words.speech(2, RATE_HZ)))
            began_s = time.monotonic()
            assert (await world.read()).text == heard(2)
            assert time.monotonic() - began_s > 1.0
            waiting = world.waits[0]
            assert waiting is not None
            assert waiting.problem.what.endswith("is busy.")
            assert waiting.wait_s >= 1.0
            await engine.close()

    run(test)


# Doubts


class Deaf(Session):
    """Works on a second of what it is sent, and says so."""

    def usage(self, size_bytes: int, text: str) -> dict[str, Any]:
        return {"type": "duration", "seconds": 1}


def test_a_server_that_dropped_audio_is_not_believed() -> None:
    async def test() -> None:
        async with StandIn(["w0 w1"], session=Deaf) as service:
            engine = engine_of(service)
            spoken = words.speech(15, RATE_HZ)
            world = World({SERVER: engine, HERE: Hearing()}, take_of(spoken))
            assert await world.read() == Text(heard(15), HERE)
            alone = World({SERVER: engine}, take_of(spoken))
            text = await alone.read()
            assert (text.text, text.engine) == ("w0 w1", SERVER)
            assert text.problem is not None
            assert "left out" in text.problem.what
            assert len(service.records) == 3  # alone it is asked once more
            await engine.close()

    run(test)


def test_an_empty_final_for_words_is_for_the_next_engine() -> None:
    async def test() -> None:
        async with StandIn([""]) as service:
            engine = engine_of(service)
            world = World({SERVER: engine, HERE: Hearing()}, take_of(words.speech(5, RATE_HZ)))
            assert await world.read() == Text(heard(5), HERE)
            quiet = World({SERVER: engine, HERE: Hearing()}, take_of(PAUSE * 50))
            assert await quiet.read() == Text("", SERVER)
            await engine.close()

    run(test)


# Cancelling


@pytest.mark.parametrize("when", ["waiting", "connected", "speaking"])
def test_it_can_be_cancelled_at_any_time(when: str) -> None:
    async def test() -> None:
        async with StandIn() as gone:
            pass
        reached = asyncio.Event()

        async def stop_here(_: Session) -> bool:
            reached.set()
            return False

        stage: Stage = "audio" if when == "speaking" else "created"
        service = gone if when == "waiting" else StandIn(mischief={stage: stop_here})
        async with contextlib.AsyncExitStack() as stack:
            if when != "waiting":
                await stack.enter_async_context(service)
            engine = engine_of(service)
            world = World({SERVER: engine, HERE: Hearing()})
            world.take.add(words.speech(2, RATE_HZ))
            reading = asyncio.create_task(world.read())
            await (world.has_waited if when == "waiting" else reached).wait()
            reading.cancel()
            began_s = time.monotonic()
            with pytest.raises(asyncio.CancelledError):
                await reading
            assert time.monotonic() - began_s < 0.2
            await asyncio.sleep(0)
            assert world.take._listeners == []
            await engine.close()

    run(test)
