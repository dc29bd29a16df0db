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
DEFAULT = "gpt-live-transcribe"


@attrs.frozen
class Model:
    name: str
    takes: frozenset[Option] = frozenset({"language"})
    """'language' is one, 'languages' a list; no model takes both."""
    streams: bool = False
    """Words come while somebody speaks; otherwise after the commit."""
    billed: Literal["", "duration", "tokens"] = ""
    usd_per_minute: float | None = None
    """Of audio; about, where it is billed by tokens."""
    gone_on: date | None = None
    """The day OpenAI shuts it down."""
    successor: str = ""
    realtime: bool = True
    """Whether a realtime session takes it."""
    webrtc: bool = True
    """Whether a call by WebRTC does, too (PROTOCOL 2)."""

    @property
    def known(self) -> bool:
        return bool(self.billed)

    @property
    def last_words(self) -> str:
        """What to know about its end; '' where none is announced."""
        if self.gone_on is None:
            return ""
        return f"OpenAI shuts {self.name} down on {_day(self.gone_on)}. Use {self.successor}."

    @property
    def until(self) -> str:
        """The same, where its name stands beside it."""
        if self.gone_on is None:
            return ""
        return f"It ends on {_day(self.gone_on)}; then {self.successor}."

    @property
    def title(self) -> str:
        """As a list offers it."""
        if self.gone_on is None:
            return self.name
        return f"{self.name} (until {_day(self.gone_on)})"

    def cost_usd(self, audio_s: float) -> float | None:
        """What so many seconds of audio cost; None where nobody knows."""
        return None if self.usd_per_minute is None else audio_s / 60 * self.usd_per_minute


def _takes(*options: Option) -> frozenset[Option]:
    return frozenset({"noise", *options})


_FEBRUARY, _JANUARY = date(2027, 2, 26), date(2027, 1, 20)
_OF_4O = _takes("language", "prompt", "vad", "logprobs")


def _mini(name: str, gone_on: date) -> Model:
    return Model(name, _OF_4O, False, "tokens", 0.003, gone_on, "gpt-transcribe")


MODELS: tuple[Model, ...] = (
    Model(DEFAULT, _takes("languages", "prompt", "keywords", "delay"), True, "duration", 0.017),
    Model("gpt-transcribe", _takes("languages", "prompt", "keywords", "vad"), False, "duration",
          0.0045, webrtc=False),
    Model("gpt-realtime-whisper", _takes("language", "delay"), True, "duration", 0.017),
    Model("gpt-4o-transcribe", _OF_4O, False, "tokens", 0.006, _FEBRUARY, DEFAULT),
    _mini("gpt-4o-mini-transcribe", _FEBRUARY),
    _mini("gpt-4o-mini-transcribe-2025-12-15", _FEBRUARY),
    _mini("gpt-4o-mini-transcribe-2025-03-20", _JANUARY),
    Model("whisper-1", _takes("language", "prompt", "vad"), False, "duration", 0.006, _FEBRUARY,
          "gpt-transcribe"),
    Model("gpt-4o-transcribe-diarize", frozenset(), False, "tokens", None, _FEBRUARY,
          "gpt-transcribe", realtime=False),
)  # fmt: skip
_BY_NAME = {model.name: model for model in MODELS}


def named(name: str) -> Model:
    """The model of that name; one's own has no entry, and takes what every one does."""
    return _BY_NAME.get(name) or Model(name)


def offered() -> tuple[Model, ...]:
    """Those a realtime session takes: the default first, those that go away last."""
    return tuple(model for model in MODELS if model.realtime)


def _day(day: date) -> str:
    """'26 February 2027', whatever the computer's language."""
    months = "January February March April May June July August September October November December"
    return f"{day.day} {months.split()[day.month - 1]} {day.year}"
