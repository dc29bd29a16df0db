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
from sayso.core.dictation.state_machine import Dictation, Phase
from sayso.core.problems import ProblemKind
from sayso.core.problems.dictation import INSERT_TIMED_OUT, TAKE_LIMIT_REACHED, TEXT_TIMED_OUT

API_KEY_REFUSED = ProblemKind("test.api_key", "The API key was refused.")()
MICROPHONE_UNPLUGGED = ProblemKind("test.microphone", "The microphone is gone.")()
PASTE_FAILED = ProblemKind("test.paste", "The window does not accept text.")()
RECOVERED = 90
"""Number of a take that comes from the history."""
OPENED = [OpenMic(1), StartRecognition(1)]
STOPPED = PlayCue("stop")
ERROR = PlayCue("error")


def commands_for(*events):
    """Return the commands that each event causes, without timers."""
    machine = Dictation()
    return [[c for c in machine.handle(e) if not isinstance(c, StartTimer)] for e in events]


def machine_after(*events):
    machine = Dictation()
    for event in events:
        machine.handle(event)
    return machine


SPOKEN = (Start(), Stop(), TailEnded(1))
TRANSCRIBED = (*SPOKEN, Transcribed(1, "hello"))
NEXT = [OpenMic(2), StartRecognition(2)]
SPOKE = [OPENED, [KeepTail(1)], [CloseMic(1), STOPPED]]
"""The commands for `SPOKEN`."""


def inserts(take, text, any_window=False):
    return Insert(take, text, any_window)


def fails(problem):
    return [CancelRecognition(1), ArchiveTake(1, "failed", problem), ERROR]


