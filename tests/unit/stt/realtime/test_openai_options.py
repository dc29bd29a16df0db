"""OpenAI's protocol: options that are sent to a model, and deviating servers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sayso.core.settings.endpoint import Endpoint
from sayso.stt.engine import Ready
from sayso.stt.realtime.messages import TRANSCRIPTION_PREFIX, Completed, Event
from sayso.stt.realtime.openai import OpenAIProtocol
from sayso.stt.server.auth import Credentials
from unit.stt.openai_helpers import (
    CLEARED,
    ONE_SECOND,
    URL,
    committed,
    completed,
    delta,
    error,
    ready,
    server_event,
)
from unit.stt.protocol_helpers import KEY, rejection, sent_message

# Options


ALL_OPTIONS: dict[str, Any] = {
    "prompt": "At sea.",
    "keywords": "Xenolab, AC-42",
    "delay": "low",
    "noise": "near_field",
}


def create_with_options(model: str) -> OpenAIProtocol:
    return OpenAIProtocol(Endpoint(url=URL, model=model, **ALL_OPTIONS), Credentials(KEY), "de")


def updated_fields(events: list[Event]) -> tuple[dict[str, Any], Any]:
    [event] = events
    audio_input = sent_message(event)["session"]["audio"]["input"]
    return audio_input["transcription"], audio_input.get("noise_reduction")


@pytest.mark.parametrize(
    ("model", "said", "noise"),
    [
        (
            "gpt-live-transcribe",
            {
                "languages": ["de"],
                "prompt": "At sea.",
                "keywords": ["Xenolab", "AC-42"],
                "delay": "low",
            },
            True,
        ),
        (
            "gpt-transcribe",
            {"languages": ["de"], "prompt": "At sea.", "keywords": ["Xenolab", "AC-42"]},
            True,
        ),
        ("gpt-realtime-whisper", {"language": "de", "delay": "low"}, True),
        ("whisper-1", {"language": "de", "prompt": "At sea."}, True),
        ("my-own", {"language": "de"}, False),
    ],
)
def test_a_model_is_sent_the_options_it_supports(
    model: str, said: dict[str, object], noise: bool
) -> None:
    transcription, reduction = updated_fields(
        create_with_options(model).receive(server_event("session.created"))
    )
    assert transcription == {"model": model, **said}
    assert reduction == ({"type": "near_field"} if noise else None)


FIELDS = ("languages", "prompt", "keywords", "delay", "noise_reduction")


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("named_by", ["param", "inner", "words"])
def test_a_rejected_option_is_removed_and_the_others_are_sent(name: str, named_by: str) -> None:
    where = f"session.audio.input.{name}"
    refused = {
        "param": error("unknown_parameter", param=where),
        "inner": error("invalid_value", param=f"{where}.type"),
        "words": error("not_supported", f"{name} is not supported"),
    }[named_by]
    protocol = create_with_options("gpt-live-transcribe")
    protocol.receive(server_event("session.created"))
    transcription, noise = updated_fields(protocol.receive(refused))
    kept = {*transcription, "noise_reduction"} if noise else set(transcription)
    assert kept == {"model", *FIELDS} - {name}
    assert "rejected the settings" in rejection(protocol.receive(refused))


def test_a_server_that_rejects_all_options_is_used_without_them() -> None:
    """SGLang refuses noise reduction and prompt, one after the other."""
    protocol = create_with_options("gpt-live-transcribe")
    protocol.receive(server_event("session.created"))
    for name in FIELDS:
        [again] = protocol.receive(error("not_supported", param=f"a.{name}"))
    assert updated_fields([again]) == ({"model": "gpt-live-transcribe"}, None)
    assert protocol.receive(server_event("session.updated")) == [Ready()]


def test_a_rejected_api_key_is_not_mistaken_for_an_option() -> None:
    protocol = create_with_options("gpt-live-transcribe")
    protocol.receive(server_event("session.created"))
    wrong = error("invalid_api_key", "Check your prompt for a key.")
    assert "rejected your API key" in rejection(protocol.receive(wrong))


# Deviating servers, from their source code or recorded sessions


DEVIATING_SERVERS = {
    "SGLang: created for added, deltas before the commit, the id reserved": (
        delta("Hel", "r1"),
        "commit",
        committed("r1"),
        server_event("conversation.item.created", item={"id": "r1"}),
        CLEARED,
        completed("Hello.", "r1"),
    ),
    "LocalAI: committed under another name": (
        "commit",
        committed("a"),
        CLEARED,
        delta("Hello.", "b"),
        completed("Hello.", "b"),
    ),
    "aimock: committed without a name": ("commit", committed(None), CLEARED, completed("Hello.")),
    "mlx-audio: no usage, no clear, errors without a type": (
        delta("Hello."),
        "commit",
        committed(),
        json.dumps({"error": {"message": "Unknown type input_audio_buffer.clear"}}),
        server_event(f"{TRANSCRIPTION_PREFIX}completed", item_id="i1", transcript="Hello."),
    ),
}


@pytest.mark.parametrize("log", DEVIATING_SERVERS.values(), ids=DEVIATING_SERVERS.keys())
def test_deviating_servers_are_supported(log: tuple[str, ...]) -> None:
    protocol = ready("ws://127.0.0.1:8000/v1", model="own")
    protocol.append_audio(ONE_SECOND)
    events: list[Event] = []
    for message in log:
        events = protocol.commit() if message == "commit" else protocol.receive(message)
    assert events[-1] == Completed("Hello.")


def test_an_error_without_a_type_is_handled() -> None:
    assert ": “Oh.”" in rejection(ready().receive('{"error": {"message": "Oh."}}'))
