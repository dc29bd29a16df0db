"""The usage of a take is what the server reports, or the audio that was sent."""

from __future__ import annotations

import asyncio

import pytest

from event_loop import in_event_loop
from integration.test_realtime_protocols import SESSIONS, TEXT, noise, take_from
from sayso.core.problems import ProblemError
from sayso.core.settings.settings import Endpoint
from sayso.stt.reader import Reader
from sayso.stt.realtime.engine import RealtimeEngine
from sayso.stt.server.pricing import has_known_price
from service import KEY, StandIn, stay_silent
from service.vllm import MODEL

USAGE_REPORTS = {
    # server and model: seconds, tokens; None: those it was sent
    "openai, by duration": ("openai", "gpt-live-transcribe", 2.0, 0),
    "openai, by tokens": ("openai", "gpt-4o-transcribe", None, 19),
    "speaches": ("speaches", "own", 2.0, 0),
    "together": ("together", "own", 2.0, 0),
    "vllm": ("vllm", MODEL, None, 3),
}


@pytest.mark.parametrize(
    ("dialect", "model", "seconds", "tokens"), USAGE_REPORTS.values(), ids=USAGE_REPORTS
)
@in_event_loop()
async def test_the_usage_of_a_take_is_recorded(
    dialect: str, model: str, seconds: float | None, tokens: int
) -> None:
    session = {"session": SESSIONS[dialect]} if dialect in SESSIONS else {}
    async with StandIn([TEXT], **session) as service:
        endpoint = Endpoint(name="Attic", url=service.url, model=model, dialect=dialect)
        engine, take = RealtimeEngine(endpoint, "de", lambda _: KEY), take_from(noise(1.2))
        await engine.transcribe(Reader(take), lambda _: None)
        await engine.close()
        (used,) = take.usage
        assert (used.endpoint, used.tokens, used.cost_usd) == ("Attic", tokens, None)
        assert used.seconds == pytest.approx(seconds or 1.4, abs=0.01)  # 0.2 s of padding


@in_event_loop()
async def test_a_failed_take_costs_only_what_the_server_reported() -> None:
    async with StandIn([TEXT], misbehavior={"commit": stay_silent()}) as service:
        endpoint = Endpoint(name="Attic", url=service.url)
        engine, take = RealtimeEngine(endpoint, "", lambda _: KEY), take_from(noise(1.2))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await engine.transcribe(Reader(take), lambda _: None)
        refused = RealtimeEngine(endpoint, "", lambda _: "sk-of-somebody-else")
        with pytest.raises(ProblemError):
            await refused.transcribe(Reader(take), lambda _: None)
        await engine.close()
        await refused.close()
        assert take.usage == []


PRICED = {
    "OpenAI": (Endpoint(), True),
    "a model of one's own there": (Endpoint(model="mine"), False),
    "another host": (Endpoint(url="https://gateway.example/v1"), False),
    "no address": (Endpoint(url=""), False),
}


@pytest.mark.parametrize(("endpoint", "known"), PRICED.values(), ids=PRICED)
def test_only_known_prices_count_against_the_budget(endpoint: Endpoint, known: bool) -> None:
    assert has_known_price(endpoint) is known
