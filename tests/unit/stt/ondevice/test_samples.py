"""What is loud in a recording, how loud its noise is, and what it is padded with."""

import numpy as np
import pytest

from sayso.stt.ondevice.samples import (
    FLOOR_BLOCK_SAMPLES,
    LOUD_BLOCK_SAMPLES,
    MIN_NOISE_RMS,
    RATE_HZ,
    loud_blocks,
    noise_rms,
    pad_with_noise,
)


def noise(samples: int, rms: float) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(samples, np.float32) * np.float32(rms)


def test_speech_is_loud_and_the_noise_around_it_is_not() -> None:
    blocks = [noise(LOUD_BLOCK_SAMPLES, rms) for rms in (0.001, 0.001, 0.1, 0.1, 0.001)]
    assert loud_blocks(np.concatenate(blocks)).tolist() == [False, False, True, True, False]


@pytest.mark.parametrize("rms", [0.0, 0.1], ids=["silence", "one loudness"])
def test_where_all_is_alike_nothing_is_loud(rms: float) -> None:
    assert not loud_blocks(noise(RATE_HZ, rms)).any()


def test_what_is_shorter_than_a_block_has_no_blocks() -> None:
    assert len(loud_blocks(noise(LOUD_BLOCK_SAMPLES - 1, 0.1))) == 0
    assert noise_rms(noise(FLOOR_BLOCK_SAMPLES - 1, 0.1)) == MIN_NOISE_RMS


def test_the_floor_is_that_of_the_quietest_moments() -> None:
    quiet, speech = noise(RATE_HZ // 2, 0.001), noise(RATE_HZ, 0.1)
    assert noise_rms(np.concatenate((speech, quiet, speech))) == pytest.approx(0.001, rel=0.2)


def test_digital_silence_has_a_floor_too() -> None:
    assert noise_rms(np.zeros(RATE_HZ, np.float32)) == MIN_NOISE_RMS


def test_a_window_begins_with_the_samples_and_goes_on_as_loud_as_their_noise() -> None:
    quiet, speech = noise(RATE_HZ, 0.01), noise(RATE_HZ, 0.3)
    samples = np.concatenate((quiet, speech))
    made = pad_with_noise(samples, 7.0)
    assert (len(made), made.dtype) == (7 * RATE_HZ, np.float32)
    assert np.array_equal(made[: len(samples)], samples)
    assert noise_rms(made[len(samples) :]) == pytest.approx(0.01, rel=0.2)
    assert np.array_equal(made, pad_with_noise(samples, 7.0))


def test_what_is_longer_than_the_window_is_cut_off() -> None:
    samples = noise(3 * RATE_HZ, 0.1)
    assert np.array_equal(pad_with_noise(samples, 2.0), samples[: 2 * RATE_HZ])
