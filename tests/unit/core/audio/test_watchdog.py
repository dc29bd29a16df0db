import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.audio.watchdog import MicTimeouts, StreamWatchdog

LIMITS = MicTimeouts()
BLOCK_MS, FIRST_BLOCK_MS = int(LIMITS.block_ms), int(LIMITS.first_block_ms)
ZEROS_MS, SILENCE_MS = int(LIMITS.zeros_ms), int(LIMITS.silence_ms)


def watchdog(first_block_ms=LIMITS.first_block_ms):
    return StreamWatchdog(0, LIMITS, first_block_ms)


def faults(*steps):
    """Each step is (ms, event): "" for a check, 0 for a block of zeros, 1 for a block of audio."""
    watched = watchdog()
    rows = [
        watched.check(at) if event == "" else watched.on_block(at, event == 0)
        for at, event in steps
    ]
    return [row for row in rows if row]


def checks(begin, end):
    """Return a check every 100 ms and one at the end."""
    return [*((at, "") for at in range(begin + 100, end, 100)), (end, "")]


CASES = {
    "regular blocks": ([(t, 1) for t in range(20, 9000, 20)], []),
    "a late first block": ([*checks(0, FIRST_BLOCK_MS - 1), (FIRST_BLOCK_MS - 1, 1)], []),
    "no block at all": (checks(0, FIRST_BLOCK_MS), ["no-blocks"]),
    "blocks stop": ([(0, 1), *checks(0, BLOCK_MS)], ["no-blocks"]),
    "blocks stop for less than the limit": ([(0, 1), *checks(0, BLOCK_MS - 1)], []),
    "a fault is reported once": ([(20, 1), *checks(20, 4000)], ["no-blocks"]),
    "the check itself is late": ([(0, 1), (5000, ""), (5001, 1)], []),
    "the check is late and blocks stop": ([(0, 1), *checks(4900, 5200)], ["no-blocks"]),
    "zeros for too long": ([(t, 0) for t in range(0, SILENCE_MS + 500, 20)], ["zeros", "silence"]),
    "zeros, then audio in time": (
        [*((t, 0) for t in range(0, SILENCE_MS, 20)), (2000, 1)],
        ["zeros"],
    ),
    "zeros after audio": ([(0, 1), *((t, 0) for t in range(20, 2100, 20))], ["zeros", "silence"]),
    "few zeros": ([(t, int(t % ZEROS_MS == 0)) for t in range(0, 3000, 20)], []),
    "audio between zeros": (
        [(t, 1 if t == 1000 else 0) for t in range(0, 2900, 20)],
        ["zeros", "zeros"],
    ),
    "blocks stop and continue": ([(0, 1), (350, ""), (380, 1), (770, "")], []),
    "zeros, then no blocks": (
        [*((t, 0) for t in range(0, 2040, 20)), *checks(2020, 2600)],
        ["zeros", "silence", "no-blocks"],
    ),
}


@pytest.mark.parametrize(("steps", "expected"), CASES.values(), ids=CASES)
def test_each_fault_is_reported_once(steps, expected):
    assert faults(*steps) == expected


def test_the_limit_for_the_first_block_can_be_shorter():
    watched = watchdog(LIMITS.block_ms)
    assert [watched.check(at) for at in (100, 200, 300, 399)] == [None] * 4
    assert watched.check(BLOCK_MS) == "no-blocks"


@given(st.lists(st.tuples(st.integers(1, BLOCK_MS - 1), st.booleans()), max_size=60))
def test_a_microphone_that_keeps_delivering_never_stalls(gaps):
    at, watched = 0, watchdog()
    for gap, is_silent in gaps:
        at += gap
        assert watched.on_block(at, is_silent) in (None, "zeros", "silence")
