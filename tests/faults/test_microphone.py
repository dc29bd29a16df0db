"""Recording continues after every microphone fault, with a real sound server and real streams.

Each test prints the time from the moment a microphone was available (again) to the first audio
from it. The limit is one second.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from desktop.processes import wait_until
from desktop.sound import MICROPHONE, RATE_HZ, SoundServer
from sayso.audio import input_stream
from sayso.audio.microphone import Microphone
from sayso.core.audio.pcm import is_digital_silence
from sayso.core.audio.watchdog import MicTimeouts
from sayso.core.dictation.take import Take
from sayso.core.problems import Problem
from sayso.core.problems import audio as problems
from sayso.core.settings.settings import MicrophoneSettings
from sayso.dictation.capture import Capture

HEADSET = "headset"
MAX_GAP_S = 1.0
LEAD_IN_S = 0.3
"""Audio recorded before each fault."""
MEASUREMENTS: list[str] = []


class Recording:
    """A take that is being recorded, in an event loop of its own."""

    def __init__(
        self, device: str = "", lead_in_s: float = LEAD_IN_S, timeouts: MicTimeouts | None = None
    ) -> None:
        self.take = Take(number=1, id="take")
        self.blocks: list[tuple[float, bytes]] = []
        self.problems: list[Problem] = []
        self.lost: list[Problem] = []
        self._device, self._lead_in_s = device, lead_in_s
        self._timeouts = timeouts or MicTimeouts()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="loop")

    def __enter__(self) -> Recording:
        self._thread.start()
        self._run(self._begin())
        wait_until(lambda: self.duration_s >= self._lead_in_s, "audio")
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def duration_s(self) -> float:
        return self.take.duration_s

    @property
    def is_interrupted(self) -> bool:
        return self._capture.microphone_lost

    @property
    def dropout_messages(self) -> list[str]:
        return [each.message for each in self.problems if each.code.startswith("dropout.")]

    def end_take(self) -> None:
        async def end() -> None:
            self._capture.end(self.take)

        self._run(end())

    def time_to_audio(self, since_s: float, fault: str, in_transit_s: float = 0.0) -> float:
        """Wait for the first audio after `since_s` (monotonic clock); return how long it took.

        `in_transit_s`: audio that arrives this soon may be from before the fault.
        """

        def first() -> float | None:
            from_s = since_s + in_transit_s
            return next(
                (at for at, pcm in self.blocks if at > from_s and not is_digital_silence(pcm)), None
            )

        wait_until(lambda: first() is not None, f"audio after: {fault}", 8)
        at_s = first()
        assert at_s is not None
        MEASUREMENTS.append(f"{fault:<64} {(at_s - since_s) * 1000:5.0f} ms")
        return at_s - since_s

    async def _begin(self) -> None:
        self._capture = Capture(
            Microphone(),
            MicrophoneSettings(device=self._device, keep_warm="held"),
            self,
            self._timeouts,
        )
        self._capture.begin(self.take)

    # CaptureListener

    def on_recorded(self, take: Take, pcm: bytes) -> None:
        self.blocks.append((time.monotonic(), pcm))

    def on_tail_ended(self, take: Take) -> None: ...

    def on_audio_lost(self, take: Take, problem: Problem) -> None:
        self.lost.append(problem)

    def on_problem(self, problem: Problem) -> None:
        self.problems.append(problem)

    def on_level(self, dbfs: float) -> None: ...

    def on_microphone_changed(self) -> None: ...

    async def _end(self) -> None:
        self._capture.end(self.take)
        await self._capture.close()

    def _run(self, coroutine: object) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def sound_server() -> Iterator[SoundServer]:
    server = SoundServer()
    server.start_server()
    yield server
    server.close()
    lines = "\nTime to the first audio after a microphone fault:", *MEASUREMENTS
    sys.stdout.write("\n  ".join(lines) + "\n")


@pytest.fixture
def sound(sound_server: SoundServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    """A running sound server with one microphone, which records noise."""
    if not sound_server.is_running:
        sound_server.start_server()
    if MICROPHONE not in sound_server.modules:
        connect(sound_server, MICROPHONE)
    sound_server.use(monkeypatch)
    yield sound_server
    for name in list(sound_server.modules) if sound_server.is_running else []:
        sound_server.unplug(name)


@pytest.fixture
def sound_with_headset(sound: SoundServer) -> SoundServer:
    connect(sound, HEADSET)
    return sound


def connect(sound: SoundServer, name: str, rate_hz: int = RATE_HZ) -> float:
    """Connect a microphone; return the time since when it is available."""
    sound.add_noise_microphone(name, rate_hz)
    return time.monotonic()


Fault = Callable[[SoundServer], object]


def unplugged(sound: SoundServer) -> None:
    sound.unplug()


def taken_by_another_program(sound: SoundServer) -> None:
    sound.suspend(True)


FAULTS = [
    (unplugged, ""),
    (unplugged, MICROPHONE),
    (taken_by_another_program, ""),
    (taken_by_another_program, MICROPHONE),
]


@pytest.mark.parametrize(("fault", "device"), FAULTS)
def test_a_second_microphone_takes_over_within_a_second(
    sound_with_headset: SoundServer, fault: Fault, device: str
) -> None:
    with Recording(device) as recording:
        fault(sound_with_headset)
        label = f"{fault.__name__} ({device or 'the default'}), with a second microphone"
        took_s = recording.time_to_audio(time.monotonic(), label, in_transit_s=0.1)
        wait_until(lambda: recording.duration_s > LEAD_IN_S + 0.3, "more audio")
    assert took_s < MAX_GAP_S
    assert recording.lost == []
    assert bool(recording.dropout_messages) == (fault is taken_by_another_program)


def test_a_new_default_is_followed_without_a_dropout(sound_with_headset: SoundServer) -> None:
    with Recording() as recording:
        sound_with_headset.pactl("set-source-mute", MICROPHONE, "1")
        sound_with_headset.pactl("set-default-source", HEADSET)
        took_s = recording.time_to_audio(time.monotonic(), "a new default", in_transit_s=0.1)
    assert took_s < MAX_GAP_S
    assert (recording.dropout_messages, recording.lost) == ([], [])


def test_a_new_default_does_not_replace_the_chosen_microphone(
    sound_with_headset: SoundServer,
) -> None:
    """The server may move the stream to the new default."""
    with Recording(MICROPHONE) as recording:
        sound_with_headset.pactl("set-source-mute", HEADSET, "1")
        sound_with_headset.pactl("set-default-source", HEADSET)
        label = "a new default while another microphone is chosen"
        took_s = recording.time_to_audio(time.monotonic(), label, in_transit_s=0.1)
        duration_s = recording.duration_s
        wait_until(lambda: recording.duration_s > duration_s + 0.3, "more audio")
    assert took_s < MAX_GAP_S
    assert recording.lost == []
    assert not is_digital_silence(recording.blocks[-1][1])


def crash(sound: SoundServer) -> None:
    sound.kill_server()
    time.sleep(0.4)  # longer than a syllable, so that the dropout is reported


def restart(sound: SoundServer) -> float:
    sound.start_server()
    return connect(sound, MICROPHONE)


def signalled(sound: SoundServer, number: int) -> float:
    os.kill(sound.server_pid, number)
    return time.monotonic()


def released(sound: SoundServer) -> float:
    sound.suspend(False)
    return time.monotonic()


INTERRUPTIONS: dict[str, tuple[Fault, Callable[[SoundServer], float]]] = {
    "unplugged and reconnected": (unplugged, lambda sound: connect(sound, MICROPHONE)),
    # Bluetooth headsets do this between music and calls.
    "another profile: 16 kHz, mono": (unplugged, lambda sound: connect(sound, MICROPHONE, 16000)),
    "sound server restarted": (crash, restart),
    "sound server hung": (
        lambda sound: signalled(sound, signal.SIGSTOP),
        lambda sound: signalled(sound, signal.SIGCONT),
    ),
    "taken by another program and released": (taken_by_another_program, released),
}


@pytest.mark.parametrize("label", INTERRUPTIONS)
def test_recording_continues_after_an_interruption(sound: SoundServer, label: str) -> None:
    interrupt, restore = INTERRUPTIONS[label]
    with Recording(MICROPHONE if "profile" in label else "") as recording:
        rate_hz = recording.take.rate_hz
        interrupt(sound)
        try:
            wait_until(lambda: recording.is_interrupted, "the interruption is noticed")
        finally:
            at_s = restore(sound)
        took_s = recording.time_to_audio(at_s, label)
        duration_s = recording.duration_s
        wait_until(lambda: recording.duration_s > duration_s, "more audio")
    assert took_s < MAX_GAP_S
    assert recording.lost == []
    assert recording.take.rate_hz == rate_hz
    if "hung" not in label:  # the server buffers the audio
        (first, *_) = recording.dropout_messages
        assert first.endswith(" s were not recorded when the microphone changed.")


def test_recording_continues_after_sleep_and_its_duration_is_reported(
    sound: SoundServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sleep is simulated by the sleep clock; the second time the stream ends as well."""
    asleep_ms = input_stream.sleep_clock_ms()
    with Recording() as recording:
        for number, part_ms in enumerate((2_400_000, 4_800_000)):
            if number:
                sound.suspend(True)  # a device that has to be woken up
            monkeypatch.setattr(input_stream, "sleep_clock_ms", lambda ms=part_ms: asleep_ms + ms)
            if number:
                wait_until(lambda: recording.is_interrupted, "the interruption is noticed")
                sound.suspend(False)
            took_s = recording.time_to_audio(time.monotonic(), "the computer slept")
            wait_until(
                lambda count=number: len(recording.dropout_messages) > count,
                "the dropout is reported",
            )
            assert took_s < MAX_GAP_S
    assert recording.lost == []
    assert recording.dropout_messages[:2] == [
        "40 min were not recorded while the computer slept.",
        "1 h 20 min were not recorded while the computer slept.",
    ]


