"""The microphone, as s16le mono at whatever rate it has.

PortAudio blocks, hangs and forgets, so each of its calls that may hang is made in a thread of
its own with a limit: stopping a stream whose PulseAudio source is suspended takes more than
15 s, and a sound server that hangs never answers at all.

On Linux PortAudio sees a sound server as the one device 'pulse'. The server's real sources are
known by `sound_server` and chosen by PULSE_SOURCE, which libpulse reads whenever a stream is
opened (measured with PulseAudio 16: works for the devices 'pulse' and 'default'; an unknown name
is an error and not silently the default).
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

from ..core.audio.pcm import downmix
from ..core.problems import ProblemError, replaced, untyped_problem
from . import portaudio, pulse
from .pulse import InputDevice, ReconnectAction, StreamState

START_FAILED = untyped_problem(
    "The microphone did not start.", "Another program may be using it.", "microphone"
)
NO_MICROPHONE = untyped_problem(
    "No microphone was found.", "Connect one, or choose another.", "microphone"
)
PERMISSION_DENIED = untyped_problem(
    "Sayso may not use the microphone.", "Allow it in the system settings.", "microphone"
)
DISCONNECTED = untyped_problem(
    "The microphone went away while you spoke.", "What you said before is typed.", "microphone"
)
ONLY_SILENCE = untyped_problem(
    "The microphone gave only silence.", "It may be muted.", "microphone"
)

BLOCK_FRAMES = 240
"""5 ms at 48 kHz. With latency 'low' the first block comes after 15 to 40 ms; 1600 takes 220."""
OPEN_TIMEOUT_S = 6.0
CLOSE_TIMEOUT_S = 0.1
"""PortAudio lets go within 15 ms, or not before its source gives something again."""
INVALID_CHANNEL_COUNT = -9998
"""paInvalidChannelCount."""


_portaudio_lock = threading.RLock()
"""PortAudio is one per process and its list may not be renewed while a stream is opened."""


class DeviceNotFoundError(ProblemError):
    """The microphone chosen by name is not there; the default, '', may be opened instead."""


class Microphone:
    """One stream at a time; `open` and `close` may be repeated. Blocking, any thread: no loop's."""

    def __init__(self) -> None:
        self._stream: Any = None
        self._is_wanted: threading.Event | None = None
        """Set while the stream's blocks are wanted; each stream has its own."""
        self._closing_threads: list[threading.Thread] = []
        """Threads that still wait for PortAudio to let go of a stream."""
        self._server_seen = False
        """A sound server has answered: without it there is no microphone until it is back."""

    def open(
        self, device: str, on_block: Callable[[bytes], None], on_finished: Callable[[], None]
    ) -> int:
        """Start to listen and return the rate in Hz.

        Args:
            device: A name of `devices()`; '' is the system's default.
            block: Takes s16le mono, about 5 ms, in PortAudio's thread; must return at once.
            finished: The stream ended by itself (unplugged, server gone); PortAudio's thread.

        Raises:
            DeviceGoneError: That device is not there; the default may be.
            ProblemError: No library, no microphone, no permission, or it does not start.
        """
        failures = (ValueError, portaudio.load().PortAudioError)
        with _portaudio_lock:
            self.close()
            try:
                return self._start(device, on_block, on_finished)
            except failures:
                self._refresh()  # the list is from when PortAudio was loaded: it may know it now
            try:
                return self._start(device, on_block, on_finished)
            except failures as error:
                raise self._explain(device, error) from error

    def close(self) -> None:
        """Stop listening, within 0.1 s even if PortAudio does not let go; no block comes after."""
        with _portaudio_lock:
            stream, self._stream = self._stream, None
            if self._is_wanted is not None:
                self._is_wanted.clear()
            if stream is not None:
                thread = _start_thread(lambda: _close_stream(stream))
                thread.join(CLOSE_TIMEOUT_S)
                self._closing_threads.append(thread)
            self._closing_threads = [
                thread for thread in self._closing_threads if thread.is_alive()
            ]

    def devices(self) -> list[InputDevice]:
        """What can be chosen, without opening any of it; [] where there is none.

        Raises:
            ProblemError: The sound library is not there.
        """
        if server := self._query_server():
            return server.microphones
        with _portaudio_lock:
            if self._stream is None:
                self._refresh()
            return [InputDevice(row["name"], row["name"]) for row in _input_devices().values()]

    def reconnect_action(self, device: str, state: StreamState) -> ReconnectAction:
        """What to do so that `device`, or another in its place, is heard on.

        Any thread; may block for some seconds where the sound server hangs.
        """
        if server := self._query_server():
            return pulse.decide_reconnect(server, device, state)
        if state == "silent":
            return ReconnectAction("stay")
        return ReconnectAction("wait") if self._server_seen else ReconnectAction("open", device)

    def _start(
        self, device: str, on_block: Callable[[bytes], None], on_finished: Callable[[], None]
    ) -> int:
        wanted = threading.Event()
        wanted.set()
        opened: list[Any] = []
        errors: list[Exception] = []
        sounddevice = portaudio.load()

        def start() -> None:
            try:
                opened.append(_open_stream(device, on_block, on_finished, wanted))
            except (ValueError, sounddevice.PortAudioError) as error:
                errors.append(error)
            else:
                if not wanted.is_set():  # too late: nobody waits for it any more
                    _close_stream(opened[0])

        thread = _start_thread(start)
        thread.join(OPEN_TIMEOUT_S)
        if thread.is_alive():
            wanted.clear()
            self._closing_threads.append(thread)
            raise ProblemError(replaced(START_FAILED, detail="PortAudio did not answer"))
        if errors:
            raise errors[0]
        self._stream, self._is_wanted = opened[0], wanted
        return int(self._stream.samplerate)

    def _query_server(self) -> pulse.PulseState | None:
        server = pulse.query() if pulse.is_available() else None
        self._server_seen = self._server_seen or server is not None
        return server

    def _refresh(self) -> None:
        """Have PortAudio look for devices again, where it has let go of all streams."""
        if not any(thread.is_alive() for thread in self._closing_threads):
            portaudio.refresh_devices()

    def _explain(self, device: str, error: Exception) -> ProblemError:
        detail = str(error)
        if "permission" in detail.lower() or "access" in detail.lower():
            return ProblemError(replaced(PERMISSION_DENIED, detail=detail))
        there = self.devices()
        if not there and not (device == "" and _input_devices()):
            return ProblemError(replaced(NO_MICROPHONE, detail=detail))
        if device and device not in {row.name for row in there}:
            return DeviceNotFoundError(
                untyped_problem(
                    f"The microphone “{device}” is not connected.",
                    "Connect it, or use the system's default.",
                    "microphone",
                    detail,
                )
            )
        return ProblemError(replaced(START_FAILED, detail=detail))


