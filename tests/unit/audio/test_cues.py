from __future__ import annotations

import math
import threading

import numpy as np
import pytest

from sayso.audio.cues import RATE_HZ, TONES, Cue, CuePlayer, synthesize


def dbfs(value: float) -> float:
    return 20 * math.log10(value / 32768)


@pytest.mark.parametrize(
    ("cue", "length_ms", "peak", "rms"),
    [
        pytest.param("start", 205, -19.8, -30.4, id="start"),
        pytest.param("stop", 205, -21.5, -32.4, id="stop"),
        pytest.param("error", 400, -19.6, -29.0, id="error"),
    ],
)
def test_cues_are_as_long_and_as_loud_as_designed(
    cue: Cue, length_ms: int, peak: float, rms: float
) -> None:
    wave = np.frombuffer(synthesize(cue), "<i2").astype(float)
    assert len(wave) == RATE_HZ * length_ms // 1000
    assert dbfs(np.abs(wave).max()) == pytest.approx(peak, abs=0.1)
    assert dbfs(np.sqrt((wave**2).mean())) == pytest.approx(rms, abs=0.1)


@pytest.mark.parametrize("cue", TONES)
def test_cues_begin_and_end_without_a_click(cue: Cue) -> None:
    wave = np.frombuffer(synthesize(cue), "<i2")
    assert abs(int(wave[0])) < 20
    assert abs(int(wave[-1])) < 20


@pytest.mark.parametrize(("cue", "first", "last"), [("start", 587, 880), ("stop", 880, 587)])
def test_start_rises_and_stop_falls(cue: Cue, first: float, last: float) -> None:
    wave = np.frombuffer(synthesize(cue), "<i2").astype(float)

    def pitch(part: np.ndarray) -> float:
        return float(np.abs(np.fft.rfft(part, RATE_HZ)).argmax())

    assert pitch(wave[: RATE_HZ * 50 // 1000]) == pytest.approx(first, rel=0.05)
    assert pitch(wave[RATE_HZ * 120 // 1000 :]) == pytest.approx(last, rel=0.05)


def test_playing_returns_at_once_and_cues_wait_for_each_other() -> None:
    let_go, heard = threading.Event(), list[bytes]()

    def play(pcm: bytes) -> None:
        heard.append(pcm)
        assert let_go.wait(5)

    sounds = CuePlayer(play)
    sounds.play("stop")
    sounds.play("error")
    sounds.play("start")
    let_go.set()
    sounds.wait_until_played(5)
    assert sorted(heard) == sorted([synthesize("stop"), synthesize("error")])


@pytest.mark.expect_log
def test_what_cannot_be_played_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    def play(pcm: bytes) -> None:
        raise OSError("no device")

    sounds = CuePlayer(play)
    for _ in range(3):
        sounds.play("error")
        sounds.wait_until_played(5)
    assert [r.getMessage() for r in caplog.records] == ["A cue could not be played: no device"]
