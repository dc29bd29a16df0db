from __future__ import annotations

import pytest

from sayso.ui.widgets.meter import LevelVerdict


@pytest.mark.parametrize(
    ("levels", "summary"),
    [
        pytest.param([-60] * 10, "waiting", id="room noise"),
        pytest.param([-120] * 60, "none", id="digital silence"),
        pytest.param([-120] * 10, "waiting", id="silence that has just begun"),
        pytest.param([-60] * 40 + [-43] * 20, "very quiet", id="whisper"),
        pytest.param([-60, -25], "good", id="speech"),
        pytest.param([-20, -1], "too loud", id="clipping"),
        pytest.param([-20] + [-60] * 70, "waiting", id="speech more than three seconds ago"),
    ],
)
def test_the_verdict_advises_the_user(levels: list[float], summary: str) -> None:
    verdict = LevelVerdict()
    for at, dbfs in enumerate(levels):
        verdict.add(dbfs, at * 50)
    assert verdict.summary == summary
    assert verdict.message


def test_the_middle_of_the_meter_is_minus_30_dbfs() -> None:
    verdict = LevelVerdict()
    assert (verdict.level, verdict.peak) == (0, 0)
    verdict.add(-15, 0)
    verdict.add(-30, 100)
    assert (verdict.level, verdict.peak) == (0.5, 0.75)
