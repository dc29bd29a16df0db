"""File uploads to third-party servers: aimock, and LiteLLM in front of the stand-in."""

from __future__ import annotations

import attrs
import pytest

from sayso.core.problems import ProblemError
from sayso.core.settings.settings import Endpoint
from sayso.stt.engine import EngineEvent, Partial
from sayso.stt.file_upload.engine import FileUploadEngine

from .files import FileService
from .third_party import FILES_ALIAS, MASTER, TEXT, transcribe_sample

UPSTREAM_TEXT = "Through the gateway, as a file."
pytestmark = pytest.mark.timeout(300)  # includes their start
HINTS = {"prompt": "At sea.", "keywords": "Xenolab, AC-42"}


def transcribe(endpoint: Endpoint, key: str, received_events: list[EngineEvent]) -> str:
    files = attrs.evolve(endpoint, transport="rest")
    return transcribe_sample(FileUploadEngine(files, "en", lambda _: key), received_events)


@pytest.mark.parametrize(
    ("model", "streams"),
    [("gpt-transcribe", True), ("gpt-4o-transcribe", True), ("whisper-1", False), ("x/own", False)],
)
def test_aimock_transcribes_a_take(aimock: Endpoint, model: str, streams: bool) -> None:
    received_events: list[EngineEvent] = []
    assert transcribe(attrs.evolve(aimock, model=model, **HINTS), "sk-any", received_events) == TEXT
    partials = [news.text for news in received_events if isinstance(news, Partial)]
    assert bool(partials) == streams
    assert all(TEXT.startswith(partial) for partial in partials)


def test_a_file_is_transcribed_through_litellm(
    litellm: Endpoint, behind_files: FileService
) -> None:
    assert transcribe(attrs.evolve(litellm, model=FILES_ALIAS), MASTER, []) == UPSTREAM_TEXT
    assert behind_files.received[-1].fields["language"] == ["en"]
    assert behind_files.received[-1].filename.endswith(".wav")


def test_options_are_sent_through_litellm(litellm: Endpoint, behind_files: FileService) -> None:
    endpoint = attrs.evolve(litellm, model="gpt-transcribe", **HINTS)
    assert transcribe(endpoint, MASTER, []) == UPSTREAM_TEXT
    assert behind_files.received[-1].fields["prompt"] == ["At sea."]


@pytest.mark.parametrize(
    ("model", "key", "sentence"),
    [
        (FILES_ALIAS, "sk-wrong", "rejected your API key"),
        ("nobody", MASTER, "does not know “nobody”"),
    ],
    ids=["wrong key", "unknown alias"],
)
def test_errors_of_litellm_are_problems(
    litellm: Endpoint, model: str, key: str, sentence: str
) -> None:
    with pytest.raises(ProblemError) as caught:
        transcribe(attrs.evolve(litellm, model=model), key, [])
    assert sentence in caught.value.problem.sentence
