"""The state machine in a world where anything may fail at any moment, in any order.

Engines, microphone and windows answer what they were asked, or fail, or say nothing at all, or
say it again when nobody wants it any more; deadlines come when they like; and meanwhile somebody
presses keys. `tests/unit/core/dictation/test_state_machine.py` feeds it events without such a
world.
"""

from __future__ import annotations

from typing import Any

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sayso.core.dictation import events as e
from sayso.core.dictation.state_machine import Dictation, Phase
from sayso.core.problems import Problem, untyped_problem

CONNECTION_LOST = untyped_problem(
    "The connection to the server was lost.", "Try again.", "try-again"
)
MICROPHONE_UNPLUGGED = untyped_problem("The microphone went away.", "Plug it in.")
INSERT_FAILED = untyped_problem("The window did not take the words.", "Copy them.", "copy")


@attrs.define
class TakeRecord:
    """What the outside knows of one take."""

    text: str = ""
    insertions: int = 0
    outcomes: list[str] = attrs.field(factory=list)
    """As the history was told, one after the other."""
    reported: bool = False
    """Of its last failure, in words."""
    warned_problem: Problem | None = None
    """What it was told of while it was spoken; the person may have dismissed that."""
    dropped: bool = False
    """By the person: cancelled, or never meant."""


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
        told_before = self.machine.problem
        for command in self.machine.handle(event):
            self.execute(command, told_before)

    def execute(self, command: e.Command, previous_problem: Problem | None) -> None:
        match command:
            case e.OpenMic(take):
                assert self.mic is None, "two microphones"
                self.mic, self.records[take] = take, TakeRecord()
            case e.CloseMic(take):
                assert self.mic == take
                self.mic = None
            case e.StartRecognition(take):
                self.engines.add(take)
            case e.CancelRecognition(take):
                self.engines.discard(take)
            case e.Insert(take, text):
                assert self.inserting is None, "two texts at once"
                assert not self.records[take].insertions, "a word would be there twice"
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

    # The person

    @rule(wish=st.sampled_from([
        e.Start(), e.Start(hands_free=True), e.ContinueHandsFree(), e.Stop(), e.Stop(), e.Stop(),
        e.Cancel(), e.Discard(), e.Retry(), e.InsertHeld(), e.Dismiss(), e.ProblemReported(MICROPHONE_UNPLUGGED),  # noqa: E501
    ]))  # fmt: skip
    def wishes(self, wish: e.Event) -> None:
        self.feed(wish)

    # What answers

    @precondition(lambda self: self.mic is not None)
    @rule(recorded=st.booleans())
    def the_microphone_is_lost(self, recorded: bool) -> None:
        assert self.mic is not None
        self.feed(e.AudioLost(self.mic, MICROPHONE_UNPLUGGED, recorded))

    @precondition(lambda self: self.mic is not None)
    @rule()
    def the_voice_ends(self) -> None:
        assert self.mic is not None
        self.feed(e.TailEnded(self.mic))

    @precondition(lambda self: self.engines)
    @rule(data=st.data(), words=st.booleans())
    def an_engine_answers(self, data: st.DataObject, words: bool) -> None:
        take = data.draw(st.sampled_from(sorted(self.engines)))
        if self.machine.phase(take) in (Phase.LISTENING, Phase.TAIL):
            return  # no engine does before the sound has ended
        self.engines.discard(take)
        self.records[take].text = f"words of {take}" if words else ""
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
    @rule(how=st.sampled_from([e.Inserted, e.Inserted, e.FocusChanged, None]))
    def the_window_answers(self, how: Any) -> None:
        take = self.inserting
        assert take is not None
        if how is e.Inserted:
            self.records[take].insertions += 1
        self.feed(how(take) if how else e.InsertFailed(take, INSERT_FAILED))

    @precondition(lambda self: self.timers)
    @rule(data=st.data())
    def a_deadline_comes(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(self.timers) - 1))
        self.feed(self.timers.pop(number))

    @precondition(lambda self: [p for p in self.events if isinstance(p, e.TakeEvent)])
    @rule(data=st.data())
    def something_of_a_take_that_is_over_comes_again(self, data: st.DataObject) -> None:
        stale = [
            fact
            for fact in self.events
            if isinstance(fact, e.TakeEvent) and self.machine.phase(fact.take) is None
        ]
        if stale:
            self.feed(data.draw(st.sampled_from(stale)))

    # What must hold

    @invariant()
    def no_take_is_lost(self) -> None:
        for number, story in self.records.items():
            assert story.outcomes or number in self.machine.active_takes
            assert story.insertions <= 1
            assert story.reported or not story.outcomes or story.dropped

    @invariant()
    def words_that_are_not_in_the_window_wait(self) -> None:
        for number, story in self.records.items():
            if number in self.machine.active_takes or story.dropped or story.insertions:
                continue
            assert story.outcomes[-1] in ("held", "failed", "nothing")
            assert (story.outcomes[-1] == "nothing") <= (not story.text)

    def teardown(self) -> None:
        """Nobody answers any more: the deadlines alone bring it to rest."""
        for _ in range(2):
            while self.timers:
                self.feed(self.timers.pop(0))
        self.no_take_is_lost()
        assert not self.machine.active_takes
        assert self.machine.state == "idle"
        assert self.mic is None


TestWorld = FaultyEnvironment.TestCase
TestWorld.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
