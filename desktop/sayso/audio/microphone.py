"""The microphone, as s16le mono at its native rate.

PortAudio calls may block forever: stopping a stream whose PulseAudio source is suspended takes
more than 15 s, and a sound server may not answer at all. Each such call runs in a thread of its
own and has a time limit.

On Linux, PortAudio presents a sound server as one device named 'pulse'. `pulse` lists the real
sources of the server. The environment variable PULSE_SOURCE selects one: libpulse reads it
whenever a stream is opened. (Measured with PulseAudio 16: it applies to the devices 'pulse' and
'default', and an unknown name is an error.)
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

from ..core.audio.mic_state import ReconnectAction, StreamState
from ..core.audio.pcm import downmix
from ..core.problems import ProblemError
from ..core.problems import audio as problems
from . import portaudio, pulse
from .pulse import InputDevice

BLOCK_FRAMES = 240
"""5 ms at 48 kHz. With latency 'low' the first block arrives after 15 to 40 ms; with 1600 frames
after 220 ms."""
OPEN_TIMEOUT_S = 6.0
CLOSE_TIMEOUT_S = 0.1
"""PortAudio closes a stream within 15 ms, or only when its source delivers audio again."""
INVALID_CHANNEL_COUNT = -9998

OnBlock = Callable[[bytes], None]
OnFinished = Callable[[], None]
_portaudio_lock = threading.RLock()
"""PortAudio exists once per process; its device list must not be refreshed during an opening."""


class DeviceNotFoundError(ProblemError):
    """The chosen microphone is not available; the default, '', may be."""


class Microphone:
    """Records one input stream at a time. Blocking; not for an event loop's thread."""

    def __init__(self) -> None:
        self._stream: Any = None
        self._is_wanted: threading.Event | None = None
        """Set while the blocks of the stream are wanted; each stream has its own."""
        self._closing_threads: list[threading.Thread] = []
        self._server_seen = False
        """A sound server has answered before. While it does not, there is no microphone."""

    def open(self, device: str, on_block: OnBlock, on_finished: OnFinished) -> int:
        """Start recording and return the rate in Hz. An open stream is closed first.

        Args:
            device: A name from `devices()`; '' is the system's default.
            on_block: Called with s16le mono, about 5 ms, in PortAudio's thread; must not block.
            on_finished: Called in PortAudio's thread if the stream ends by itself.

        Raises:
            DeviceNotFoundError: The device is not available; the default may be.
            ProblemError: Recording is not possible.
        """
        failures = (ValueError, portaudio.load().PortAudioError)
        with _portaudio_lock:
            self.close()
            try:
                return self._start(device, on_block, on_finished)
            except failures:
                self._refresh_devices()  # the device may have been connected since the last time
            try:
                return self._start(device, on_block, on_finished)
            except failures as error:
                raise self._explain(device, error) from error

    def close(self) -> None:
        """Stop recording; no block arrives afterwards. Takes 0.1 s at most."""
        with _portaudio_lock:
            stream, self._stream = self._stream, None
            if self._is_wanted is not None:
                self._is_wanted.clear()
            if stream is not None:
                thread = _start_thread(lambda: _close_stream(stream))
                thread.join(CLOSE_TIMEOUT_S)
                self._closing_threads.append(thread)
            self._closing_threads = [t for t in self._closing_threads if t.is_alive()]

    def devices(self) -> list[InputDevice]:
        """Return the available microphones; raise `ProblemError` without PortAudio."""
        if server := self._query_server():
            return server.microphones
        with _portaudio_lock:
            if self._stream is None:
                self._refresh_devices()
            return [InputDevice(row["name"], row["name"]) for row in _input_devices().values()]

    def reconnect_action(self, device: str, state: StreamState) -> ReconnectAction:
        """Return how to continue; blocks for some seconds if the sound server does not answer."""
        if server := self._query_server():
            return pulse.decide_reconnect(server, device, state)
        if state == "silent":
            return ReconnectAction("stay")
        return ReconnectAction("wait") if self._server_seen else ReconnectAction("open", device)

    def _start(self, device: str, on_block: OnBlock, on_finished: OnFinished) -> int:
        is_wanted = threading.Event()
        is_wanted.set()
        opened: list[Any] = []
        errors: list[Exception] = []
        sounddevice = portaudio.load()

        def start() -> None:
            try:
                opened.append(_open_stream(device, on_block, on_finished, is_wanted))
            except (ValueError, sounddevice.PortAudioError) as error:
                errors.append(error)
            else:
                if not is_wanted.is_set():  # the time limit has passed
                    _close_stream(opened[0])

        thread = _start_thread(start)
        thread.join(OPEN_TIMEOUT_S)
        if thread.is_alive():
            is_wanted.clear()
            self._closing_threads.append(thread)
            raise ProblemError(problems.NOT_STARTED(detail="PortAudio did not answer"))
        if errors:
            raise errors[0]
        self._stream, self._is_wanted = opened[0], is_wanted
        return int(self._stream.samplerate)

    def _query_server(self) -> pulse.PulseState | None:
        server = pulse.query() if pulse.is_available() else None
        self._server_seen = self._server_seen or server is not None
        return server

    def _refresh_devices(self) -> None:
        if not any(thread.is_alive() for thread in self._closing_threads):
            portaudio.refresh_devices()

    def _explain(self, device: str, error: Exception) -> ProblemError:
        detail = str(error)
        if "permission" in detail.lower() or "access" in detail.lower():
            return ProblemError(problems.NOT_ALLOWED(detail=detail))
        available = self.devices()
        if not available and not (device == "" and _input_devices()):
            return ProblemError(problems.MISSING(detail=detail))
        if device and device not in {row.name for row in available}:
            return DeviceNotFoundError(problems.NOT_CONNECTED(device=device, detail=detail))
        return ProblemError(problems.NOT_STARTED(detail=detail))


