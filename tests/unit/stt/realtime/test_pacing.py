from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.stt.realtime.pacing import BURST_S, MAX_SPEED, FrameSplitter, SendPacer


def test_a_backlog_is_sent_at_three_times_real_time_after_the_burst() -> None:
    pace, now_s, sent = SendPacer(), 100.0, []
    for _ in range(100):  # ten seconds
        now_s += pace.wait_s(0.1, now_s)
        sent.append(now_s)
    assert sent[4] == 100.0
    assert sent[5] > 100.0
    assert sent[-1] - 100.0 == pytest.approx((10 - BURST_S) / MAX_SPEED)


def test_live_audio_is_not_delayed() -> None:
    pace = SendPacer()
    assert [pace.wait_s(0.04, tick * 0.04) for tick in range(1000)] == [0.0] * 1000


def test_a_pause_fills_the_bucket_to_half_a_second() -> None:
    pace = SendPacer()
    assert pace.wait_s(0.5, 0.0) == 0.0
    assert pace.wait_s(0.5, 1000.0) == 0.0
    assert pace.wait_s(0.3, 1000.0) == pytest.approx(0.1)


def test_a_clock_that_goes_back_is_tolerated() -> None:
    pace = SendPacer()
    pace.wait_s(0.5, 10.0)
    assert pace.wait_s(0.3, 5.0) == pytest.approx(0.1)


@given(st.lists(st.tuples(st.floats(0.005, 0.1), st.floats(0, 2)), max_size=50))
def test_the_speed_limit_always_holds(sends: list[tuple[float, float]]) -> None:
    pace, now_s, gone_s = SendPacer(), 0.0, 0.0
    for audio_s, idle_s in sends:
        now_s += idle_s
        now_s += pace.wait_s(audio_s, now_s)
        gone_s += audio_s
        assert gone_s <= BURST_S + MAX_SPEED * now_s + 1e-6


def test_small_blocks_are_joined_and_large_ones_split() -> None:
    frames = FrameSplitter(24_000)
    assert [len(f) for _ in range(16) for f in frames.add(bytes(240))] == [1920, 1920]
    assert frames.flush() == []
    assert [len(f) for f in frames.add(bytes(4800 * 3 + 1000))] == [4800] * 3
    assert [len(f) for f in frames.flush()] == [1000]
    assert frames.flush() == []


@given(st.lists(st.binary(max_size=9000).map(lambda b: b[: len(b) // 2 * 2]), max_size=30))
def test_frames_contain_all_audio_in_order(blocks: list[bytes]) -> None:
    frames = FrameSplitter(24_000)
    out = [f for block in blocks for f in frames.add(block)]
    assert all(1920 <= len(f) <= 4800 for f in out)
    assert b"".join(out + frames.flush()) == b"".join(blocks)
