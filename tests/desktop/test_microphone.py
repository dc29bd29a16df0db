"""The microphone with a real sound server, real streams, and everything that goes wrong."""

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

from sayso.audio import portaudio
from sayso.audio.microphone import DeviceNotFoundError, Microphone
from sayso.audio.pulse import InputDevice
from sayso.core.audio.pcm import StreamWatchdog, is_digital_silence, level_dbfs
from sayso.core.problems import ProblemError

from .processes import wait_until
from .sound import MICROPHONE, SoundServer, speech_clips

LIMIT_S = 5.0
HEADSET = "headset"


class AudioSink:
    """Everything a stream tells, with the instant it did."""

    def __init__(self) -> None:
        self.blocks: queue.Queue[bytes] = queue.Queue()
        self.finished = threading.Event()

    def wait(self) -> bytes:
        return self.blocks.get(timeout=LIMIT_S)

    def drain(self) -> bytes:
        """All that has come and was not taken yet."""
        parts = []
        while not self.blocks.empty():
            parts.append(self.blocks.get())
        return b"".join(parts)


@pytest.fixture(scope="module")
def _sound() -> Iterator[SoundServer]:
    with SoundServer() as rig:
        rig.add_microphone(HEADSET, "Café Headset 3000")
        yield rig


@pytest.fixture
def sound(_sound: SoundServer, monkeypatch: pytest.MonkeyPatch) -> SoundServer:
    """Its server runs, and has both microphones."""
    if not _sound.is_running:
        _sound.start_server()
    for name in (MICROPHONE, HEADSET):
        if name not in _sound.modules:
            _sound.add_microphone(name, "Café Headset 3000" if name == HEADSET else "")
    for name, value in _sound.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PULSE_SOURCE", raising=False)
    return _sound


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of speech."""
    samples, rate_hz = soundfile.read(speech_clips()[1][0])
    path = tmp_path_factory.mktemp("clip") / "clip.wav"
    soundfile.write(path, samples[rate_hz // 2 : rate_hz * 3 // 2], rate_hz)
    return path


@pytest.fixture
def microphone(sound: SoundServer) -> Iterator[Microphone]:
    edge = Microphone()
    portaudio.refresh_devices()  # PortAudio may have been loaded for another test's server
    yield edge
    edge.close()


def opened(microphone: Microphone, device: str = "") -> tuple[AudioSink, int]:
    ear = AudioSink()
    rate_hz = microphone.open(device, ear.blocks.put, ear.finished.set)
    ear.wait()
    return ear, rate_hz


def test_the_first_block_comes_at_once_and_speech_arrives_whole(
    sound: SoundServer, microphone: Microphone, clip: Path
) -> None:
    opened(microphone)  # the library is loaded once
    microphone.close()
    at = time.monotonic()
    ear, rate_hz = opened(microphone)
    assert time.monotonic() - at < 0.5  # 0.02 s here; the limit is for a loaded machine
    sound.play(clip)
    heard = soxr.resample(np.frombuffer(ear.drain(), "<i2") / 32768, rate_hz, 16000)
    spoken, _ = soundfile.read(clip)
    assert likeness(heard, spoken) > 0.95


def likeness(heard: np.ndarray, spoken: np.ndarray) -> float:
    """Highest correlation of what was played with any stretch of what was heard."""
    size = len(heard) + len(spoken)
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(spoken, size)), size)
    at = int(product.argmax())
    stretch = heard[at : at + len(spoken)]
    return float(product[at] / (np.linalg.norm(stretch) * np.linalg.norm(spoken)))


def test_microphones_are_listed_by_name_without_monitors_or_opening(
    sound: SoundServer, microphone: Microphone
) -> None:
    before = sound.pactl("list", "short", "source-outputs")
    assert microphone.devices() == [
        InputDevice(MICROPHONE, MICROPHONE),
        InputDevice(HEADSET, "Café Headset 3000"),
    ]
    assert sound.pactl("list", "short", "source-outputs") == before


def test_the_chosen_microphone_is_the_one_that_is_heard(
    sound: SoundServer, microphone: Microphone, clip: Path
) -> None:
    levels = {}
    for device in ("", MICROPHONE, HEADSET):
        ear, _ = opened(microphone, device)
        sound.play(clip, HEADSET)
        levels[device] = level_dbfs(ear.drain())
    assert levels[HEADSET] > -40
    assert levels[""] < -90
    assert levels[MICROPHONE] < -90


def test_a_microphone_that_is_not_there_is_told_apart(microphone: Microphone) -> None:
    ear = AudioSink()
    with pytest.raises(DeviceNotFoundError) as caught:
        microphone.open("Blue Yeti", ear.blocks.put, ear.finished.set)
    assert caught.value.problem.sentence == (
        "The microphone “Blue Yeti” is not connected. Connect it, or use the system's default."
    )
    assert caught.value.problem.action == "microphone"
    opened(microphone)  # the default still works


def test_a_microphone_that_comes_back_is_found(sound: SoundServer, microphone: Microphone) -> None:
    sound.unplug(HEADSET)
    with pytest.raises(DeviceNotFoundError):
        opened(microphone, HEADSET)
    sound.add_microphone(HEADSET, "Café Headset 3000")
    opened(microphone, HEADSET)


def test_nothing_comes_after_close(microphone: Microphone) -> None:
    ear, _ = opened(microphone)
    microphone.close()
    ear.drain()
    opened(microphone)
    assert ear.blocks.empty()
    assert not ear.finished.is_set()  # that is for streams that end by themselves


def test_a_pulled_plug_shows_as_silence(sound: SoundServer, microphone: Microphone) -> None:
    ear, _ = opened(microphone)
    sound.unplug()
    ear.drain()
    watch, at_ms, trouble = StreamWatchdog(0), 0.0, None
    while trouble is None and not ear.finished.is_set():
        at_ms += 5  # a block's worth; the server goes on to give blocks, of another source
        trouble = watch.on_block(at_ms, is_digital_silence(ear.wait()))
    assert ear.finished.is_set() or trouble == "zeros"


def test_a_killed_server_ends_the_stream_and_a_new_one_is_found(
    sound: SoundServer, microphone: Microphone
) -> None:
    ear, _ = opened(microphone)
    sound.kill_server()
    assert ear.finished.wait(LIMIT_S)
    microphone.close()
    with pytest.raises(ProblemError, match="No microphone was found"):
        opened(microphone)
    assert microphone.devices() == []
    sound.start_server()
    sound.add_microphone(MICROPHONE)
    opened(microphone)


def test_a_suspended_microphone_is_noticed_and_let_go_of(
    sound: SoundServer, microphone: Microphone
) -> None:
    ear, _ = opened(microphone)
    sound.suspend(True)
    ear.drain()
    at = time.monotonic()
    watch = StreamWatchdog(at * 1000)
    watch.on_block(at * 1000, False)
    wait_until(lambda: watch.check(time.monotonic() * 1000) == "no-callback", "the watch tells", 2)
    assert ear.blocks.empty()
    at = time.monotonic()
    microphone.close()
    assert time.monotonic() - at < 1.0
    sound.suspend(False)
    opened(microphone)


def test_a_choice_in_the_users_environment_is_left_alone(
    sound: SoundServer, microphone: Microphone, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULSE_SOURCE", HEADSET)
    for device in (MICROPHONE, ""):
        ear, _ = opened(microphone, device)
        sound.play(clip, HEADSET)
        assert is_digital_silence(ear.drain()) == (device == MICROPHONE)
