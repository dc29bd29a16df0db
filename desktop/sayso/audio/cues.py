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

from .portaudio import sounding

log = logging.getLogger(__name__)

Cue = Literal["start", "stop", "error"]
RATE_HZ = 48_000


@attrs.frozen
class Tone:
    at_ms: int
    hz: float
    length_ms: int
    level_dbfs: float
    """Of the fundamental; its octave is 20 dB below."""


TONES: dict[Cue, tuple[Tone, ...]] = {
    "start": (Tone(0, 587.33, 110, -21), Tone(55, 880.0, 150, -21)),
    "stop": (Tone(0, 880.0, 110, -23), Tone(55, 587.33, 150, -23)),
    "error": (Tone(0, 392.0, 160, -19), Tone(140, 311.13, 260, -19)),
}
SPARE_S = 0.05
ATTACK_S, TAIL_S, DECAY, OCTAVE_DB = 0.006, 0.020, 0.42, -20.0


def samples(cue: Cue) -> bytes:
    """The cue as 48 kHz mono s16le."""
    import numpy as np

    tones = TONES[cue]
    end_ms = max(tone.at_ms + tone.length_ms for tone in tones)
    mixed = np.zeros(RATE_HZ * end_ms // 1000)
    for tone in tones:
        at, wave = RATE_HZ * tone.at_ms // 1000, _wave(tone)
        mixed[at : at + len(wave)] += wave
    return bytes(np.rint(mixed * 32767).astype("<i2").tobytes())


def play_now(pcm: bytes) -> None:
    """Play s16le mono at 48 kHz; returns when it has sounded.

    Raises:
        OSError: PortAudio is not there, or there is nothing to play on. (Its own error is
            no OSError; `sounddevice` is imported here so that it costs nothing before.)
    """
    import sounddevice

    try:
        with (
            sounding,
            sounddevice.RawOutputStream(
                samplerate=RATE_HZ, channels=1, dtype="int16", latency="low"
            ) as stream,
        ):
            stream.write(pcm)
            # What is still in the buffer sounds on. `stop` would wait for that too, but takes
            # PulseAudio one to two seconds.
            threading.Event().wait(stream.latency + SPARE_S)
            stream.abort()
    except sounddevice.PortAudioError as error:
        raise OSError(str(error)) from error


class Sounds:
    """Plays cues, one after the other. Any thread; of many at once the later are left out."""

    def __init__(self, play: Callable[[bytes], None] = play_now) -> None:
        self._play = play
        self._room = threading.BoundedSemaphore(2)
        """One that sounds and one that waits: an error comes right after a stop."""
        self._sounding = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._told = False

    def play(self, cue: Cue) -> None:
        """Start it and return at once."""
        if not self._room.acquire(blocking=False):
            return
        thread = threading.Thread(target=self._sound, args=(cue,), name=f"cue-{cue}", daemon=True)
        self._threads = [t for t in self._threads if t.is_alive()] + [thread]
        thread.start()

    def wait(self, limit_s: float) -> None:
        """Until everything has sounded, but no longer than `limit_s` for each cue."""
        for thread in list(self._threads):
            thread.join(limit_s)

    def _sound(self, cue: Cue) -> None:
        try:
            with self._sounding:
                self._play(samples(cue))
        except OSError as error:
            if not self._told:
                log.warning("A cue could not be played: %s", error)
            self._told = True
        finally:
            self._room.release()


def _wave(tone: Tone) -> Any:
    import numpy as np

    count = RATE_HZ * tone.length_ms // 1000
    t = np.arange(count) / RATE_HZ
    left_s = np.arange(count, 0, -1) / RATE_HZ
    attack = 0.5 - 0.5 * np.cos(np.pi * np.minimum(1.0, t / ATTACK_S))
    tail = 0.5 - 0.5 * np.cos(np.pi * np.minimum(1.0, left_s / TAIL_S))
    decay = np.exp(-t / (tone.length_ms / 1000 * DECAY))
    octave = 10 ** (OCTAVE_DB / 20) * np.sin(4 * np.pi * tone.hz * t)
    return (
        10 ** (tone.level_dbfs / 20)
        * attack
        * tail
        * decay
        * (np.sin(2 * np.pi * tone.hz * t) + octave)
    )
