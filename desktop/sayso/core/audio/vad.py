"""Where a take has speech in it, measured without a model. Pure.

Two answers, because two different mistakes are to be avoided. `sound_s` counts whatever stands
out of the room's own noise: where it is next to nothing, nobody spoke, not even in a whisper.
`voice_s` counts only what has the pitch of a voice besides: where there is much of it somebody
spoke, and keys, breath, rustling and steady noise are not taken for it. Music is.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from ..dictation.take import BYTES_PER_SAMPLE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Frames = NDArray[np.float32]

HOP_S = 0.01
WINDOW_S = 0.04
"""Two and a half periods of the deepest voice."""
MIN_PITCH_HZ, MAX_PITCH_HZ = 75, 400
"""Pitch of voices, a child's among them."""
SPEECH_BAND_HZ = (150.0, 4000.0)
"""Where speech is loud; leaves out hum, steps and hiss."""
MIN_ANALYSIS_RATE_HZ = 8_000
"""At least so many samples a second are looked at."""
MIN_ACTIVITY_DBFS = -66.0
"""Within the band. Quieter than any voice on any microphone that works."""
FLOOR_QUANTILE = 0.1
"""The room's noise is the level that a tenth of the take stays under: gaps, if not pauses."""
MAX_FLOOR_DBFS = -50.0
SHORT_TAKE_S = 1.0
"""A take without a moment's rest has no floor: in shorter ones it is taken for no higher."""
ACTIVITY_ABOVE_FLOOR_DB = 3.5
"""Steady noise varies by less in a window so long; with 7, speech as loud as the noise is lost."""
MIN_PERIODICITY = 0.55
"""Share of a frame that repeats itself after one period. White noise has 0.3."""
MIN_ACTIVITY_S = 0.06
"""Shorter is a key or a click."""
MIN_VOICED_S = 0.05
MIN_PAUSE_S = 0.3
"""Shorter gaps are within a stretch of speech."""
BATCH_FRAMES = 2_000
"""Frames worked on at once, for memory: 30 MB."""


@attrs.frozen
class SpeechActivity:
    """Of one take."""

    duration_s: float
    activity_s: float
    """Anything that stands out and lasts; 0 to `duration_s`."""
    voiced_s: float
    """Of that, what has a pitch: the vowels, half of what somebody says."""
    spans: tuple[tuple[float, float], ...] = ()
    """Begin and end, in s, of each stretch of sound."""

    @property
    def total_span_s(self) -> float:
        """All stretches, with the short gaps in them."""
        return math.fsum(stop - start for start, stop in self.spans)


def measure_speech(pcm: bytes, rate_hz: int) -> SpeechActivity:
    """Measure s16le mono at 8 kHz or more; 2 ms of work a second of audio: use a thread.

    An odd byte at the end is left out.
    """
    import numpy as np  # 20 MB, and not needed before the first take

    size = len(pcm) // BYTES_PER_SAMPLE
    duration_s = size / rate_hz if rate_hz else 0.0
    if duration_s < WINDOW_S:
        return SpeechActivity(duration_s, 0.0, 0.0)
    every = max(1, rate_hz // MIN_ANALYSIS_RATE_HZ)
    samples = np.frombuffer(pcm, "<i2", count=size // every * every)
    low = samples.reshape(-1, every).mean(axis=1, dtype=np.float32) / 32768
    rate = rate_hz / every
    levels, pitched = _levels_and_pitch(low, rate)
    over = max(_floor_dbfs(levels, duration_s) + ACTIVITY_ABOVE_FLOOR_DB, MIN_ACTIVITY_DBFS)
    loud = _runs(levels > over, MIN_ACTIVITY_S)
    voiced = _runs(np.logical_and(pitched, _mask(loud, len(levels))), MIN_VOICED_S)
    return SpeechActivity(
        duration_s,
        _duration_s(loud),
        _duration_s(voiced),
        _spans(loud, duration_s),
    )


def _levels_and_pitch(samples: Frames, rate_hz: float) -> tuple[Frames, NDArray[np.bool_]]:
    """Level in dBFS within the band, and whether there is a pitch, of each frame."""
    import numpy as np

    hop, window = round(HOP_S * rate_hz), round(WINDOW_S * rate_hz)
    frames = np.lib.stride_tricks.sliding_window_view(samples, window)[::hop]
    shape = np.hanning(window).astype(np.float32)
    size = 1 << (2 * window - 1).bit_length()
    hz = np.fft.rfftfreq(size, 1 / rate_hz)
    band = (hz >= SPEECH_BAND_HZ[0]) & (hz <= SPEECH_BAND_HZ[1])
    pitch = (hz >= MIN_PITCH_HZ) & (hz <= 1200)
    own = np.fft.irfft(np.abs(np.fft.rfft(shape, size)) ** 2)  # what the window does to itself
    shortest, longest = int(rate_hz / MAX_PITCH_HZ), math.ceil(rate_hz / MIN_PITCH_HZ)
    weights = own[0] / own[shortest : longest + 1]
    scale = 2 / size / float(np.sum(shape**2))
    levels, pitched = [], []
    for start in range(0, len(frames), BATCH_FRAMES):
        block = frames[start : start + BATCH_FRAMES] * shape
        power = np.abs(np.fft.rfft(block, size, axis=1)) ** 2
        mean = power[:, band].sum(axis=1) * scale
        levels.append(10 * np.log10(mean + 1e-12))
        again = np.fft.irfft(power * pitch, axis=1)
        best = (again[:, shortest : longest + 1] * weights).max(axis=1)
        pitched.append(best > MIN_PERIODICITY * np.maximum(again[:, 0], 1e-12))
    return np.concatenate(levels), np.concatenate(pitched)


def _floor_dbfs(levels: Frames, duration_s: float) -> float:
    import numpy as np

    floor = float(np.quantile(levels, FLOOR_QUANTILE))
    return min(floor, MAX_FLOOR_DBFS) if duration_s < SHORT_TAKE_S else floor


def _runs(flags: NDArray[np.bool_], min_duration_s: float) -> list[tuple[int, int]]:
    """Begin and end of each run of frames that is long enough."""
    import numpy as np

    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    least = round(min_duration_s / HOP_S)
    pairs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [(start, stop) for start, stop in pairs if stop - start >= least]


def _mask(runs: list[tuple[int, int]], size: int) -> NDArray[np.bool_]:
    import numpy as np

    flags = np.zeros(size, bool)
    for start, stop in runs:
        flags[start:stop] = True
    return flags


def _duration_s(runs: list[tuple[int, int]]) -> float:
    return sum(stop - start for start, stop in runs) * HOP_S


def _spans(runs: list[tuple[int, int]], duration_s: float) -> tuple[tuple[float, float], ...]:
    spans: list[tuple[float, float]] = []
    for start, stop in runs:
        begin_s, end_s = start * HOP_S, min(duration_s, stop * HOP_S + WINDOW_S - HOP_S)
        if spans and begin_s - spans[-1][1] < MIN_PAUSE_S:
            begin_s = spans.pop()[0]
        spans.append((begin_s, end_s))
    return tuple(spans)
