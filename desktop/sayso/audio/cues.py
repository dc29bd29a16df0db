"""The three sound cues, synthesized as s16le mono at 48 kHz.

Each cue plays in a short-lived thread, so that the caller never waits. A cue that cannot be played
is logged once and not reported to the user: the indicator shows the same information.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Literal

import attrs

from ..core.problems import ProblemError
from . import portaudio

log = logging.getLogger(__name__)

Cue = Literal["start", "stop", "error"]
RATE_HZ = 48_000


@attrs.frozen
class Tone:
    start_ms: int
    hz: float
    duration_ms: int
    level_dbfs: float
    """Level of the fundamental; its octave is 20 dB quieter."""


TONES: dict[Cue, tuple[Tone, ...]] = {
    "start": (Tone(0, 587.33, 110, -21), Tone(55, 880.0, 150, -21)),
    "stop": (Tone(0, 880.0, 110, -23), Tone(55, 587.33, 150, -23)),
    "error": (Tone(0, 392.0, 160, -19), Tone(140, 311.13, 260, -19)),
}
FADE_IN_S, FADE_OUT_S, DECAY_RATIO, OCTAVE_DB = 0.006, 0.020, 0.42, -20.0


def synthesize(cue: Cue) -> bytes:
    """Return the cue as s16le mono at 48 kHz."""
    import numpy as np

    tones = TONES[cue]
    end_ms = max(tone.start_ms + tone.duration_ms for tone in tones)
    mixed = np.zeros(RATE_HZ * end_ms // 1000)
    for tone in tones:
        start, waveform = RATE_HZ * tone.start_ms // 1000, _waveform(tone)
        mixed[start : start + len(waveform)] += waveform
    return bytes(np.rint(mixed * 32767).astype("<i2").tobytes())


def play_blocking(pcm: bytes) -> None:
    """Play s16le mono at 48 kHz and return when playback has ended.

    Raises:
        ProblemError: PortAudio is not installed, or there is no output device.
    """
    portaudio.play(pcm, RATE_HZ, threading.Event(), "low")


class CuePlayer:
    """Plays cues one after the other. Call from any thread."""

    def __init__(self, play: Callable[[bytes], None] = play_blocking) -> None:
        self._play = play
        self._slots = threading.BoundedSemaphore(2)
        """Room for a cue that plays and one that waits: an error may directly follow a stop."""
        self._playing = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._failure_logged = False

    def play(self, cue: Cue) -> None:
        """Start playback and return at once; drop the cue if two others have not ended."""
        if not self._slots.acquire(blocking=False):
            return
        thread = threading.Thread(target=self._play_cue, args=(cue,), name="cue", daemon=True)
        self._threads = [t for t in self._threads if t.is_alive()] + [thread]
        thread.start()

    def wait_until_played(self, timeout_s: float) -> None:
        """Wait until all cues have been played, `timeout_s` at most for each."""
        for thread in list(self._threads):
            thread.join(timeout_s)

    def _play_cue(self, cue: Cue) -> None:
        try:
            with self._playing:
                self._play(synthesize(cue))
        except ProblemError as error:
            if not self._failure_logged:
                log.warning("A cue could not be played: %s", error.problem.detail or error)
            self._failure_logged = True
        finally:
            self._slots.release()


def _waveform(tone: Tone) -> Any:
    import numpy as np

    count = RATE_HZ * tone.duration_ms // 1000
    t = np.arange(count) / RATE_HZ
    remaining_s = np.arange(count, 0, -1) / RATE_HZ
    fade_in = 0.5 - 0.5 * np.cos(np.pi * np.minimum(1.0, t / FADE_IN_S))
    fade_out = 0.5 - 0.5 * np.cos(np.pi * np.minimum(1.0, remaining_s / FADE_OUT_S))
    decay = np.exp(-t / (tone.duration_ms / 1000 * DECAY_RATIO))
    octave = 10 ** (OCTAVE_DB / 20) * np.sin(4 * np.pi * tone.hz * t)
    wave = np.sin(2 * np.pi * tone.hz * t) + octave
    return 10 ** (tone.level_dbfs / 20) * fade_in * fade_out * decay * wave
