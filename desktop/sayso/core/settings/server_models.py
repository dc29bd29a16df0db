"""Table of OpenAI's transcription models, from `resources/server_models.toml`."""

from __future__ import annotations

from datetime import date
from typing import Literal

import attrs

from ..resources import load_toml
from ..usage import MONTHS

Option = Literal["language", "languages", "prompt", "keywords", "delay", "vad", "noise", "logprobs"]
DEFAULT_MODEL = "gpt-live-transcribe"
FILE_MODEL = "gpt-transcribe"
"""Replaces streaming models for file uploads, which refuse them with HTTP 404."""


@attrs.frozen
class ServerModel:
    """A model; the defaults are for one that is not in the table."""

    name: str
    options: frozenset[Option] = attrs.field(default=frozenset({"language"}), converter=frozenset)
    """'language' is one code, 'languages' a list; no model accepts both."""
    streams: bool = False
    """True if it sends text while the user speaks; otherwise after the commit."""
    billed_by: Literal["", "duration", "tokens"] = ""
    usd_per_minute: float | None = None
    """Price per minute of audio; approximate if billed by tokens."""
    shutdown_date: date | None = None
    successor: str = ""
    realtime: bool = True
    webrtc: bool = True

    @property
    def known(self) -> bool:
        return bool(self.billed_by)

    @property
    def deprecation_notice(self) -> str:
        if self.shutdown_date is None:
            return ""
        return f"OpenAI shuts down {self.name} on {self._last_day}. Use {self.successor}."

    @property
    def deprecation_hint(self) -> str:
        """The notice without the name of the model."""
        if self.shutdown_date is None:
            return ""
        return f"Available until {self._last_day}; replaced by {self.successor}."

    @property
    def label(self) -> str:
        return f"{self.name} (until {self._last_day})" if self.shutdown_date else self.name

    def cost_usd(self, audio_s: float) -> float | None:
        """Price of the audio; None if unknown."""
        return None if self.usd_per_minute is None else audio_s / 60 * self.usd_per_minute

    @property
    def _last_day(self) -> str:
        """'26 February 2027', in English on every computer."""
        day = self.shutdown_date
        return f"{day.day} {MONTHS.split()[day.month - 1]} {day.year}" if day else ""


MODELS = tuple(ServerModel(name, **row) for name, row in load_toml("server_models.toml").items())
_BY_NAME = {model.name: model for model in MODELS}


def by_name(name: str) -> ServerModel:
    return _BY_NAME.get(name) or ServerModel(name)


def realtime_models() -> tuple[ServerModel, ...]:
    """Return the models for realtime sessions: the default first, deprecated ones last."""
    return tuple(model for model in MODELS if model.realtime)
