"""What happens to dictations, and what is done about it: the words of `dictation`.

Events are wishes ("Start") or facts about a take ("Recognised"); commands are imperatives
that the worker obeys. Both carry the number of their take, so that late ones can be told.
"""

from __future__ import annotations

from typing import Literal

import attrs

from ..problems import Problem
from .take import Outcome

TimerName = Literal["limit", "tail", "text", "insert", "shown"]
Cue = Literal["stop", "error"]


# Events: wishes, then facts about a take.


@attrs.frozen
class Start:
    hands_free: bool = False


@attrs.frozen
class ContinueHandsFree:
    """Go on listening although the key is up."""


@attrs.frozen
class Stop: ...


@attrs.frozen
class Cancel: ...


@attrs.frozen
class Discard:
    """The key was the beginning of a shortcut: nothing was meant, nothing is kept."""


@attrs.frozen
class Retry:
    """Recognise the last failed take again."""


@attrs.frozen
class InsertHeld:
    """Insert the words that wait into the window that has the focus now."""


@attrs.frozen
class Dismiss: ...


@attrs.frozen
class ProblemReported:
    """Something beside the takes is wrong: tell it."""

    problem: Problem


@attrs.frozen
class Recovered:
    """Words of a take that a crash cut off are back: offer them. Its number is below 0, and
    so it comes before every take of this run."""

    take: int
    text: str
    spoken_at: str
    """When it was spoken, as a person says it: 14:32."""
    count: int = 1
    """How many are back; this is the newest."""


@attrs.frozen
class Reinsert:
    """Insert these words of the history into the window that has the focus then."""

    take: int
    text: str


@attrs.frozen
class TakeMessage:
    take: int


@attrs.frozen
class AudioLost(TakeMessage):
    """The microphone gave up; `recorded`: whether it gave anything before."""

    problem: Problem
    has_audio: bool


@attrs.frozen
class TailEnded(TakeMessage):
    """The voice has ended."""


@attrs.frozen
class Transcribed(TakeMessage):
    text: str


@attrs.frozen
class RecognitionFailed(TakeMessage):
    """The engine gave up; the take still has its audio."""

    problem: Problem


@attrs.frozen
class Inserted(TakeMessage): ...


@attrs.frozen
class FocusChanged(TakeMessage):
    """Not inserted, because another window has the focus."""


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


# Commands: what to do about it.


@attrs.frozen
class OpenMic(TakeMessage):
    """Make the take and append to it from now on."""


@attrs.frozen
class KeepTail(TakeMessage):
    """Say `TailOver` as soon as the voice ends."""


@attrs.frozen
class CloseMic(TakeMessage):
    """Append nothing more, and end the take's audio."""


@attrs.frozen
class StartRecognition(TakeMessage):
    """Point a reader at the take."""


@attrs.frozen
class CancelRecognition(TakeMessage): ...


@attrs.frozen
class Insert(TakeMessage):
    text: str
    any_window: bool
    """Whatever window has the focus, not only the take's target."""


@attrs.frozen
class ArchiveTake(TakeMessage):
    """The take is over: into history with it."""

    outcome: Outcome
    problem: Problem | None = None


@attrs.frozen
class DeleteTake(TakeMessage):
    """Leave no trace of it."""


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
