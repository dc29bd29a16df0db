from __future__ import annotations

import json
from datetime import date
from typing import get_args
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.settings.endpoint import Delay, DialectName, Noise
from sayso.core.settings.settings import Endpoint
from sayso.stt.realtime.detect import dialect_for
from sayso.stt.realtime.protocol import Send
from sayso.stt.server import models
from sayso.stt.server.auth import Access
from sayso.stt.server.request_options import Hints
from service import rules

SAID = Endpoint(prompt="At sea.", keywords="Xenolab, AC-42", delay="low", noise="far_field")


def test_the_default_of_the_settings_is_the_first_that_is_offered() -> None:
    assert Endpoint().model == models.DEFAULT == models.offered()[0].name
    assert models.named(models.DEFAULT).streams


@pytest.mark.parametrize("model", models.MODELS, ids=lambda model: model.name)
def test_the_table_is_sound(model: models.Model) -> None:
    assert models.named(model.name) is model
    assert model.known
    assert not {"language", "languages"} <= model.takes
    assert not (model.streams and "vad" in model.takes)
    assert (model.gone_on is None) == (model.successor == "")
    if model.successor:
        successor = models.named(model.successor)
        assert successor.realtime
        assert successor.gone_on is None
    if model.realtime:
        assert model.cost_usd(60) == model.usd_per_minute
        assert model in models.offered()


def test_those_that_go_away_are_offered_with_the_day_and_what_follows_them() -> None:
    going = {model.name: model.gone_on for model in models.MODELS if model.gone_on}
    assert going.pop("gpt-4o-mini-transcribe-2025-03-20") == date(2027, 1, 20)
    assert len(going) == 5
    assert set(going.values()) == {date(2027, 2, 26)}
    old = models.named("whisper-1")
    assert old.title == "whisper-1 (until 26 February 2027)"
    assert old.last_words == (
        "OpenAI shuts whisper-1 down on 26 February 2027. Use gpt-transcribe."
    )
    assert models.named("gpt-transcribe").title == "gpt-transcribe"
    assert models.named("gpt-transcribe").last_words == models.named("gpt-transcribe").until == ""


def test_ones_own_model_is_told_one_language_and_costs_nobody_knows_what() -> None:
    own = models.named("my-own")
    assert (own.takes, own.known, own.streams) == (frozenset({"language"}), False, False)
    assert own.cost_usd(60) is None


@pytest.mark.parametrize("name", rules.MODELS)
def test_nothing_is_said_that_the_model_does_not_take(name: str) -> None:
    """The stand-in's table was written apart from ours: they have to agree."""
    hints = Hints.of(SAID, "de")
    fields = hints.transcription(name)
    assert fields.keys() == rules.MODELS[name].takes
    session = rules.first_session("s", 0)
    audio_input = {
        "transcription": {"model": name, **fields},
        "turn_detection": None,
        "noise_reduction": hints.noise_reduction(name),
    }
    assert rules.updated(session, {"type": "transcription", "audio": {"input": audio_input}})
    ours = models.named(name)
    theirs = rules.MODELS[name]
    assert (ours.streams, "logprobs" in ours.takes) == (theirs.streams, theirs.logprobs)
    assert ours.billed == ("tokens" if theirs.tokens else "duration")


def test_what_is_not_set_is_not_said() -> None:
    hints = Hints.of(Endpoint(), "")
    assert hints == Hints()
    assert hints.transcription(models.DEFAULT) == {}
    assert hints.noise_reduction(models.DEFAULT) is None
    assert Hints.of(SAID, "de").transcription("my-own") == {"language": "de"}
    assert Hints.of(SAID, "de").noise_reduction("my-own") is None


# PROTOCOL 1.5, 1.11 and 0.2, typed in from there a second time.
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
def test_the_table_says_what_the_protocol_says(name: str) -> None:
    streams, takes, billed, usd, gone_on = CAPABILITIES[name]
    model = models.named(name)
    assert model.streams == bool(streams)
    assert model.takes - {"noise"} == set(takes.split())
    assert (model.billed, model.usd_per_minute) == (billed, usd)
    assert str(model.gone_on or "") == gone_on
    assert model.webrtc == (name != "gpt-transcribe")


def test_no_model_is_missing_from_it() -> None:
    assert {model.name for model in models.MODELS} == CAPABILITIES.keys()


endpoints = st.builds(
    Endpoint,
    url=st.sampled_from(["https://api.openai.com/v1", "https://gw.example/v1"]),
    model=st.sampled_from([*CAPABILITIES, "somebody's own", ""]),
    dialect=st.sampled_from(get_args(DialectName)),
    model_in_url=st.booleans(),
    prompt=st.sampled_from(["", " ", "At sea.", "p" * 1024]),
    keywords=st.sampled_from(["", "Xenolab, AC-42", ", ,"]),
    delay=st.sampled_from(get_args(Delay)),
    noise=st.sampled_from(get_args(Noise)),
)


@given(endpoints, st.sampled_from(["", "de", "zh-tw", "yue"]))
def test_an_option_that_a_model_does_not_take_is_never_sent(
    endpoint: Endpoint, language: str
) -> None:
    """All models with all settings, by every dialect, up to the first audio."""
    dialect = dialect_for(endpoint, language, Access("sk-1"))
    query = parse_qs(urlsplit(dialect.url).query)
    if urlsplit(dialect.url).hostname == "api.openai.com":
        assert query == {"intent": ["transcription"]}
    taken = set(CAPABILITIES.get(endpoint.model, ("", "language", "", None, ""))[1].split())
    known = endpoint.model in CAPABILITIES
    for event in dialect.hear('{"type": "session.created", "session": {"audio": {}}}'):
        if not isinstance(event, Send):
            continue
        update = json.loads(event.message)
        told = update.get("session", {}).get("audio", {}).get("input", {})
        fields = told.get("transcription", {})
        assert fields.keys() - {"model"} <= taken
        assert all(fields.values()) or not endpoint.model
        assert "noise_reduction" not in told or known
        assert told.get("turn_detection") is None
        assert "include" not in update.get("session", {})
        if endpoint.model in rules.MODELS and told:
            assert rules.updated(rules.first_session("s", 0), update["session"])
