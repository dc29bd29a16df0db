from __future__ import annotations

import math
import threading

import numpy as np
import pytest

from sayso.audio.cues import RATE_HZ, Cue, CuePlayer, load_cue
from sayso.core.problems import ProblemError
from sayso.core.problems.audio import PLAYBACK_FAILED


def dbfs(value: float) -> float:
    return 20 * math.log10(value / 32768)


@pytest.mark.parametrize(
    ("cue", "duration_ms", "peak", "rms"),
    [
        pytest.param("start", 205, -19.8, -30.4, id="start"),
        pytest.param("stop", 205, -21.5, -32.4, id="stop"),
        pytest.param("error", 400, -19.6, -29.0, id="error"),
    ],
)
def test_cues_have_the_designed_duration_and_level(
    cue: Cue, duration_ms: int, peak: float, rms: float
) -> None:
    wave = np.frombuffer(load_cue(cue), "<i2").astype(float)
    assert len(wave) == RATE_HZ * duration_ms // 1000
    assert dbfs(np.abs(wave).max()) == pytest.approx(peak, abs=0.1)
    assert dbfs(np.sqrt((wave**2).mean())) == pytest.approx(rms, abs=0.1)


@pytest.mark.parametrize("cue", ["start", "stop", "error"])
def test_cues_start_and_end_without_a_click(cue: Cue) -> None:
    wave = np.frombuffer(load_cue(cue), "<i2")
    assert abs(int(wave[0])) < 20
    assert abs(int(wave[-1])) < 20


@pytest.mark.parametrize(("cue", "first", "last"), [("start", 587, 880), ("stop", 880, 587)])
def test_the_start_cue_rises_and_the_stop_cue_falls(cue: Cue, first: float, last: float) -> None:
    wave = np.frombuffer(load_cue(cue), "<i2").astype(float)

    def pitch(part: np.ndarray) -> float:
        return float(np.abs(np.fft.rfft(part, RATE_HZ)).argmax())

    assert pitch(wave[: RATE_HZ * 50 // 1000]) == pytest.approx(first, rel=0.05)
    assert pitch(wave[RATE_HZ * 120 // 1000 :]) == pytest.approx(last, rel=0.05)


def test_playing_returns_at_once_and_cues_play_one_after_the_other() -> None:
    may_end, played = threading.Event(), list[bytes]()

    def play(pcm: bytes) -> None:
        played.append(pcm)
        assert may_end.wait(5)

    cues = CuePlayer(play)
    cues.play("stop")
    cues.play("error")
    cues.play("start")
    may_end.set()
    cues.wait_until_played(5)
    assert sorted(played) == sorted([load_cue("stop"), load_cue("error")])


@pytest.mark.expect_log
def test_a_playback_failure_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    def play(pcm: bytes) -> None:
        raise ProblemError(PLAYBACK_FAILED(detail="no device"))

    cues = CuePlayer(play)
    for _ in range(3):
        cues.play("error")
        cues.wait_until_played(5)
    assert [r.getMessage() for r in caplog.records] == ["A cue could not be played: no device"]
