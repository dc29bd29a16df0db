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

from ..problems import Problem, untyped_problem
from .events import (
    ArchiveTake,
    AudioLost,
    Cancel,
    CancelRecognition,
    CloseMic,
    Command,
    ContinueHandsFree,
    DeleteTake,
    Discard,
    Event,
    FocusChanged,
    Insert,
    Inserted,
    InsertFailed,
    InsertHeld,
    KeepTail,
    OpenMic,
    PlayCue,
    ProblemReported,
    RecognitionFailed,
    Recovered,
    Reinsert,
    Retry,
    Start,
    StartRecognition,
    StartTimer,
    Stop,
    TailEnded,
    TakeMessage,
    TimerFired,
    Transcribed,
)
from .status import State

MAX_TAKE_S = 600.0
MAX_TAIL_S = 0.3
TEXT_TIMEOUT_S = 600.0
"""Engines have shorter deadlines of their own, and a long take that is sent again takes 200 s; this
one is for an engine with a bug."""
INSERT_TIMEOUT_S = 30.0
MESSAGE_TIMEOUT_S = 120.0
"""The pill dismisses itself after 30 s unless hovered; this is for where there is none."""

TEXT_TIMED_OUT = untyped_problem(
    "The words did not come back in time.", "Your recording is kept.", action="try-again"
)
INSERT_TIMED_OUT = untyped_problem(
    "The window did not take the words in time.", "Copy them and paste them.", action="copy"
)
TAKE_LIMIT_REACHED = untyped_problem("Sayso has stopped listening after 10 minutes.")


class Phase(enum.Enum):
    LISTENING = "listening"
    TAIL = "tail"
    FINISHING = "finishing"
    READY = "ready"
    INSERTING = "inserting"


@attrs.define
class _TakeState:
    phase: Phase
    hands_free: bool = False
    any_window: bool = False
    """Insert it wherever the focus is: the person asked for it there."""
    text: str = ""
    failure: Problem | None = None
    """The engine gave up while the person was speaking; recording goes on all the same."""


