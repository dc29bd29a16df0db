"""The status of dictation that the interface shows: one immutable value."""

from __future__ import annotations

from typing import Literal

import attrs

from ..problems import Problem
from ..recognition.fallback_policy import RetryDelay

State = Literal["idle", "listening", "finishing", "inserting", "failed"]


@attrs.frozen
class Status:
    """Replaced as a whole at every change; shown by the tray, the indicator and `sayso status`."""

    state: State = "idle"
    take: int = 0
    """Number of the newest take; the indicator starts again when it changes."""
    hands_free: bool = False
    has_audio: bool = False
    """True once the microphone has delivered the first sample of this take."""
    microphone_lost: bool = False
    """True while listening without a microphone, until it or another one is found."""
    retrying: RetryDelay | None = None
    """Set while the engine is unavailable and will be tried again."""
    partial: str = ""
    inserted_words: int | None = None
    fallback_engine: str = ""
    """The engine that transcribed the inserted text, if it is not the selected one."""
    empty_takes: int = 0
    """Number of takes in a row that contained no speech."""
    held_text: str = ""
    """Text that was not inserted, because the window changed or did not accept it."""
    offers_held_text: bool = False
    """True while the indicator offers to insert the held text."""
    recovered_spoken_at: str = ""
    """Local time (14:32) at which the held text was spoken, if it was recovered after a crash."""
    recovered_count: int = 0
    """Number of takes that were recovered; the held text is that of the newest."""
    problem: Problem | None = None
    ready: bool = False
    engine: str = ""
    last_text: str = ""
