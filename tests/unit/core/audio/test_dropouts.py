import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.audio.dropouts import SLEPT_MS, Gap, Hearing, not_heard

TOLD = {
    "a moment": (Gap(800), False, "0.8 s were not heard when the microphone changed."),
    "one second": (Gap(1000), False, "1.0 s were not heard when the microphone changed."),
    "some seconds": (Gap(9_960), False, "10 s were not heard when the microphone changed."),
    "at the end": (
        *(Gap(2_310), True),
        "The last 2.3 s were not heard.",
    ),
    "asleep": (
        *(Gap(2_400_000, slept=True), False),
        "40 min were not heard while the computer slept.",
    ),
    "asleep to the end": (
        *(Gap(4 * 3_600_000, slept=True), True),
        "4 h were not heard while the computer slept.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("gap", "at_end", "sentence"), TOLD.values(), ids=TOLD)
def test_a_gap_is_told_in_words(gap, at_end, sentence):
    problem = not_heard(gap, at_end)
    assert problem.what == sentence
    assert problem.remedy.endswith("Say again what is missing.")


def test_gaps_of_one_take_are_told_as_one():
    whole = Gap(150) + Gap(120)
    assert (whole.ms, whole.slept, whole.is_worth_telling) == (270, False, True)
    assert (whole + Gap(1, slept=True)).slept
    assert not Gap(150).is_worth_telling


RATE_HZ = 16_000
BLOCK_MS, BLOCK_BYTES = 20, RATE_HZ // 50 * 2


def heard(until_ms, zeros_from_ms=10_000):
    """A stream from 0 ms on that gave a block every 20 ms."""
    hearing = Hearing()
    hearing.begin(0, 0)
    hearing.opened(RATE_HZ)
    for now_ms in range(BLOCK_MS, until_ms + 1, BLOCK_MS):
        give(hearing, now_ms, zeros=now_ms > zeros_from_ms)
    return hearing


def give(hearing, now_ms, zeros=False):
    hearing.came(now_ms, BLOCK_BYTES)
    hearing.heard(now_ms, zeros)


def test_a_gap_is_from_the_last_block_on():
    hearing = heard(1000)
    assert hearing.any
    assert hearing.gap(1700) == Gap(700)
    assert hearing.asleep() == Gap(0)


def test_before_the_first_block_it_is_from_the_beginning_on():
    hearing = heard(0)
    assert not hearing.any
    assert hearing.gap(300) == Gap(300)


def test_where_it_was_no_microphone_the_gap_is_from_the_last_sound_on():
    hearing = heard(1000, zeros_from_ms=600)
    assert hearing.gap(1100) == Gap(100)
    hearing.was_deaf()
    assert hearing.gap(1100) == Gap(500)


def test_what_the_computer_slept_belongs_to_the_gap_and_is_told():
    hearing = heard(1000)
    assert not hearing.slept(SLEPT_MS)  # clocks do not agree to the microsecond
    assert hearing.slept(SLEPT_MS + 60_000)
    assert not hearing.slept(SLEPT_MS + 60_000)
    assert hearing.gap(1100) == Gap(60_100, slept=True)
    assert hearing.asleep() == Gap(60_000, slept=True)
    hearing.over()
    assert hearing.gap(1100) == Gap(100)


def test_sleep_from_before_it_is_watched_is_none():
    hearing = heard(1000)
    hearing.begin(5000, 60_000)
    assert not hearing.any
    assert not hearing.slept(60_000)
    assert hearing.gap(5000) == Gap(0)


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_a_stream_that_goes_on_has_lost_what_it_does_not_give_after_all(gap_ms, kept_ms):
    hearing = heard(1000)
    hearing.broke()
    now_ms = 1000 + gap_ms
    for _ in range(kept_ms // BLOCK_MS):  # in a burst
        hearing.came(now_ms, BLOCK_BYTES)
    hearing.came(now_ms, BLOCK_BYTES)
    kept_ms = kept_ms // BLOCK_MS * BLOCK_MS
    assert hearing.late() == Gap(max(0, gap_ms - BLOCK_MS - kept_ms))


def test_another_stream_begins_to_count_anew():
    hearing = heard(1000)
    hearing.broke()
    hearing.opened(RATE_HZ * 3)
    hearing.came(9000, BLOCK_BYTES)
    assert hearing.late() == Gap(0)
