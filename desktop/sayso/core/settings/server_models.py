"""Table of OpenAI's transcription models: options, prices and shutdown dates. Pure.

Sources: OpenAI's model pages, its deprecation list of 2026-08-26, the types of the openai SDK
3.52, and measurements published by other clients in August and September 2026. A model that is
not in the table is sent one language and no other option.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

import attrs

Option = Literal["language", "languages", "prompt", "keywords", "delay", "vad", "noise", "logprobs"]
DEFAULT_MODEL = "gpt-live-transcribe"
FILE_MODEL = "gpt-transcribe"
"""Replaces streaming models for file uploads, which refuse them with HTTP 404."""


@attrs.frozen
class ServerModel:
    name: str
    options: frozenset[Option] = frozenset({"language"})
    """'language' is one code, 'languages' a list; no model accepts both."""
    streams: bool = False
    """Whether it sends text while the user speaks; otherwise after the commit."""
    billed_by: Literal["", "duration", "tokens"] = ""
    usd_per_minute: float | None = None
    """Price per minute of audio; approximate if billed by tokens."""
    shutdown_date: date | None = None
    successor: str = ""
    realtime: bool = True
    """Whether realtime sessions accept it."""
    webrtc: bool = True
    """Whether WebRTC sessions accept it too."""

    @property
    def known(self) -> bool:
        return bool(self.billed_by)

    @property
    def deprecation_notice(self) -> str:
        """Sentence about its shutdown; '' if none is announced."""
        if self.shutdown_date is None:
            return ""
        day = _format_date(self.shutdown_date)
        return f"OpenAI shuts down {self.name} on {day}. Use {self.successor}."

    @property
    def deprecation_hint(self) -> str:
        """The same without the name of the model."""
        if self.shutdown_date is None:
            return ""
        return f"Available until {_format_date(self.shutdown_date)}; replaced by {self.successor}."

    @property
    def label(self) -> str:
        """Text for a list of models."""
        if self.shutdown_date is None:
            return self.name
        return f"{self.name} (until {_format_date(self.shutdown_date)})"

    def cost_usd(self, audio_s: float) -> float | None:
        """Price of `audio_s` seconds of audio; None if unknown."""
        return None if self.usd_per_minute is None else audio_s / 60 * self.usd_per_minute


def _options(*options: Option) -> frozenset[Option]:
    return frozenset({"noise", *options})


_JANUARY, _FEBRUARY = date(2027, 1, 20), date(2027, 2, 26)
_LIVE = _options("languages", "prompt", "keywords", "delay")
_COMMITTED = _options("languages", "prompt", "keywords", "vad")
_GPT_4O = _options("language", "prompt", "vad", "logprobs")
_WHISPER = _options("language", "prompt", "vad")


def _mini(name: str, shutdown_date: date) -> ServerModel:
    return ServerModel(name, _GPT_4O, False, "tokens", 0.003, shutdown_date, FILE_MODEL)


MODELS: tuple[ServerModel, ...] = (
    ServerModel(DEFAULT_MODEL, _LIVE, True, "duration", 0.017),
    ServerModel(FILE_MODEL, _COMMITTED, False, "duration", 0.0045, webrtc=False),
    ServerModel("gpt-realtime-whisper", _options("language", "delay"), True, "duration", 0.017),
    ServerModel("gpt-4o-transcribe", _GPT_4O, False, "tokens", 0.006, _FEBRUARY, DEFAULT_MODEL),
    _mini("gpt-4o-mini-transcribe", _FEBRUARY),
    _mini("gpt-4o-mini-transcribe-2025-12-15", _FEBRUARY),
    _mini("gpt-4o-mini-transcribe-2025-03-20", _JANUARY),
    ServerModel("whisper-1", _WHISPER, False, "duration", 0.006, _FEBRUARY, FILE_MODEL),
    ServerModel(
        "gpt-4o-transcribe-diarize",
        frozenset(),
        False,
        "tokens",
        None,
        _FEBRUARY,
        FILE_MODEL,
        False,
    ),
)
_BY_NAME = {model.name: model for model in MODELS}


def by_name(name: str) -> ServerModel:
    """Return the model with that name, or an unknown model."""
    return _BY_NAME.get(name) or ServerModel(name)


def realtime_models() -> tuple[ServerModel, ...]:
    """Models for realtime sessions: the default first, deprecated ones last."""
    return tuple(model for model in MODELS if model.realtime)


def _format_date(day: date) -> str:
    """Return the date in English: '26 February 2027'."""
    months = "January February March April May June July August September October November December"
    return f"{day.day} {months.split()[day.month - 1]} {day.year}"