def _open_stream(
    device: str,
    on_block: Callable[[bytes], None],
    on_finished: Callable[[], None],
    wanted: threading.Event,
) -> Any:
    """A started stream; mono, or all channels where the device does not give mono."""
    sounddevice = portaudio.load()
    index, source = _find_device(device)
    row = sounddevice.query_devices(index, "input")

    def told() -> None:
        if wanted.is_set():
            on_finished()

    def started(channels: int) -> Any:
        def callback(indata: Any, frames: int, at: Any, status: Any) -> None:
            # PortAudio's thread: copy, hand over, return.
            if wanted.is_set():
                on_block(downmix(bytes(indata), channels))

        stream = sounddevice.RawInputStream(
            device=index,
            samplerate=int(row["default_samplerate"]),
            channels=channels,
            dtype="int16",
            latency="low",
            blocksize=BLOCK_FRAMES,
            callback=callback,
            finished_callback=told,
        )
        stream.start()
        return stream

    with _pulse_source(source):
        try:
            return started(1)
        except sounddevice.PortAudioError as error:
            if INVALID_CHANNEL_COUNT not in error.args:
                raise
            return started(row["max_input_channels"])


def _find_device(device: str) -> tuple[int | None, str]:
    """PortAudio's number for a device (None: its default), and the server's source for it."""
    if not device:
        return None, ""
    inputs = _input_devices()
    for index, row in inputs.items():
        if row["name"] == device:
            return index, ""
    for index, row in inputs.items():
        if row["name"] == "pulse":
            return index, device
    raise ValueError(f"no input device {device!r}")


def _input_devices() -> dict[int, Any]:
    """PortAudio's microphones; of one kind of driver, as Windows has each device three times."""
    sounddevice = portaudio.load()
    rows = dict(enumerate(sounddevice.query_devices()))
    default = rows.get(sounddevice.default.device[0])
    return {
        index: row
        for index, row in rows.items()
        if row["max_input_channels"] > 0
        and (default is None or row["hostapi"] == default["hostapi"])
    }


@contextlib.contextmanager
def _pulse_source(name: str) -> Iterator[None]:
    """Have libpulse open this source; a choice of the user's own environment is put back."""
    if not name:
        yield
        return
    before = os.environ.get("PULSE_SOURCE")
    os.environ["PULSE_SOURCE"] = name
    try:
        yield
    finally:
        if before is None:
            del os.environ["PULSE_SOURCE"]
        else:
            os.environ["PULSE_SOURCE"] = before


def _close_stream(stream: Any) -> None:
    """abort() and not stop(), which waits for the rest of a source that may be suspended."""
    with contextlib.suppress(portaudio.load().PortAudioError):  # it had ended by itself
        stream.abort()
    with contextlib.suppress(portaudio.load().PortAudioError):
        stream.close()


def _start_thread(call: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=call, name="portaudio", daemon=True)
    thread.start()
    return thread
