"""Who reads a take next: by table, and with faults in any order."""

from __future__ import annotations

import itertools

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.problems import Problem
from sayso.core.recognition.fallback_policy import (
    LAST_LIMIT_S,
    LIMIT_S,
    MOST_ASKED_S,
    MOST_WAIT_S,
    Enough,
    GiveUp,
    Order,
    Read,
    Step,
    Waiting,
)
from sayso.core.recognition.plausibility import Doubt, Reason

LOST = Problem("The connection was lost.", again_s=0.0)
BUSY = Problem("It is busy.", again_s=20.0)
ALL_DAY = Problem("It is busy all day.", again_s=MOST_ASKED_S + 1)
KEY = Problem("The key was refused.")
A, B, HERE = "OpenAI", "Groq", "on-device"


def order(*names: str) -> Order:
    made = Order(names, lambda: 0.0)
    assert made.first() == Read(names[0])
    return made


def doubt(reason: Reason, text: str = "") -> Doubt:
    return Doubt(reason, Problem(f"It is {reason}."), text)


def walked(made: Order, *faults: tuple[Problem, float | None]) -> Step:
    step: Step = made.first()
    for problem, since_s in faults:
        assert isinstance(step, Read)
        step = made.failed(problem, since_s)
    return step


@pytest.mark.parametrize(
    ("names", "faults", "step"),
    [
        ([A], [(LOST, None)], Read(A, 0.2)),
        ([A], [(LOST, None)] * 2, Read(A, 0.4)),
        ([A], [(LOST, None)] * 40, Read(A, MOST_WAIT_S)),
        ([A, B], [(LOST, None)] * 9, Read(A, MOST_WAIT_S)),
        ([A, B], [(BUSY, None)], Read(A, 20.2)),
        ([A, B], [(KEY, None)], Read(B)),
        ([A, B], [(ALL_DAY, None)], Read(B)),
        ([A], [(KEY, None)], GiveUp(KEY)),
        ([A], [(ALL_DAY, None)], GiveUp(ALL_DAY)),
        ([A, B], [(LOST, 0.5)], Read(A, 0.2)),
        ([A, B], [(LOST, LIMIT_S)], Read(B)),
        ([A, B], [(BUSY, 0.1)], Read(B)),
        ([A, B], [(KEY, 0.1), (LOST, 0.2)], Read(B, 0.2)),
        ([A, B], [(KEY, 0.1), (LOST, LAST_LIMIT_S + 1)], GiveUp(KEY)),
        ([A, B], [(LOST, 2.1), (KEY, 3.0)], Read(A, 0.2)),
        ([A, B], [(LOST, 2.1), (LOST, 3.0)], Read(A, 0.2)),
        ([A, B], [(LOST, 2.1), (LOST, 3.0), (LOST, 3.3)], Read(B, 0.4)),
        ([A, B, HERE], [(LOST, 2.1), (LOST, 3.0)], Read(B, 0.2)),
        ([A, B, HERE], [(LOST, 2.1), (LOST, 4.2)], Read(HERE)),
        ([A, HERE], [(LOST, 2.1), (KEY, 4.2), (LOST, 5.0)], Read(A, 0.4)),
        ([A], [(LOST, LAST_LIMIT_S)], Read(A, 0.2)),
        ([A], [(LOST, LAST_LIMIT_S + 0.1)], GiveUp(LOST)),
        ([A], [(BUSY, 30.0)], Read(A, 20.2)),
        ([A], [(BUSY, 41.0)], GiveUp(BUSY)),
    ],
    ids=str,
)
def test_what_comes_next(
    names: list[str], faults: list[tuple[Problem, float | None]], step: Step
) -> None:
    assert walked(order(*names), *faults) == step


@pytest.mark.parametrize(
    ("names", "limits"),
    [([A], [None]), ([A, B], [LIMIT_S, None]), ([HERE, B], [None, None])],
    ids=["alone", "two", "this computer first"],
)
def test_only_a_server_is_late_and_only_if_somebody_else_is_there(
    names: list[str], limits: list[float | None]
) -> None:
    made = order(*names)
    assert made.limit_s == limits[0]
    if len(names) > 1:
        made.failed(KEY, None)
        assert made.limit_s == limits[1]


def test_each_has_its_time() -> None:
    made = order(A, B, HERE)
    assert made.spare == B
    assert made.late(LIMIT_S) == Read(B)
    assert made.limit_s == 2 * LIMIT_S
    assert made.late(2 * LIMIT_S) == Read(HERE)
    assert (made.limit_s, made.spare) == (None, "")


def test_a_recording_of_before_may_take_as_long_as_it_is_to_send() -> None:
    made = Order([A, B], lambda: 0.0, backlog_s=10.0)
    assert made.limit_s == LIMIT_S + 10.0
    assert made.failed(LOST, LIMIT_S + 9.0) == Read(A, 0.2)
    assert made.failed(LOST, LIMIT_S + 10.0) == Read(B)


