"""Access to PortAudio, which exists once per process, and playback."""

from __future__ import annotations

import contextlib
import ctypes
import threading
from typing import Any

from ..core.dictation.take import BYTES_PER_SAMPLE
from ..core.problems import ProblemError
from ..core.problems import audio as problems

PLAYBACK_LOCK_TIMEOUT_S = 0.5
BLOCK_S = 0.05
"""Playback continues for this long after a stop."""
LATENCY_MARGIN_S = 0.05

_playback_lock = threading.Lock()
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
            text, number = ctypes.c_char_p, ctypes.c_int
            prototype = ctypes.CFUNCTYPE(None, text, number, text, number, text)
            _alsa_handler.append(prototype(lambda *_: None))
            ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_alsa_handler[0])
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
    if _playback_lock.acquire(timeout=PLAYBACK_LOCK_TIMEOUT_S):
        try:
            sounddevice = load()
            sounddevice._terminate()
            sounddevice._initialize()
        finally:
            _playback_lock.release()


def play(pcm: bytes, rate_hz: int, stopped: threading.Event, latency: str = "high") -> None:
    """Play s16le mono; return when it has ended or soon after `stopped` is set.

    Raises:
        ProblemError: PortAudio is not installed, or there is no output device.
    """
    sounddevice = load()
    block = int(rate_hz * BLOCK_S) * BYTES_PER_SAMPLE
    options = {"samplerate": rate_hz, "channels": 1, "dtype": "int16", "latency": latency}
    try:
        with _playback_lock, sounddevice.RawOutputStream(**options) as stream:
            for start in range(0, len(pcm), block):
                if stopped.is_set():
                    break
                stream.write(pcm[start : start + block])
            else:
                # Wait until the buffer has been played. stop() would do that as well, but takes
                # one to two seconds with PulseAudio.
                stopped.wait(stream.latency + LATENCY_MARGIN_S)
            stream.abort()
    except sounddevice.PortAudioError as error:
        raise ProblemError(problems.PLAYBACK_FAILED(detail=str(error))) from error
