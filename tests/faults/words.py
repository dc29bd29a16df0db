"""Artificial words: each is a tone with its own frequency.

A stand-in server, a fake engine or a recording "recognizes" exactly the words of the audio, also
after resampling, so that lost and duplicated words are detected. The tones have the pitch
of voices, so that speech detection works.
"""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Iterable

import attrs
import numpy as np

WORD_S, TONE_S = 0.2, 0.12
"""Duration of a word and of the tone in its middle."""
MIN_HZ, STEP_HZ, VOCABULARY_SIZE = 200.0, 12.0, 80
AMPLITUDE, LOUD_AMPLITUDE = 8000, 2000
HOP_S = 0.005


@functools.cache
def word_audio(number: int, rate_hz: int) -> bytes:
    """Return word `number` (from 0) as s16le mono."""
    size, tone = round(WORD_S * rate_hz), round(TONE_S * rate_hz)
    before = (size - tone) // 2
    at = np.arange(tone) / rate_hz
    wave = np.sin(at * math.tau * (MIN_HZ + STEP_HZ * (number % VOCABULARY_SIZE))) * AMPLITUDE
    samples = np.resize(np.array([1, -1]), size).astype(np.float64)  # no digital silence
    samples[before : before + tone] = wave
    return samples.round().astype("<i2").tobytes()


def speech_audio(words: int, rate_hz: int, first: int = 0) -> bytes:
    return b"".join(word_audio(first + number, rate_hz) for number in range(words))


def text_of(numbers: Iterable[int]) -> str:
    """Return the words as text: 'w0 w1 w2'."""
    return " ".join(f"w{number}" for number in numbers)


def recognize(pcm: bytes, rate_hz: int) -> str:
    """Return the words in audio; a word that is cut counts in the longer part."""
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float64)
    hop = round(HOP_S * rate_hz)
    loud = np.abs(samples[: len(samples) // hop * hop].reshape(-1, hop)).max(axis=1, initial=0)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], loud > LOUD_AMPLITUDE, [0]))))
    runs = zip(edges[::2] * hop, edges[1::2] * hop, strict=True)
    return text_of(
        _number(samples[begin:end], rate_hz)
        for begin, end in runs
        if end - begin > TONE_S / 2 * rate_hz
    )


def _number(tone: np.ndarray, rate_hz: int) -> int:
    size = 1 << 15
    power = np.abs(np.fft.rfft(tone * np.hanning(len(tone)), size))
    return round((float(power.argmax()) * rate_hz / size - MIN_HZ) / STEP_HZ)


@attrs.frozen
class Tally:
    """Comparison of a text with the words that were spoken."""

    lost: int
    duplicated: int
    in_order: bool

    @property
    def correct(self) -> bool:
        return not self.lost and not self.duplicated and self.in_order


def tally(word_count: int, text: str) -> Tally:
    """Compare a text with the words 0 to `word_count`; other words count as duplicated."""
    wanted = [f"w{number}" for number in range(word_count)]
    got = text.split()
    times = Counter(got)
    lost = sum(word not in times for word in wanted)
    duplicated = len(got) - sum(word in times for word in wanted)
    known = [word for word in got if word in wanted]
    return Tally(lost, duplicated, known == sorted(known, key=wanted.index))