def test_who_was_late_is_told_as_such_unless_more_is_known() -> None:
    made = order(A, B)
    made.late(2.0)
    step = made.failed(KEY, LAST_LIMIT_S + 1)
    assert step == GiveUp(
        Problem(
            "OpenAI did not answer in time.", "Your recording is kept.", "try-again", again_s=0.0
        )
    )
    made = order(A, B)
    made.failed(LOST, None)
    made.late(2.0)
    assert made.failed(KEY, LAST_LIMIT_S + 1) == GiveUp(LOST)


def test_waits_differ_by_chance() -> None:
    made = Order([A], lambda: 1.0)
    assert made.failed(LOST, None) == Read(A, 0.1)


def test_after_a_time_without_faults_the_waits_are_short_again() -> None:
    made = order(A)
    for _ in range(5):
        made.failed(LOST, None)
    made.held()
    assert made.failed(LOST, None) == Read(A, 0.2)


def test_only_what_a_server_asks_for_is_told_in_seconds() -> None:
    assert Waiting(BUSY, 20.2).asked
    assert not Waiting(LOST, MOST_WAIT_S).asked


# Doubts


def test_a_doubt_is_for_the_next_to_settle() -> None:
    assert order(A, B).doubted(doubt("dropped", "Half."), 1.0) == Read(B)


def test_who_is_alone_is_asked_once_more() -> None:
    made, half, more = order(A), doubt("dropped", "Half."), doubt("dropped", "Half of it.")
    assert made.doubted(half, 1.0) == Read(A)
    assert made.doubted(more, 2.0) == Enough(A, more)
    made = order(A)
    made.doubted(more, 1.0)
    assert made.doubted(half, 2.0) == Enough(A, more)


@pytest.mark.parametrize("reason", ["empty", "invented"])
def test_two_that_say_the_same_are_believed(reason: Reason) -> None:
    made = order(A, B)
    made.doubted(doubt(reason), 1.0)
    assert made.doubted(doubt(reason), 2.0) == Enough(B, doubt(reason), agreed=True)


def test_this_computer_is_not_asked_twice() -> None:
    assert order(HERE).doubted(doubt("empty"), 1.0) == Enough(HERE, doubt("empty"), agreed=True)


@pytest.mark.parametrize(("reason", "agreed"), [("empty", False), ("invented", True)])
def test_one_that_repeats_itself_convinces_nobody_that_a_voice_says_nothing(
    reason: Reason, agreed: bool
) -> None:
    made = order(A)
    assert made.doubted(doubt(reason), 1.0) == Read(A)
    assert made.doubted(doubt(reason), 2.0) == Enough(A, doubt(reason), agreed)


def test_the_longest_of_doubted_texts_is_kept() -> None:
    made, long = order(A, B), doubt("dropped", "Half of it.")
    made.doubted(long, 1.0)
    assert made.doubted(doubt("empty"), 2.0) == Enough(A, long)
    made = order(A, B)
    made.doubted(long, 1.0)
    assert made.failed(LOST, 5.0) == Enough(A, long)


# Any faults, in any order

FAULTS = st.sampled_from([LOST, BUSY, ALL_DAY, KEY, "late", *("dropped", "empty", "invented")])


@given(
    st.lists(st.sampled_from([A, B, HERE]), min_size=1, max_size=3, unique=True),
    st.lists(st.tuples(FAULTS, st.floats(0.0, 12.0)), min_size=1, max_size=12),
    st.floats(0.0, 30.0),
    st.floats(0.0, 1.0),
)
def test_whatever_fails_it_comes_to_an_end_soon_after_the_release(
    names: list[str],
    faults: list[tuple[Problem | Reason | str, float]],
    spoken_s: float,
    chance: float,
) -> None:
    made, now_s, asked = Order(names, lambda: chance), 0.0, []
    step: Step = made.first()
    for fault, took_s in itertools.islice(itertools.cycle(faults), 200):
        if not isinstance(step, Read):
            break
        assert 0 <= step.after_s <= MOST_ASKED_S + MOST_WAIT_S
        assert step.engine == made.engine
        asked.append(step.engine)
        now_s += step.after_s + took_s
        since_s = now_s - spoken_s if now_s > spoken_s else None
        step = _followed(made, fault, since_s)
    else:
        raise AssertionError("it goes on for ever")
    assert now_s - spoken_s < MOST_ASKED_S + MOST_WAIT_S + 2 * 12.0 * len(names)
    if isinstance(step, GiveUp):
        assert set(asked) == set(names)
    first_s = [asked.index(name) for name in names if name in asked]
    assert first_s == sorted(first_s)  # in the order the user wants


def _followed(made: Order, fault: Problem | Reason | str, since_s: float | None) -> Step:
    if isinstance(fault, Problem):
        return made.failed(attrs.evolve(fault), since_s)
    if since_s is None:
        return made.failed(LOST, None)
    if fault == "late":
        return made.late(since_s)
    return made.doubted(doubt(fault, "Text." * (fault == "dropped")), since_s)  # type: ignore[arg-type]
