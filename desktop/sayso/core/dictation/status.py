"""What the rest of the house may know about the dictation: one value, replaced as a whole."""

from __future__ import annotations

from typing import Literal

import attrs

from ..problems import Problem
from ..recognition.fallback_policy import RetryDelay

State = Literal["idle", "listening", "finishing", "inserting", "failed"]


@attrs.frozen
class Status:
    """Made by the worker at every change; shown by tray, pill and `sayso status`."""

    state: State = "idle"
    take: int = 0
    """Number of the take `state` is about; changes tell the pill to start anew."""
    hands_free: bool = False
    """Listening without a key held."""
    has_audio: bool = False
    """The microphone has given its first sample in this take."""
    microphone_lost: bool = False
    """Listening, and the microphone has gone: another is looked for."""
    retrying: RetryDelay | None = None
    """The engine could not, and is tried again."""
    partial: str = ""
    inserted_words: int | None = None
    """Set once when text has landed: how many words; None otherwise."""
    fallback_engine: str = ""
    """With `words`: the engine they came from, if it is not the chosen one."""
    empty_takes: int = 0
    """How many takes in a row ended without a word; 0 after any word."""
    held_text: str = ""
    """Words that wait for the user, because the window changed or did not take them."""
    offers_held_text: bool = False
    """Whether the user is asked now what to do with the held words (the pill shows it)."""
    recovered_spoken_at: str = ""
    """When the held words were spoken (14:32), if a crash cut them off."""
    recovered_count: int = 0
    """How many dictations that crash cut off; the held words are the newest."""
    problem: Problem | None = None
    """Shown until a new take, a choice, or 30 s."""
    ready: bool = False
    """The chosen engine can take a dictation now."""
    engine: str = ""
    last_text: str = ""
