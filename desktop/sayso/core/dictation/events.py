"""What happens to dictations, and what is done about it: the words of `dictation`.

Events are wishes ("Start") or facts about a take ("Recognised"); commands are imperatives
that the worker obeys. Both carry the number of their take, so that late ones can be told.
"""

from __future__ import annotations

from typing import Literal

import attrs

from ..problems import Problem
from .take import Outcome

Alarm = Literal["limit", "tail", "text", "insert", "shown"]
Cue = Literal["stop", "error"]


# Events: wishes, then facts about a take.


@attrs.frozen
class Start:
    hands_free: bool = False


@attrs.frozen
class HandsFree:
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
class Warn:
    """Something beside the takes is wrong: tell it."""

    problem: Problem


@attrs.frozen
class Rescued:
    """Words of a take that a crash cut off are back: offer them. Its number is below 0, and
    so it comes before every take of this run."""

    take: int
    text: str
    since: str
    """When it was spoken, as a person says it: 14:32."""
    count: int = 1
    """How many are back; this is the newest."""


@attrs.frozen
class Again:
    """Insert these words of the history into the window that has the focus then."""

    take: int
    text: str


@attrs.frozen
class OfTake:
    take: int


@attrs.frozen
class SoundLost(OfTake):
    """The microphone gave up; `recorded`: whether it gave anything before."""

    problem: Problem
    recorded: bool


@attrs.frozen
class TailOver(OfTake):
    """The voice has ended."""


@attrs.frozen
class Recognised(OfTake):
    text: str


@attrs.frozen
class Failed(OfTake):
    """The engine gave up; the take still has its audio."""

    problem: Problem


@attrs.frozen
class Landed(OfTake): ...


@attrs.frozen
class Held(OfTake):
    """Not inserted, because another window has the focus."""


@attrs.frozen
class NotLanded(OfTake):
    problem: Problem


@attrs.frozen
class Woke(OfTake):
    alarm: Alarm


Event = (
    Start
    | HandsFree
    | Stop
    | Cancel
    | Discard
    | Retry
    | InsertHeld
    | Dismiss
    | Warn
    | Rescued
    | Again
    | SoundLost
    | TailOver
    | Recognised
    | Failed
    | Landed
    | Held
    | NotLanded
    | Woke
)


# Commands: what to do about it.


@attrs.frozen
class OpenMic(OfTake):
    """Make the take and append to it from now on."""


@attrs.frozen
class KeepTail(OfTake):
    """Say `TailOver` as soon as the voice ends."""


@attrs.frozen
class CloseMic(OfTake):
    """Append nothing more, and end the take's audio."""


@attrs.frozen
class OpenEngine(OfTake):
    """Point a reader at the take."""


@attrs.frozen
class DropEngine(OfTake): ...


@attrs.frozen
class Insert(OfTake):
    text: str
    anywhere: bool
    """Whatever window has the focus, not only the take's target."""


@attrs.frozen
class Keep(OfTake):
    """The take is over: into history with it."""

    outcome: Outcome
    problem: Problem | None = None


@attrs.frozen
class Forget(OfTake):
    """Leave no trace of it."""


@attrs.frozen
class Play:
    cue: Cue


@attrs.frozen
class WakeMe:
    after_s: float
    woke: Woke


Command = (
    OpenMic | KeepTail | CloseMic | OpenEngine | DropEngine | Insert | Keep | Forget | Play | WakeMe
)
