"""The paste transaction: a table of scenarios with simulated times, and its invariants."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.paste import PasteTimeouts, PasteTransaction

TIMES = PasteTimeouts()
KEYS_S = 10.0
"""Time at which the paste keys are sent."""


def transaction(*, fetched: Sequence[float], listed: Sequence[float] = ()) -> PasteTransaction:
    """Return a transaction with requests at these times after the keys."""
    paste = PasteTransaction(TIMES)
    paste.begin()
    for at_s in listed:
        paste.listed(KEYS_S + at_s)
    for at_s in fetched:
        paste.fetched(KEYS_S + at_s)
    paste.keys_sent(KEYS_S)
    return paste


SCENARIOS = {
    "fetched after the keys": ([], [0.1], 0.0, "pasted"),
    "fetched before the keys were reported": ([], [-0.01], 0.0, "pasted"),
    "fetched once, before the keys": ([], [-0.5], TIMES.doubtful_fetch_s, "pasted"),
    "fetched before and after the keys": ([], [-0.5, 0.1], 0.0, "pasted"),
    "not fetched": ([], [], TIMES.fetch_s, "failed"),
    "listed before the keys": ([-0.5], [], TIMES.fetch_s, "failed"),
    "listed after the keys": ([0.1], [], 2 * TIMES.fetch_s, "failed"),
    "listed in the second period": ([1.5, 2.1], [], 3 * TIMES.fetch_s, "failed"),
    "listed all the time": ([1.5, 3.0, 4.5], [], TIMES.fetch_limit_s, "failed"),
}


@pytest.mark.parametrize(
    ("listed", "fetched", "decision_s", "outcome"), SCENARIOS.values(), ids=SCENARIOS
)
def test_the_outcome_is_decided_in_time(
    listed: list[float], fetched: list[float], decision_s: float, outcome: str
) -> None:
    paste = transaction(listed=listed, fetched=fetched)
    assert paste.decision_at_s == KEYS_S + decision_s
    assert paste.outcome(paste.decision_at_s - 0.001) == "pending"
    assert paste.outcome(paste.decision_at_s) == outcome


def test_nothing_is_decided_before_the_keys_are_sent() -> None:
    paste = PasteTransaction(TIMES)
    paste.begin()
    paste.fetched(1.0)
    assert paste.outcome(1000.0) == "pending"


def test_the_text_stays_until_there_are_no_requests_for_a_while() -> None:
    paste = transaction(fetched=[0.01])
    assert paste.outcome(KEYS_S + 0.01) == "pasted"
    assert paste.restore_at_s == pytest.approx(KEYS_S + 0.01 + TIMES.keep_s)
    assert paste.next_text_at_s == pytest.approx(KEYS_S + 0.01 + TIMES.next_text_s)
    paste.listed(KEYS_S + 0.3)
    assert paste.restore_at_s == pytest.approx(KEYS_S + 0.3 + TIMES.keep_s)


def test_a_program_that_lists_formats_all_the_time_does_not_keep_the_text() -> None:
    paste = transaction(fetched=[0.0])
    assert paste.outcome(KEYS_S) == "pasted"
    paste.listed(KEYS_S + 100)
    assert paste.restore_at_s == KEYS_S + TIMES.keep_limit_s


def test_a_slow_program_gets_more_time_for_the_previous_and_the_next_text() -> None:
    paste = transaction(fetched=[0.8])
    assert paste.outcome(KEYS_S + 0.8) == "pasted"
    assert paste.restore_at_s == pytest.approx(KEYS_S + 0.8 + 0.8)
    assert paste.next_text_at_s == pytest.approx(KEYS_S + 0.8 + 0.8)


def test_a_fetch_of_the_previous_text_does_not_count_for_the_next() -> None:
    paste = transaction(fetched=[0.1])
    assert paste.outcome(KEYS_S + 0.1) == "pasted"
    paste.begin()
    paste.keys_sent(KEYS_S + 5)
    assert paste.outcome(KEYS_S + 5 + TIMES.fetch_s) == "failed"


OFFSETS = st.lists(st.floats(-2, 8), max_size=6).map(sorted)


@given(OFFSETS, OFFSETS)
def test_a_paste_is_always_decided_and_succeeds_only_after_a_fetch(
    listed: list[float], fetched: list[float]
) -> None:
    paste = transaction(listed=listed, fetched=fetched)
    assert paste.decision_at_s <= KEYS_S + TIMES.fetch_limit_s
    expected = "pasted" if fetched else "failed"
    assert paste.outcome(KEYS_S + TIMES.fetch_limit_s) == expected


@given(OFFSETS, st.floats(0, 8))
def test_the_text_stays_for_a_limited_time(fetched: list[float], pasted_s: float) -> None:
    paste = transaction(fetched=[*fetched, 0.0])
    assert paste.outcome(KEYS_S + pasted_s) == "pasted"
    limit_s = KEYS_S + pasted_s + TIMES.keep_limit_s
    assert paste.next_text_at_s <= limit_s
    assert paste.restore_at_s <= limit_s
