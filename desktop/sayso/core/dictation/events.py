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


# Events: intents of the user


@attrs.frozen
class Start:
    hands_free: bool = False


@attrs.frozen
class ContinueHandsFree:
    """Continue to record after the key is released."""


@attrs.frozen
class Stop: ...


@attrs.frozen
class Cancel:
    """Stop without inserting text; the recording is kept in the history."""


@attrs.frozen
class Discard:
    """The hotkey turned out to be part of a shortcut: nothing is kept."""


@attrs.frozen
class Retry:
    """Transcribe the last failed take again."""


@attrs.frozen
class InsertHeld:
    """Insert the held text into the window that has the focus now."""


@attrs.frozen
class Dismiss:
    """Hide the problem or question that is shown."""


# Events: reports


@attrs.frozen
class ProblemReported:
    """A problem that does not belong to a take."""

    problem: Problem


@attrs.frozen
class Recovered:
    """A take that was interrupted by a crash has been transcribed: offer its text."""

    take: int
    text: str
    spoken_at: str
    """Local time, such as 14:32."""
    count: int = 1
    """Number of recovered takes; this is the newest."""


@attrs.frozen
class Reinsert:
    """Insert text from the history into the window that has the focus."""

    take: int
    text: str


@attrs.frozen
class TakeMessage:
    take: int


@attrs.frozen
class AudioLost(TakeMessage):
    """The microphone failed; `has_audio` is True if it delivered anything before."""

    problem: Problem
    has_audio: bool


@attrs.frozen
class TailEnded(TakeMessage):
    """Speech has ended after the release of the key."""


@attrs.frozen
class Transcribed(TakeMessage):
    text: str


@attrs.frozen
class RecognitionFailed(TakeMessage):
    """No engine could transcribe the take; it still has its audio."""

    problem: Problem


@attrs.frozen
class Inserted(TakeMessage):
    word_count: int = 0
    fallback_engine: str = ""
    """The engine that transcribed the take, if it is not the selected one."""


@attrs.frozen
class FocusChanged(TakeMessage):
    """The text was not inserted, because another window has the focus."""


@attrs.frozen
class InsertFailed(TakeMessage):
    problem: Problem


@attrs.frozen
class TimerFired(TakeMessage):
    timer: TimerName


Event = (
    Start
    | ContinueHandsFree
    | Stop
    | Cancel
    | Discard
    | Retry
    | InsertHeld
    | Dismiss
    | ProblemReported
    | Recovered
    | Reinsert
    | AudioLost
    | TailEnded
    | Transcribed
    | RecognitionFailed
    | Inserted
    | FocusChanged
    | InsertFailed
    | TimerFired
)


# Commands


@attrs.frozen
class OpenMic(TakeMessage):
    """Create the take and append audio to it from now on."""


@attrs.frozen
class KeepTail(TakeMessage):
    """Report `TailEnded` as soon as speech ends."""


@attrs.frozen
class CloseMic(TakeMessage):
    """Append no more audio and mark the take as ended."""


@attrs.frozen
class StartRecognition(TakeMessage): ...


@attrs.frozen
class CancelRecognition(TakeMessage): ...


@attrs.frozen
class Insert(TakeMessage):
    text: str
    any_window: bool
    """Insert into the window that has the focus instead of the target of the take."""


@attrs.frozen
class ArchiveTake(TakeMessage):
    """The take is over: add it to the history."""

    outcome: Outcome
    problem: Problem | None = None


@attrs.frozen
class DeleteTake(TakeMessage):
    """Delete the recording; the history gets no entry."""


@attrs.frozen
class PlayCue:
    cue: Cue


@attrs.frozen
class StartTimer:
    after_s: float
    event: TimerFired


Command = (
    OpenMic
    | KeepTail
    | CloseMic
    | StartRecognition
    | CancelRecognition
    | Insert
    | ArchiveTake
    | DeleteTake
    | PlayCue
    | StartTimer
)
