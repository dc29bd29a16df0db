from __future__ import annotations

import numpy as np

from sayso.stt.realtime.pacing import PAUSE_S, PauseDetector

RATE_HZ = 24_000


def quiet(seconds: float) -> bytes:
    noise = np.random.default_rng(1).integers(-20, 20, int(RATE_HZ * seconds))
    return noise.astype("<i2").tobytes()


def voice(seconds: float) -> bytes:
    at = np.arange(int(RATE_HZ * seconds))
    swell = 0.6 + 0.4 * np.sin(at / RATE_HZ * 25)
    return (np.sin(at * 2 * np.pi * 150 / RATE_HZ) * swell * 6000).astype("<i2").tobytes()


def detected_at_s(pcm: bytes, pauses: PauseDetector) -> float | None:
    """Return the time in s at which a pause is detected, in frames of 100 ms."""
    size = RATE_HZ // 10 * 2
    for start in range(0, len(pcm), size):
        if pauses.feed(pcm[start : start + size]):
            return (start + size) / 2 / RATE_HZ
    return None


def test_a_pause_is_detected_after_one_second() -> None:
    pauses = PauseDetector(RATE_HZ)
    noticed = detected_at_s(quiet(0.5) + voice(2) + quiet(3), pauses)
    assert noticed is not None
    assert 2.5 + PAUSE_S <= noticed <= 2.5 + PAUSE_S + 0.3


def test_short_gaps_are_not_pauses() -> None:
    breath = quiet(0.5) + voice(1) + quiet(0.7) + voice(1) + quiet(0.7) + voice(2)
    assert detected_at_s(breath, PauseDetector(RATE_HZ)) is None


def test_silence_without_speech_is_not_a_pause() -> None:
    pauses = PauseDetector(RATE_HZ)
    assert detected_at_s(quiet(4), pauses) is None
    assert detected_at_s(voice(1) + quiet(2), pauses) is not None
    pauses.reset()
    assert detected_at_s(quiet(10), pauses) is None  # this pause was reported already
    assert detected_at_s(voice(1) + quiet(2), pauses) is not None
