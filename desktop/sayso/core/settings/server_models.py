"""What each transcription model takes, costs, and until when it is there. Pure.

From OpenAI's model pages, its list of deprecations of 2026-08-26, the types of the openai SDK
3.52, and what clients measured against the service (2026-08 and 2026-09). A model that is not
in the table is somebody's own: it is told one language, and nothing else.
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
    """'language' is one, 'languages' a list; no model takes both."""
    streams: bool = False
    """Words come while somebody speaks; otherwise after the commit."""
    billed_by: Literal["", "duration", "tokens"] = ""
    usd_per_minute: float | None = None
    """Of audio; about, where it is billed by tokens."""
    shutdown_date: date | None = None
    """The day OpenAI shuts it down."""
    successor: str = ""
    realtime: bool = True
    """Whether a realtime session takes it."""
    webrtc: bool = True
    """Whether a call by WebRTC does, too (PROTOCOL 2)."""

    @property
    def known(self) -> bool:
        return bool(self.billed_by)

    @property
    def deprecation_notice(self) -> str:
        """What to know about its end; '' where none is announced."""
        if self.shutdown_date is None:
            return ""
        return f"OpenAI shuts {self.name} down on {_format_date(self.shutdown_date)}. Use {self.successor}."  # noqa: E501

    @property
    def deprecation_hint(self) -> str:
        """The same, where its name stands beside it."""
        if self.shutdown_date is None:
            return ""
        return f"It ends on {_format_date(self.shutdown_date)}; then {self.successor}."

    @property
    def label(self) -> str:
        """As a list offers it."""
        if self.shutdown_date is None:
            return self.name
        return f"{self.name} (until {_format_date(self.shutdown_date)})"

    def cost_usd(self, audio_s: float) -> float | None:
        """What so many seconds of audio cost; None where nobody knows."""
        return None if self.usd_per_minute is None else audio_s / 60 * self.usd_per_minute


def _options(*options: Option) -> frozenset[Option]:
    return frozenset({"noise", *options})


_FEBRUARY, _JANUARY = date(2027, 2, 26), date(2027, 1, 20)
_OF_4O = _options("language", "prompt", "vad", "logprobs")


def _mini(name: str, gone_on: date) -> ServerModel:
    return ServerModel(name, _OF_4O, False, "tokens", 0.003, gone_on, "gpt-transcribe")


MODELS: tuple[ServerModel, ...] = (
    ServerModel(DEFAULT_MODEL, _options("languages", "prompt", "keywords", "delay"), True, "duration", 0.017),  # noqa: E501
    ServerModel("gpt-transcribe", _options("languages", "prompt", "keywords", "vad"), False, "duration",  # noqa: E501
          0.0045, webrtc=False),
    ServerModel("gpt-realtime-whisper", _options("language", "delay"), True, "duration", 0.017),
    ServerModel("gpt-4o-transcribe", _OF_4O, False, "tokens", 0.006, _FEBRUARY, DEFAULT_MODEL),
    _mini("gpt-4o-mini-transcribe", _FEBRUARY),
    _mini("gpt-4o-mini-transcribe-2025-12-15", _FEBRUARY),
    _mini("gpt-4o-mini-transcribe-2025-03-20", _JANUARY),
    ServerModel("whisper-1", _options("language", "prompt", "vad"), False, "duration", 0.006, _FEBRUARY,  # noqa: E501
          "gpt-transcribe"),
    ServerModel("gpt-4o-transcribe-diarize", frozenset(), False, "tokens", None, _FEBRUARY,
          "gpt-transcribe", realtime=False),
)  # fmt: skip
_BY_NAME = {model.name: model for model in MODELS}


def by_name(name: str) -> ServerModel:
    """The model of that name; one's own has no entry, and takes what every one does."""
    return _BY_NAME.get(name) or ServerModel(name)


def realtime_models() -> tuple[ServerModel, ...]:
    """Those a realtime session takes: the default first, those that go away last."""
    return tuple(model for model in MODELS if model.realtime)


def _format_date(day: date) -> str:
    """'26 February 2027', whatever the computer's language."""
    months = "January February March April May June July August September October November December"
    return f"{day.day} {months.split()[day.month - 1]} {day.year}"
