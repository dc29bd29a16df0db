"""Samples as they are decoded: which are loud, how loud their noise is, what pads them. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RATE_HZ = 16000
Samples = npt.NDArray[np.float32]
"""Mono at 16 kHz, from -1 to 1."""

LOUD_BLOCK_SAMPLES = 512
QUIET_PERCENTILE = 10
LOUD_POWER_RATIO = 8.0
"""So much more power than the quietest blocks have."""
FLOOR_BLOCK_SAMPLES = 320
FLOOR_PERCENTILE = 5
"""The quietest 20 ms of a recording are its noise."""
MIN_NOISE_RMS = 1e-5


def loud_blocks(samples: Samples) -> npt.NDArray[np.bool_]:
    """Which of its blocks of 32 ms are much louder than its quietest: speech, mostly."""
    blocks = samples[: len(samples) // LOUD_BLOCK_SAMPLES * LOUD_BLOCK_SAMPLES].reshape(
        -1, LOUD_BLOCK_SAMPLES
    )
    if not len(blocks):
        return np.zeros(0, np.bool_)
    powers = np.square(blocks).mean(axis=1)
    return np.asarray(powers > LOUD_POWER_RATIO * np.percentile(powers, QUIET_PERCENTILE))


def noise_rms(samples: Samples) -> float:
    """RMS of the quietest parts."""
    whole = len(samples) // FLOOR_BLOCK_SAMPLES * FLOOR_BLOCK_SAMPLES
    if not whole:
        return MIN_NOISE_RMS
    powers = (samples[:whole].reshape(-1, FLOOR_BLOCK_SAMPLES) ** 2).mean(axis=1)
    return max(MIN_NOISE_RMS, float(np.percentile(np.sqrt(powers), FLOOR_PERCENTILE)))


def pad_with_noise(samples: Samples, window_s: float) -> Samples:
    """Filled up to a window with noise as loud as its own; what is longer is cut off."""
    noise = np.random.default_rng(0).standard_normal(round(window_s * RATE_HZ), np.float32)
    made: Samples = noise * np.float32(noise_rms(samples))
    made[: len(samples)] = samples[: len(made)]
    return made
