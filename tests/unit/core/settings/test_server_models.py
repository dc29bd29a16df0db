"""The table of OpenAI's models, and the options that are sent to each of them."""

from __future__ import annotations

import json
from typing import get_args
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.settings import server_models as models
from sayso.core.settings.endpoint import Delay, NoiseReduction, ProtocolName
from sayso.core.settings.settings import Endpoint
from sayso.stt.realtime.detect import create_protocol
from sayso.stt.realtime.messages import Send
from sayso.stt.server.auth import Credentials
from sayso.stt.server.request_options import NOISE_FIELD, request_options
from service import rules

ALL_OPTIONS = Endpoint(prompt="At sea.", keywords="Xenolab, AC-42", delay="low", noise="far_field")


def test_the_default_model_is_listed_first() -> None:
    assert Endpoint().model == models.DEFAULT_MODEL == models.realtime_models()[0].name
    assert models.by_name(models.DEFAULT_MODEL).streams


@pytest.mark.parametrize("model", models.MODELS, ids=lambda model: model.name)
def test_the_model_table_is_consistent(model: models.ServerModel) -> None:
    assert models.by_name(model.name) is model
    assert model.known
    assert not {"language", "languages"} <= model.options
    assert not (model.streams and "vad" in model.options)
    assert (model.shutdown_date is None) == (model.successor == "")
    if model.successor:
        successor = models.by_name(model.successor)
        assert successor.realtime
        assert successor.shutdown_date is None
    if model.realtime:
        assert model.cost_usd(60) == model.usd_per_minute
        assert model in models.realtime_models()


def test_the_notice_of_a_deprecated_model_names_the_date_and_the_successor() -> None:
    old, current = models.by_name("whisper-1"), models.by_name("gpt-transcribe")
    assert old.label == "whisper-1 (until 26 February 2027)"
    assert old.deprecation_notice == (
        "OpenAI shuts down whisper-1 on 26 February 2027. Use gpt-transcribe."
    )
    assert current.label == "gpt-transcribe"
    assert current.deprecation_notice == current.deprecation_hint == ""


def test_an_unknown_model_accepts_one_language_and_has_no_price() -> None:
    unknown = models.by_name("my-own")
    assert unknown.options == {"language"}
    assert (unknown.known, unknown.streams, unknown.cost_usd(60)) == (False, False, None)


@pytest.mark.parametrize("name", rules.MODELS)
def test_the_fake_server_accepts_the_options_of_each_model(name: str) -> None:
    """The fake server has its own table of models, which must agree with the product's."""
    fields = request_options(ALL_OPTIONS, "de", name)
    noise = fields.pop(NOISE_FIELD, None)
    assert fields.keys() == rules.MODELS[name].fields
    session = rules.initial_session("s", 0)
    audio_input = {
        "transcription": {"model": name, **fields},
        "turn_detection": None,
        "noise_reduction": noise,
    }
    assert rules.updated_session(
        session, {"type": "transcription", "audio": {"input": audio_input}}
    )
    model, fake = models.by_name(name), rules.MODELS[name]
    assert (model.streams, "logprobs" in model.options) == (fake.streams, fake.logprobs)
    assert model.billed_by == ("tokens" if fake.billed_by_tokens else "duration")


def test_options_that_are_not_set_are_not_sent() -> None:
    assert request_options(Endpoint(), "", models.DEFAULT_MODEL) == {}
    assert request_options(ALL_OPTIONS, "de", "my-own") == {"language": "de"}


# The table of docs/realtime-protocol.md, entered independently.
CAPABILITIES = {
    "gpt-live-transcribe": ("streams", "languages prompt keywords delay", "duration", 0.017, ""),
    "gpt-realtime-whisper": ("streams", "language delay", "duration", 0.017, ""),
    "gpt-transcribe": ("", "languages prompt keywords vad", "duration", 0.0045, ""),
    "gpt-4o-transcribe": ("", "language prompt vad logprobs", "tokens", 0.006, "2027-02-26"),
    "gpt-4o-mini-transcribe": ("", "language prompt vad logprobs", "tokens", 0.003, "2027-02-26"),
    "gpt-4o-mini-transcribe-2025-12-15": (
        "", "language prompt vad logprobs", "tokens", 0.003, "2027-02-26"),
    "gpt-4o-mini-transcribe-2025-03-20": (
        "", "language prompt vad logprobs", "tokens", 0.003, "2027-01-20"),
    "whisper-1": ("", "language prompt vad", "duration", 0.006, "2027-02-26"),
    "gpt-4o-transcribe-diarize": ("", "", "tokens", None, "2027-02-26"),
}  # fmt: skip


@pytest.mark.parametrize("name", CAPABILITIES)
def test_the_table_agrees_with_the_documentation(name: str) -> None:
    streams, options, billed_by, usd_per_minute, shutdown_date = CAPABILITIES[name]
    model = models.by_name(name)
    assert model.streams == bool(streams)
    assert model.options - {"noise"} == set(options.split())
    assert (model.billed_by, model.usd_per_minute) == (billed_by, usd_per_minute)
    assert str(model.shutdown_date or "") == shutdown_date
    assert model.webrtc == (name != "gpt-transcribe")


def test_no_model_is_missing() -> None:
    assert {model.name for model in models.MODELS} == CAPABILITIES.keys()


endpoints = st.builds(
    Endpoint,
    url=st.sampled_from(["https://api.openai.com/v1", "https://gw.example/v1"]),
    model=st.sampled_from([*CAPABILITIES, "my-own", ""]),
    dialect=st.sampled_from(get_args(ProtocolName)),
    model_in_url=st.booleans(),
    prompt=st.sampled_from(["", " ", "At sea.", "p" * 1024]),
    keywords=st.sampled_from(["", "Xenolab, AC-42", ", ,"]),
    delay=st.sampled_from(get_args(Delay)),
    noise=st.sampled_from(get_args(NoiseReduction)),
)


@given(endpoints, st.sampled_from(["", "de", "zh-tw", "yue"]))
def test_an_unsupported_option_is_never_sent(endpoint: Endpoint, language: str) -> None:
    """Check what each protocol sends before the first audio, for all models and settings."""
    protocol = create_protocol(endpoint, language, Credentials("sk-1"))
    query = parse_qs(urlsplit(protocol.url).query)
    if urlsplit(protocol.url).hostname == "api.openai.com":
        assert query == {"intent": ["transcription"]}
    known = endpoint.model in CAPABILITIES
    supported = set(CAPABILITIES[endpoint.model][1].split()) if known else {"language"}
    for event in protocol.receive('{"type": "session.created", "session": {"audio": {}}}'):
        if not isinstance(event, Send):
            continue
        session = json.loads(event.message).get("session", {})
        audio_input = session.get("audio", {}).get("input", {})
        fields = audio_input.get("transcription", {})
        assert fields.keys() - {"model"} <= supported
        assert all(fields.values()) or not endpoint.model
        assert "noise_reduction" not in audio_input or known
        assert audio_input.get("turn_detection") is None
        assert "include" not in session
        if endpoint.model in rules.MODELS and audio_input:
            assert rules.updated_session(rules.initial_session("s", 0), session)
