"""Who reads a take next: by table, and with faults in any order."""

from __future__ import annotations

import itertools

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.problems import Problem, untyped_problem
from sayso.core.recognition.fallback_policy import (
    MAX_BACKOFF_S,
    MAX_RETRY_AFTER_S,
    RETRY_FOR_S,
    SWITCH_AFTER_S,
    Accept,
    Decision,
    Fail,
    FallbackPolicy,
    RetryDelay,
    Try,
)
from sayso.core.recognition.plausibility import Reason, Suspicion

LOST = untyped_problem("The connection was lost.", retry_after_s=0.0)
BUSY = untyped_problem("It is busy.", retry_after_s=20.0)
ALL_DAY = untyped_problem("It is busy all day.", retry_after_s=MAX_RETRY_AFTER_S + 1)
KEY = untyped_problem("The key was refused.")
A, B, HERE = "OpenAI", "Groq", "on-device"


def order(*names: str) -> FallbackPolicy:
    made = FallbackPolicy(names, lambda: 0.0)
    assert made.start() == Try(names[0])
    return made


def doubt(reason: Reason, text: str = "") -> Suspicion:
    return Suspicion(reason, untyped_problem(f"It is {reason}."), text)


def walked(made: FallbackPolicy, *faults: tuple[Problem, float | None]) -> Decision:
    step: Decision = made.start()
    for problem, since_s in faults:
        assert isinstance(step, Try)
        step = made.on_failure(problem, since_s)
    return step


@pytest.mark.parametrize(
    ("names", "faults", "step"),
    [
        ([A], [(LOST, None)], Try(A, 0.2)),
        ([A], [(LOST, None)] * 2, Try(A, 0.4)),
        ([A], [(LOST, None)] * 40, Try(A, MAX_BACKOFF_S)),
        ([A, B], [(LOST, None)] * 9, Try(A, MAX_BACKOFF_S)),
        ([A, B], [(BUSY, None)], Try(A, 20.2)),
        ([A, B], [(KEY, None)], Try(B)),
        ([A, B], [(ALL_DAY, None)], Try(B)),
        ([A], [(KEY, None)], Fail(KEY)),
        ([A], [(ALL_DAY, None)], Fail(ALL_DAY)),
        ([A, B], [(LOST, 0.5)], Try(A, 0.2)),
        ([A, B], [(LOST, SWITCH_AFTER_S)], Try(B)),
        ([A, B], [(BUSY, 0.1)], Try(B)),
        ([A, B], [(KEY, 0.1), (LOST, 0.2)], Try(B, 0.2)),
        ([A, B], [(KEY, 0.1), (LOST, RETRY_FOR_S + 1)], Fail(KEY)),
        ([A, B], [(LOST, 2.1), (KEY, 3.0)], Try(A, 0.2)),
        ([A, B], [(LOST, 2.1), (LOST, 3.0)], Try(A, 0.2)),
        ([A, B], [(LOST, 2.1), (LOST, 3.0), (LOST, 3.3)], Try(B, 0.4)),
        ([A, B, HERE], [(LOST, 2.1), (LOST, 3.0)], Try(B, 0.2)),
        ([A, B, HERE], [(LOST, 2.1), (LOST, 4.2)], Try(HERE)),
        ([A, HERE], [(LOST, 2.1), (KEY, 4.2), (LOST, 5.0)], Try(A, 0.4)),
        ([A], [(LOST, RETRY_FOR_S)], Try(A, 0.2)),
        ([A], [(LOST, RETRY_FOR_S + 0.1)], Fail(LOST)),
        ([A], [(BUSY, 30.0)], Try(A, 20.2)),
        ([A], [(BUSY, 41.0)], Fail(BUSY)),
    ],
    ids=str,
)
def test_what_comes_next(
    names: list[str], faults: list[tuple[Problem, float | None]], step: Decision
) -> None:
    assert walked(order(*names), *faults) == step


@pytest.mark.parametrize(
    ("names", "limits"),
    [([A], [None]), ([A, B], [SWITCH_AFTER_S, None]), ([HERE, B], [None, None])],
    ids=["alone", "two", "this computer first"],
)
def test_only_a_server_is_late_and_only_if_somebody_else_is_there(
    names: list[str], limits: list[float | None]
) -> None:
    made = order(*names)
    assert made.deadline_s == limits[0]
    if len(names) > 1:
        made.on_failure(KEY, None)
        assert made.deadline_s == limits[1]


def test_each_has_its_time() -> None:
    made = order(A, B, HERE)
    assert made.next_candidate == B
    assert made.on_timeout(SWITCH_AFTER_S) == Try(B)
    assert made.deadline_s == 2 * SWITCH_AFTER_S
    assert made.on_timeout(2 * SWITCH_AFTER_S) == Try(HERE)
    assert (made.deadline_s, made.next_candidate) == (None, "")


