"""The fallback policy, by tables and with random faults in any order."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.problems import Problem, ProblemKind
from sayso.core.problems import recognition as problems
from sayso.core.recognition.fallback_policy import (
    MAX_BACKOFF_S,
    MAX_RETRY_AFTER_S,
    Accept,
    Decision,
    Fail,
    FallbackLimits,
    FallbackPolicy,
    RetryDelay,
    Try,
)
from sayso.core.recognition.plausibility import Reason, Suspicion
from sayso.core.settings.endpoint import ON_DEVICE

SWITCH_AFTER_S, RETRY_FOR_S = FallbackLimits().switch_after_s, FallbackLimits().retry_for_s
LOST = ProblemKind("test.lost", "The connection was lost.")(retry_after_s=0.0)
BUSY = ProblemKind("test.busy", "The server is busy.")(retry_after_s=20.0)
DOWN = ProblemKind("test.down", "The server is down.")(retry_after_s=MAX_RETRY_AFTER_S + 1)
REFUSED = ProblemKind("test.refused", "The API key was refused.")()
A, B = "OpenAI", "Groq"


def started(*engines: str) -> FallbackPolicy:
    policy = FallbackPolicy(engines, lambda: 0.0)
    assert policy.start() == Try(engines[0])
    return policy


def suspicion(reason: Reason, text: str = "") -> Suspicion:
    return Suspicion(reason, ProblemKind(f"test.{reason}", "")(), text)


@pytest.mark.parametrize(
    ("engines", "failures", "decision"),
    [
        ([A], [(LOST, None)], Try(A, 0.2)),
        ([A], [(LOST, None)] * 2, Try(A, 0.4)),
        ([A], [(LOST, None)] * 40, Try(A, MAX_BACKOFF_S)),
        ([A, B], [(LOST, None)] * 9, Try(A, MAX_BACKOFF_S)),
        ([A, B], [(BUSY, None)], Try(A, 20.2)),
        ([A, B], [(REFUSED, None)], Try(B)),
        ([A, B], [(DOWN, None)], Try(B)),
        ([A], [(REFUSED, None)], Fail(REFUSED)),
        ([A], [(DOWN, None)], Fail(DOWN)),
        ([A, B], [(LOST, 0.5)], Try(A, 0.2)),
        ([A, B], [(LOST, SWITCH_AFTER_S)], Try(B)),
        ([A, B], [(BUSY, 0.1)], Try(B)),
        ([A, B], [(REFUSED, 0.1), (LOST, 0.2)], Try(B, 0.2)),
        ([A, B], [(REFUSED, 0.1), (LOST, RETRY_FOR_S + 1)], Fail(REFUSED)),
        ([A, B], [(LOST, 2.1), (REFUSED, 3.0)], Try(A, 0.2)),
        ([A, B], [(LOST, 2.1), (LOST, 3.0)], Try(A, 0.2)),
        ([A, B], [(LOST, 2.1), (LOST, 3.0), (LOST, 3.3)], Try(B, 0.4)),
        ([A, B, ON_DEVICE], [(LOST, 2.1), (LOST, 3.0)], Try(B, 0.2)),
        ([A, B, ON_DEVICE], [(LOST, 2.1), (LOST, 4.2)], Try(ON_DEVICE)),
        ([A, ON_DEVICE], [(LOST, 2.1), (REFUSED, 4.2), (LOST, 5.0)], Try(A, 0.4)),
        ([A], [(LOST, RETRY_FOR_S)], Try(A, 0.2)),
        ([A], [(LOST, RETRY_FOR_S + 0.1)], Fail(LOST)),
        ([A], [(BUSY, 30.0)], Try(A, 20.2)),
        ([A], [(BUSY, 41.0)], Fail(BUSY)),
    ],
    ids=str,
)
def test_failures_determine_the_next_engine(
    engines: list[str], failures: list[tuple[Problem, float | None]], decision: Decision
) -> None:
    policy = started(*engines)
    for problem, since_release_s in failures:
        last = policy.on_failure(problem, since_release_s)
    assert last == decision


@pytest.mark.parametrize(
    ("engines", "deadlines"),
    [([A], [None]), ([A, B], [SWITCH_AFTER_S, None]), ([ON_DEVICE, B], [None, None])],
    ids=["alone", "two servers", "on-device first"],
)
def test_only_a_server_with_an_untried_successor_has_a_deadline(
    engines: list[str], deadlines: list[float | None]
) -> None:
    policy = started(*engines)
    assert policy.deadline_s == deadlines[0]
    if len(engines) > 1:
        policy.on_failure(REFUSED, None)
        assert policy.deadline_s == deadlines[1]


def test_each_engine_has_a_deadline_of_its_own() -> None:
    policy = started(A, B, ON_DEVICE)
    assert policy.next_candidate == B
    assert policy.on_timeout(SWITCH_AFTER_S) == Try(B)
    assert policy.deadline_s == 2 * SWITCH_AFTER_S
    assert policy.on_timeout(2 * SWITCH_AFTER_S) == Try(ON_DEVICE)
    assert (policy.deadline_s, policy.next_candidate) == (None, "")


def test_the_time_to_send_an_older_recording_extends_the_deadline() -> None:
    policy = FallbackPolicy([A, B], lambda: 0.0, backlog_s=10.0)
    assert policy.deadline_s == SWITCH_AFTER_S + 10.0
    assert policy.on_failure(LOST, SWITCH_AFTER_S + 9.0) == Try(A, 0.2)
    assert policy.on_failure(LOST, SWITCH_AFTER_S + 10.0) == Try(B)


def test_a_timeout_is_reported_unless_the_engine_failed_before() -> None:
    policy = started(A, B)
    policy.on_timeout(2.0)
    timeout = problems.TIMEOUT(engine=A, retry_after_s=0.0)
    assert policy.on_failure(REFUSED, RETRY_FOR_S + 1) == Fail(timeout)
    policy = started(A, B)
    policy.on_failure(LOST, None)
    policy.on_timeout(2.0)
    assert policy.on_failure(REFUSED, RETRY_FOR_S + 1) == Fail(LOST)


def test_delays_are_randomized() -> None:
    policy = FallbackPolicy([A], lambda: 1.0)
    assert policy.on_failure(LOST, None) == Try(A, 0.1)


def test_delays_are_short_again_after_a_stable_time() -> None:
    policy = started(A)
    for _ in range(5):
        policy.on_failure(LOST, None)
    policy.reset_backoff()
    assert policy.on_failure(LOST, None) == Try(A, 0.2)


def test_a_long_delay_was_requested_by_the_server() -> None:
    assert RetryDelay(BUSY, 20.2).requested_by_server
    assert not RetryDelay(LOST, MAX_BACKOFF_S).requested_by_server


# Suspicious text


def test_the_next_engine_is_tried_after_suspicious_text() -> None:
    assert started(A, B).on_suspicion(suspicion("dropped", "Half."), 1.0) == Try(B)


def test_the_only_engine_is_tried_once_more_and_the_longer_text_is_used() -> None:
    half, more = suspicion("dropped", "Half."), suspicion("dropped", "Half of it.")
    for first, second in ((half, more), (more, half)):
        policy = started(A)
        assert policy.on_suspicion(first, 1.0) == Try(A)
        assert policy.on_suspicion(second, 2.0) == Accept(A, more)


@pytest.mark.parametrize("reason", ["empty", "hallucinated"])
def test_two_engines_with_the_same_result_confirm_each_other(reason: Reason) -> None:
    policy = started(A, B)
    policy.on_suspicion(suspicion(reason), 1.0)
    assert policy.on_suspicion(suspicion(reason), 2.0) == Accept(B, suspicion(reason), True)


def test_the_on_device_engine_is_not_tried_twice() -> None:
    empty = suspicion("empty")
    assert started(ON_DEVICE).on_suspicion(empty, 1.0) == Accept(ON_DEVICE, empty, True)


@pytest.mark.parametrize(("reason", "confirmed"), [("empty", False), ("hallucinated", True)])
def test_an_engine_that_repeats_itself_confirms_only_a_hallucination(
    reason: Reason, confirmed: bool
) -> None:
    policy = started(A)
    assert policy.on_suspicion(suspicion(reason), 1.0) == Try(A)
    assert policy.on_suspicion(suspicion(reason), 2.0) == Accept(A, suspicion(reason), confirmed)


def test_the_longest_suspicious_text_is_used() -> None:
    long = suspicion("dropped", "Half of it.")
    policy = started(A, B)
    policy.on_suspicion(long, 1.0)
    assert policy.on_suspicion(suspicion("empty"), 2.0) == Accept(A, long)
    policy = started(A, B)
    policy.on_suspicion(long, 1.0)
    assert policy.on_failure(LOST, 5.0) == Accept(A, long)


# Any faults in any order

FAULTS = st.sampled_from(
    [LOST, BUSY, DOWN, REFUSED, "timeout", *("dropped", "empty", "hallucinated")]
)


@given(
    st.lists(st.sampled_from([A, B, ON_DEVICE]), min_size=1, max_size=3, unique=True),
    st.lists(st.tuples(FAULTS, st.floats(0.0, 12.0)), min_size=1, max_size=12),
    st.floats(0.0, 30.0),
    st.floats(0.0, 1.0),
)
def test_every_sequence_of_faults_ends_soon_after_the_release(
    engines: list[str],
    faults: list[tuple[Problem | Reason | str, float]],
    spoken_s: float,
    chance: float,
) -> None:
    policy, now_s, tried = FallbackPolicy(engines, lambda: chance), 0.0, []
    decision: Decision = policy.start()
    for fault, took_s in itertools.islice(itertools.cycle(faults), 200):
        if not isinstance(decision, Try):
            break
        assert 0 <= decision.delay_s <= MAX_RETRY_AFTER_S + MAX_BACKOFF_S
        assert decision.engine == policy.engine
        tried.append(decision.engine)
        now_s += decision.delay_s + took_s
        since_release_s = now_s - spoken_s if now_s > spoken_s else None
        decision = apply(policy, fault, since_release_s)
    else:
        raise AssertionError("the policy does not come to an end")
    assert now_s - spoken_s < MAX_RETRY_AFTER_S + MAX_BACKOFF_S + 2 * 12.0 * len(engines)
    if isinstance(decision, Fail):
        assert set(tried) == set(engines)
    first_turns = [tried.index(name) for name in engines if name in tried]
    assert first_turns == sorted(first_turns)


def apply(
    policy: FallbackPolicy, fault: Problem | Reason | str, since_release_s: float | None
) -> Decision:
    if isinstance(fault, Problem):
        return policy.on_failure(fault, since_release_s)
    if since_release_s is None:
        return policy.on_failure(LOST, None)
    if fault == "timeout":
        return policy.on_timeout(since_release_s)
    text = "Text." if fault == "dropped" else ""
    return policy.on_suspicion(suspicion(fault, text), since_release_s)  # type: ignore[arg-type]
