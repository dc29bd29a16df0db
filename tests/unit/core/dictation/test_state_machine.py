import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.core.dictation.events import (
    ArchiveTake,
    AudioLost,
    Cancel,
    CancelRecognition,
    CloseMic,
    ContinueHandsFree,
    DeleteTake,
    Discard,
    Dismiss,
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
    TimerFired,
    Transcribed,
)
from sayso.core.dictation.state_machine import (
    INSERT_TIMED_OUT,
    TAKE_LIMIT_REACHED,
    TEXT_TIMED_OUT,
    Dictation,
    Phase,
)
from sayso.core.problems import untyped_problem

API_KEY_REFUSED = untyped_problem("Your API key was refused by api.openai.com.")
MICROPHONE_UNPLUGGED = untyped_problem("The microphone went away while you spoke.")
PASTE_FAILED = untyped_problem("This window does not take typed text.")
OPENED = [OpenMic(1), StartRecognition(1)]
STOPPED = PlayCue("stop")
ERROR = PlayCue("error")


def commands_for(*events):
    """Feed events; return the commands each one caused, without the alarms."""
    machine = Dictation()
    return [[c for c in machine.handle(e) if not isinstance(c, StartTimer)] for e in events]


def machine_after(*events):
    machine = Dictation()
    for event in events:
        machine.handle(event)
    return machine


SPOKEN = (Start(), Stop(), TailEnded(1))
RECOGNISED = (*SPOKEN, Transcribed(1, "hello"))

