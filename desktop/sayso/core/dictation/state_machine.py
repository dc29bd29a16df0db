"""The life of takes as a pure state machine: events in, commands out.

           Start             Stop          TailEnded          Transcribed      (its turn)
    (none) -----> LISTENING ------> TAIL -----------> FINISHING ---------> READY -------> INSERTING
                      |              |                    |                                   |
                      +--------------+--------------------+                                   |
                            Cancel or a failure:                 Inserted: archived           |
                            archived                             otherwise: the text is held -+

Takes overlap: pressing the key while a take is finishing starts the next take. Texts are inserted
in the order in which they were spoken, one at a time, and never while a key is held, because the
modifiers of the hotkey would turn letters into shortcuts.

`Dictation.handle()` performs no I/O, does not wait and reads no clock. A deadline is a `StartTimer`
command that comes back as a `TimerFired` event. Events carry the number of their take; events for
a take that is over are dropped.
"""

from __future__ import annotations

import enum

import attrs

from ..problems import Problem
from ..problems import dictation as problems
from . import events as e
from .status import State, Status

MAX_TAKE_S = 600.0
MAX_TAIL_S = 0.3
TEXT_TIMEOUT_S = 600.0
"""Applies if an engine has a bug; sending a long take again takes 200 s."""
INSERT_TIMEOUT_S = 30.0
MESSAGE_TIMEOUT_S = 120.0
"""Applies if no indicator is shown; it hides a message after 30 s."""


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
    """Insert the text into the window that has the focus, because the user asked for that."""
    text: str = ""
    failure: Problem | None = None
    """Set if the engine failed while the user is speaking; recording continues."""


