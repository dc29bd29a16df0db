from __future__ import annotations

from datetime import date

import pytest

from sayso.core.settings import Endpoint
from sayso.stt import models
from sayso.stt.hints import Hints
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