CASES = {
    "hold, speak, let go": (
        [*RECOGNISED, Inserted(1)],
        [
            OPENED,
            [KeepTail(1)],
            [CloseMic(1), STOPPED],
            [Insert(1, "hello", any_window=False)],
            [ArchiveTake(1, "inserted")],
        ],
    ),
    "a second start while listening is nothing": ([Start(), Start()], [OPENED, []]),
    "the tail ends by its alarm too": (
        [Start(), Stop(), TimerFired(1, "tail"), TailEnded(1)],
        [OPENED, [KeepTail(1)], [CloseMic(1), STOPPED], []],
    ),
    "cancel while speaking keeps the take": (
        [Start(), Cancel(), Transcribed(1, "late")],
        [OPENED, [CloseMic(1), CancelRecognition(1), ArchiveTake(1, "cancelled")], []],
    ),
    "cancel while finishing keeps the take": (
        [*SPOKEN, Cancel()],
        [
            OPENED,
            [KeepTail(1)],
            [CloseMic(1), STOPPED],
            [CancelRecognition(1), ArchiveTake(1, "cancelled")],
        ],
    ),
    "a shortcut leaves no trace": (
        [Start(), Discard()],
        [OPENED, [CloseMic(1), CancelRecognition(1), DeleteTake(1)]],
    ),
    "nothing said": (
        [*SPOKEN, Transcribed(1, "")],
        [OPENED, [KeepTail(1)], [CloseMic(1), STOPPED], [ArchiveTake(1, "nothing")]],
    ),
    "a press during the tail starts the next take at once": (
        [Start(), Stop(), Start()],
        [OPENED, [KeepTail(1)], [CloseMic(1), STOPPED, OpenMic(2), StartRecognition(2)]],
    ),
    "an earlier take waits for the key to come up": (
        [*SPOKEN, Start(), Transcribed(1, "one"), Stop()],
        [
            *[OPENED, [KeepTail(1)], [CloseMic(1), STOPPED], [OpenMic(2), StartRecognition(2)], []],
            [KeepTail(2), Insert(1, "one", any_window=False)],
        ],
    ),
    "an earlier take lands while listening hands-free": (
        [*SPOKEN, Start(hands_free=True), Transcribed(1, "one")],
        [
            *[OPENED, [KeepTail(1)], [CloseMic(1), STOPPED], [OpenMic(2), StartRecognition(2)]],
            [Insert(1, "one", any_window=False)],
        ],
    ),
    "a later take waits for the earlier one": (
        [*SPOKEN, Start(), Stop(), TailEnded(2), Transcribed(2, "two"), Transcribed(1, "one")],
        [
            *[OPENED, [KeepTail(1)], [CloseMic(1), STOPPED], [OpenMic(2), StartRecognition(2)]],
            *[[KeepTail(2)], [CloseMic(2), STOPPED], []],
            [Insert(1, "one", any_window=False)],
        ],
    ),
    "the later one follows as soon as the earlier has landed": (
        [
            *[*SPOKEN, Start(), Stop(), TailEnded(2), Transcribed(2, "two")],
            *[Transcribed(1, "one"), Inserted(1)],
        ],
        [
            *[OPENED, [KeepTail(1)], [CloseMic(1), STOPPED], [OpenMic(2), StartRecognition(2)]],
            *[[KeepTail(2)], [CloseMic(2), STOPPED], [], [Insert(1, "one", any_window=False)]],
            [ArchiveTake(1, "inserted"), Insert(2, "two", any_window=False)],
        ],
    ),
    "the engine refuses while the person speaks: recording goes on": (
        [Start(), RecognitionFailed(1, API_KEY_REFUSED), Stop(), TailEnded(1)],
        [
            *[OPENED, [ERROR], [KeepTail(1)]],
            [CloseMic(1), STOPPED, CancelRecognition(1), ArchiveTake(1, "failed", API_KEY_REFUSED)],
        ],
    ),
    "the engine gives up at the end": (
        [*SPOKEN, RecognitionFailed(1, API_KEY_REFUSED)],
        [
            *[OPENED, [KeepTail(1)], [CloseMic(1), STOPPED]],
            [CancelRecognition(1), ArchiveTake(1, "failed", API_KEY_REFUSED), ERROR],
        ],
    ),
    "no answer": (
        [*SPOKEN, TimerFired(1, "text")],
        [
            *[OPENED, [KeepTail(1)], [CloseMic(1), STOPPED]],
            [CancelRecognition(1), ArchiveTake(1, "failed", TEXT_TIMED_OUT), ERROR],
        ],
    ),
    "no microphone": (
        [Start(), AudioLost(1, MICROPHONE_UNPLUGGED, has_audio=False)],
        [
            OPENED,
            [
                CloseMic(1),
                CancelRecognition(1),
                ArchiveTake(1, "failed", MICROPHONE_UNPLUGGED),
                ERROR,
            ],
        ],
    ),
    "the microphone goes away: what was said is recognised": (
        [Start(), AudioLost(1, MICROPHONE_UNPLUGGED, has_audio=True), Transcribed(1, "half")],
        [OPENED, [CloseMic(1), STOPPED], [Insert(1, "half", any_window=False)]],
    ),
    "ten minutes": (
        [Start(), TimerFired(1, "limit")],
        [OPENED, [CloseMic(1), STOPPED]],
    ),
    "another window: held, then typed where the user wants it": (
        [*RECOGNISED, FocusChanged(1), InsertHeld(), Inserted(1)],
        [
            *[OPENED, [KeepTail(1)], [CloseMic(1), STOPPED]],
            *[[Insert(1, "hello", any_window=False)], [ArchiveTake(1, "held")]],
            *[[Insert(1, "hello", any_window=True)], [ArchiveTake(1, "inserted")]],
        ],
    ),
    "not fetched": (
        [*RECOGNISED, InsertFailed(1, PASTE_FAILED), Inserted(1)],
        [
            *[OPENED, [KeepTail(1)], [CloseMic(1), STOPPED]],
            *[
                [Insert(1, "hello", any_window=False)],
                [ArchiveTake(1, "held", PASTE_FAILED), ERROR],
                [],
            ],
        ],
    ),
    "the typist hangs": (
        [*RECOGNISED, TimerFired(1, "insert"), Inserted(1)],
        [
            *[OPENED, [KeepTail(1)], [CloseMic(1), STOPPED]],
            *[
                [Insert(1, "hello", any_window=False)],
                [ArchiveTake(1, "held", INSERT_TIMED_OUT), ERROR],
                [],
            ],
        ],
    ),
    "try again": (
        [*SPOKEN, RecognitionFailed(1, API_KEY_REFUSED), Retry(), Transcribed(1, "hello")],
        [
            *[OPENED, [KeepTail(1)], [CloseMic(1), STOPPED]],
            *[
                [CancelRecognition(1), ArchiveTake(1, "failed", API_KEY_REFUSED), ERROR],
                [StartRecognition(1)],
            ],
            [Insert(1, "hello", any_window=True)],
        ],
    ),
    "rescued words are typed where the user wants them": (
        [Recovered(-1, "back", "14:32"), InsertHeld(), Inserted(-1)],
        [[], [Insert(-1, "back", any_window=True)], [ArchiveTake(-1, "inserted")]],
    ),
    "rescued words come before those of this run": (
        [
            *SPOKEN,
            Recovered(-1, "back", "14:32"),
            InsertHeld(),
            Transcribed(1, "one"),
            Inserted(-1),
        ],
        [
            *[OPENED, [KeepTail(1)], [CloseMic(1), STOPPED], []],
            *[[Insert(-1, "back", any_window=True)], []],
            [ArchiveTake(-1, "inserted"), Insert(1, "one", any_window=False)],
        ],
    ),
    "words of the history wait for the key to come up": (
        [Start(), Reinsert(-1, "once more"), Cancel()],
        [
            *[OPENED, []],
            [
                *[CloseMic(1), CancelRecognition(1), ArchiveTake(1, "cancelled")],
                Insert(-1, "once more", any_window=True),
            ],
        ],
    ),
    "words of the history that do not land are held": (
        [Reinsert(-1, "once more"), InsertFailed(-1, PASTE_FAILED), InsertHeld()],
        [
            *[
                [Insert(-1, "once more", any_window=True)],
                [ArchiveTake(-1, "held", PASTE_FAILED), ERROR],
            ],
            [Insert(-1, "once more", any_window=True)],
        ],
    ),
    "wishes with nothing to do": (
        [Stop(), Cancel(), Discard(), Retry(), InsertHeld(), Dismiss(), ContinueHandsFree()],
        [[], [], [], [], [], [], []],
    ),
    "facts of a take that is over": (
        [
            *RECOGNISED,
            Inserted(1),
            Inserted(1),
            Transcribed(1, "again"),
            RecognitionFailed(1, API_KEY_REFUSED),
        ],
        [
            *[OPENED, [KeepTail(1)], [CloseMic(1), STOPPED]],
            *[[Insert(1, "hello", any_window=False)], [ArchiveTake(1, "inserted")], [], [], []],
        ],
    ),
    "a fact of a take that waits its turn": (
        [
            *SPOKEN,
            Start(),
            Transcribed(1, "one"),
            RecognitionFailed(1, API_KEY_REFUSED),
            TimerFired(2, "limit"),
        ],
        [
            *[
                OPENED,
                [KeepTail(1)],
                [CloseMic(1), STOPPED],
                [OpenMic(2), StartRecognition(2)],
                [],
                [],
            ],
            [CloseMic(2), STOPPED, Insert(1, "one", any_window=False)],
        ],
    ),
    "facts that do not fit the phase": (
        [Start(), Transcribed(1, "early"), TailEnded(1), TimerFired(1, "text"), Inserted(1)],
        [OPENED, [], [], [], []],
    ),
}


