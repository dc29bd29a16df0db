"""The sound cues in `resources/sounds/`: s16le mono at 48 kHz.

Each cue plays in a short-lived thread, so that the caller never waits. A cue that cannot be played
is logged once and not reported to the user: the indicator shows the same information.
"""

from __future__ import annotations

import logging
import threading
import wave
from collections.abc import Callable
from typing import Literal

from ..core.problems import ProblemError
from ..core.resources import resource
from . import portaudio

log = logging.getLogger(__name__)

Cue = Literal["start", "stop", "error"]
RATE_HZ = 48_000


def load_cue(cue: Cue) -> bytes:
    with wave.open(str(resource(f"sounds/{cue}.wav")), "rb") as file:
        return file.readframes(file.getnframes())


def _play(pcm: bytes) -> None:
    portaudio.play(pcm, RATE_HZ, threading.Event(), "low")


class CuePlayer:
    """Plays cues one after the other. Call from any thread."""

    def __init__(self, play: Callable[[bytes], None] = _play) -> None:
        self._play = play
        self._slots = threading.BoundedSemaphore(2)
        """Allows one cue to play and one to wait, because an error may directly follow a stop."""
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
                self._play(load_cue(cue))
        except ProblemError as error:
            if not self._failure_logged:
                log.warning("A cue could not be played: %s", error.problem.detail or error)
            self._failure_logged = True
        finally:
            self._slots.release()
