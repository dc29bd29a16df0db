"""The microphone with a real sound server and real streams."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from sayso.audio.microphone import DeviceNotFoundError, Microphone
from sayso.audio.pulse import InputDevice
from sayso.core.audio.pcm import is_digital_silence, level_dbfs
from sayso.core.audio.watchdog import MicTimeouts, StreamWatchdog
from sayso.core.problems import ProblemError

from .processes import wait_until
from .sound import MICROPHONE, SoundServer, speech_clips

TIMEOUT_S = 5.0
HEADSET, HEADSET_DESCRIPTION = "headset", "Café Headset 3000"
LIMITS = MicTimeouts()


class AudioSink:
    """Collects the events of a stream."""

    def __init__(self) -> None:
        self.blocks: queue.Queue[bytes] = queue.Queue()
        self.finished = threading.Event()

    def wait(self) -> bytes:
        return self.blocks.get(timeout=TIMEOUT_S)

    def drain(self) -> bytes:
        """Return the audio that has arrived since the last call."""
        parts = []
        while not self.blocks.empty():
            parts.append(self.blocks.get())
        return b"".join(parts)


@pytest.fixture(scope="module")
def sound_server() -> Iterator[SoundServer]:
    with SoundServer() as server:
        server.add_microphone(HEADSET, HEADSET_DESCRIPTION)
        yield server


@pytest.fixture
def sound(sound_server: SoundServer, monkeypatch: pytest.MonkeyPatch) -> SoundServer:
    """A running sound server with both microphones."""
    if not sound_server.is_running:
        sound_server.start_server()
    for name, description in ((MICROPHONE, ""), (HEADSET, HEADSET_DESCRIPTION)):
        if name not in sound_server.modules:
            sound_server.add_microphone(name, description)
    sound_server.use(monkeypatch)
    return sound_server


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of speech."""
    samples, rate_hz = soundfile.read(speech_clips()[1][0])
    path = tmp_path_factory.mktemp("clip") / "clip.wav"
    soundfile.write(path, samples[rate_hz // 2 : rate_hz * 3 // 2], rate_hz)
    return path


@pytest.fixture
def microphone(sound: SoundServer) -> Iterator[Microphone]:
    microphone = Microphone()
    yield microphone
    microphone.close()


def opened(microphone: Microphone, device: str = "") -> tuple[AudioSink, int]:
    sink = AudioSink()
    rate_hz = microphone.open(device, sink.blocks.put, sink.finished.set)
    sink.wait()
    return sink, rate_hz


def test_the_first_block_arrives_at_once_and_speech_is_recorded_completely(
    sound: SoundServer, microphone: Microphone, clip: Path
) -> None:
    opened(microphone)  # loads the library
    microphone.close()
    at_s = time.monotonic()
    sink, rate_hz = opened(microphone)
    assert time.monotonic() - at_s < 0.5  # usually 0.02 s; the limit allows for a busy machine
    spoken, _ = soundfile.read(clip)

    def correlation() -> float:
        sink.drain()
        sound.play(clip)
        recorded = soxr.resample(np.frombuffer(sink.drain(), "<i2") / 32768, rate_hz, 16000)
        return max_correlation(recorded, spoken)

    # On a busy machine the playback of the virtual sound server may have a gap.
    assert any(correlation() > 0.95 for _ in range(4))


def max_correlation(recorded: np.ndarray, spoken: np.ndarray) -> float:
    """Return the highest correlation of the speech with any part of the recording."""
    size = len(recorded) + len(spoken)
    product = np.fft.irfft(np.fft.rfft(recorded, size) * np.conj(np.fft.rfft(spoken, size)), size)
    at = int(product.argmax())
    part = recorded[at : at + len(spoken)]
    return float(product[at] / (np.linalg.norm(part) * np.linalg.norm(spoken)))


def test_microphones_are_listed_without_monitors_and_without_opening_them(
    sound: SoundServer, microphone: Microphone
) -> None:
    before = sound.pactl("list", "short", "source-outputs")
    assert microphone.devices() == [
        InputDevice(MICROPHONE, MICROPHONE),
        InputDevice(HEADSET, HEADSET_DESCRIPTION),
    ]
    assert sound.pactl("list", "short", "source-outputs") == before


def test_the_chosen_microphone_is_recorded(
    sound: SoundServer, microphone: Microphone, clip: Path
) -> None:
    levels = {}
    for device in ("", MICROPHONE, HEADSET):
        sink, _ = opened(microphone, device)
        sound.play(clip, HEADSET)
        levels[device] = level_dbfs(sink.drain())
    assert levels[HEADSET] > -40
    assert levels[""] < -90
    assert levels[MICROPHONE] < -90


def test_a_missing_microphone_has_an_error_of_its_own(microphone: Microphone) -> None:
    sink = AudioSink()
    with pytest.raises(DeviceNotFoundError) as caught:
        microphone.open("Blue Yeti", sink.blocks.put, sink.finished.set)
    assert caught.value.problem.code == "microphone.not_connected"
    assert caught.value.problem.sentence == (
        "The microphone “Blue Yeti” is not connected. Connect it, or use the system's default."
    )
    opened(microphone)  # the default still works


def test_a_reconnected_microphone_is_found(sound: SoundServer, microphone: Microphone) -> None:
    sound.unplug(HEADSET)
    with pytest.raises(DeviceNotFoundError):
        opened(microphone, HEADSET)
    sound.add_microphone(HEADSET, HEADSET_DESCRIPTION)
    opened(microphone, HEADSET)


def test_no_block_arrives_after_close(microphone: Microphone) -> None:
    sink, _ = opened(microphone)
    microphone.close()
    sink.drain()
    opened(microphone)
    assert sink.blocks.empty()
    assert not sink.finished.is_set()  # only for streams that end by themselves


def test_an_unplugged_microphone_delivers_silence(
    sound: SoundServer, microphone: Microphone
) -> None:
    sink, _ = opened(microphone)
    sound.unplug()
    sink.drain()
    watchdog, at_ms, fault = StreamWatchdog(0, LIMITS, LIMITS.first_block_ms), 0.0, None
    while fault is None and not sink.finished.is_set():
        at_ms += 5  # the duration of a block; the server delivers those of another source
        fault = watchdog.on_block(at_ms, is_digital_silence(sink.wait()))
    assert sink.finished.is_set() or fault == "zeros"


def test_a_crash_of_the_server_ends_the_stream_and_a_new_server_is_found(
    sound: SoundServer, microphone: Microphone
) -> None:
    sink, _ = opened(microphone)
    sound.kill_server()
    assert sink.finished.wait(TIMEOUT_S)
    microphone.close()
    with pytest.raises(ProblemError, match="No microphone was found"):
        opened(microphone)
    assert microphone.devices() == []
    sound.start_server()
    sound.add_microphone(MICROPHONE)
    opened(microphone)


def test_a_suspended_microphone_is_noticed_and_can_be_closed(
    sound: SoundServer, microphone: Microphone
) -> None:
    sink, _ = opened(microphone)
    sound.suspend(True)
    sink.drain()
    at_ms = time.monotonic() * 1000
    watchdog = StreamWatchdog(at_ms, LIMITS, LIMITS.block_ms)
    watchdog.on_block(at_ms, False)
    wait_until(
        lambda: watchdog.check(time.monotonic() * 1000) == "no-blocks", "the fault is noticed", 2
    )
    assert sink.blocks.empty()
    at_s = time.monotonic()
    microphone.close()
    assert time.monotonic() - at_s < 1.0
    sound.suspend(False)
    opened(microphone)


def test_the_users_pulse_source_variable_is_respected(
    sound: SoundServer, microphone: Microphone, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULSE_SOURCE", HEADSET)
    for device in (MICROPHONE, ""):
        sink, _ = opened(microphone, device)
        sound.play(clip, HEADSET)
        assert is_digital_silence(sink.drain()) == (device == MICROPHONE)
