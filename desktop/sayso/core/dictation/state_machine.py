"""The life of dictations, as a pure state machine: events in, commands out.

           Start             Stop          TailOver           Recognised       (its turn)
    (none) -----> LISTENING ------> TAIL -----------> FINISHING --------> READY --------> INSERTING
                      |              |                    |                                   |
                      +--------------+--- Cancel, Failed -+                    Landed, Held, --+
                                          (taken off, kept in history)         NotLanded

Takes overlap: a press while one is finishing starts the next. They are inserted in the
order they were spoken, one at a time, and none while a key is held (the modifiers of the
hotkey would turn letters into shortcuts).

`Dictation.handle()` opens nothing, waits for nothing and reads no clock: a deadline is a
`WakeMe` command that comes back as `Woke`. Events carry the number of their take; those of
a take that is over are dropped.
"""

from __future__ import annotations

import enum

import attrs

from ..problems import Problem
from .events import (
    Again,
    Cancel,
    CloseMic,
    Command,
    Discard,
    DropEngine,
    Event,
    Failed,
    Forget,
    HandsFree,
    Held,
    Insert,
    InsertHeld,
    Keep,
    KeepTail,
    Landed,
    NotLanded,
    OfTake,
    OpenEngine,
    OpenMic,
    Play,
    Recognised,
    Rescued,
    Retry,
    SoundLost,
    Start,
    Stop,
    TailOver,
    WakeMe,
    Warn,
    Woke,
)
from .status import State

LONGEST_TAKE_S = 600.0
LONGEST_TAIL_S = 0.3
LONGEST_WAIT_FOR_TEXT_S = 600.0
"""Engines have shorter deadlines of their own, and a long take that is sent again takes 200 s; this
one is for an engine with a bug."""
LONGEST_INSERT_S = 30.0
LONGEST_SHOWN_S = 120.0
"""The pill dismisses itself after 30 s unless hovered; this is for where there is none."""

NO_ANSWER = Problem(
    "The words did not come back in time.", "Your recording is kept.", action="try-again"
)
NOT_TYPED = Problem(
    "The window did not take the words in time.", "Copy them and paste them.", action="copy"
)
STOPPED_AFTER_LIMIT = Problem("Sayso has stopped listening after 10 minutes.")


class Phase(enum.Enum):
    LISTENING = "listening"
    TAIL = "tail"
    FINISHING = "finishing"
    READY = "ready"
    INSERTING = "inserting"


@attrs.define
class _Live:
    phase: Phase
    hands_free: bool = False
    anywhere: bool = False
    """Insert it wherever the focus is: the person asked for it there."""
    text: str = ""
    broken: Problem | None = None
    """The engine gave up while the person was speaking; recording goes on all the same."""


