import numpy as np
import pytest

from sayso.stt.ondevice.samples import (
    FRAME_SAMPLES,
    MIN_NOISE_RMS,
    NOISE_BLOCK_SAMPLES,
    RATE_HZ,
    from_pcm,
    loud_frames,
    noise_rms,
    pad_with_noise,
)


def noise(samples: int, rms: float) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(samples, np.float32) * np.float32(rms)


def test_samples_are_between_minus_one_and_one() -> None:
    pcm = np.array([-32768, 0, 16384], "<i2").tobytes()
    assert from_pcm(pcm).tolist() == [-1.0, 0.0, 0.5]


def test_speech_is_loud_and_the_noise_around_it_is_not() -> None:
    frames = [noise(FRAME_SAMPLES, rms) for rms in (0.001, 0.001, 0.1, 0.1, 0.001)]
    assert loud_frames(np.concatenate(frames)).tolist() == [False, False, True, True, False]


@pytest.mark.parametrize("rms", [0.0, 0.1], ids=["silence", "constant noise"])
def test_audio_of_constant_loudness_has_no_loud_frames(rms: float) -> None:
    assert not loud_frames(noise(RATE_HZ, rms)).any()


def test_very_short_audio_and_digital_silence_have_the_minimum_noise() -> None:
    assert len(loud_frames(noise(FRAME_SAMPLES - 1, 0.1))) == 0
    assert noise_rms(noise(NOISE_BLOCK_SAMPLES - 1, 0.1)) == MIN_NOISE_RMS
    assert noise_rms(np.zeros(RATE_HZ, np.float32)) == MIN_NOISE_RMS


def test_the_noise_is_that_of_the_quietest_moments() -> None:
    quiet, speech = noise(RATE_HZ // 2, 0.001), noise(RATE_HZ, 0.1)
    assert noise_rms(np.concatenate((speech, quiet, speech))) == pytest.approx(0.001, rel=0.2)


def test_a_window_is_padded_with_noise_as_loud_as_that_of_the_samples() -> None:
    quiet, speech = noise(RATE_HZ, 0.01), noise(RATE_HZ, 0.3)
    samples = np.concatenate((quiet, speech))
    padded = pad_with_noise(samples, 7.0)
    assert (len(padded), padded.dtype) == (7 * RATE_HZ, np.float32)
    assert np.array_equal(padded[: len(samples)], samples)
    assert noise_rms(padded[len(samples) :]) == pytest.approx(0.01, rel=0.2)
    assert np.array_equal(padded, pad_with_noise(samples, 7.0))


def test_samples_that_are_longer_than_the_window_are_cut() -> None:
    samples = noise(3 * RATE_HZ, 0.1)
    assert np.array_equal(pad_with_noise(samples, 2.0), samples[: 2 * RATE_HZ])
