"""Speech activity of real recordings and of noise."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from desktop.noise_samples import SOX_EFFECTS
from desktop.sound import speech_clips
from sayso.audio.files import load_take
from sayso.core.audio.vad import measure_speech
from sayso.core.recognition.plausibility import MIN_VOICED_S, EngineReport, check_text

pytestmark = pytest.mark.needs_programs

VOICE_LIKE = {"wind", "a string plucked again and again", "drums", "a melody"}
"""Noise with a pitch that varies like a voice."""
STEADY = {
    *("digital silence", "a quiet room", "white noise", "pink noise", "a fan", "mains hum"),
    *("a tone", "an organ", "key clicks", "louder keys", "typing fast", "thumps on the table"),
}


def load_samples(path: Path) -> tuple[np.ndarray, int]:
    take = load_take(path)
    return np.frombuffer(take.read(0), "<i2").astype(float), take.rate_hz


def pcm(samples: np.ndarray) -> bytes:
    return np.clip(samples, -32768, 32767).astype("<i2").tobytes()


@pytest.mark.parametrize("name", SOX_EFFECTS)
def test_noise_is_not_taken_for_speech(tmp_path: Path, name: str) -> None:
    path = tmp_path / "noise.wav"
    command = f"sox -R -n -r 48000 -c 1 -b 16 {path} {SOX_EFFECTS[name]}"
    subprocess.run(command.split(), check=True, capture_output=True)
    samples, rate_hz = load_samples(path)
    activity = measure_speech(pcm(samples), rate_hz)
    assert (activity.voiced_s >= MIN_VOICED_S) == (name in VOICE_LIKE)
    assert (activity.activity_s < 0.1) == (name in STEADY)
    report = EngineReport("A server", activity.duration_s)
    assert (check_text("Thank you.", activity, report) is not None) == (name in STEADY)


DEGRADATIONS = {
    # gain in dB, signal-to-noise ratio in dB
    "as recorded": (0, None),
    "noise 10 dB below": (0, 10),
    "noise 5 dB below": (0, 5),
    "noise as loud": (0, 0),
    "20 dB quieter": (-20, None),
    "30 dB quieter": (-30, None),
    "35 dB quieter": (-35, None),
}


@pytest.mark.parametrize(("gain_db", "snr_db"), DEGRADATIONS.values(), ids=DEGRADATIONS)
def test_two_seconds_of_speech_are_never_taken_for_silence(
    gain_db: int, snr_db: int | None
) -> None:
    random = np.random.default_rng(5)
    pieces = 0
    for path, _ in speech_clips():
        samples, rate_hz = load_samples(path)
        rms = np.sqrt(np.mean(np.square(samples)))
        noise = 6.0 if snr_db is None else rms * 10 ** (-snr_db / 20)
        samples = samples * 10 ** (gain_db / 20)
        for start in range(0, len(samples) - 2 * rate_hz, rate_hz):
            piece = samples[start : start + 2 * rate_hz]
            noisy = pcm(piece + random.standard_normal(len(piece)) * noise)
            activity = measure_speech(noisy, rate_hz)
            assert activity.voiced_s >= MIN_VOICED_S
            assert check_text("Thank you.", activity, EngineReport("A server", 2.2)) is None
            pieces += 1
    assert pieces == 18
