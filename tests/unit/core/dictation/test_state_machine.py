import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.core.dictation.events import (
    Again,
    Cancel,
    CloseMic,
    Discard,
    Dismiss,
    DropEngine,
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
from sayso.core.dictation.state_machine import (
    NO_ANSWER,
    NOT_TYPED,
    STOPPED_AFTER_LIMIT,
    Dictation,
    Phase,
)
from sayso.core.problems import Problem

REFUSED = Problem("Your API key was refused by api.openai.com.")
UNPLUGGED = Problem("The microphone went away while you spoke.")
UNFETCHED = Problem("This window does not take typed text.")
OPENED = [OpenMic(1), OpenEngine(1)]
STOPPED = Play("stop")
ERROR = Play("error")


def play(*events):
    """Feed events; return the commands each one caused, without the alarms."""
    machine = Dictation()
    return [[c for c in machine.handle(e) if not isinstance(c, WakeMe)] for e in events]


def after(*events):
    machine = Dictation()
    for event in events:
        machine.handle(event)
    return machine


SPOKEN = (Start(), Stop(), TailOver(1))
RECOGNISED = (*SPOKEN, Recognised(1, "hello"))

CASES = {
    "hold, speak, let go": (
        [*RECOGNISED, Landed(1)],
        [
            OPENED,
            [KeepTail(1)],
            [CloseMic(1), STOPPED],
            [Insert(1, "hello", anywhere=False)],
            [Keep(1, "inserted")],
        ],
    ),
    "a second start while listening is nothing": ([Start(), Start()], [OPENED, []]),
    "the tail ends by its alarm too": (
        [Start(), Stop(), Woke(1, "tail"), TailOver(1)],
        [OPENED, [KeepTail(1)], [CloseMic(1), STOPPED], []],
    ),
    "cancel while speaking keeps the take": (
        [Start(), Cancel(), Recognised(1, "late")],
        [OPENED, [CloseMic(1), DropEngine(1), Keep(1, "cancelled")], []],
    ),
    "cancel while finishing keeps the take": (
        [*SPOKEN, Cancel()],
        [OPENED, [KeepTail(1)], [CloseMic(1), STOPPED], [DropEngine(1), Keep(1, "cancelled")]],
    ),
    "a shortcut leaves no trace": (
        [Start(), Discard()],
        [OPENED, [CloseMic(1), DropEngine(1), Forget(1)]],
    ),
    "nothing said": (
        [*SPOKEN, Recognised(1, "")],
        [OPENED, [KeepTail(1)], [CloseMic(1), STOPPED], [Keep(1, "nothing")]],
    ),
    "a press during the tail starts the next take at once": (
        [Start(), Stop(), Start()],
        [OPENED, [KeepTail(1)], [CloseMic(1), STOPPED, OpenMic(2), OpenEngine(2)]],
    ),
    "an earlier take waits for the key to come up": (
        [*SPOKEN, Start(), Recognised(1, "one"), Stop()],
        [
            *[OPENED, [KeepTail(1)], [CloseMic(1), STOPPED], [OpenMic(2), OpenEngine(2)], []],
            [KeepTail(2), Insert(1, "one", anywhere=False)],
        ],
    ),
    "an earlier take lands while listening hands-free": (
        [*SPOKEN, Start(hands_free=True), Recognised(1, "one")],
        [
            *[OPENED, [KeepTail(1)], [CloseMic(1), STOPPED], [OpenMic(2), OpenEngine(2)]],
            [Insert(1, "one", anywhere=False)],
        ],
    ),
    "a later take waits for the earlier one": (
        [*SPOKEN, Start(), Stop(), TailOver(2), Recognised(2, "two"), Recognised(1, "one")],
        [
            *[OPENED, [KeepTail(1)], [CloseMic(1), STOPPED], [OpenMic(2), OpenEngine(2)]],
            *[[KeepTail(2)], [CloseMic(2), STOPPED], []],
            [Insert(1, "one", anywhere=False)],
        ],
    ),
    "the later one follows as soon as the earlier has landed": (
        [
            *[*SPOKEN, Start(), Stop(), TailOver(2), Recognised(2, "two")],
            *[Recognised(1, "one"), Landed(1)],
        ],
        [
            *[OPENED, [KeepTail(1)], [CloseMic(1), STOPPED], [OpenMic(2), OpenEngine(2)]],
            *[[KeepTail(2)], [CloseMic(2), STOPPED], [], [Insert(1, "one", anywhere=False)]],
            [Keep(1, "inserted"), Insert(2, "two", anywhere=False)],
        ],
    ),
    "the engine refuses while the person speaks: recording goes on": (
        [Start(), Failed(1, REFUSED), Stop(), TailOver(1)],
        [
            *[OPENED, [ERROR], [KeepTail(1)]],
            [CloseMic(1), STOPPED, DropEngine(1), Keep(1, "failed", REFUSED)],
        ],
    ),
    "the engine gives up at the end": (
        [*SPOKEN, Failed(1, REFUSED)],
        [
            *[OPENED, [KeepTail(1)], [CloseMic(1), STOPPED]],
            [DropEngine(1), Keep(1, "failed", REFUSED), ERROR],
        ],
    ),
    "no answer": (
        [*SPOKEN, Woke(1, "text")],
        [
            *[OPENED, [KeepTail(1)], [CloseMic(1), STOPPED]],
            [DropEngine(1), Keep(1, "failed", NO_ANSWER), ERROR],
        ],
    ),
    "no microphone": (
        [Start(), SoundLost(1, UNPLUGGED, recorded=False)],
        [OPENED, [CloseMic(1), DropEngine(1), Keep(1, "failed", UNPLUGGED), ERROR]],
    ),
    "the microphone goes away: what was said is recognised": (
        [Start(), SoundLost(1, UNPLUGGED, recorded=True), Recognised(1, "half")],
        [OPENED, [CloseMic(1), STOPPED], [Insert(1, "half", anywhere=False)]],
    ),
    "ten minutes": (
        [Start(), Woke(1, "limit")],
        [OPENED, [CloseMic(1), STOPPED]],
    ),
    "another window: held, then typed where the user wants it": (
        [*RECOGNISED, Held(1), InsertHeld(), Landed(1)],
        [
            *[OPENED, [KeepTail(1)], [CloseMic(1), STOPPED]],
            *[[Insert(1, "hello", anywhere=False)], [Keep(1, "held")]],
            *[[Insert(1, "hello", anywhere=True)], [Keep(1, "inserted")]],
        ],
    ),
    "not fetched": (
        [*RECOGNISED, NotLanded(1, UNFETCHED), Landed(1)],
        [
            *[OPENED, [KeepTail(1)], [CloseMic(1), STOPPED]],
            *[[Insert(1, "hello", anywhere=False)], [Keep(1, "held", UNFETCHED), ERROR], []],
        ],
    ),
    "the typist hangs": (
        [*RECOGNISED, Woke(1, "insert"), Landed(1)],
        [
            *[OPENED, [KeepTail(1)], [CloseMic(1), STOPPED]],
            *[[Insert(1, "hello", anywhere=False)], [Keep(1, "held", NOT_TYPED), ERROR], []],
        ],
    ),
    "try again": (
        [*SPOKEN, Failed(1, REFUSED), Retry(), Recognised(1, "hello")],
        [
            *[OPENED, [KeepTail(1)], [CloseMic(1), STOPPED]],
            *[[DropEngine(1), Keep(1, "failed", REFUSED), ERROR], [OpenEngine(1)]],
            [Insert(1, "hello", anywhere=True)],
        ],
    ),
    "rescued words are typed where the user wants them": (
        [Rescued(-1, "back", "14:32"), InsertHeld(), Landed(-1)],
        [[], [Insert(-1, "back", anywhere=True)], [Keep(-1, "inserted")]],
    ),
    "rescued words come before those of this run": (
        [*SPOKEN, Rescued(-1, "back", "14:32"), InsertHeld(), Recognised(1, "one"), Landed(-1)],
        [
            *[OPENED, [KeepTail(1)], [CloseMic(1), STOPPED], []],
            *[[Insert(-1, "back", anywhere=True)], []],
            [Keep(-1, "inserted"), Insert(1, "one", anywhere=False)],
        ],
    ),
    "words of the history wait for the key to come up": (
        [Start(), Again(-1, "once more"), Cancel()],
        [
            *[OPENED, []],
            [
                *[CloseMic(1), DropEngine(1), Keep(1, "cancelled")],
                Insert(-1, "once more", anywhere=True),
            ],
        ],
    ),
    "words of the history that do not land are held": (
        [Again(-1, "once more"), NotLanded(-1, UNFETCHED), InsertHeld()],
        [
            *[[Insert(-1, "once more", anywhere=True)], [Keep(-1, "held", UNFETCHED), ERROR]],
            [Insert(-1, "once more", anywhere=True)],
        ],
    ),
    "wishes with nothing to do": (
        [Stop(), Cancel(), Discard(), Retry(), InsertHeld(), Dismiss(), HandsFree()],
        [[], [], [], [], [], [], []],
    ),
    "facts of a take that is over": (
        [*RECOGNISED, Landed(1), Landed(1), Recognised(1, "again"), Failed(1, REFUSED)],
        [
            *[OPENED, [KeepTail(1)], [CloseMic(1), STOPPED]],
            *[[Insert(1, "hello", anywhere=False)], [Keep(1, "inserted")], [], [], []],
        ],
    ),
    "a fact of a take that waits its turn": (
        [*SPOKEN, Start(), Recognised(1, "one"), Failed(1, REFUSED), Woke(2, "limit")],
        [
            *[OPENED, [KeepTail(1)], [CloseMic(1), STOPPED], [OpenMic(2), OpenEngine(2)], [], []],
            [CloseMic(2), STOPPED, Insert(1, "one", anywhere=False)],
        ],
    ),
    "facts that do not fit the phase": (
        [Start(), Recognised(1, "early"), TailOver(1), Woke(1, "text"), Landed(1)],
        [OPENED, [], [], [], []],
    ),
}


@pytest.mark.parametrize(("events", "expected"), CASES.values(), ids=CASES)
def test_what_it_does(events, expected):
    assert play(*events) == expected


STATES = {
    "at rest": ((), "idle"),
    "listening": ((Start(),), "listening"),
    "tail": ((Start(), Stop()), "finishing"),
    "finishing": (SPOKEN, "finishing"),
    "inserting": (RECOGNISED, "inserting"),
    "landed": ((*RECOGNISED, Landed(1)), "idle"),
    "failed": ((*SPOKEN, Failed(1, REFUSED)), "failed"),
    "failed and dismissed": ((*SPOKEN, Failed(1, REFUSED), Dismiss()), "idle"),
    "failed and shown long enough": ((*SPOKEN, Failed(1, REFUSED), Woke(1, "shown")), "idle"),
    "failed, then speaking again": ((*SPOKEN, Failed(1, REFUSED), Start()), "listening"),
    "an older problem's clock does not clear a newer take": (
        (*SPOKEN, Failed(1, REFUSED), Start(), Failed(2, REFUSED), Stop(), Woke(1, "shown")),
        "finishing",
    ),
    "held": ((*RECOGNISED, Held(1)), "idle"),
    "a warning": ((Warn(UNPLUGGED),), "failed"),
    "a warning shown long enough": ((Warn(UNPLUGGED), Woke(0, "shown")), "idle"),
    "a warning while speaking": ((Start(), Warn(UNPLUGGED)), "listening"),
    "an alarm that does not fit": ((Start(), Stop(), TailOver(1), Woke(1, "insert")), "finishing"),
}


@pytest.mark.parametrize(("events", "state"), STATES.values(), ids=STATES)
def test_state(events, state):
    assert after(*events).state == state


def test_held_words_stay_when_the_question_is_gone():
    machine = after(*RECOGNISED, Held(1))
    assert (machine.held_text, machine.asks) == ("hello", True)
    machine.handle(Dismiss())
    assert (machine.held_text, machine.asks) == ("hello", False)
    assert Insert(1, "hello", anywhere=True) in machine.handle(InsertHeld())
    assert machine.held_text == ""


def test_rescued_words_are_offered_once_and_say_when_they_were_spoken():
    machine = after(Rescued(-1, "back", "14:32", 3))
    assert (machine.held_text, machine.asks, machine.rescued) == ("back", True, "14:32")
    assert machine.rescued_count == 3
    assert machine.wanted == {-1}
    machine.handle(Dismiss())
    assert (machine.held_text, machine.asks, machine.state) == ("back", False, "idle")
    machine.handle(InsertHeld())
    assert (machine.held_text, machine.rescued) == ("", "")


def test_words_that_wait_already_stay():
    machine = after(*RECOGNISED, Held(1), Rescued(-1, "back", "14:32"))
    assert (machine.held_text, machine.rescued) == ("hello", "")


def test_held_words_wait_while_others_are_inserted():
    machine = after(*RECOGNISED, Held(1), Start(), Stop(), TailOver(2), Recognised(2, "two"))
    assert machine.phase(2) is Phase.INSERTING
    assert not [c for c in machine.handle(InsertHeld()) if isinstance(c, Insert)]
    assert Insert(1, "hello", anywhere=True) in machine.handle(Landed(2))


def test_words_held_later_take_the_place_of_rescued_ones():
    machine = after(Rescued(-1, "back", "14:32"), *RECOGNISED, Held(1))
    assert (machine.held_text, machine.rescued) == ("hello", "")


def test_nothing_heard_is_counted_until_a_word_comes():
    machine = after(*SPOKEN, Recognised(1, ""), Start(), Stop(), TailOver(2), Recognised(2, ""))
    assert machine.nothing_heard == 2
    for event in (Start(), Stop(), TailOver(3), Recognised(3, "word")):
        machine.handle(event)
    assert machine.nothing_heard == 0


def test_hands_free_is_of_the_take_being_spoken():
    machine = after(Start())
    assert not machine.hands_free
    machine.handle(HandsFree())
    assert machine.hands_free
    assert machine.phase(1) is Phase.LISTENING
    machine.handle(Stop())
    assert not machine.hands_free


def test_the_limit_is_told():
    assert after(Start(), Woke(1, "limit")).problem == STOPPED_AFTER_LIMIT


NUMBERS = st.integers(min_value=1, max_value=4)
EVENTS = st.one_of(
    st.sampled_from(
        [Start(), Start(hands_free=True), Stop(), HandsFree(), Cancel(), Discard(), Retry()]
    ),
    st.sampled_from([InsertHeld(), Dismiss(), Warn(UNPLUGGED)]),
    st.sampled_from([Rescued(-1, "back", "14:32"), Landed(-1), Held(-1), NotLanded(-1, UNFETCHED)]),
    st.builds(SoundLost, NUMBERS, st.just(UNPLUGGED), st.booleans()),
    st.builds(Recognised, NUMBERS, st.sampled_from(["", "a", "b"])),
    st.builds(Failed, NUMBERS, st.just(REFUSED)),
    st.builds(NotLanded, NUMBERS, st.just(UNFETCHED)),
    st.builds(Woke, NUMBERS, st.sampled_from(["limit", "tail", "text", "insert", "shown"])),
    *(st.builds(kind, NUMBERS) for kind in (TailOver, Landed, Held)),
)


@attrs.define
class World:
    """Does what the commands say, and keeps count."""

    machine: Dictation = attrs.field(factory=Dictation)
    open_mics: set[int] = attrs.field(factory=set)
    engines: set[int] = attrs.field(factory=set)
    inserting: list[int] = attrs.field(factory=list)
    landed: list[int] = attrs.field(factory=list)
    kept: dict[int, str] = attrs.field(factory=dict)
    alarms: list[Woke] = attrs.field(factory=list)
    rescued: bool = False

    def feed(self, event) -> None:  # noqa: C901  one case to each command
        if isinstance(event, Rescued):
            if self.rescued:
                return  # a number is given once
            self.rescued = True
        if isinstance(event, Landed) and self.machine.phase(event.take) is Phase.INSERTING:
            self.landed.append(event.take)
        for command in self.machine.handle(event):
            match command:
                case OpenMic(take):
                    assert not self.open_mics
                    self.open_mics.add(take)
                case CloseMic(take):
                    self.open_mics.remove(take)
                case OpenEngine(take):
                    self.engines.add(take)
                case DropEngine(take):
                    self.engines.discard(take)
                case Insert(take, text):
                    assert text
                    assert not [n for n in self.inserting if self.machine.phase(n) is not None]
                    assert take not in self.landed, "inserted twice"
                    assert self.kept.get(take) != "cancelled"
                    self.inserting = [take]
                case Keep(take, outcome):
                    self.kept[take] = outcome
                    self.inserting = [n for n in self.inserting if n != take]
                case Forget(take):
                    self.kept[take] = "forgotten"
                case WakeMe(_, woke):
                    self.alarms.append(woke)


@given(st.lists(EVENTS, max_size=40))
@settings(max_examples=600, deadline=None)
def test_whatever_happens_no_take_is_lost_or_inserted_twice_and_it_comes_to_rest(events):
    world = World()
    for event in events:
        world.feed(event)
        assert world.open_mics == {
            n
            for n in range(1, world.machine.number + 1)
            if world.machine.phase(n) in (Phase.LISTENING, Phase.TAIL)
        }
    while world.alarms:  # nothing else comes but the deadlines
        world.feed(world.alarms.pop(0))
    assert world.machine.state == "idle"
    assert set(world.kept) - {-1} == set(range(1, world.machine.number + 1))
    assert not world.open_mics


@given(st.permutations([1, 2, 3]), st.permutations([1, 2, 3]))
def test_takes_land_in_the_order_they_were_spoken(answers, landings):
    machine, inserted = Dictation(), []
    for number in (1, 2, 3):
        for event in (Start(), Stop(), TailOver(number)):
            machine.handle(event)
    for event in [*(Recognised(n, f"t{n}") for n in answers), *(Landed(n) for n in landings * 3)]:
        inserted += [c.take for c in machine.handle(event) if isinstance(c, Insert)]
    assert inserted == [1, 2, 3]