@pytest.mark.parametrize(("events", "expected"), CASES.values(), ids=CASES)
def test_what_it_does(events, expected):
    assert commands_for(*events) == expected


STATES = {
    "at rest": ((), "idle"),
    "listening": ((Start(),), "listening"),
    "tail": ((Start(), Stop()), "finishing"),
    "finishing": (SPOKEN, "finishing"),
    "inserting": (RECOGNISED, "inserting"),
    "landed": ((*RECOGNISED, Inserted(1)), "idle"),
    "failed": ((*SPOKEN, RecognitionFailed(1, API_KEY_REFUSED)), "failed"),
    "failed and dismissed": ((*SPOKEN, RecognitionFailed(1, API_KEY_REFUSED), Dismiss()), "idle"),
    "failed and shown long enough": (
        (*SPOKEN, RecognitionFailed(1, API_KEY_REFUSED), TimerFired(1, "shown")),
        "idle",
    ),
    "failed, then speaking again": (
        (*SPOKEN, RecognitionFailed(1, API_KEY_REFUSED), Start()),
        "listening",
    ),
    "an older problem's clock does not clear a newer take": (
        (
            *SPOKEN,
            RecognitionFailed(1, API_KEY_REFUSED),
            Start(),
            RecognitionFailed(2, API_KEY_REFUSED),
            Stop(),
            TimerFired(1, "shown"),
        ),
        "finishing",
    ),
    "held": ((*RECOGNISED, FocusChanged(1)), "idle"),
    "a warning": ((ProblemReported(MICROPHONE_UNPLUGGED),), "failed"),
    "a warning shown long enough": (
        (ProblemReported(MICROPHONE_UNPLUGGED), TimerFired(0, "shown")),
        "idle",
    ),
    "a warning while speaking": ((Start(), ProblemReported(MICROPHONE_UNPLUGGED)), "listening"),
    "an alarm that does not fit": (
        (Start(), Stop(), TailEnded(1), TimerFired(1, "insert")),
        "finishing",
    ),
}


