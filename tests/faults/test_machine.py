"""The state machine in an environment in which anything can fail at any time, in any order.

Engines, microphone and windows respond, fail, do not respond, or respond again when it is too late.
Timers fire at any time, and keys are pressed in between.
`tests/unit/core/dictation/test_state_machine.py` tests single sequences of events.
"""

from __future__ import annotations

from typing import Any

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sayso.core.dictation import events as e
from sayso.core.dictation.state_machine import Dictation, Phase
from sayso.core.problems import Problem, ProblemKind

CONNECTION_LOST = ProblemKind("test.connection", "The connection was lost.")()
MICROPHONE_UNPLUGGED = ProblemKind("test.microphone", "The microphone was unplugged.")()
INSERT_FAILED = ProblemKind("test.insert", "The window did not accept the text.")()


@attrs.define
class TakeRecord:
    """A take as seen from outside the state machine."""

    text: str = ""
    insertions: int = 0
    outcomes: list[str] = attrs.field(factory=list)
    """Outcomes stored in the history, in order."""
    reported: bool = False
    """True if the last failure was shown."""
    warned_problem: Problem | None = None
    """A problem shown while recording, which the user may have dismissed."""
    dropped: bool = False
    """True if the user canceled or discarded the take."""


class FaultyEnvironment(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.machine = Dictation()
        self.records: dict[int, TakeRecord] = {}
        self.mic: int | None = None
        self.engines: set[int] = set()
        self.inserting: int | None = None
        self.timers: list[e.TimerFired] = []
        self.events: list[Any] = []

    def feed(self, event: Any) -> None:
        self.events.append(event)
        previous_problem = self.machine.problem
        for command in self.machine.handle(event):
            self.execute(command, previous_problem)

    def execute(self, command: e.Command, previous_problem: Problem | None) -> None:
        match command:
            case e.OpenMic(take):
                assert self.mic is None, "the microphone is already open"
                self.mic, self.records[take] = take, TakeRecord()
            case e.CloseMic(take):
                assert self.mic == take
                self.mic = None
            case e.StartRecognition(take):
                self.engines.add(take)
            case e.CancelRecognition(take):
                self.engines.discard(take)
            case e.Insert(take, text):
                assert self.inserting is None, "another insertion is in progress"
                assert not self.records[take].insertions, "the text would be inserted twice"
                assert text == self.records[take].text
                self.inserting = take
            case e.ArchiveTake(take, outcome, problem):
                story = self.records[take]
                story.outcomes.append(outcome)
                story.dropped = outcome == "cancelled"
                known = (self.machine.problem, previous_problem, story.warned_problem)
                story.reported = problem is None or problem in known
                self.inserting = None if self.inserting == take else self.inserting
            case e.DeleteTake(take):
                self.records[take].dropped = True
                self.records[take].outcomes.append("forgotten")
            case e.StartTimer(_, woke):
                self.timers.append(woke)

    # The user

    @rule(event=st.sampled_from([
        e.Start(), e.Start(hands_free=True), e.ContinueHandsFree(), e.Stop(), e.Stop(), e.Stop(),
        e.Cancel(), e.Discard(), e.Retry(), e.InsertHeld(), e.Dismiss(), e.ProblemReported(MICROPHONE_UNPLUGGED),  # noqa: E501
    ]))  # fmt: skip
    def the_user_acts(self, event: e.Event) -> None:
        self.feed(event)

    # Responses

    @precondition(lambda self: self.mic is not None)
    @rule(recorded=st.booleans())
    def the_microphone_fails(self, recorded: bool) -> None:
        assert self.mic is not None
        self.feed(e.AudioLost(self.mic, MICROPHONE_UNPLUGGED, recorded))

    @precondition(lambda self: self.mic is not None)
    @rule()
    def the_tail_ends(self) -> None:
        assert self.mic is not None
        self.feed(e.TailEnded(self.mic))

    @precondition(lambda self: self.engines)
    @rule(data=st.data(), has_text=st.booleans())
    def an_engine_responds(self, data: st.DataObject, has_text: bool) -> None:
        take = data.draw(st.sampled_from(sorted(self.engines)))
        if self.machine.phase(take) in (Phase.LISTENING, Phase.TAIL):
            return  # no engine responds before the audio has ended
        self.engines.discard(take)
        self.records[take].text = f"text of {take}" if has_text else ""
        self.feed(e.Transcribed(take, self.records[take].text))

    @precondition(lambda self: self.engines)
    @rule(data=st.data())
    def an_engine_fails(self, data: st.DataObject) -> None:
        take = data.draw(st.sampled_from(sorted(self.engines)))
        self.engines.discard(take)
        self.feed(e.RecognitionFailed(take, CONNECTION_LOST))
        if take in self.machine.active_takes:
            self.records[take].warned_problem = self.machine.problem

    @precondition(lambda self: self.inserting is not None)
    @rule(event=st.sampled_from([e.Inserted, e.Inserted, e.FocusChanged, None]))
    def the_insertion_ends(self, event: Any) -> None:
        take = self.inserting
        assert take is not None
        if event is e.Inserted:
            self.records[take].insertions += 1
        self.feed(event(take) if event else e.InsertFailed(take, INSERT_FAILED))

    @precondition(lambda self: self.timers)
    @rule(data=st.data())
    def a_timer_fires(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(self.timers) - 1))
        self.feed(self.timers.pop(number))

    @precondition(lambda self: [p for p in self.events if isinstance(p, e.TakeEvent)])
    @rule(data=st.data())
    def an_event_of_a_finished_take_is_repeated(self, data: st.DataObject) -> None:
        stale = [
            fact
            for fact in self.events
            if isinstance(fact, e.TakeEvent) and self.machine.phase(fact.take) is None
        ]
        if stale:
            self.feed(data.draw(st.sampled_from(stale)))

    # Invariants

    @invariant()
    def no_take_is_lost(self) -> None:
        for number, story in self.records.items():
            assert story.outcomes or number in self.machine.active_takes
            assert story.insertions <= 1
            assert story.reported or not story.outcomes or story.dropped

    @invariant()
    def text_that_was_not_inserted_is_kept(self) -> None:
        for number, story in self.records.items():
            if number in self.machine.active_takes or story.dropped or story.insertions:
                continue
            assert story.outcomes[-1] in ("held", "failed", "nothing")
            assert (story.outcomes[-1] == "nothing") <= (not story.text)

    def teardown(self) -> None:
        """Without further responses, the timers alone end all takes."""
        for _ in range(2):
            while self.timers:
                self.feed(self.timers.pop(0))
        self.no_take_is_lost()
        assert not self.machine.active_takes
        assert self.machine.state == "idle"
        assert self.mic is None


TestWorld = FaultyEnvironment.TestCase
TestWorld.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
