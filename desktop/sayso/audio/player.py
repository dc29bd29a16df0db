"""Plays recordings, one at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ..core.dictation.take import Take
from ..core.problems import Problem, ProblemError
from . import portaudio

SUPPORTED_RATES_HZ = (44_100, 48_000)
"""Every device plays these rates; other audio is resampled to the second one."""
CLOSE_TIMEOUT_S = 1.0

PlayFunction = Callable[[Take, threading.Event], None]


def play_blocking(take: Take, stopped: threading.Event) -> None:
    """Play a take; return when it has ended or soon after `stopped` is set.

    Raises:
        ProblemError: PortAudio is not installed, or there is no output device.
    """
    rate_hz, pcm = at_supported_rate(take)
    portaudio.play(pcm, rate_hz, stopped)


def at_supported_rate(take: Take) -> tuple[int, bytes]:
    """Return a rate in Hz that every device supports, and the audio as s16le mono at that rate."""
    if take.rate_hz in SUPPORTED_RATES_HZ:
        return take.rate_hz, take.read(0)
    import numpy as np
    import soxr

    rate_hz = SUPPORTED_RATES_HZ[-1]
    samples = np.frombuffer(take.read(0), "<i2")
    return rate_hz, soxr.resample(samples, take.rate_hz, rate_hz).astype("<i2").tobytes()


class Player:
    """Plays in a thread of its own. Call from any thread."""

    def __init__(self, play: PlayFunction = play_blocking) -> None:
        self._play = play
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def play(self, load: Callable[[], Take], on_end: Callable[[Problem | None], object]) -> None:
        """Stop the current recording and play another one.

        Both functions are called in the player's thread, `on_end` with the problem if there is one.
        """
        self.stop()
        previous, stopped = self._thread, threading.Event()

        def run() -> None:
            problem = None
            try:
                if previous:
                    previous.join()
                if not stopped.is_set():
                    self._play(load(), stopped)
            except ProblemError as error:
                problem = error.problem
            on_end(problem)

        self._stopped = stopped
        self._thread = threading.Thread(target=run, name="player", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def close(self) -> None:
        """Stop and wait until the device is closed, before PortAudio is unloaded."""
        self.stop()
        if self._thread:
            self._thread.join(CLOSE_TIMEOUT_S)