@pytest.mark.parametrize(("events", "state"), STATES.values(), ids=STATES)
def test_state(events, state):
    assert machine_after(*events).state == state


def test_held_words_stay_when_the_question_is_gone():
    machine = machine_after(*RECOGNISED, FocusChanged(1))
    assert (machine.held_text, machine.offers_held_text) == ("hello", True)
    machine.handle(Dismiss())
    assert (machine.held_text, machine.offers_held_text) == ("hello", False)
    assert Insert(1, "hello", any_window=True) in machine.handle(InsertHeld())
    assert machine.held_text == ""


def test_rescued_words_are_offered_once_and_say_when_they_were_spoken():
    machine = machine_after(Recovered(-1, "back", "14:32", 3))
    assert (machine.held_text, machine.offers_held_text, machine.recovered_spoken_at) == (
        "back",
        True,
        "14:32",
    )
    assert machine.recovered_count == 3
    assert machine.reusable_takes == {-1}
    machine.handle(Dismiss())
    assert (machine.held_text, machine.offers_held_text, machine.state) == ("back", False, "idle")
    machine.handle(InsertHeld())
    assert (machine.held_text, machine.recovered_spoken_at) == ("", "")


def test_words_that_wait_already_stay():
    machine = machine_after(*RECOGNISED, FocusChanged(1), Recovered(-1, "back", "14:32"))
    assert (machine.held_text, machine.recovered_spoken_at) == ("hello", "")


def test_held_words_wait_while_others_are_inserted():
    machine = machine_after(
        *RECOGNISED, FocusChanged(1), Start(), Stop(), TailEnded(2), Transcribed(2, "two")
    )
    assert machine.phase(2) is Phase.INSERTING
    assert not [c for c in machine.handle(InsertHeld()) if isinstance(c, Insert)]
    assert Insert(1, "hello", any_window=True) in machine.handle(Inserted(2))


def test_words_held_later_take_the_place_of_rescued_ones():
    machine = machine_after(Recovered(-1, "back", "14:32"), *RECOGNISED, FocusChanged(1))
    assert (machine.held_text, machine.recovered_spoken_at) == ("hello", "")


def test_nothing_heard_is_counted_until_a_word_comes():
    machine = machine_after(
        *SPOKEN, Transcribed(1, ""), Start(), Stop(), TailEnded(2), Transcribed(2, "")
    )
    assert machine.empty_takes == 2
    for event in (Start(), Stop(), TailEnded(3), Transcribed(3, "word")):
        machine.handle(event)
    assert machine.empty_takes == 0


def test_hands_free_is_of_the_take_being_spoken():
    machine = machine_after(Start())
    assert not machine.hands_free
    machine.handle(ContinueHandsFree())
    assert machine.hands_free
    assert machine.phase(1) is Phase.LISTENING
    machine.handle(Stop())
    assert not machine.hands_free


def test_the_limit_is_told():
    assert machine_after(Start(), TimerFired(1, "limit")).problem == TAKE_LIMIT_REACHED