class Dictation:
    """All takes of this run. Called by the worker thread only."""

    def __init__(self) -> None:
        self.newest_take = 0
        self.problem: Problem | None = None
        self.held_text = self.recovered_spoken_at = ""  # these and the next are fields of `Status`
        self.offers_held_text = False
        self.recovered_count = self.empty_takes = 0
        self._active: dict[int, _TakeState] = {}
        self._last_number = self._failed_take = self._held_take = 0
        self._from_history: set[int] = set()
        """Takes that were spoken before this run; they are inserted before those of this run."""
        self._inserted: e.Inserted | None = None

    def new_number(self) -> int:
        self._last_number += 1
        return self._last_number

    @property
    def state(self) -> State:
        phases = {take.phase for take in self._active.values()}
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
        return frozenset(self._active)

    @property
    def reusable_takes(self) -> frozenset[int]:
        """Takes that are over and may be transcribed or inserted again."""
        return frozenset({self._failed_take, self._held_take} - {0})

    @property
    def status(self) -> Status:
        """The status, without the parts that the worker adds."""
        state = self.state
        inserted = self._inserted if state in ("idle", "failed") else None
        return Status(
            state=state,
            take=self.newest_take,
            hands_free=self.hands_free,
            inserted_words=inserted.word_count if inserted else None,
            fallback_engine=inserted.fallback_engine if inserted else "",
            empty_takes=self.empty_takes,
            held_text=self.held_text,
            offers_held_text=self.offers_held_text,
            recovered_spoken_at=self.recovered_spoken_at,
            recovered_count=self.recovered_count,
            problem=self.problem,
        )

    def phase(self, take: int) -> Phase | None:
        """Return the phase of a take; None if the take is over."""
        state = self._active.get(take)
        return state.phase if state else None

    def handle(self, event: e.Event) -> list[e.Command]:
        match event:
            case e.TimerFired(timer="shown"):
                if event.take == self.newest_take:
                    self._clear_message()
                return []
            case e.TakeEvent():
                take = self._active.get(event.take)
                commands = self._handle_take_event(event.take, take, event) if take else []
            case e.ContinueHandsFree() | e.Stop() | e.Discard():
                number = self._listening_take()
                commands = self._handle_listening(number, event) if number is not None else []
            case _:
                commands = self._handle_intent(event)
        return [*commands, *self._insert_next()]

    # Intents of the user

    def _handle_intent(self, event: e.Event) -> list[e.Command]:
        match event:
            case e.Start(hands_free=hands_free):
                return self._start(hands_free)
            case e.Cancel():
                return self._cancel()
            case e.Retry():
                return self._retry()
            case e.InsertHeld():
                return self._insert_held()
            case e.ProblemReported(problem=problem):
                return self._report(problem)
            case e.Recovered() | e.Reinsert():
                return self._use_history(event)
            case _:
                self._clear_message()
                return []

    def _handle_listening(self, number: int, event: e.Event) -> list[e.Command]:
        take = self._active[number]
        if isinstance(event, e.ContinueHandsFree):
            take.hands_free = True
            return []
        if isinstance(event, e.Discard):
            return [*self._remove(number), e.DeleteTake(number)]
        take.phase = Phase.TAIL
        return [e.KeepTail(number), e.StartTimer(MAX_TAIL_S, e.TimerFired(number, "tail"))]

    def _start(self, hands_free: bool) -> list[e.Command]:
        if self.listening:
            return []
        commands: list[e.Command] = []
        for number, take in list(self._active.items()):
            if take.phase is Phase.TAIL:
                commands += self._finish(number, take)
        self._clear_message()
        self.newest_take, self._inserted = self.new_number(), None
        self._active[self.newest_take] = _TakeState(Phase.LISTENING, hands_free=hands_free)
        return [
            *commands,
            e.OpenMic(self.newest_take),  # first, because speech starts before the engine is ready
            e.StartRecognition(self.newest_take),
            e.StartTimer(MAX_TAKE_S, e.TimerFired(self.newest_take, "limit")),
        ]

    def _cancel(self) -> list[e.Command]:
        """Cancel the take that is being spoken, or else all that are not being inserted."""
        listening = self._listening_take()
        waiting = [n for n, take in self._active.items() if take.phase is not Phase.INSERTING]
        commands: list[e.Command] = []
        for number in waiting if listening is None else [listening]:
            commands += [*self._remove(number), e.ArchiveTake(number, "cancelled")]
        return commands

    def _retry(self) -> list[e.Command]:
        if not (number := self._failed_take) or self.listening:
            return []
        self._clear_message()
        self._activate(number, _TakeState(Phase.FINISHING, any_window=True))
        return [e.StartRecognition(number), self._text_timer(number)]

    def _insert_held(self) -> list[e.Command]:
        if not (number := self._held_take):
            return []
        text, self.held_text, self.recovered_spoken_at, self._held_take = self.held_text, "", "", 0
        self._clear_message()
        self._activate(number, _TakeState(Phase.READY, any_window=True, text=text))
        return []

    def _use_history(self, event: e.Recovered | e.Reinsert) -> list[e.Command]:
        self._from_history.add(event.take)
        if isinstance(event, e.Reinsert):
            self._activate(event.take, _TakeState(Phase.READY, any_window=True, text=event.text))
            return []
        if self.held_text:  # recovered text does not replace text that is held already
            return []
        self.held_text, self._held_take, self.offers_held_text = event.text, event.take, True
        self.recovered_spoken_at, self.recovered_count = event.spoken_at, event.count
        return [e.StartTimer(MESSAGE_TIMEOUT_S, e.TimerFired(self.newest_take, "shown"))]

    def _activate(self, number: int, take: _TakeState) -> None:
        self._active[number] = take
        order = sorted(self._active, key=lambda n: (n not in self._from_history, n))
        self._active = {n: self._active[n] for n in order}

    def _clear_message(self) -> None:
        self.problem, self.offers_held_text, self._failed_take = None, False, 0

    # Events of a take

    def _handle_take_event(self, number: int, take: _TakeState, event: e.Event) -> list[e.Command]:
        match take.phase:
            case Phase.LISTENING | Phase.TAIL:
                return self._while_recording(number, take, event)
            case Phase.FINISHING:
                return self._while_finishing(number, take, event)
            case Phase.INSERTING:
                return self._while_inserting(number, take, event)
            case Phase.READY:
                return []

    def _while_recording(self, number: int, take: _TakeState, event: e.Event) -> list[e.Command]:
        match event:
            case e.AudioLost(problem=problem, has_audio=False):
                return self._fail(number, problem)
            case e.AudioLost(problem=problem):
                return [*self._report(problem), *self._finish(number, take)]
            case e.RecognitionFailed(problem=problem):
                take.failure = problem
                return [*self._report(problem), e.PlayCue("error")]
            case e.TimerFired(timer="limit") if take.phase is Phase.LISTENING:
                return [*self._report(problems.TAKE_LIMIT_REACHED()), *self._finish(number, take)]
            case e.TailEnded() | e.TimerFired(timer="tail") if take.phase is Phase.TAIL:
                return self._finish(number, take)
            case _:
                return []

    def _while_finishing(self, number: int, take: _TakeState, event: e.Event) -> list[e.Command]:
        match event:
            case e.Transcribed(text=""):
                self.empty_takes += 1
                del self._active[number]
                return [e.ArchiveTake(number, "nothing", self.problem)]
            case e.Transcribed(text=text):
                take.phase, take.text, self.empty_takes = Phase.READY, text, 0
                return []
            case e.RecognitionFailed(problem=problem):
                return self._fail(number, problem)
            case e.TimerFired(timer="text"):
                return self._fail(number, problems.TEXT_TIMED_OUT())
            case _:
                return []

    def _while_inserting(self, number: int, take: _TakeState, event: e.Event) -> list[e.Command]:
        match event:
            case e.Inserted():
                self._inserted = event
                del self._active[number]
                return [e.ArchiveTake(number, "inserted")]
            case e.FocusChanged():
                return self._hold(number, take, None)
            case e.InsertFailed(problem=problem):
                return self._hold(number, take, problem)
            case e.TimerFired(timer="insert"):
                return self._hold(number, take, problems.INSERT_TIMED_OUT())
            case _:
                return []

    # Shared steps

    def _finish(self, number: int, take: _TakeState) -> list[e.Command]:
        commands: list[e.Command] = [e.CloseMic(number), e.PlayCue("stop")]
        take.phase = Phase.FINISHING
        if take.failure:
            return [*commands, *self._fail(number, take.failure)]
        return [*commands, self._text_timer(number)]

    def _text_timer(self, number: int) -> e.StartTimer:
        return e.StartTimer(TEXT_TIMEOUT_S, e.TimerFired(number, "text"))

    def _fail(self, number: int, problem: Problem) -> list[e.Command]:
        already_shown = self.problem == problem
        commands = [*self._remove(number), e.ArchiveTake(number, "failed", problem)]
        self._failed_take = number
        return (
            commands if already_shown else [*commands, *self._report(problem), e.PlayCue("error")]
        )

    def _remove(self, number: int) -> list[e.Command]:
        take = self._active.pop(number)
        mic = [e.CloseMic(number)] if take.phase in (Phase.LISTENING, Phase.TAIL) else []
        return [*mic, e.CancelRecognition(number)]

    def _hold(self, number: int, take: _TakeState, problem: Problem | None) -> list[e.Command]:
        del self._active[number]
        self.held_text, self._held_take = take.text, number
        self.offers_held_text, self.recovered_spoken_at = True, ""
        error = [e.PlayCue("error")] if problem else []
        return [e.ArchiveTake(number, "held", problem), *self._report(problem), *error]

    def _report(self, problem: Problem | None) -> list[e.Command]:
        self.problem = problem
        return [e.StartTimer(MESSAGE_TIMEOUT_S, e.TimerFired(self.newest_take, "shown"))]

    def _listening_take(self) -> int | None:
        take = self._active.get(self.newest_take)
        return self.newest_take if take and take.phase is Phase.LISTENING else None

    def _insert_next(self) -> list[e.Command]:
        """Insert the first take if its text is ready and no key is held."""
        phases = {take.phase for take in self._active.values()}
        if not phases or Phase.INSERTING in phases or (self.listening and not self.hands_free):
            return []
        number, take = next(iter(self._active.items()))
        if take.phase is not Phase.READY:
            return []
        take.phase = Phase.INSERTING
        return [
            e.Insert(number, take.text, take.any_window),
            e.StartTimer(INSERT_TIMEOUT_S, e.TimerFired(number, "insert")),
        ]
