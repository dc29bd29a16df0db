"""Realtime sessions with third-party servers: aimock, and LiteLLM in front of the stand-in."""

from __future__ import annotations

import attrs
import pytest

from sayso.core.problems import Problem, ProblemError
from sayso.core.recognition.plausibility import EngineReport, needs_check
from sayso.core.settings.settings import Endpoint
from sayso.stt.engine import EngineEvent, Partial, Ready
from sayso.stt.realtime.engine import RealtimeEngine

from .standin import StandIn
from .third_party import MASTER, SOCKET_ALIAS, TEXT, transcribe_sample

pytestmark = pytest.mark.timeout(300)  # includes their start


def transcribe(
    endpoint: Endpoint, key: str | None, received: list[EngineEvent], language: str = "en"
) -> str:
    return transcribe_sample(RealtimeEngine(endpoint, language, lambda _: key), received)


def transcription_problem(endpoint: Endpoint, key: str | None) -> Problem:
    with pytest.raises(ProblemError) as caught:
        transcribe(endpoint, key, [])
    return caught.value.problem


HINTS = {"prompt": "At sea.", "keywords": "Xenolab, AC-42", "delay": "low", "noise": "near_field"}


@pytest.mark.parametrize(
    ("model", "hints"),
    [
        ("gpt-live-transcribe", {}),
        ("gpt-live-transcribe", HINTS),
        ("gpt-transcribe", HINTS),
        ("whisper-1", HINTS),
    ],
    ids=["live", "live, all hints", "transcribe, all hints", "whisper, all hints"],
)
def test_aimock_transcribes_a_take(aimock: Endpoint, model: str, hints: dict[str, str]) -> None:
    received: list[EngineEvent] = []
    assert transcribe(attrs.evolve(aimock, model=model, **hints), "sk-any", received) == TEXT
    assert isinstance(received[0], Ready)
    partials = [news.text for news in received if isinstance(news, Partial)]
    assert partials[-1] == TEXT
    assert all(TEXT.startswith(partial) for partial in partials)
    (account,) = [news for news in received if isinstance(news, EngineReport)]
    assert not needs_check(TEXT, account)


def test_a_model_unknown_to_aimock_is_a_problem(aimock: Endpoint) -> None:
    problem = transcription_problem(attrs.evolve(aimock, model="nobody-transcribe"), "sk-any")
    assert "rejected the settings: “Model nobody-transcribe" in problem.message
    assert problem.code.startswith("server.")


def test_a_take_is_transcribed_through_litellm(litellm: Endpoint, behind_socket: StandIn) -> None:
    received: list[EngineEvent] = []
    assert transcribe(litellm, MASTER, received) == "Through the gateway."
    assert isinstance(received[0], Ready)
    (account,) = [news for news in received if isinstance(news, EngineReport)]
    assert account.processed_s >= account.sent_s > 3
    assert not needs_check("Through the gateway.", account)
    record = behind_socket.record
    assert record.authorised
    assert record.too_early_bytes == record.dropped_bytes == 0


def test_litellm_routes_by_the_model_in_the_address(
    litellm: Endpoint, behind_socket: StandIn
) -> None:
    url = f"{litellm.url}/realtime?model={SOCKET_ALIAS}"
    endpoint = attrs.evolve(litellm, url=url, model="gpt-transcribe")
    assert transcribe(endpoint, MASTER, []) == "Through the gateway."


def test_without_a_model_in_the_address_litellm_uses_its_default(litellm: Endpoint) -> None:
    endpoint = attrs.evolve(litellm, model="gpt-realtime-whisper", model_in_url=False)
    assert transcribe(endpoint, MASTER, []) == "Through the gateway."


@pytest.mark.parametrize("key", ["sk-wrong-0123456789abcdef", None], ids=["wrong", "none"])
def test_an_api_key_unknown_to_litellm_is_rejected_in_the_handshake(
    litellm: Endpoint, key: str | None
) -> None:
    problem = transcription_problem(litellm, key)
    host = litellm.url.split("/")[2]
    assert problem.message == f"{host} refused the connection."
    assert problem.remedy == "Check the API key and the address."
    assert problem.detail == f"{host}: HTTP 403"


def test_an_alias_unknown_to_litellm_is_named(litellm: Endpoint) -> None:
    problem = transcription_problem(attrs.evolve(litellm, model="nobody"), MASTER)
    assert "does not know “nobody”" in problem.message
    assert MASTER not in problem.sentence + problem.detail