NUMBERS = st.integers(min_value=1, max_value=4)
EVENTS = st.one_of(
    st.sampled_from(
        [Start(), Start(hands_free=True), Stop(), ContinueHandsFree(), Cancel(), Discard(), Retry()]
    ),
    st.sampled_from([InsertHeld(), Dismiss(), ProblemReported(MICROPHONE_UNPLUGGED)]),
    st.sampled_from(
        [
            Recovered(-1, "back", "14:32"),
            Inserted(-1),
            FocusChanged(-1),
            InsertFailed(-1, PASTE_FAILED),
        ]
    ),
    st.builds(AudioLost, NUMBERS, st.just(MICROPHONE_UNPLUGGED), st.booleans()),
    st.builds(Transcribed, NUMBERS, st.sampled_from(["", "a", "b"])),
    st.builds(RecognitionFailed, NUMBERS, st.just(API_KEY_REFUSED)),
    st.builds(InsertFailed, NUMBERS, st.just(PASTE_FAILED)),
    st.builds(TimerFired, NUMBERS, st.sampled_from(["limit", "tail", "text", "insert", "shown"])),
    *(st.builds(kind, NUMBERS) for kind in (TailEnded, Inserted, FocusChanged)),
)


@attrs.define
class Simulation:
    """Does what the commands say, and keeps count."""

    machine: Dictation = attrs.field(factory=Dictation)
    open_mics: set[int] = attrs.field(factory=set)
    engines: set[int] = attrs.field(factory=set)
    inserting: list[int] = attrs.field(factory=list)
    inserted: list[int] = attrs.field(factory=list)
    outcomes: dict[int, str] = attrs.field(factory=dict)
    timers: list[TimerFired] = attrs.field(factory=list)
    recovered: bool = False

    def feed(self, event) -> None:  # noqa: C901  one case to each command
        if isinstance(event, Recovered):
            if self.recovered:
                return  # a number is given once
            self.recovered = True
        if isinstance(event, Inserted) and self.machine.phase(event.take) is Phase.INSERTING:
            self.inserted.append(event.take)
        for command in self.machine.handle(event):
            match command:
                case OpenMic(take):
                    assert not self.open_mics
                    self.open_mics.add(take)
                case CloseMic(take):
                    self.open_mics.remove(take)
                case StartRecognition(take):
                    self.engines.add(take)
                case CancelRecognition(take):
                    self.engines.discard(take)
                case Insert(take, text):
                    assert text
                    assert not [n for n in self.inserting if self.machine.phase(n) is not None]
                    assert take not in self.inserted, "inserted twice"
                    assert self.outcomes.get(take) != "cancelled"
                    self.inserting = [take]
                case ArchiveTake(take, outcome):
                    self.outcomes[take] = outcome
                    self.inserting = [n for n in self.inserting if n != take]
                case DeleteTake(take):
                    self.outcomes[take] = "forgotten"
                case StartTimer(_, woke):
                    self.timers.append(woke)


@given(st.lists(EVENTS, max_size=40))
@settings(max_examples=600, deadline=None)
def test_whatever_happens_no_take_is_lost_or_inserted_twice_and_it_comes_to_rest(events):
    world = Simulation()
    for event in events:
        world.feed(event)
        assert world.open_mics == {
            n
            for n in range(1, world.machine.newest_take + 1)
            if world.machine.phase(n) in (Phase.LISTENING, Phase.TAIL)
        }
    while world.timers:  # nothing else comes but the deadlines
        world.feed(world.timers.pop(0))
    assert world.machine.state == "idle"
    assert set(world.outcomes) - {-1} == set(range(1, world.machine.newest_take + 1))
    assert not world.open_mics


@given(st.permutations([1, 2, 3]), st.permutations([1, 2, 3]))
def test_takes_land_in_the_order_they_were_spoken(answers, landings):
    machine, inserted = Dictation(), []
    for number in (1, 2, 3):
        for event in (Start(), Stop(), TailEnded(number)):
            machine.handle(event)
    for event in [
        *(Transcribed(n, f"t{n}") for n in answers),
        *(Inserted(n) for n in landings * 3),
    ]:
        inserted += [c.take for c in machine.handle(event) if isinstance(c, Insert)]
    assert inserted == [1, 2, 3]
