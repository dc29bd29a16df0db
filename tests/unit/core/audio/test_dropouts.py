import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.audio.dropouts import MIN_SLEEP_MS, Dropout, DropoutTracker, dropout_problem

MESSAGES = {
    "a moment": (Dropout(800), False, "0.8 s were not recorded when the microphone changed."),
    "one second": (Dropout(1000), False, "1.0 s were not recorded when the microphone changed."),
    "some seconds": (Dropout(9960), False, "10 s were not recorded when the microphone changed."),
    "at the end": (Dropout(2310), True, "The last 2.3 s were not recorded."),
    "asleep": (
        *(Dropout(2_400_000, during_sleep=True), False),
        "40 min were not recorded while the computer slept.",
    ),
    "asleep until the end": (
        *(Dropout(4 * 3_600_000, during_sleep=True), True),
        "4 h were not recorded while the computer slept.",
    ),
}


@pytest.mark.parametrize(("dropout", "at_end", "message"), MESSAGES.values(), ids=MESSAGES)
def test_a_dropout_is_described(dropout, at_end, message):
    problem = dropout_problem(dropout, at_end)
    assert problem.message == message
    assert problem.remedy.endswith("Repeat what is missing.")


def test_dropouts_of_one_take_are_added():
    total = Dropout(150) + Dropout(120)
    assert (total.duration_ms, total.during_sleep, total.is_reportable) == (270, False, True)
    assert (total + Dropout(1, during_sleep=True)).during_sleep
    assert not Dropout(150).is_reportable


RATE_HZ = 16_000
BLOCK_MS, BLOCK_BYTES = 20, RATE_HZ // 50 * 2


def tracker_after(until_ms, zeros_from_ms=10_000):
    """Return the tracker of a stream that delivered a block every 20 ms from 0 ms on."""
    tracker = DropoutTracker()
    tracker.start(0, 0)
    tracker.stream_opened(RATE_HZ)
    for now_ms in range(BLOCK_MS, until_ms + 1, BLOCK_MS):
        tracker.count_block(now_ms, BLOCK_BYTES)
        tracker.mark_block(now_ms, is_silent=now_ms > zeros_from_ms)
    return tracker


def test_a_dropout_begins_at_the_last_block():
    tracker = tracker_after(1000)
    assert tracker.has_audio
    assert tracker.dropout(1700) == Dropout(700)
    assert tracker.sleep_dropout() == Dropout(0)


def test_before_the_first_block_a_dropout_begins_at_the_start():
    tracker = tracker_after(0)
    assert not tracker.has_audio
    assert tracker.dropout(300) == Dropout(300)


def test_after_a_monitor_source_the_dropout_begins_at_the_last_audio():
    tracker = tracker_after(1000, zeros_from_ms=600)
    assert tracker.dropout(1100) == Dropout(100)
    tracker.rewind_to_last_audio()
    assert tracker.dropout(1100) == Dropout(500)


def test_sleep_is_part_of_the_dropout():
    tracker = tracker_after(1000)
    assert not tracker.has_slept(MIN_SLEEP_MS)
    assert tracker.has_slept(MIN_SLEEP_MS + 60_000)
    assert not tracker.has_slept(MIN_SLEEP_MS + 60_000)
    assert tracker.dropout(1100) == Dropout(60_100, during_sleep=True)
    assert tracker.sleep_dropout() == Dropout(60_000, during_sleep=True)
    tracker.end_dropout()
    assert tracker.dropout(1100) == Dropout(100)


def test_sleep_before_the_start_is_ignored():
    tracker = tracker_after(1000)
    tracker.start(5000, 60_000)
    assert not tracker.has_audio
    assert not tracker.has_slept(60_000)
    assert tracker.dropout(5000) == Dropout(0)


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_a_resumed_stream_has_lost_what_it_does_not_deliver_late(gap_ms, late_ms):
    tracker = tracker_after(1000)
    tracker.interrupt()
    late_blocks = late_ms // BLOCK_MS
    for _ in range(late_blocks + 1):
        tracker.count_block(1000 + gap_ms, BLOCK_BYTES)
    lost_ms = max(0, gap_ms - BLOCK_MS - late_blocks * BLOCK_MS)
    assert tracker.shortfall() == Dropout(lost_ms)


def test_a_new_stream_starts_without_lag():
    tracker = tracker_after(1000)
    tracker.interrupt()
    tracker.stream_opened(RATE_HZ * 3)
    tracker.count_block(9000, BLOCK_BYTES)
    assert tracker.shortfall() == Dropout(0)
