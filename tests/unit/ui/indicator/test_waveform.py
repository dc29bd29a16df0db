from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.ui.indicator.waveform import Wave, loudness
from sayso.ui.widgets import level
from sayso.ui.widgets.level import LevelJudge


@pytest.mark.parametrize(("dbfs", "expected"), [(-120, 0), (-50, 0), (-31, 0.5), (-12, 1), (0, 1)])
def test_loudness_runs_from_50_to_12_below_full_scale(dbfs: float, expected: float) -> None:
    assert loudness(dbfs) == pytest.approx(expected)


def test_the_wave_rises_faster_than_it_falls() -> None:
    wave = Wave()
    wave.hear(-12)
    wave.step(0)
    wave.step(40)
    risen = wave.level
    wave.hear(-60)
    wave.step(80)
    assert risen == pytest.approx(0.632, abs=0.01)
    assert wave.level / risen == pytest.approx(0.801, abs=0.01)


def test_levels_move_outward_60_ms_per_bar() -> None:
    wave = Wave()
    wave.hear(-12)
    for now in range(0, 61, 20):
        wave.step(now)
    middle, second, third, _ = wave.bars()
    assert middle > second == 0
    for now in range(80, 121, 20):
        wave.step(now)
    assert wave.bars()[1] == pytest.approx(middle)
    assert third == 0


@given(st.lists(st.tuples(st.floats(-200, 20), st.floats(0, 500)), max_size=40))
def test_bars_stay_within_their_height(heard: list[tuple[float, float]]) -> None:
    wave, now = Wave(), 0.0
    for dbfs, wait in heard:
        now += wait
        wave.hear(dbfs)
        wave.step(now)
        assert all(0 <= bar <= 1 for bar in wave.bars())
    wave.reset()
    assert wave.bars() == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("levels", "sentence"),
    [
        pytest.param([-60] * 10, level.SPEAK, id="room noise"),
        pytest.param([-120] * 60, level.NOTHING, id="digital silence"),
        pytest.param([-120] * 10, level.SPEAK, id="silence, but only just begun"),
        pytest.param([-60] * 40 + [-43] * 20, level.QUIET, id="whisper"),
        pytest.param([-60, -25], level.GOOD, id="speech"),
        pytest.param([-20, -1], level.LOUD, id="clipping"),
        pytest.param([-20] + [-60] * 70, level.SPEAK, id="speech is forgotten after three seconds"),
    ],
)
def test_the_meter_says_what_to_do(levels: list[float], sentence: str) -> None:
    judge = LevelJudge()
    for at, dbfs in enumerate(levels):
        judge.hear(dbfs, at * 50)
    assert judge.sentence == sentence
    assert judge.word


def test_the_middle_of_the_meter_is_30_below_full_scale() -> None:
    judge = LevelJudge()
    assert (judge.level, judge.peak) == (0, 0)
    judge.hear(-15, 0)
    judge.hear(-30, 100)
    assert (judge.level, judge.peak) == (0.5, 0.75)
