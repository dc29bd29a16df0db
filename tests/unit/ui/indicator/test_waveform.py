from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.ui.indicator.waveform import Waveform, bar_level


@pytest.mark.parametrize(("dbfs", "expected"), [(-120, 0), (-50, 0), (-31, 0.5), (-12, 1), (0, 1)])
def test_bars_cover_levels_from_minus_50_to_minus_12_dbfs(dbfs: float, expected: float) -> None:
    assert bar_level(dbfs) == pytest.approx(expected)


def test_the_level_rises_faster_than_it_falls() -> None:
    wave = Waveform()
    wave.add_level(-12)
    wave.advance(0)
    wave.advance(40)
    risen = wave.bars()[0]
    wave.add_level(-60)
    wave.advance(80)
    assert risen == pytest.approx(0.632, abs=0.01)
    assert wave.bars()[0] / risen == pytest.approx(0.801, abs=0.01)


def test_levels_move_outward_by_one_bar_in_60_ms() -> None:
    wave = Waveform()
    wave.add_level(-12)
    for now in range(0, 61, 20):
        wave.advance(now)
    middle, second, third, _ = wave.bars()
    assert middle > second == 0
    for now in range(80, 121, 20):
        wave.advance(now)
    assert wave.bars()[1] == pytest.approx(middle)
    assert third == 0


@given(st.lists(st.tuples(st.floats(-200, 20), st.floats(0, 500)), max_size=40))
def test_bars_stay_within_their_height(levels: list[tuple[float, float]]) -> None:
    wave, now = Waveform(), 0.0
    for dbfs, wait in levels:
        now += wait
        wave.add_level(dbfs)
        wave.advance(now)
        assert all(0 <= bar <= 1 for bar in wave.bars())
    wave.reset()
    assert wave.bars() == (0, 0, 0, 0)