CASES = {
    "hold, speak, release": (
        [*TRANSCRIBED, Inserted(1)],
        [*SPOKE, [inserts(1, "hello")], [ArchiveTake(1, "inserted")]],
    ),
    "a second start while listening is ignored": ([Start(), Start()], [OPENED, []]),
    "the tail also ends by its timer": (
        [Start(), Stop(), TimerFired(1, "tail"), TailEnded(1)],
        [*SPOKE, []],
    ),
    "cancel while speaking archives the take": (
        [Start(), Cancel(), Transcribed(1, "late")],
        [OPENED, [CloseMic(1), CancelRecognition(1), ArchiveTake(1, "cancelled")], []],
    ),
    "cancel while finishing archives the take": (
        [*SPOKEN, Cancel()],
        [*SPOKE, [CancelRecognition(1), ArchiveTake(1, "cancelled")]],
    ),
    "a shortcut deletes the take": (
        [Start(), Discard()],
        [OPENED, [CloseMic(1), CancelRecognition(1), DeleteTake(1)]],
    ),
    "a take without speech": ([*SPOKEN, Transcribed(1, "")], [*SPOKE, [ArchiveTake(1, "nothing")]]),
    "a press during the tail starts the next take at once": (
        [Start(), Stop(), Start()],
        [OPENED, [KeepTail(1)], [CloseMic(1), STOPPED, *NEXT]],
    ),
    "an earlier take is inserted after the key is released": (
        [*SPOKEN, Start(), Transcribed(1, "one"), Stop()],
        [*SPOKE, NEXT, [], [KeepTail(2), inserts(1, "one")]],
    ),
    "an earlier take is inserted while listening hands-free": (
        [*SPOKEN, Start(hands_free=True), Transcribed(1, "one")],
        [*SPOKE, NEXT, [inserts(1, "one")]],
    ),
    "a later take is inserted after the earlier one": (
        [
            *[*SPOKEN, Start(), Stop(), TailEnded(2), Transcribed(2, "two")],
            *[Transcribed(1, "one"), Inserted(1)],
        ],
        [
            *[*SPOKE, NEXT, [KeepTail(2)], [CloseMic(2), STOPPED], [], [inserts(1, "one")]],
            [ArchiveTake(1, "inserted"), inserts(2, "two")],
        ],
    ),
    "recording continues after the engine failed": (
        [Start(), RecognitionFailed(1, API_KEY_REFUSED), Stop(), TailEnded(1)],
        [*[OPENED, [ERROR], [KeepTail(1)]], [CloseMic(1), STOPPED, *fails(API_KEY_REFUSED)[:2]]],
    ),
    "the engine fails at the end": (
        [*SPOKEN, RecognitionFailed(1, API_KEY_REFUSED)],
        [*SPOKE, fails(API_KEY_REFUSED)],
    ),
    "the text times out": ([*SPOKEN, TimerFired(1, "text")], [*SPOKE, fails(TEXT_TIMED_OUT())]),
    "no microphone": (
        [Start(), AudioLost(1, MICROPHONE_UNPLUGGED, has_audio=False)],
        [OPENED, [CloseMic(1), *fails(MICROPHONE_UNPLUGGED)]],
    ),
    "the audio before the microphone was lost is transcribed": (
        [Start(), AudioLost(1, MICROPHONE_UNPLUGGED, has_audio=True), Transcribed(1, "half")],
        [OPENED, [CloseMic(1), STOPPED], [inserts(1, "half")]],
    ),
    "the take limit": ([Start(), TimerFired(1, "limit")], [OPENED, [CloseMic(1), STOPPED]]),
    "held after a focus change, then inserted anywhere": (
        [*TRANSCRIBED, FocusChanged(1), InsertHeld(), Inserted(1)],
        [
            *[*SPOKE, [inserts(1, "hello")], [ArchiveTake(1, "held")]],
            *[[inserts(1, "hello", any_window=True)], [ArchiveTake(1, "inserted")]],
        ],
    ),
    "held after a failed insertion": (
        [*TRANSCRIBED, InsertFailed(1, PASTE_FAILED), Inserted(1)],
        [*SPOKE, [inserts(1, "hello")], [ArchiveTake(1, "held", PASTE_FAILED), ERROR], []],
    ),
    "insertion times out": (
        [*TRANSCRIBED, TimerFired(1, "insert"), Inserted(1)],
        [*SPOKE, [inserts(1, "hello")], [ArchiveTake(1, "held", INSERT_TIMED_OUT()), ERROR], []],
    ),
    "retry": (
        [*SPOKEN, RecognitionFailed(1, API_KEY_REFUSED), Retry(), Transcribed(1, "hello")],
        [
            *[*SPOKE, fails(API_KEY_REFUSED), [StartRecognition(1)]],
            [inserts(1, "hello", any_window=True)],
        ],
    ),
    "recovered text is inserted anywhere": (
        [Recovered(RECOVERED, "back", "14:32"), InsertHeld(), Inserted(RECOVERED)],
        [[], [inserts(RECOVERED, "back", any_window=True)], [ArchiveTake(RECOVERED, "inserted")]],
    ),
    "recovered text is inserted before takes of this run": (
        [
            *[*SPOKEN, Recovered(RECOVERED, "back", "14:32"), InsertHeld()],
            *[Transcribed(1, "one"), Inserted(RECOVERED)],
        ],
        [
            *[*SPOKE, [], [inserts(RECOVERED, "back", any_window=True)], []],
            [ArchiveTake(RECOVERED, "inserted"), inserts(1, "one")],
        ],
    ),
    "text from the history is inserted after the key is released": (
        [Start(), Reinsert(RECOVERED, "once more"), Cancel()],
        [
            *[OPENED, []],
            [
                *[CloseMic(1), CancelRecognition(1), ArchiveTake(1, "cancelled")],
                inserts(RECOVERED, "once more", any_window=True),
            ],
        ],
    ),
    "text from the history is held if it cannot be inserted": (
        [Reinsert(RECOVERED, "once more"), InsertFailed(RECOVERED, PASTE_FAILED), InsertHeld()],
        [
            [inserts(RECOVERED, "once more", any_window=True)],
            [ArchiveTake(RECOVERED, "held", PASTE_FAILED), ERROR],
            [inserts(RECOVERED, "once more", any_window=True)],
        ],
    ),
    "intents without effect": (
        [Stop(), Cancel(), Discard(), Retry(), InsertHeld(), Dismiss(), ContinueHandsFree()],
        [[]] * 7,
    ),
    "events of a take that is over": (
        [
            *[*TRANSCRIBED, Inserted(1), Inserted(1), Transcribed(1, "again")],
            RecognitionFailed(1, API_KEY_REFUSED),
        ],
        [*SPOKE, [inserts(1, "hello")], [ArchiveTake(1, "inserted")], [], [], []],
    ),
    "an event of a take that waits to be inserted": (
        [
            *[*SPOKEN, Start(), Transcribed(1, "one")],
            *[RecognitionFailed(1, API_KEY_REFUSED), TimerFired(2, "limit")],
        ],
        [*SPOKE, NEXT, [], [], [CloseMic(2), STOPPED, inserts(1, "one")]],
    ),
    "events that do not fit the phase": (
        [Start(), Transcribed(1, "early"), TailEnded(1), TimerFired(1, "text"), Inserted(1)],
        [OPENED, [], [], [], []],
    ),
}


