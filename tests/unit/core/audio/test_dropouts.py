import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.audio.dropouts import MIN_SLEEP_MS, Dropout, DropoutTracker, dropout_problem

TOLD = {
    "a moment": (Dropout(800), False, "0.8 s were not heard when the microphone changed."),
    "one second": (Dropout(1000), False, "1.0 s were not heard when the microphone changed."),
    "some seconds": (Dropout(9_960), False, "10 s were not heard when the microphone changed."),
    "at the end": (
        *(Dropout(2_310), True),
        "The last 2.3 s were not heard.",
    ),
    "asleep": (
        *(Dropout(2_400_000, during_sleep=True), False),
        "40 min were not heard while the computer slept.",
    ),
    "asleep to the end": (
        *(Dropout(4 * 3_600_000, during_sleep=True), True),
        "4 h were not heard while the computer slept.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("gap", "at_end", "sentence"), TOLD.values(), ids=TOLD)
def test_a_gap_is_told_in_words(gap, at_end, sentence):
    problem = dropout_problem(gap, at_end)
    assert problem.message == sentence
    assert problem.remedy.endswith("Say again what is missing.")


def test_gaps_of_one_take_are_told_as_one():
    whole = Dropout(150) + Dropout(120)
    assert (whole.duration_ms, whole.during_sleep, whole.is_reportable) == (270, False, True)
    assert (whole + Dropout(1, during_sleep=True)).during_sleep
    assert not Dropout(150).is_reportable


RATE_HZ = 16_000
BLOCK_MS, BLOCK_BYTES = 20, RATE_HZ // 50 * 2


def heard(until_ms, zeros_from_ms=10_000):
    """A stream from 0 ms on that gave a block every 20 ms."""
    hearing = DropoutTracker()
    hearing.start(0, 0)
    hearing.stream_opened(RATE_HZ)
    for now_ms in range(BLOCK_MS, until_ms + 1, BLOCK_MS):
        give(hearing, now_ms, is_silent=now_ms > zeros_from_ms)
    return hearing


def give(hearing, now_ms, is_silent=False):
    hearing.count_block(now_ms, BLOCK_BYTES)
    hearing.mark_block(now_ms, is_silent)


def test_a_gap_is_from_the_last_block_on():
    hearing = heard(1000)
    assert hearing.has_audio
    assert hearing.dropout(1700) == Dropout(700)
    assert hearing.sleep_dropout() == Dropout(0)


def test_before_the_first_block_it_is_from_the_beginning_on():
    hearing = heard(0)
    assert not hearing.has_audio
    assert hearing.dropout(300) == Dropout(300)


def test_where_it_was_no_microphone_the_gap_is_from_the_last_sound_on():
    hearing = heard(1000, zeros_from_ms=600)
    assert hearing.dropout(1100) == Dropout(100)
    hearing.rewind_to_last_audio()
    assert hearing.dropout(1100) == Dropout(500)


def test_what_the_computer_slept_belongs_to_the_gap_and_is_told():
    hearing = heard(1000)
    assert not hearing.has_slept(MIN_SLEEP_MS)  # clocks do not agree to the microsecond
    assert hearing.has_slept(MIN_SLEEP_MS + 60_000)
    assert not hearing.has_slept(MIN_SLEEP_MS + 60_000)
    assert hearing.dropout(1100) == Dropout(60_100, during_sleep=True)
    assert hearing.sleep_dropout() == Dropout(60_000, during_sleep=True)
    hearing.end_dropout()
    assert hearing.dropout(1100) == Dropout(100)


def test_sleep_from_before_it_is_watched_is_none():
    hearing = heard(1000)
    hearing.start(5000, 60_000)
    assert not hearing.has_audio
    assert not hearing.has_slept(60_000)
    assert hearing.dropout(5000) == Dropout(0)


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_a_stream_that_goes_on_has_lost_what_it_does_not_give_after_all(gap_ms, kept_ms):
    hearing = heard(1000)
    hearing.interrupt()
    now_ms = 1000 + gap_ms
    for _ in range(kept_ms // BLOCK_MS):  # in a burst
        hearing.count_block(now_ms, BLOCK_BYTES)
    hearing.count_block(now_ms, BLOCK_BYTES)
    kept_ms = kept_ms // BLOCK_MS * BLOCK_MS
    assert hearing.shortfall() == Dropout(max(0, gap_ms - BLOCK_MS - kept_ms))


def test_another_stream_begins_to_count_anew():
    hearing = heard(1000)
    hearing.interrupt()
    hearing.stream_opened(RATE_HZ * 3)
    hearing.count_block(9000, BLOCK_BYTES)
    assert hearing.shortfall() == Dropout(0)
