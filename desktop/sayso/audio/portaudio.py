"""PortAudio, which is one per process: loaded once, its list of devices renewed on demand."""

from __future__ import annotations

import contextlib
import ctypes
import threading
from typing import Any

from ..core.problems import ProblemError, untyped_problem

NO_PORTAUDIO = untyped_problem(
    "The sound library PortAudio is not on this computer.",
    "Install it with: sudo apt install libportaudio2",
    "microphone",
)
PLAYBACK_LOCK_TIMEOUT_S = 0.5

playback_lock = threading.Lock()
"""Held while a cue sounds: renewing the list would pull its stream away under it."""
_alsa_handler: list[Any] = []
"""Keeps the handler alive for as long as ALSA may call it."""


def load() -> Any:
    """The library sounddevice, loaded with ALSA told to keep its remarks off stderr.

    Raises:
        ProblemError: PortAudio is missing, which the wheels for Linux do not bring along.
    """
    if not _alsa_handler:
        with contextlib.suppress(OSError, AttributeError):  # no ALSA here
            handler = ctypes.CFUNCTYPE(
                None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p
            )(lambda *_: None)
            _alsa_handler.append(handler)
            ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(handler)
    try:
        import sounddevice
    except OSError as error:
        raise ProblemError(NO_PORTAUDIO) from error
    return sounddevice


def refresh_devices() -> None:
    """Have PortAudio look for devices again: 40 to 70 ms.

    None of our streams may be open: those that are end, without a word to who reads them, and it
    takes 0.3 s more. A cue is waited for; one that does not end leaves all as it is.
    """
    if playback_lock.acquire(timeout=PLAYBACK_LOCK_TIMEOUT_S):
        try:
            sounddevice = load()
            sounddevice._terminate()
            sounddevice._initialize()
        finally:
            playback_lock.release()
