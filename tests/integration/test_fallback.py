"""Transcription of a take by several engines over real sockets, with words that can be counted."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any

import attrs
import pytest

from event_loop import in_event_loop
from fakes import engine_factories
from faults import words
from faults.harness import SILENCE_BLOCK, ToneEngine, recognize_24khz
from integration.sample_takes import RATE_HZ, take_from
from sayso.core.dictation.take import CommittedText, Take
from sayso.core.problems import Problem, ProblemError
from sayso.core.recognition.fallback_policy import FallbackLimits, RetryDelay
from sayso.core.settings.endpoint import Endpoint
from sayso.stt.engine import Engine, EngineUpdate, Partial
from sayso.stt.fallback import FallbackRunner, Transcript
from sayso.stt.realtime.engine import RealtimeEngine
from sayso.stt.realtime.openai import OpenAIProtocol
from sayso.stt.realtime.timeouts import Timeouts
from service import KEY, StandIn, close_with, drop_connection, stay_silent
from service.server_vad import ServerVadSession
from service.session import Session, Stage

BLOCK_BYTES = RATE_HZ // 50 * 2
SILENCE_1S = SILENCE_BLOCK * 50
SERVER, LOCAL = "Test", "on-device"


@attrs.define(eq=False)
class Scenario:
    """A take, the engines that may transcribe it, and the events of the listener."""

    engines: dict[str, Engine]
    take: Take = attrs.field(factory=lambda: take_from(ended=False))
    partials: list[str] = attrs.field(factory=list)
    delays: list[RetryDelay | None] = attrs.field(factory=list)
    delay_reported: asyncio.Event = attrs.field(factory=asyncio.Event)
    fallbacks: list[tuple[Problem, str]] = attrs.field(factory=list)

    async def run(self, limits: FallbackLimits | None = None) -> Transcript:
        factories = engine_factories(self.engines)
        try:
            return await FallbackRunner(self.take, factories, self, limits).run()
        finally:
            for engine in self.engines.values():
                await engine.close()

    async def run_while_speaking(self, pcm: bytes) -> Transcript:
        """Transcribe the take while this audio is appended in real time."""
        speaking = asyncio.create_task(speak(self.take, pcm))
        try:
            return await self.run()
        finally:
            await speaking

    def on_update(self, update: EngineUpdate) -> None:
        if isinstance(update, Partial):
            self.partials.append(update.text)

    def on_retry(self, delay: RetryDelay | None) -> None:
        self.delays.append(delay)
        self.delay_reported.set()

    def on_fallback(self, problem: Problem, engine: str) -> None:
        self.fallbacks.append((problem, engine))

    def on_candidate(self, engine: str) -> None: ...


async def speak(take: Take, pcm: bytes) -> None:
    began_s = time.monotonic()
    for start in range(0, len(pcm), BLOCK_BYTES):
        await asyncio.sleep(began_s + start / 2 / RATE_HZ - time.monotonic())
        take.append(pcm[start : start + BLOCK_BYTES])
    take.end()


def realtime_engine(
    service: StandIn, timeouts: Timeouts | None = None, **fields: Any
) -> RealtimeEngine:
    endpoint = Endpoint(name=SERVER, url=service.url, **fields)
    return RealtimeEngine(endpoint, "en", lambda _: KEY, timeouts=timeouts or Timeouts())


def speech(count: int, first: int = 0) -> bytes:
    return words.speech_audio(count, RATE_HZ, first)


def expected_text(count: int, first: int = 0) -> str:
    return words.text_of(range(first, first + count))


def first_connection_only(
    fault: Callable[[Session], Awaitable[bool]],
) -> Callable[[Session], Awaitable[bool]]:
    """Return a fault that occurs once, on the first connection that gets this far."""
    connections = []

    async def first(session: Session) -> bool:
        if connections:
            return True
        connections.append(session)
        return await fault(session)

    return first


# Broken connections


@pytest.mark.parametrize("model", ["gpt-live-transcribe", "gpt-transcribe"])
@pytest.mark.parametrize(
    ("stage", "fault"),
    [
        ("created", close_with(1012)),
        ("audio", drop_connection()),
        ("second", close_with(1011)),
        ("delta", drop_connection()),
        ("commit", drop_connection()),
        ("final", close_with(1001, "60 minutes")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@in_event_loop()
async def test_a_broken_connection_loses_and_duplicates_no_word(
    model: str, stage: Stage, fault: Any
) -> None:
    mischief = {stage: first_connection_only(fault)}
    async with StandIn(transcribe=recognize_24khz, live=True, misbehavior=mischief) as service:
        engine = realtime_engine(service, model=model)
        scenario = Scenario({SERVER: engine})
        text = await scenario.run_while_speaking(speech(6))
        assert text == Transcript(expected_text(6), SERVER)
        assert len(service.records) == 2
        assert service.record.dropped_bytes == 0
        assert scenario.delays[-1] is None
        assert any(scenario.delays)
        lengths = [len(partial) for partial in scenario.partials]
        assert lengths == sorted(lengths)  # no word that was shown disappears


@in_event_loop()
async def test_a_restarting_server_is_retried() -> None:
    async with StandIn() as stopped:
        pass
    service = StandIn(transcribe=recognize_24khz, port=stopped.port)
    scenario = Scenario({SERVER: realtime_engine(service)})
    reading = asyncio.create_task(scenario.run_while_speaking(speech(6)))
    await scenario.delay_reported.wait()
    async with service:
        assert await reading == Transcript(expected_text(6), SERVER)
    assert next(delay.problem.message for delay in scenario.delays if delay).startswith(
        "No server responds at"
    )


@in_event_loop()
async def test_committed_text_is_kept_and_the_rest_is_transcribed() -> None:
    timeouts = Timeouts(commit_interval_s=0.5)
    spoken = speech(4) + SILENCE_BLOCK * 70 + speech(3, first=4) + SILENCE_1S
    connections = []

    async def breaks(session: Session) -> bool:
        connections.append(session)
        if len(connections) != 2:  # the second commit is the one at the end
            return True
        return await drop_connection()(session)

    async with StandIn(transcribe=recognize_24khz, misbehavior={"commit": breaks}) as service:
        scenario = Scenario({SERVER: realtime_engine(service, timeouts, model="gpt-transcribe")})
        assert await scenario.run_while_speaking(spoken) == Transcript(expected_text(7), SERVER)
        [segment] = scenario.take.committed
        assert segment.text == expected_text(4)
        assert 0.8 < segment.end_bytes / 2 / RATE_HZ < 3.0
        first, second = service.records
        assert recognize_24khz(bytes(first.audio)) == expected_text(7)
        assert recognize_24khz(bytes(second.audio)) == expected_text(3, first=4)
        assert scenario.partials[-1] == expected_text(7)


@pytest.mark.parametrize("model", ["gpt-live-transcribe", "gpt-realtime-whisper", "mine"])
@in_event_loop()
async def test_streaming_models_are_not_committed_during_a_take(model: str) -> None:
    dialect = OpenAIProtocol(Endpoint(model=model), timeouts=Timeouts(commit_interval_s=0.2))
    dialect.append_audio(bytes(10 * 48_000))
    assert dialect.on_pause() == []


@in_event_loop()
async def test_after_a_break_a_server_with_vad_continues_after_the_last_pause() -> None:
    timeouts = Timeouts(no_speech_s=0.5)
    spoken = speech(3) + SILENCE_1S + speech(2, first=3) + SILENCE_1S

    class Hears(ServerVadSession):
        async def finish(self, item_id: str, text: str, size_bytes: int) -> None:
            await super().finish(item_id, text, size_bytes)
            if len(self.service.records) == 1:
                self.ws.transport.abort()

    async with StandIn(["w0 w1 w2", "w3 w4"], session=Hears) as service:
        scenario = Scenario(
            {SERVER: realtime_engine(service, timeouts, dialect="speaches", model="m")}
        )
        assert await scenario.run_while_speaking(spoken) == Transcript(expected_text(5), SERVER)
        assert [segment.text for segment in scenario.take.committed][:1] == [expected_text(3)]
        assert recognize_24khz(bytes(service.record.audio)) == expected_text(2, first=3)


# Fallback


@in_event_loop()
async def test_an_engine_that_does_not_return_soon_after_the_release_is_skipped() -> None:
    async with StandIn(
        transcribe=recognize_24khz, misbehavior={"second": drop_connection()}
    ) as service:
        scenario = Scenario({SERVER: realtime_engine(service), LOCAL: ToneEngine()})
        speaking = asyncio.create_task(speak(scenario.take, speech(7)))
        reading = asyncio.create_task(scenario.run())
        await speaking
        released_s = time.monotonic()
        assert await reading == Transcript(expected_text(7), LOCAL)
        assert (
            FallbackLimits().switch_after_s - 0.7
            < time.monotonic() - released_s
            < FallbackLimits().switch_after_s + 0.5
        )
        assert scenario.fallbacks == []  # the server may work again for the next take
        assert scenario.take.engine == LOCAL


@in_event_loop()
async def test_the_fallback_does_not_transcribe_committed_audio_again() -> None:
    take = take_from(speech(5))
    take.committed = (CommittedText(expected_text(2), len(speech(2))),)
    async with StandIn(http_status=401) as service:
        scenario = Scenario({SERVER: realtime_engine(service), LOCAL: ToneEngine()}, take)
        assert await scenario.run() == Transcript(expected_text(5), LOCAL)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"http_status": 401}, "rejected your API key"),
        ({"http_status": 403}, "refused the connection"),
        ({"key": "another"}, "rejected your API key"),
        ({"http_status": 404}, "There is no speech server at"),
        ({"model": "whisper-9"}, "“whisper-9” is not a transcription model."),
        ({"url": "ws://speech.example/v1"}, "would not be encrypted"),
    ],
    ids=str,
)
@in_event_loop()
async def test_a_permanent_failure_switches_to_the_fallback_at_once(
    options: dict[str, Any], what: str
) -> None:
    fields = {name: options.pop(name) for name in ("model",) if name in options}
    url = options.pop("url", None)
    async with StandIn(transcribe=recognize_24khz, **options) as service:
        engine = realtime_engine(service, **fields)
        if url:
            engine.endpoint = attrs.evolve(engine.endpoint, url=url)
        scenario = Scenario({SERVER: engine, LOCAL: ToneEngine()})
        began_s = time.monotonic()
        assert await scenario.run_while_speaking(speech(3)) == Transcript(expected_text(3), LOCAL)
        assert time.monotonic() - began_s < 1.2
        [(problem, name)] = scenario.fallbacks
        assert what in problem.message
        assert name == LOCAL


@in_event_loop()
async def test_a_server_that_does_not_answer_the_commit_is_skipped() -> None:
    timeouts = Timeouts(response_s=2.2)
    async with StandIn(transcribe=recognize_24khz, misbehavior={"final": stay_silent()}) as service:
        engine = realtime_engine(service, timeouts)
        scenario = Scenario({SERVER: engine, LOCAL: ToneEngine()}, take_from(speech(3)))
        assert await scenario.run() == Transcript(expected_text(3), LOCAL)


@in_event_loop()
async def test_a_long_backlog_is_left_to_the_fallback() -> None:
    """Sending 30 s again takes 10 s at three times real time; the fallback is faster."""
    async with StandIn(transcribe=recognize_24khz) as service:
        scenario = Scenario({SERVER: realtime_engine(service), LOCAL: ToneEngine()})
        scenario.take.append(speech(150))
        asyncio.get_running_loop().call_later(0.1, scenario.take.end)
        began_s = time.monotonic()
        text = await scenario.run()
        assert words.tally(80, " ".join(text.text.split()[:80])).correct
        assert text.engine == LOCAL
        assert time.monotonic() - began_s < FallbackLimits().switch_after_s + 3.0


@in_event_loop()
async def test_an_old_recording_is_left_to_the_selected_engine() -> None:
    async with StandIn(transcribe=recognize_24khz) as service:
        engine = realtime_engine(service)
        scenario = Scenario({SERVER: engine, LOCAL: ToneEngine()}, take_from(speech(45)))
        assert await scenario.run() == Transcript(expected_text(45), SERVER)


@in_event_loop()
async def test_if_all_engines_fail_the_problem_of_the_first_is_raised() -> None:
    async with StandIn() as stopped:
        pass
    engine = realtime_engine(stopped)
    scenario = Scenario({SERVER: engine}, take_from(speech(2)))
    with pytest.raises(ProblemError, match="No server responds at"):
        await scenario.run(FallbackLimits(retry_for_s=0.6))
    assert len([delay for delay in scenario.delays if delay]) >= 2
    assert scenario.delays[-1] is None


# Delays requested by the server


@pytest.mark.parametrize("fault", ["header", "words"])
@in_event_loop()
async def test_a_busy_server_is_retried_after_the_time_it_requests(fault: str) -> None:
    class Busy(Session):
        async def admitted(self, given: str | None, beta: bool) -> bool:
            if len(self.service.records) > 1:
                return await super().admitted(given, beta)
            message = "Rate limit reached. Please try again in 1.2s."
            return await self.reject("rate_limit_exceeded", message, 4000)

    class Closed(StandIn):
        asked = 0

        def _check_handshake(self, connection: Any, request: Any) -> Any:
            self.asked += 1
            if fault == "words" or self.asked > 1:
                return None
            response = connection.respond(429, "busy\n")
            response.headers["Retry-After"] = "1"
            return response

    session = Busy if fault == "words" else Session
    async with Closed(transcribe=recognize_24khz, session=session) as service:
        scenario = Scenario({SERVER: realtime_engine(service)}, take_from(speech(2)))
        began_s = time.monotonic()
        assert (await scenario.run()).text == expected_text(2)
        assert time.monotonic() - began_s > 1.0
        delay = scenario.delays[0]
        assert delay is not None
        assert delay.problem.message.endswith("is busy.")
        assert delay.wait_s >= 1.0


# Suspicious text


class DroppingSession(Session):
    """Processes one second of the audio and reports it."""

    def usage(self, size_bytes: int, text: str) -> dict[str, Any]:
        return {"type": "duration", "seconds": 1}


@in_event_loop()
async def test_text_is_not_trusted_if_the_server_dropped_audio() -> None:
    async with StandIn(["w0 w1"], session=DroppingSession) as service:
        engine = realtime_engine(service)
        spoken = speech(15)
        scenario = Scenario({SERVER: engine, LOCAL: ToneEngine()}, take_from(spoken))
        assert await scenario.run() == Transcript(expected_text(15), LOCAL)
        without_fallback = Scenario({SERVER: engine}, take_from(spoken))
        text = await without_fallback.run()
        assert (text.text, text.engine) == ("w0 w1", SERVER)
        assert text.problem is not None
        assert "skipped" in text.problem.message
        assert len(service.records) == 3  # without fallback it is tried twice


@in_event_loop()
async def test_an_empty_text_for_speech_is_not_trusted() -> None:
    async with StandIn([""]) as service:
        engine = realtime_engine(service)
        scenario = Scenario({SERVER: engine, LOCAL: ToneEngine()}, take_from(speech(5)))
        assert await scenario.run() == Transcript(expected_text(5), LOCAL)
        quiet = Scenario({SERVER: engine, LOCAL: ToneEngine()}, take_from(SILENCE_BLOCK * 50))
        assert await quiet.run() == Transcript("", SERVER)


# Cancellation


@pytest.mark.parametrize("when", ["waiting", "connected", "speaking"])
@in_event_loop()
async def test_transcription_can_be_canceled_at_any_time(when: str) -> None:
    async with StandIn() as stopped:
        pass
    reached = asyncio.Event()

    async def stop_here(_: Session) -> bool:
        reached.set()
        return False

    stage: Stage = "audio" if when == "speaking" else "created"
    service = stopped if when == "waiting" else StandIn(misbehavior={stage: stop_here})
    async with contextlib.AsyncExitStack() as stack:
        if when != "waiting":
            await stack.enter_async_context(service)
        scenario = Scenario({SERVER: realtime_engine(service), LOCAL: ToneEngine()})
        scenario.take.append(speech(2))
        reading = asyncio.create_task(scenario.run())
        await (scenario.delay_reported if when == "waiting" else reached).wait()
        reading.cancel()
        began_s = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert time.monotonic() - began_s < 0.2
        await asyncio.sleep(0)
        assert not scenario.take.has_listeners