@pytest.mark.parametrize(("events", "expected"), CASES.values(), ids=CASES)
def test_events_cause_commands(events, expected):
    assert commands_for(*events) == expected


STATES = {
    "initial": ((), "idle"),
    "listening": ((Start(),), "listening"),
    "tail": ((Start(), Stop()), "finishing"),
    "finishing": (SPOKEN, "finishing"),
    "inserting": (TRANSCRIBED, "inserting"),
    "inserted": ((*TRANSCRIBED, Inserted(1)), "idle"),
    "failed": ((*SPOKEN, RecognitionFailed(1, API_KEY_REFUSED)), "failed"),
    "failed and dismissed": ((*SPOKEN, RecognitionFailed(1, API_KEY_REFUSED), Dismiss()), "idle"),
    "failed, message timed out": (
        (*SPOKEN, RecognitionFailed(1, API_KEY_REFUSED), TimerFired(1, "shown")),
        "idle",
    ),
    "failed, then speaking again": (
        (*SPOKEN, RecognitionFailed(1, API_KEY_REFUSED), Start()),
        "listening",
    ),
    "the message timer of an older take does not clear a newer problem": (
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
    "held": ((*TRANSCRIBED, FocusChanged(1)), "idle"),
    "a problem": ((ProblemReported(MICROPHONE_UNPLUGGED),), "failed"),
    "a problem, message timed out": (
        (ProblemReported(MICROPHONE_UNPLUGGED), TimerFired(0, "shown")),
        "idle",
    ),
    "a problem while speaking": ((Start(), ProblemReported(MICROPHONE_UNPLUGGED)), "listening"),
    "a timer that does not fit the phase": (
        (Start(), Stop(), TailEnded(1), TimerFired(1, "insert")),
        "finishing",
    ),
}


@pytest.mark.parametrize(("events", "state"), STATES.values(), ids=STATES)
def test_events_change_the_status(events, state):
    assert machine_after(*events).state == state


def test_held_text_is_kept_after_the_question_is_dismissed():
    machine = machine_after(*TRANSCRIBED, FocusChanged(1))
    assert (machine.held_text, machine.offers_held_text) == ("hello", True)
    machine.handle(Dismiss())
    assert (machine.held_text, machine.offers_held_text) == ("hello", False)
    assert Insert(1, "hello", any_window=True) in machine.handle(InsertHeld())
    assert machine.held_text == ""


def test_recovered_text_is_offered_once_with_its_time():
    machine = machine_after(Recovered(RECOVERED, "back", "14:32", 3))
    assert (machine.held_text, machine.offers_held_text, machine.recovered_spoken_at) == (
        "back",
        True,
        "14:32",
    )
    assert machine.recovered_count == 3
    assert machine.reusable_takes == {RECOVERED}
    machine.handle(Dismiss())
    assert (machine.held_text, machine.offers_held_text, machine.state) == ("back", False, "idle")
    machine.handle(InsertHeld())
    assert (machine.held_text, machine.recovered_spoken_at) == ("", "")


def test_recovered_text_does_not_replace_held_text():
    machine = machine_after(*TRANSCRIBED, FocusChanged(1), Recovered(RECOVERED, "back", "14:32"))
    assert (machine.held_text, machine.recovered_spoken_at) == ("hello", "")


def test_held_text_waits_while_other_text_is_inserted():
    machine = machine_after(
        *TRANSCRIBED, FocusChanged(1), Start(), Stop(), TailEnded(2), Transcribed(2, "two")
    )
    assert machine.phase(2) is Phase.INSERTING
    assert not [c for c in machine.handle(InsertHeld()) if isinstance(c, Insert)]
    assert Insert(1, "hello", any_window=True) in machine.handle(Inserted(2))


def test_held_text_replaces_recovered_text():
    machine = machine_after(Recovered(RECOVERED, "back", "14:32"), *TRANSCRIBED, FocusChanged(1))
    assert (machine.held_text, machine.recovered_spoken_at) == ("hello", "")


def test_empty_takes_are_counted_until_text_comes():
    machine = machine_after(
        *SPOKEN, Transcribed(1, ""), Start(), Stop(), TailEnded(2), Transcribed(2, "")
    )
    assert machine.empty_takes == 2
    for event in (Start(), Stop(), TailEnded(3), Transcribed(3, "word")):
        machine.handle(event)
    assert machine.empty_takes == 0


def test_hands_free_applies_to_the_take_being_spoken():
    machine = machine_after(Start())
    assert not machine.hands_free
    machine.handle(ContinueHandsFree())
    assert machine.hands_free
    assert machine.phase(1) is Phase.LISTENING
    machine.handle(Stop())
    assert not machine.hands_free


def test_the_take_limit_is_reported():
    assert machine_after(Start(), TimerFired(1, "limit")).problem == TAKE_LIMIT_REACHED()


NUMBERS = st.integers(min_value=1, max_value=4)
EVENTS = st.one_of(
    st.sampled_from(
        [Start(), Start(hands_free=True), Stop(), ContinueHandsFree(), Cancel(), Discard(), Retry()]
    ),
    st.sampled_from([InsertHeld(), Dismiss(), ProblemReported(MICROPHONE_UNPLUGGED)]),
    st.sampled_from(
        [
            Recovered(RECOVERED, "back", "14:32"),
            Inserted(RECOVERED),
            FocusChanged(RECOVERED),
            InsertFailed(RECOVERED, PASTE_FAILED),
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
    """Executes commands and records their effects."""

    machine: Dictation = attrs.field(factory=Dictation)
    open_mics: set[int] = attrs.field(factory=set)
    engines: set[int] = attrs.field(factory=set)
    inserting: list[int] = attrs.field(factory=list)
    inserted: list[int] = attrs.field(factory=list)
    outcomes: dict[int, str] = attrs.field(factory=dict)
    timers: list[TimerFired] = attrs.field(factory=list)
    recovered: bool = False

    def feed(self, event) -> None:  # noqa: C901  one case for each command
        if isinstance(event, Recovered):
            if self.recovered:
                return  # a number is used once
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
def test_no_sequence_of_events_loses_a_take_or_inserts_it_twice(events):
    world = Simulation()
    for event in events:
        world.feed(event)
        assert world.open_mics == {
            n
            for n in range(1, world.machine.newest_take + 1)
            if world.machine.phase(n) in (Phase.LISTENING, Phase.TAIL)
        }
    while world.timers:  # only timers are left
        world.feed(world.timers.pop(0))
    assert world.machine.state == "idle"
    assert set(world.outcomes) - {RECOVERED} == set(range(1, world.machine.newest_take + 1))
    assert not world.open_mics


@given(st.permutations([1, 2, 3]), st.permutations([1, 2, 3]))
def test_takes_are_inserted_in_the_order_in_which_they_were_spoken(transcribed, inserted_order):
    machine, inserted = Dictation(), []
    for number in (1, 2, 3):
        for event in (Start(), Stop(), TailEnded(number)):
            machine.handle(event)
    for event in [
        *(Transcribed(n, f"t{n}") for n in transcribed),
        *(Inserted(n) for n in inserted_order * 3),
    ]:
        inserted += [c.take for c in machine.handle(event) if isinstance(c, Insert)]
    assert inserted == [1, 2, 3]
