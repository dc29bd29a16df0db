"""Audio samples as the decoders receive them: conversion, noise level and padding. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RATE_HZ = 16000
FRAME_SAMPLES = 512
"""Frame of the voice activity detector: 32 ms."""
FULL_SCALE = 32768.0

Samples = npt.NDArray[np.float32]
"""Mono at `RATE_HZ`, from -1 to 1."""

QUIET_PERCENTILE = 10
LOUD_POWER_RATIO = 8.0
"""Power of a loud frame relative to the quiet frames of the same recording."""
NOISE_BLOCK_SAMPLES = 320
NOISE_PERCENTILE = 5
"""The quietest blocks of 20 ms contain only noise."""
MIN_NOISE_RMS = 1e-5


def from_pcm(pcm: bytes) -> Samples:
    """Convert s16le mono."""
    return np.frombuffer(pcm, "<i2").astype(np.float32) / FULL_SCALE


def loud_frames(samples: Samples) -> npt.NDArray[np.bool_]:
    """Return for each frame whether it is much louder than the quietest frames."""
    frames = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    if not len(frames):
        return np.zeros(0, np.bool_)
    powers = np.square(frames).mean(axis=1)
    return np.asarray(powers > LOUD_POWER_RATIO * np.percentile(powers, QUIET_PERCENTILE))


def noise_rms(samples: Samples) -> float:
    """Return the RMS of the quietest blocks, at least `MIN_NOISE_RMS`."""
    size = len(samples) // NOISE_BLOCK_SAMPLES * NOISE_BLOCK_SAMPLES
    if not size:
        return MIN_NOISE_RMS
    powers = (samples[:size].reshape(-1, NOISE_BLOCK_SAMPLES) ** 2).mean(axis=1)
    return max(MIN_NOISE_RMS, float(np.percentile(np.sqrt(powers), NOISE_PERCENTILE)))


def pad_with_noise(samples: Samples, window_s: float) -> Samples:
    """Pad or cut to `window_s`; the padding is noise as loud as the noise in the samples."""
    noise = np.random.default_rng(0).standard_normal(round(window_s * RATE_HZ), np.float32)
    padded: Samples = noise * np.float32(noise_rms(samples))
    padded[: len(samples)] = samples[: len(padded)]
    return padded
