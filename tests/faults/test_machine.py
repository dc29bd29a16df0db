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
from sayso.core.problems import Problem

GONE = Problem("The connection to the server was lost.", "Try again.", "try-again")
UNPLUGGED = Problem("The microphone went away.", "Plug it in.")
CLOSED = Problem("The window did not take the words.", "Copy them.", "copy")


@attrs.define
class Story:
    """What the outside knows of one take."""

    heard: str = ""
    landed: int = 0
    outcomes: list[str] = attrs.field(factory=list)
    """As the history was told, one after the other."""
    told: bool = False
    """Of its last failure, in words."""
    warned: Problem | None = None
    """What it was told of while it was spoken; the person may have dismissed that."""
    dropped: bool = False
    """By the person: cancelled, or never meant."""


class World(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.machine = Dictation()
        self.takes: dict[int, Story] = {}
        self.mic: int | None = None
        self.engines: set[int] = set()
        self.inserting: int | None = None
        self.alarms: list[e.Woke] = []
        self.past: list[Any] = []

    def feed(self, event: Any) -> None:
        self.past.append(event)
        told_before = self.machine.problem
        for command in self.machine.handle(event):
            self.obey(command, told_before)

    def obey(self, command: e.Command, told_before: Problem | None) -> None:
        match command:
            case e.OpenMic(take):
                assert self.mic is None, "two microphones"
                self.mic, self.takes[take] = take, Story()
            case e.CloseMic(take):
                assert self.mic == take
                self.mic = None
            case e.OpenEngine(take):
                self.engines.add(take)
            case e.DropEngine(take):
                self.engines.discard(take)
            case e.Insert(take, text):
                assert self.inserting is None, "two texts at once"
                assert not self.takes[take].landed, "a word would be there twice"
                assert text == self.takes[take].heard
                self.inserting = take
            case e.Keep(take, outcome, problem):
                story = self.takes[take]
                story.outcomes.append(outcome)
                story.dropped = outcome == "cancelled"
                known = (self.machine.problem, told_before, story.warned)
                story.told = problem is None or problem in known
                self.inserting = None if self.inserting == take else self.inserting
            case e.Forget(take):
                self.takes[take].dropped = True
                self.takes[take].outcomes.append("forgotten")
            case e.WakeMe(_, woke):
                self.alarms.append(woke)

    # The person

    @rule(wish=st.sampled_from([
        e.Start(), e.Start(hands_free=True), e.HandsFree(), e.Stop(), e.Stop(), e.Stop(),
        e.Cancel(), e.Discard(), e.Retry(), e.InsertHeld(), e.Dismiss(), e.Warn(UNPLUGGED),
    ]))  # fmt: skip
    def wishes(self, wish: e.Event) -> None:
        self.feed(wish)

    # What answers

    @precondition(lambda self: self.mic is not None)
    @rule(recorded=st.booleans())
    def the_microphone_is_lost(self, recorded: bool) -> None:
        assert self.mic is not None
        self.feed(e.SoundLost(self.mic, UNPLUGGED, recorded))

    @precondition(lambda self: self.mic is not None)
    @rule()
    def the_voice_ends(self) -> None:
        assert self.mic is not None
        self.feed(e.TailOver(self.mic))

    @precondition(lambda self: self.engines)
    @rule(data=st.data(), words=st.booleans())
    def an_engine_answers(self, data: st.DataObject, words: bool) -> None:
        take = data.draw(st.sampled_from(sorted(self.engines)))
        if self.machine.phase(take) in (Phase.LISTENING, Phase.TAIL):
            return  # no engine does before the sound has ended
        self.engines.discard(take)
        self.takes[take].heard = f"words of {take}" if words else ""
        self.feed(e.Recognised(take, self.takes[take].heard))

    @precondition(lambda self: self.engines)
    @rule(data=st.data())
    def an_engine_fails(self, data: st.DataObject) -> None:
        take = data.draw(st.sampled_from(sorted(self.engines)))
        self.engines.discard(take)
        self.feed(e.Failed(take, GONE))
        if take in self.machine.alive:
            self.takes[take].warned = self.machine.problem

    @precondition(lambda self: self.inserting is not None)
    @rule(how=st.sampled_from([e.Landed, e.Landed, e.Held, None]))
    def the_window_answers(self, how: Any) -> None:
        take = self.inserting
        assert take is not None
        if how is e.Landed:
            self.takes[take].landed += 1
        self.feed(how(take) if how else e.NotLanded(take, CLOSED))

    @precondition(lambda self: self.alarms)
    @rule(data=st.data())
    def a_deadline_comes(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(self.alarms) - 1))
        self.feed(self.alarms.pop(number))

    @precondition(lambda self: [p for p in self.past if isinstance(p, e.OfTake)])
    @rule(data=st.data())
    def something_of_a_take_that_is_over_comes_again(self, data: st.DataObject) -> None:
        stale = [
            fact
            for fact in self.past
            if isinstance(fact, e.OfTake) and self.machine.phase(fact.take) is None
        ]
        if stale:
            self.feed(data.draw(st.sampled_from(stale)))

    # What must hold

    @invariant()
    def no_take_is_lost(self) -> None:
        for number, story in self.takes.items():
            assert story.outcomes or number in self.machine.alive
            assert story.landed <= 1
            assert story.told or not story.outcomes or story.dropped

    @invariant()
    def words_that_are_not_in_the_window_wait(self) -> None:
        for number, story in self.takes.items():
            if number in self.machine.alive or story.dropped or story.landed:
                continue
            assert story.outcomes[-1] in ("held", "failed", "nothing")
            assert (story.outcomes[-1] == "nothing") <= (not story.heard)

    def teardown(self) -> None:
        """Nobody answers any more: the deadlines alone bring it to rest."""
        for _ in range(2):
            while self.alarms:
                self.feed(self.alarms.pop(0))
        self.no_take_is_lost()
        assert not self.machine.alive
        assert self.machine.state == "idle"
        assert self.mic is None


TestWorld = World.TestCase
TestWorld.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