def _open_stream(
    device: str, on_block: OnBlock, on_finished: OnFinished, is_wanted: threading.Event
) -> Any:
    sounddevice = portaudio.load()
    index, source = _find_device(device)
    row = sounddevice.query_devices(index, "input")

    def start(channels: int) -> Any:
        def callback(indata: Any, *_: Any) -> None:
            if is_wanted.is_set():
                on_block(downmix(bytes(indata), channels))

        stream = sounddevice.RawInputStream(
            device=index,
            samplerate=int(row["default_samplerate"]),
            channels=channels,
            dtype="int16",
            latency="low",
            blocksize=BLOCK_FRAMES,
            callback=callback,
            finished_callback=lambda: on_finished() if is_wanted.is_set() else None,
        )
        stream.start()
        return stream

    with _pulse_source(source):
        try:
            return start(1)
        except sounddevice.PortAudioError as error:
            if INVALID_CHANNEL_COUNT not in error.args:
                raise
            return start(row["max_input_channels"])


def _find_device(device: str) -> tuple[int | None, str]:
    """Return PortAudio's index (None: its default) and the sound server's source for a device."""
    if not device:
        return None, ""
    inputs = _input_devices()
    indexes = {row["name"]: index for index, row in reversed(inputs.items())}
    if device in indexes:
        return indexes[device], ""
    if "pulse" in indexes:
        return indexes["pulse"], device
    raise ValueError(f"no input device {device!r}")


def _input_devices() -> dict[int, Any]:
    """Return the input devices of the default driver; Windows lists each device once per driver."""
    sounddevice = portaudio.load()
    rows = dict(enumerate(sounddevice.query_devices()))
    default = rows.get(sounddevice.default.device[0])
    inputs = {index: row for index, row in rows.items() if row["max_input_channels"] > 0}
    if default is None:
        return inputs
    return {index: row for index, row in inputs.items() if row["hostapi"] == default["hostapi"]}


@contextlib.contextmanager
def _pulse_source(name: str) -> Iterator[None]:
    """Make libpulse open this source; the user's own PULSE_SOURCE is restored afterwards."""
    if not name:
        yield
        return
    previous = os.environ.get("PULSE_SOURCE")
    os.environ["PULSE_SOURCE"] = name
    try:
        yield
    finally:
        del os.environ["PULSE_SOURCE"]
        if previous is not None:
            os.environ["PULSE_SOURCE"] = previous


def _close_stream(stream: Any) -> None:
    """Close with abort(); stop() would wait for audio of a source that may be suspended."""
    for call in (stream.abort, stream.close):
        with contextlib.suppress(portaudio.load().PortAudioError):  # it has ended by itself
            call()


def _start_thread(call: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=call, name="portaudio", daemon=True)
    thread.start()
    return thread