class Dictation:
    """Only the worker's thread calls it."""

    def __init__(self) -> None:
        self.number = 0
        """Of the newest take."""
        self.problem: Problem | None = None
        """Told to the user now."""
        self.held_text = ""
        """Words that wait; they stay until inserted or replaced."""
        self.asks = False
        """Whether the user is asked now what to do with the held words."""
        self.rescued = ""
        """When the held words were spoken, if a crash cut them off; else ''."""
        self.rescued_count = 0
        """How many were cut off, of which these are the newest."""
        self.nothing_heard = 0
        self._live: dict[int, _Live] = {}
        self._failed = 0
        self._held = 0

    @property
    def state(self) -> State:
        phases = {live.phase for live in self._live.values()}
        if Phase.LISTENING in phases:
            return "listening"
        if Phase.INSERTING in phases:
            return "inserting"
        if phases:
            return "finishing"
        return "failed" if self.problem else "idle"

    @property
    def listening(self) -> bool:
        return self._spoken() is not None

    @property
    def hands_free(self) -> bool:
        number = self._spoken()
        return number is not None and self._live[number].hands_free

    @property
    def alive(self) -> frozenset[int]:
        """Takes that are not over."""
        return frozenset(self._live)

    @property
    def wanted(self) -> frozenset[int]:
        """Takes that are over and may be tried or inserted again."""
        return frozenset({self._failed, self._held} - {0})

    def phase(self, take: int) -> Phase | None:
        """None once the take is over."""
        live = self._live.get(take)
        return live.phase if live else None

    def handle(self, event: Event) -> list[Command]:
        if isinstance(event, Woke) and event.alarm == "shown":
            if event.take == self.number:
                self._clear()
            return []
        if isinstance(event, OfTake):
            live = self._live.get(event.take)
            commands = self._of_take(event, live) if live else []
        else:
            commands = self._wish(event)
        return [*commands, *self._next()]

    # Wishes

    def _wish(self, event: Event) -> list[Command]:
        match event:
            case Start(hands_free=hands_free):
                return self._start(hands_free)
            case HandsFree():
                return self._go_hands_free()
            case Stop():
                return self._stop()
            case Cancel():
                return self._cancel()
            case Discard():
                return self._discard()
            case Retry():
                return self._retry()
            case InsertHeld():
                return self._insert_held()
            case Warn(problem=problem):
                return self._tell(problem)
            case Rescued() | Again():
                return self._of_the_past(event)
            case _:
                self._clear()
                return []

    def _start(self, hands_free: bool) -> list[Command]:
        if self.listening:
            return []
        commands: list[Command] = []
        for number, live in list(self._live.items()):
            if live.phase is Phase.TAIL:
                commands += self._finish(number, live)
        self._clear()
        self.number += 1
        self._live[self.number] = _Live(Phase.LISTENING, hands_free=hands_free)
        return [
            *commands,
            OpenMic(self.number),  # first: speech starts before the engine is ready
            OpenEngine(self.number),
            WakeMe(LONGEST_TAKE_S, Woke(self.number, "limit")),
        ]

    def _go_hands_free(self) -> list[Command]:
        if (number := self._spoken()) is not None:
            self._live[number].hands_free = True
        return []

    def _stop(self) -> list[Command]:
        if (number := self._spoken()) is None:
            return []
        self._live[number].phase = Phase.TAIL
        return [KeepTail(number), WakeMe(LONGEST_TAIL_S, Woke(number, "tail"))]

    def _cancel(self) -> list[Command]:
        """The take being spoken; where there is none, all that are not being inserted."""
        spoken = self._spoken()
        waiting = [n for n, live in self._live.items() if live.phase is not Phase.INSERTING]
        commands: list[Command] = []
        for number in waiting if spoken is None else [spoken]:
            commands += [*self._take_off(number), Keep(number, "cancelled")]
        return commands

    def _discard(self) -> list[Command]:
        if (number := self._spoken()) is None:
            return []
        return [*self._take_off(number), Forget(number)]

    def _retry(self) -> list[Command]:
        if not (number := self._failed) or self.listening:
            return []
        self._clear()
        self._revive(number, _Live(Phase.FINISHING, anywhere=True))
        return [OpenEngine(number), WakeMe(LONGEST_WAIT_FOR_TEXT_S, Woke(number, "text"))]

    def _insert_held(self) -> list[Command]:
        if not (number := self._held):
            return []
        text, self.held_text, self.rescued, self._held = self.held_text, "", "", 0
        self._clear()
        self._revive(number, _Live(Phase.READY, anywhere=True, text=text))
        return []

    def _of_the_past(self, words: Rescued | Again) -> list[Command]:
        """Rescued ones are not offered in the place of words that wait already."""
        if isinstance(words, Again):
            self._revive(words.take, _Live(Phase.READY, anywhere=True, text=words.text))
            return []
        if self.held_text:
            return []
        self.held_text, self._held, self.asks = words.text, words.take, True
        self.rescued, self.rescued_count = words.since, words.count
        return [WakeMe(LONGEST_SHOWN_S, Woke(self.number, "shown"))]

    def _revive(self, number: int, live: _Live) -> None:
        self._live[number] = live
        self._live = dict(sorted(self._live.items()))

    def _clear(self) -> None:
        self.problem, self.asks, self._failed = None, False, 0

    # Facts

    def _of_take(self, event: OfTake, live: _Live) -> list[Command]:
        number = event.take
        match live.phase:
            case Phase.LISTENING | Phase.TAIL:
                return self._while_open(number, live, event)
            case Phase.FINISHING:
                return self._while_finishing(number, live, event)
            case Phase.INSERTING:
                return self._while_inserting(number, live, event)
            case Phase.READY:
                return []

    def _while_open(self, number: int, live: _Live, event: OfTake) -> list[Command]:
        match event:
            case SoundLost(problem=problem, recorded=False):
                return self._fail(number, problem)
            case SoundLost(problem=problem):
                return [*self._tell(problem), *self._finish(number, live)]
            case Failed(problem=problem):
                live.broken = problem
                return [*self._tell(problem), Play("error")]
            case Woke(alarm="limit") if live.phase is Phase.LISTENING:
                return [*self._tell(STOPPED_AFTER_LIMIT), *self._finish(number, live)]
            case TailOver() | Woke(alarm="tail") if live.phase is Phase.TAIL:
                return self._finish(number, live)
            case _:
                return []

    def _while_finishing(self, number: int, live: _Live, event: OfTake) -> list[Command]:
        match event:
            case Recognised(text=""):
                self.nothing_heard += 1
                del self._live[number]
                return [Keep(number, "nothing", self.problem)]
            case Recognised(text=text):
                live.phase, live.text, self.nothing_heard = Phase.READY, text, 0
                return []
            case Failed(problem=problem):
                return self._fail(number, problem)
            case Woke(alarm="text"):
                return self._fail(number, NO_ANSWER)
            case _:
                return []

    def _while_inserting(self, number: int, live: _Live, event: OfTake) -> list[Command]:
        match event:
            case Landed():
                del self._live[number]
                return [Keep(number, "inserted")]
            case Held():
                return self._hold(number, live, None)
            case NotLanded(problem=problem):
                return self._hold(number, live, problem)
            case Woke(alarm="insert"):
                return self._hold(number, live, NOT_TYPED)
            case _:
                return []

    # What several of them do

    def _finish(self, number: int, live: _Live) -> list[Command]:
        commands: list[Command] = [CloseMic(number), Play("stop")]
        live.phase = Phase.FINISHING
        if live.broken:
            return [*commands, *self._fail(number, live.broken)]
        return [*commands, WakeMe(LONGEST_WAIT_FOR_TEXT_S, Woke(number, "text"))]

    def _fail(self, number: int, problem: Problem) -> list[Command]:
        told = self.problem == problem
        commands = [*self._take_off(number), Keep(number, "failed", problem)]
        self._failed = number
        return commands if told else [*commands, *self._tell(problem), Play("error")]

    def _take_off(self, number: int) -> list[Command]:
        live = self._live.pop(number)
        mic = [CloseMic(number)] if live.phase in (Phase.LISTENING, Phase.TAIL) else []
        return [*mic, DropEngine(number)]

    def _hold(self, number: int, live: _Live, problem: Problem | None) -> list[Command]:
        del self._live[number]
        self.held_text, self._held, self.asks, self.rescued = live.text, number, True, ""
        error = [*self._tell(problem), Play("error")] if problem else self._tell(None)
        return [Keep(number, "held", problem), *error]

    def _tell(self, problem: Problem | None) -> list[Command]:
        self.problem = problem
        return [WakeMe(LONGEST_SHOWN_S, Woke(self.number, "shown"))]

    def _spoken(self) -> int | None:
        """The take that is being spoken now: the newest, if any."""
        live = self._live.get(self.number)
        return self.number if live and live.phase is Phase.LISTENING else None

    def _next(self) -> list[Command]:
        """Insert the oldest take if it is its turn."""
        phases = {live.phase for live in self._live.values()}
        if not phases or Phase.INSERTING in phases or (self.listening and not self.hands_free):
            return []
        number, live = next(iter(self._live.items()))
        if live.phase is not Phase.READY:
            return []
        live.phase = Phase.INSERTING
        return [
            Insert(number, live.text, live.anywhere),
            WakeMe(LONGEST_INSERT_S, Woke(number, "insert")),
        ]