def test_a_recording_of_before_may_take_as_long_as_it_is_to_send() -> None:
    made = FallbackPolicy([A, B], lambda: 0.0, backlog_s=10.0)
    assert made.deadline_s == SWITCH_AFTER_S + 10.0
    assert made.on_failure(LOST, SWITCH_AFTER_S + 9.0) == Try(A, 0.2)
    assert made.on_failure(LOST, SWITCH_AFTER_S + 10.0) == Try(B)


def test_who_was_late_is_told_as_such_unless_more_is_known() -> None:
    made = order(A, B)
    made.on_timeout(2.0)
    step = made.on_failure(KEY, RETRY_FOR_S + 1)
    assert step == Fail(
        untyped_problem(
            "OpenAI did not answer in time.",
            "Your recording is kept.",
            "try-again",
            retry_after_s=0.0,
        )
    )
    made = order(A, B)
    made.on_failure(LOST, None)
    made.on_timeout(2.0)
    assert made.on_failure(KEY, RETRY_FOR_S + 1) == Fail(LOST)


def test_waits_differ_by_chance() -> None:
    made = FallbackPolicy([A], lambda: 1.0)
    assert made.on_failure(LOST, None) == Try(A, 0.1)


def test_after_a_time_without_faults_the_waits_are_short_again() -> None:
    made = order(A)
    for _ in range(5):
        made.on_failure(LOST, None)
    made.reset_backoff()
    assert made.on_failure(LOST, None) == Try(A, 0.2)


def test_only_what_a_server_asks_for_is_told_in_seconds() -> None:
    assert RetryDelay(BUSY, 20.2).requested_by_server
    assert not RetryDelay(LOST, MAX_BACKOFF_S).requested_by_server


# Doubts


def test_a_doubt_is_for_the_next_to_settle() -> None:
    assert order(A, B).on_suspicion(doubt("dropped", "Half."), 1.0) == Try(B)


def test_who_is_alone_is_asked_once_more() -> None:
    made, half, more = order(A), doubt("dropped", "Half."), doubt("dropped", "Half of it.")
    assert made.on_suspicion(half, 1.0) == Try(A)
    assert made.on_suspicion(more, 2.0) == Accept(A, more)
    made = order(A)
    made.on_suspicion(more, 1.0)
    assert made.on_suspicion(half, 2.0) == Accept(A, more)


@pytest.mark.parametrize("reason", ["empty", "invented"])
def test_two_that_say_the_same_are_believed(reason: Reason) -> None:
    made = order(A, B)
    made.on_suspicion(doubt(reason), 1.0)
    assert made.on_suspicion(doubt(reason), 2.0) == Accept(B, doubt(reason), confirmed=True)


def test_this_computer_is_not_asked_twice() -> None:
    assert order(HERE).on_suspicion(doubt("empty"), 1.0) == Accept(
        HERE, doubt("empty"), confirmed=True
    )


@pytest.mark.parametrize(("reason", "agreed"), [("empty", False), ("invented", True)])
def test_one_that_repeats_itself_convinces_nobody_that_a_voice_says_nothing(
    reason: Reason, agreed: bool
) -> None:
    made = order(A)
    assert made.on_suspicion(doubt(reason), 1.0) == Try(A)
    assert made.on_suspicion(doubt(reason), 2.0) == Accept(A, doubt(reason), agreed)


def test_the_longest_of_doubted_texts_is_kept() -> None:
    made, long = order(A, B), doubt("dropped", "Half of it.")
    made.on_suspicion(long, 1.0)
    assert made.on_suspicion(doubt("empty"), 2.0) == Accept(A, long)
    made = order(A, B)
    made.on_suspicion(long, 1.0)
    assert made.on_failure(LOST, 5.0) == Accept(A, long)


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
    made, now_s, asked = FallbackPolicy(names, lambda: chance), 0.0, []
    step: Decision = made.start()
    for fault, took_s in itertools.islice(itertools.cycle(faults), 200):
        if not isinstance(step, Try):
            break
        assert 0 <= step.delay_s <= MAX_RETRY_AFTER_S + MAX_BACKOFF_S
        assert step.engine == made.engine
        asked.append(step.engine)
        now_s += step.delay_s + took_s
        since_s = now_s - spoken_s if now_s > spoken_s else None
        step = _followed(made, fault, since_s)
    else:
        raise AssertionError("it goes on for ever")
    assert now_s - spoken_s < MAX_RETRY_AFTER_S + MAX_BACKOFF_S + 2 * 12.0 * len(names)
    if isinstance(step, Fail):
        assert set(asked) == set(names)
    first_s = [asked.index(name) for name in names if name in asked]
    assert first_s == sorted(first_s)  # in the order the user wants


def _followed(
    made: FallbackPolicy, fault: Problem | Reason | str, since_s: float | None
) -> Decision:
    if isinstance(fault, Problem):
        return made.on_failure(attrs.evolve(fault), since_s)
    if since_s is None:
        return made.on_failure(LOST, None)
    if fault == "late":
        return made.on_timeout(since_s)
    return made.on_suspicion(doubt(fault, "Text." * (fault == "dropped")), since_s)  # type: ignore[arg-type]
