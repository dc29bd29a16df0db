"""Access to PortAudio, which exists once per process."""

from __future__ import annotations

import contextlib
import ctypes
import threading
from typing import Any

from ..core.problems import ProblemError
from ..core.problems import audio as problems

PLAYBACK_LOCK_TIMEOUT_S = 0.5

playback_lock = threading.Lock()
"""Held during playback, because refreshing the device list ends all streams."""
_alsa_handler: list[Any] = []
"""Keeps the handler alive for as long as ALSA may call it."""


def load() -> Any:
    """Return the module sounddevice; ALSA's messages on stderr are suppressed.

    Raises:
        ProblemError: PortAudio is not installed; the Linux wheels do not contain it.
    """
    if not _alsa_handler:
        with contextlib.suppress(OSError, AttributeError):  # ALSA is not installed
            handler = ctypes.CFUNCTYPE(
                None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p
            )(lambda *_: None)
            _alsa_handler.append(handler)
            ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(handler)
    try:
        import sounddevice
    except OSError as error:
        raise ProblemError(problems.PORTAUDIO_MISSING()) from error
    return sounddevice


def refresh_devices() -> None:
    """Update PortAudio's device list; takes 40 to 70 ms.

    No input stream may be open: it would end without notifying its reader, and the call would take
    0.3 s longer. The call waits for playback to end; if that takes too long, it does nothing.
    """
    if playback_lock.acquire(timeout=PLAYBACK_LOCK_TIMEOUT_S):
        try:
            sounddevice = load()
            sounddevice._terminate()
            sounddevice._initialize()
        finally:
            playback_lock.release()
