"""Energy-based voice activity detection. Pure.

`EnergyVad` runs while audio arrives and compares each frame with the noise floor of the last
seconds. `measure_speech` analyzes a complete take without a model and gives two measures for two
different questions. `activity_s` counts everything above the noise floor: if it is close to zero,
there was no speech, not even a whisper. `voiced_s` counts only activity with the pitch of a voice:
if it is large, there was speech. Key clicks, breath and steady noise are not voiced; music is.

Audio is s16le mono everywhere.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

import attrs

from ..dictation.take import BYTES_PER_SAMPLE
from .pcm import DIGITAL_SILENCE_DBFS, FULL_SCALE, level_dbfs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Frames = NDArray[np.float32]

FLOOR_WINDOW_MS = 3000
FLOOR_QUANTILE = 0.1
"""A tenth of the frames are below the noise floor: the gaps between syllables."""


class NoiseFloor:
    def __init__(self, frame_ms: int) -> None:
        self._frame_ms = frame_ms
        self.levels_dbfs: deque[float] = deque(maxlen=FLOOR_WINDOW_MS // frame_ms)

    def add(self, level_dbfs: float) -> None:
        self.levels_dbfs.append(level_dbfs)

    @property
    def dbfs(self) -> float:
        if not self.levels_dbfs:
            return DIGITAL_SILENCE_DBFS
        return sorted(self.levels_dbfs)[int(len(self.levels_dbfs) * FLOOR_QUANTILE)]

    @property
    def duration_ms(self) -> int:
        return len(self.levels_dbfs) * self._frame_ms


FRAME_MS = 10
SPEECH_ABOVE_FLOOR_DB = 9.0
MIN_SPEECH_DBFS = -52.0
"""Frames below this level are never speech, however quiet the room is."""
HANGOVER_MS = 80
"""Plosives such as p, t and k are silent for up to this long within a word."""
MIN_FLOOR_WINDOW_MS = 200


class EnergyVad:
    """Detects whether the user is speaking at this moment; takes about 10 us per block."""

    def __init__(self, rate_hz: int) -> None:
        self._frame_bytes = rate_hz * FRAME_MS // 1000 * BYTES_PER_SAMPLE
        self._remainder = b""
        self.floor = NoiseFloor(FRAME_MS)

    def feed(self, pcm: bytes) -> None:
        pcm = self._remainder + pcm
        whole = len(pcm) // self._frame_bytes * self._frame_bytes
        for start in range(0, whole, self._frame_bytes):
            self.floor.add(level_dbfs(pcm[start : start + self._frame_bytes]))
        self._remainder = pcm[whole:]

    @property
    def is_speech(self) -> bool:
        """True if there was speech within the last `HANGOVER_MS`."""
        recent = list(self.floor.levels_dbfs)[-(HANGOVER_MS // FRAME_MS) :]
        threshold = MIN_SPEECH_DBFS
        if self.floor.duration_ms >= MIN_FLOOR_WINDOW_MS:
            threshold = max(threshold, self.floor.dbfs + SPEECH_ABOVE_FLOOR_DB)
        return max(recent, default=DIGITAL_SILENCE_DBFS) > threshold


class ReleaseTail:
    """Selects the audio to keep after the key is released: until speech ends, `max_ms` at most."""

    def __init__(self, vad: EnergyVad, rate_hz: int, max_ms: int = 300) -> None:
        self._vad = vad
        self._remaining_bytes = max_ms * rate_hz // 1000 * BYTES_PER_SAMPLE

    @property
    def finished(self) -> bool:
        return self._remaining_bytes <= 0 or not self._vad.is_speech

    def feed(self, pcm: bytes) -> bytes:
        if self.finished:
            return b""
        kept = pcm[: self._remaining_bytes]
        self._remaining_bytes -= len(kept)
        self._vad.feed(kept)
        return kept


HOP_S = 0.01
WINDOW_S = 0.04
MIN_PITCH_HZ, MAX_PITCH_HZ = 75, 400
MAX_HARMONIC_HZ = 1200
SPEECH_BAND_HZ = (150.0, 4000.0)
"""Levels are measured in this band; it excludes hum, footsteps and hiss."""
MIN_ANALYSIS_RATE_HZ = 8_000
MIN_ACTIVITY_DBFS = -66.0
"""Level within the band; any voice on a working microphone is louder."""
MAX_FLOOR_DBFS = -50.0
SHORT_TAKE_S = 1.0
"""Takes shorter than this may contain no pause; their noise floor is capped at `MAX_FLOOR_DBFS`."""
ACTIVITY_ABOVE_FLOOR_DB = 3.5
"""Steady noise varies less than this. With 7 dB, speech as loud as the noise would be missed."""
MIN_PERIODICITY = 0.55
"""Autocorrelation at the pitch period, relative to lag 0. White noise has 0.3."""
MIN_ACTIVITY_S = 0.06
"""Shorter activity is a key click."""
MIN_VOICED_S = 0.05
MIN_PAUSE_S = 0.3
"""Shorter gaps do not separate two spans."""
BATCH_FRAMES = 2_000


@attrs.frozen
class SpeechActivity:
    duration_s: float
    activity_s: float
    """Duration of everything above the noise floor, 0 to `duration_s`."""
    voiced_s: float
    """Duration of activity with a pitch: vowels, about half of speech."""
    spans: tuple[tuple[float, float], ...] = ()
    """Start and end of each span of activity, in s."""

    @property
    def total_span_s(self) -> float:
        return math.fsum(stop - start for start, stop in self.spans)


def measure_speech(pcm: bytes, rate_hz: int) -> SpeechActivity:
    """Measure activity and voiced speech in audio of at least 8 kHz.

    Takes about 2 ms per second of audio, so call it in a thread. An odd byte at the end is ignored.
    """
    import numpy as np  # 20 MB; not needed before the first take

    size = len(pcm) // BYTES_PER_SAMPLE
    duration_s = size / rate_hz if rate_hz else 0.0
    if duration_s < WINDOW_S:
        return SpeechActivity(duration_s, 0.0, 0.0)
    factor = max(1, rate_hz // MIN_ANALYSIS_RATE_HZ)
    samples = np.frombuffer(pcm, "<i2", count=size // factor * factor)
    decimated = samples.reshape(-1, factor).mean(axis=1, dtype=np.float32) / np.float32(FULL_SCALE)
    levels, has_pitch = _levels_and_pitch(decimated, rate_hz / factor)
    floor = float(np.quantile(levels, FLOOR_QUANTILE))
    if duration_s < SHORT_TAKE_S:
        floor = min(floor, MAX_FLOOR_DBFS)
    active = _runs(levels > max(floor + ACTIVITY_ABOVE_FLOOR_DB, MIN_ACTIVITY_DBFS), MIN_ACTIVITY_S)
    is_active = np.zeros(len(levels), bool)
    for start, stop in active:
        is_active[start:stop] = True
    voiced = _runs(has_pitch & is_active, MIN_VOICED_S)
    return SpeechActivity(
        duration_s, _duration_s(active), _duration_s(voiced), _spans(active, duration_s)
    )


def _levels_and_pitch(samples: Frames, rate_hz: float) -> tuple[Frames, NDArray[np.bool_]]:
    """Return the level of each frame within the speech band, and whether it has a pitch."""
    import numpy as np

    hop, window = round(HOP_S * rate_hz), round(WINDOW_S * rate_hz)
    frames = np.lib.stride_tricks.sliding_window_view(samples, window)[::hop]
    taper = np.hanning(window).astype(np.float32)
    size = 1 << (2 * window - 1).bit_length()
    frequency_hz = np.fft.rfftfreq(size, 1 / rate_hz)
    band = (frequency_hz >= SPEECH_BAND_HZ[0]) & (frequency_hz <= SPEECH_BAND_HZ[1])
    harmonics = (frequency_hz >= MIN_PITCH_HZ) & (frequency_hz <= MAX_HARMONIC_HZ)
    taper_correlation = np.fft.irfft(np.abs(np.fft.rfft(taper, size)) ** 2)
    shortest, longest = int(rate_hz / MAX_PITCH_HZ), math.ceil(rate_hz / MIN_PITCH_HZ)
    weights = taper_correlation[0] / taper_correlation[shortest : longest + 1]
    scale = 2 / size / float(np.sum(taper**2))
    levels, has_pitch = [], []
    for start in range(0, len(frames), BATCH_FRAMES):
        block = frames[start : start + BATCH_FRAMES] * taper
        power = np.abs(np.fft.rfft(block, size, axis=1)) ** 2
        levels.append(10 * np.log10(power[:, band].sum(axis=1) * scale + 1e-12))
        correlation = np.fft.irfft(power * harmonics, axis=1)
        peak = (correlation[:, shortest : longest + 1] * weights).max(axis=1)
        has_pitch.append(peak > MIN_PERIODICITY * np.maximum(correlation[:, 0], 1e-12))
    return np.concatenate(levels), np.concatenate(has_pitch)


def _runs(flags: NDArray[np.bool_], min_duration_s: float) -> list[tuple[int, int]]:
    import numpy as np

    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    min_frames = round(min_duration_s / HOP_S)
    pairs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [(start, stop) for start, stop in pairs if stop - start >= min_frames]


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
