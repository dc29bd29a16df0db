"""Events and commands of the dictation state machine.

Events are intents of the user (`Start`) or reports about a take (`Transcribed`). Commands are
executed by the worker. Both carry the number of their take, so that late ones can be dropped.
"""

from __future__ import annotations

from typing import Literal

import attrs

from ..problems import Problem
from .take import Outcome

TimerName = Literal["limit", "tail", "text", "insert", "shown"]
Cue = Literal["stop", "error"]


@attrs.frozen
class Event: ...


@attrs.frozen
class Command: ...


# Events: intents of the user


@attrs.frozen
class Start(Event):
    hands_free: bool = False


class ContinueHandsFree(Event):
    """Continue to record after the key is released."""


class Stop(Event): ...


class Cancel(Event):
    """Stop without inserting text; the recording is kept in the history."""


class Discard(Event):
    """The hotkey turned out to be part of a shortcut: nothing is kept."""


class Retry(Event): ...  # of the last failed take


class InsertHeld(Event): ...


class Dismiss(Event):
    """Hide the problem or question that is shown."""


# Events: reports


@attrs.frozen
class ProblemReported(Event):
    """A problem that does not belong to a take."""

    problem: Problem


@attrs.frozen
class Recovered(Event):
    """A take that was interrupted by a crash has been transcribed: offer its text."""

    take: int
    text: str
    spoken_at: str  # local time, such as 14:32
    count: int = 1  # number of recovered takes; this is the newest


@attrs.frozen
class Reinsert(Event):
    """Insert text from the history into the window that has the focus."""

    take: int
    text: str


@attrs.frozen
class TakeEvent(Event):
    take: int


@attrs.frozen
class AudioLost(TakeEvent):
    """The microphone failed; `has_audio` is True if it delivered anything before."""

    problem: Problem
    has_audio: bool


class TailEnded(TakeEvent):
    """Speech has ended after the release of the key."""


@attrs.frozen
class Transcribed(TakeEvent):
    text: str


@attrs.frozen
class RecognitionFailed(TakeEvent):
    """No engine could transcribe the take; it still has its audio."""

    problem: Problem


@attrs.frozen
class Inserted(TakeEvent):
    word_count: int = 0
    fallback_engine: str = ""
    """The engine that transcribed the take, if it is not the selected one."""


class FocusChanged(TakeEvent): ...  # so the text was not inserted


@attrs.frozen
class InsertFailed(TakeEvent):
    problem: Problem


@attrs.frozen
class TimerFired(TakeEvent):
    timer: TimerName


# Commands


@attrs.frozen
class TakeCommand(Command):
    take: int


class OpenMic(TakeCommand):
    """Create the take and append audio to it from now on."""


class KeepTail(TakeCommand):
    """Report `TailEnded` as soon as speech ends."""


class CloseMic(TakeCommand):
    """Append no more audio and mark the take as ended."""


class StartRecognition(TakeCommand): ...


class CancelRecognition(TakeCommand): ...


@attrs.frozen
class Insert(TakeCommand):
    text: str
    any_window: bool
    """Insert into the window that has the focus instead of the target of the take."""


@attrs.frozen
class ArchiveTake(TakeCommand):
    """The take is over: add it to the history."""

    outcome: Outcome
    problem: Problem | None = None


class DeleteTake(TakeCommand):
    """Delete the recording; the history gets no entry."""


@attrs.frozen
class PlayCue(Command):
    cue: Cue


@attrs.frozen
class StartTimer(Command):
    after_s: float
    event: TimerFired
