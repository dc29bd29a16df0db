"""The three cues: synthesised, 48 kHz mono s16le, no files.

Playing never keeps anybody waiting: each cue has a short-lived thread. A cue that cannot be
played is logged once and not told: the pill says the same.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Literal

import attrs

from .portaudio import playback_lock

log = logging.getLogger(__name__)

Cue = Literal["start", "stop", "error"]
RATE_HZ = 48_000


@attrs.frozen
class Tone:
    start_ms: int
    hz: float
    duration_ms: int
    level_dbfs: float
    """Of the fundamental; its octave is 20 dB below."""


TONES: dict[Cue, tuple[Tone, ...]] = {
    "start": (Tone(0, 587.33, 110, -21), Tone(55, 880.0, 150, -21)),
    "stop": (Tone(0, 880.0, 110, -23), Tone(55, 587.33, 150, -23)),
    "error": (Tone(0, 392.0, 160, -19), Tone(140, 311.13, 260, -19)),
}
LATENCY_MARGIN_S = 0.05
FADE_IN_S, FADE_OUT_S, DECAY_RATIO, OCTAVE_DB = 0.006, 0.020, 0.42, -20.0


def synthesize(cue: Cue) -> bytes:
    """The cue as 48 kHz mono s16le."""
    import numpy as np

    tones = TONES[cue]
    end_ms = max(tone.start_ms + tone.duration_ms for tone in tones)
    mixed = np.zeros(RATE_HZ * end_ms // 1000)
    for tone in tones:
        at, wave = RATE_HZ * tone.start_ms // 1000, _waveform(tone)
        mixed[at : at + len(wave)] += wave
    return bytes(np.rint(mixed * 32767).astype("<i2").tobytes())


def play_blocking(pcm: bytes) -> None:
    """Play s16le mono at 48 kHz; returns when it has sounded.

    Raises:
        OSError: PortAudio is not there, or there is nothing to play on. (Its own error is
            no OSError; `sounddevice` is imported here so that it costs nothing before.)
    """
    import sounddevice

    try:
        with (
            playback_lock,
            sounddevice.RawOutputStream(
                samplerate=RATE_HZ, channels=1, dtype="int16", latency="low"
            ) as stream,
        ):
            stream.write(pcm)
            # What is still in the buffer sounds on. `stop` would wait for that too, but takes
            # PulseAudio one to two seconds.
            threading.Event().wait(stream.latency + LATENCY_MARGIN_S)
            stream.abort()
    except sounddevice.PortAudioError as error:
        raise OSError(str(error)) from error


class CuePlayer:
    """Plays cues, one after the other. Any thread; of many at once the later are left out."""

    def __init__(self, play: Callable[[bytes], None] = play_blocking) -> None:
        self._play = play
        self._slots = threading.BoundedSemaphore(2)
        """One that sounds and one that waits: an error comes right after a stop."""
        self._playing = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._failure_logged = False

    def play(self, cue: Cue) -> None:
        """Start it and return at once."""
        if not self._slots.acquire(blocking=False):
            return
        thread = threading.Thread(
            target=self._play_cue, args=(cue,), name=f"cue-{cue}", daemon=True
        )
        self._threads = [t for t in self._threads if t.is_alive()] + [thread]
        thread.start()

    def wait_until_played(self, timeout_s: float) -> None:
        """Until everything has sounded, but no longer than `limit_s` for each cue."""
        for thread in list(self._threads):
            thread.join(timeout_s)

    def _play_cue(self, cue: Cue) -> None:
        try:
            with self._playing:
                self._play(synthesize(cue))
        except OSError as error:
            if not self._failure_logged:
                log.warning("A cue could not be played: %s", error)
            self._failure_logged = True
        finally:
            self._slots.release()


def _waveform(tone: Tone) -> Any:
    import numpy as np

    count = RATE_HZ * tone.duration_ms // 1000
    t = np.arange(count) / RATE_HZ
    left_s = np.arange(count, 0, -1) / RATE_HZ
    attack = 0.5 - 0.5 * np.cos(np.pi * np.minimum(1.0, t / FADE_IN_S))
    tail = 0.5 - 0.5 * np.cos(np.pi * np.minimum(1.0, left_s / FADE_OUT_S))
    decay = np.exp(-t / (tone.duration_ms / 1000 * DECAY_RATIO))
    octave = 10 ** (OCTAVE_DB / 20) * np.sin(4 * np.pi * tone.hz * t)
    return (
        10 ** (tone.level_dbfs / 20)
        * attack
        * tail
        * decay
        * (np.sin(2 * np.pi * tone.hz * t) + octave)
    )
