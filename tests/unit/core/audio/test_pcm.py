import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.audio.pcm import (
    BLOCK_TIMEOUT_MS,
    DIGITAL_SILENCE_DBFS,
    FIRST_BLOCK_TIMEOUT_MS,
    SILENCE_TIMEOUT_MS,
    ZEROS_TIMEOUT_MS,
    PreRollBuffer,
    StreamWatchdog,
    downmix,
    is_digital_silence,
    level_dbfs,
)

RATE_HZ = 16000


def pcm(samples):
    return np.asarray(samples).astype("<i2").tobytes()


LEVELS = {
    "nothing": (b"", DIGITAL_SILENCE_DBFS),
    "digital silence": (pcm([0] * 100), DIGITAL_SILENCE_DBFS),
    "square wave at full scale": (pcm([-32768] * 100), 0.0),
    "sine at full scale": (pcm(32767 * np.sin(np.arange(1600) * math.tau / 16)), -3.01),
    "half": (pcm([16384, -16384] * 50), -6.02),
    "one step": (pcm([1, -1] * 50), -90.3),
}


@pytest.mark.parametrize(("audio", "dbfs"), LEVELS.values(), ids=LEVELS)
def test_the_level_is_the_mean_power_against_full_scale(audio, dbfs):
    assert level_dbfs(audio) == pytest.approx(dbfs, abs=0.01)


@given(st.lists(st.integers(-32768, 32767), min_size=1))
def test_a_level_lies_between_silence_and_full_scale(samples):
    assert DIGITAL_SILENCE_DBFS <= level_dbfs(pcm(samples)) <= 0.0
    assert is_digital_silence(pcm(samples)) == (not any(samples))


def test_mono_is_the_mean_of_the_channels():
    assert downmix(pcm([100, 300, -5, -15]), 2) == pcm([200, -10])
    assert downmix(pcm([32767, 32767, 32767]), 3) == pcm([32767])
    assert downmix(pcm([1, 2]), 1) == pcm([1, 2])


@given(st.lists(st.binary(max_size=40).map(lambda b: b[: len(b) // 2 * 2])), st.integers(0, 40))
def test_the_ring_keeps_exactly_the_end_of_what_it_was_given(blocks, most_ms):
    ring = PreRollBuffer(most_ms, 1000)  # 2 bytes per ms
    for block in blocks:
        ring.append(block)
    whole = b"".join(blocks)
    assert ring.drain() == (whole[-most_ms * 2 :] if most_ms else b"")
    assert ring.drain() == b""


def test_the_ring_does_not_grow():
    ring = PreRollBuffer(300, RATE_HZ)
    for _ in range(10_000):
        ring.append(b"\1\0" * 80)
    assert len(ring.drain()) == 300 * RATE_HZ // 1000 * 2


def told(*steps):
    """Each step is (ms, what came): '' nothing, 0 a block of zeros, 1 a block of sound."""
    watch = StreamWatchdog(0)
    rows = [watch.check(at) if came == "" else watch.on_block(at, came == 0) for at, came in steps]
    return [row for row in rows if row]


def looks(begin, end):
    """As the loop does it, and at the end."""
    return [*((at, "") for at in range(begin + 100, end, 100)), (end, "")]


WATCHED = {
    "all is well": ([(t, 1) for t in range(20, 9000, 20)], []),
    "the first block takes long": (
        [*looks(0, FIRST_BLOCK_TIMEOUT_MS - 1), (FIRST_BLOCK_TIMEOUT_MS - 1, 1)],
        [],
    ),
    "no block at all": (looks(0, FIRST_BLOCK_TIMEOUT_MS), ["no-callback"]),
    "blocks stop": ([(0, 1), *looks(0, BLOCK_TIMEOUT_MS)], ["no-callback"]),
    "blocks nearly stop": ([(0, 1), *looks(0, BLOCK_TIMEOUT_MS - 1)], []),
    "told once": ([(20, 1), *looks(20, 4000)], ["no-callback"]),
    "who looks was kept waiting, not the microphone": ([(0, 1), (5000, ""), (5001, 1)], []),
    "kept waiting, and the blocks stop": ([(0, 1), *looks(4900, 5200)], ["no-callback"]),
    "zeros for too long": ([(t, 0) for t in range(0, SILENCE_TIMEOUT_MS + 500, 20)], ["zeros", "silence"]),  # noqa: E501
    "zeros, then sound in time": (
        [*((t, 0) for t in range(0, SILENCE_TIMEOUT_MS, 20)), (2000, 1)],
        ["zeros"],
    ),
    "zeros after sound": ([(0, 1), *((t, 0) for t in range(20, 2100, 20))], ["zeros", "silence"]),
    "a few zeros": ([(t, int(t % ZEROS_TIMEOUT_MS == 0)) for t in range(0, 3000, 20)], []),
    "sound begins the count anew": (
        [(t, 1 if t == 1000 else 0) for t in range(0, 2900, 20)],
        ["zeros", "zeros"],
    ),
    "a gap that ended": ([(0, 1), (350, ""), (380, 1), (770, "")], []),
    "two troubles": (
        [*((t, 0) for t in range(0, 2040, 20)), *looks(2020, 2600)],
        ["zeros", "silence", "no-callback"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("steps", "troubles"), WATCHED.values(), ids=WATCHED)
def test_the_watch_tells_each_trouble_once(steps, troubles):
    assert told(*steps) == troubles


def test_where_blocks_came_before_the_next_is_expected_sooner():
    watch = StreamWatchdog(0, first_block_timeout_ms=BLOCK_TIMEOUT_MS)
    assert [watch.check(at) for at in (100, 200, 300, 399)] == [None] * 4
    assert watch.check(BLOCK_TIMEOUT_MS) == "no-callback"


@given(st.lists(st.tuples(st.integers(1, BLOCK_TIMEOUT_MS - 1), st.booleans()), max_size=60))
def test_a_microphone_that_keeps_giving_is_never_late(gaps):
    at, watch = 0, StreamWatchdog(0)
    for gap, zero in gaps:
        at += gap
        assert watch.on_block(at, zero) in (None, "zeros", "silence")