def test_a_monitor_source_is_not_used_as_the_microphone(sound: SoundServer) -> None:
    """The server moves the stream to a loudspeaker's monitor when no microphone is left."""
    with Recording() as recording:
        sound.unplug()
        sound.pactl("load-module", "module-null-sink", "sink_name=loudspeaker")
        music = sound.start("paplay", "--raw", "--device=loudspeaker", "/dev/urandom")
        wait_until(lambda: recording.is_interrupted, "the interruption is noticed", 3)
        duration_s = recording.duration_s
        recording.end_take()
        music.kill()
    assert duration_s < LEAD_IN_S + 2.0
    assert recording.dropout_messages[-1].startswith("The last ")


def test_the_audio_before_a_permanent_loss_is_kept(sound: SoundServer) -> None:
    with Recording(timeouts=MicTimeouts(interruption_ms=1000)) as recording:
        sound.unplug()
        wait_until(lambda: recording.lost != [], "the loss is reported", 4)
        assert recording.lost == [problems.DISCONNECTED()]
        assert recording.duration_s >= LEAD_IN_S


def test_a_missing_microphone_is_reported_at_once(sound: SoundServer) -> None:
    sound.unplug()
    at_s = time.monotonic()
    with Recording(lead_in_s=0) as recording:
        wait_until(lambda: recording.lost != [], "the loss is reported")
    assert recording.lost == [problems.MISSING()]
    assert time.monotonic() - at_s < 2.0