class Dictation:
    """Only the worker's thread calls it."""

    def __init__(self) -> None:
        self.newest_take = 0
        """Of the newest take."""
        self.problem: Problem | None = None
        """Told to the user now."""
        self.held_text = ""
        """Words that wait; they stay until inserted or replaced."""
        self.offers_held_text = False
        """Whether the user is asked now what to do with the held words."""
        self.recovered_spoken_at = ""
        """When the held words were spoken, if a crash cut them off; else ''."""
        self.recovered_count = 0
        """How many were cut off, of which these are the newest."""
        self.empty_takes = 0
        self._active: dict[int, _TakeState] = {}
        self._failed_take = 0
        self._held_take = 0

    @property
    def state(self) -> State:
        phases = {live.phase for live in self._active.values()}
        if Phase.LISTENING in phases:
            return "listening"
        if Phase.INSERTING in phases:
            return "inserting"
        if phases:
            return "finishing"
        return "failed" if self.problem else "idle"

    @property
    def listening(self) -> bool:
        return self._listening_take() is not None

    @property
    def hands_free(self) -> bool:
        number = self._listening_take()
        return number is not None and self._active[number].hands_free

    @property
    def active_takes(self) -> frozenset[int]:
        """Takes that are not over."""
        return frozenset(self._active)

    @property
    def reusable_takes(self) -> frozenset[int]:
        """Takes that are over and may be tried or inserted again."""
        return frozenset({self._failed_take, self._held_take} - {0})

    def phase(self, take: int) -> Phase | None:
        """None once the take is over."""
        live = self._active.get(take)
        return live.phase if live else None

    def handle(self, event: Event) -> list[Command]:
        if isinstance(event, TimerFired) and event.timer == "shown":
            if event.take == self.newest_take:
                self._clear_message()
            return []
        if isinstance(event, TakeMessage):
            live = self._active.get(event.take)
            commands = self._handle_take_event(event, live) if live else []
        else:
            commands = self._handle_intent(event)
        return [*commands, *self._insert_next()]

    # Wishes

    def _handle_intent(self, event: Event) -> list[Command]:
        match event:
            case Start(hands_free=hands_free):
                return self._start(hands_free)
            case ContinueHandsFree():
                return self._continue_hands_free()
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
            case ProblemReported(problem=problem):
                return self._report(problem)
            case Recovered() | Reinsert():
                return self._of_the_past(event)
            case _:
                self._clear_message()
                return []

    def _start(self, hands_free: bool) -> list[Command]:
        if self.listening:
            return []
        commands: list[Command] = []
        for number, live in list(self._active.items()):
            if live.phase is Phase.TAIL:
                commands += self._finish(number, live)
        self._clear_message()
        self.newest_take += 1
        self._active[self.newest_take] = _TakeState(Phase.LISTENING, hands_free=hands_free)
        return [
            *commands,
            OpenMic(self.newest_take),  # first: speech starts before the engine is ready
            StartRecognition(self.newest_take),
            StartTimer(MAX_TAKE_S, TimerFired(self.newest_take, "limit")),
        ]

    def _continue_hands_free(self) -> list[Command]:
        if (number := self._listening_take()) is not None:
            self._active[number].hands_free = True
        return []

    def _stop(self) -> list[Command]:
        if (number := self._listening_take()) is None:
            return []
        self._active[number].phase = Phase.TAIL
        return [KeepTail(number), StartTimer(MAX_TAIL_S, TimerFired(number, "tail"))]

    def _cancel(self) -> list[Command]:
        """The take being spoken; where there is none, all that are not being inserted."""
        spoken = self._listening_take()
        waiting = [n for n, live in self._active.items() if live.phase is not Phase.INSERTING]
        commands: list[Command] = []
        for number in waiting if spoken is None else [spoken]:
            commands += [*self._remove(number), ArchiveTake(number, "cancelled")]
        return commands

    def _discard(self) -> list[Command]:
        if (number := self._listening_take()) is None:
            return []
        return [*self._remove(number), DeleteTake(number)]

    def _retry(self) -> list[Command]:
        if not (number := self._failed_take) or self.listening:
            return []
        self._clear_message()
        self._reactivate(number, _TakeState(Phase.FINISHING, any_window=True))
        return [StartRecognition(number), StartTimer(TEXT_TIMEOUT_S, TimerFired(number, "text"))]

    def _insert_held(self) -> list[Command]:
        if not (number := self._held_take):
            return []
        text, self.held_text, self.recovered_spoken_at, self._held_take = self.held_text, "", "", 0
        self._clear_message()
        self._reactivate(number, _TakeState(Phase.READY, any_window=True, text=text))
        return []

    def _of_the_past(self, words: Recovered | Reinsert) -> list[Command]:
        """Rescued ones are not offered in the place of words that wait already."""
        if isinstance(words, Reinsert):
            self._reactivate(words.take, _TakeState(Phase.READY, any_window=True, text=words.text))
            return []
        if self.held_text:
            return []
        self.held_text, self._held_take, self.offers_held_text = words.text, words.take, True
        self.recovered_spoken_at, self.recovered_count = words.spoken_at, words.count
        return [StartTimer(MESSAGE_TIMEOUT_S, TimerFired(self.newest_take, "shown"))]

    def _reactivate(self, number: int, state: _TakeState) -> None:
        self._active[number] = state
        self._active = dict(sorted(self._active.items()))

    def _clear_message(self) -> None:
        self.problem, self.offers_held_text, self._failed_take = None, False, 0

    # Facts

    def _handle_take_event(self, event: TakeMessage, state: _TakeState) -> list[Command]:
        number = event.take
        match state.phase:
            case Phase.LISTENING | Phase.TAIL:
                return self._while_recording(number, state, event)
            case Phase.FINISHING:
                return self._while_finishing(number, state, event)
            case Phase.INSERTING:
                return self._while_inserting(number, state, event)
            case Phase.READY:
                return []

    def _while_recording(self, number: int, state: _TakeState, event: TakeMessage) -> list[Command]:
        match event:
            case AudioLost(problem=problem, has_audio=False):
                return self._fail(number, problem)
            case AudioLost(problem=problem):
                return [*self._report(problem), *self._finish(number, state)]
            case RecognitionFailed(problem=problem):
                state.failure = problem
                return [*self._report(problem), PlayCue("error")]
            case TimerFired(timer="limit") if state.phase is Phase.LISTENING:
                return [*self._report(TAKE_LIMIT_REACHED), *self._finish(number, state)]
            case TailEnded() | TimerFired(timer="tail") if state.phase is Phase.TAIL:
                return self._finish(number, state)
            case _:
                return []

    def _while_finishing(self, number: int, state: _TakeState, event: TakeMessage) -> list[Command]:
        match event:
            case Transcribed(text=""):
                self.empty_takes += 1
                del self._active[number]
                return [ArchiveTake(number, "nothing", self.problem)]
            case Transcribed(text=text):
                state.phase, state.text, self.empty_takes = Phase.READY, text, 0
                return []
            case RecognitionFailed(problem=problem):
                return self._fail(number, problem)
            case TimerFired(timer="text"):
                return self._fail(number, TEXT_TIMED_OUT)
            case _:
                return []

    def _while_inserting(self, number: int, state: _TakeState, event: TakeMessage) -> list[Command]:
        match event:
            case Inserted():
                del self._active[number]
                return [ArchiveTake(number, "inserted")]
            case FocusChanged():
                return self._hold(number, state, None)
            case InsertFailed(problem=problem):
                return self._hold(number, state, problem)
            case TimerFired(timer="insert"):
                return self._hold(number, state, INSERT_TIMED_OUT)
            case _:
                return []

    # What several of them do

    def _finish(self, number: int, state: _TakeState) -> list[Command]:
        commands: list[Command] = [CloseMic(number), PlayCue("stop")]
        state.phase = Phase.FINISHING
        if state.failure:
            return [*commands, *self._fail(number, state.failure)]
        return [*commands, StartTimer(TEXT_TIMEOUT_S, TimerFired(number, "text"))]

    def _fail(self, number: int, problem: Problem) -> list[Command]:
        told = self.problem == problem
        commands = [*self._remove(number), ArchiveTake(number, "failed", problem)]
        self._failed_take = number
        return commands if told else [*commands, *self._report(problem), PlayCue("error")]

    def _remove(self, number: int) -> list[Command]:
        live = self._active.pop(number)
        mic = [CloseMic(number)] if live.phase in (Phase.LISTENING, Phase.TAIL) else []
        return [*mic, CancelRecognition(number)]

    def _hold(self, number: int, state: _TakeState, problem: Problem | None) -> list[Command]:
        del self._active[number]
        self.held_text, self._held_take, self.offers_held_text, self.recovered_spoken_at = (
            state.text,
            number,
            True,
            "",
        )
        error = [*self._report(problem), PlayCue("error")] if problem else self._report(None)
        return [ArchiveTake(number, "held", problem), *error]

    def _report(self, problem: Problem | None) -> list[Command]:
        self.problem = problem
        return [StartTimer(MESSAGE_TIMEOUT_S, TimerFired(self.newest_take, "shown"))]

    def _listening_take(self) -> int | None:
        """The take that is being spoken now: the newest, if any."""
        live = self._active.get(self.newest_take)
        return self.newest_take if live and live.phase is Phase.LISTENING else None

    def _insert_next(self) -> list[Command]:
        """Insert the oldest take if it is its turn."""
        phases = {live.phase for live in self._active.values()}
        if not phases or Phase.INSERTING in phases or (self.listening and not self.hands_free):
            return []
        number, live = next(iter(self._active.items()))
        if live.phase is not Phase.READY:
            return []
        live.phase = Phase.INSERTING
        return [
            Insert(number, live.text, live.any_window),
            StartTimer(INSERT_TIMEOUT_S, TimerFired(number, "insert")),
        ]
