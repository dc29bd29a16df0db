"""A take goes on whatever happens to the microphone: a real sound server, real streams.

Each fault prints how long it took from the instant in which there was a microphone again (or
still) to the first sample from it. The limit is one second.
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
from sayso.audio import input_stream, portaudio
from sayso.audio.microphone import DISCONNECTED, NO_MICROPHONE, Microphone
from sayso.core.audio.pcm import is_digital_silence
from sayso.core.dictation.take import Take
from sayso.core.problems import Problem
from sayso.core.settings.settings import MicrophoneSettings as MicrophoneSettings
from sayso.dictation.capture import Capture

HEADSET = "headset"
MAX_GAP_S = 1.0
LEAD_IN_S = 0.3
"""Heard before each fault."""
MEASUREMENTS: list[str] = []


class Recording:
    """A take that is being spoken, recorded by the real parts in a loop of its own."""

    def __init__(self, device: str = "", calm_s: float = LEAD_IN_S) -> None:
        self.take = Take(number=1, id="take")
        self.blocks: list[tuple[float, bytes]] = []
        self.problems: list[Problem] = []
        self.lost: list[Problem] = []
        self._device, self._calm_s = device, calm_s
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="loop")

    def __enter__(self) -> Recording:
        self._thread.start()
        self._do(self._begin())
        wait_until(lambda: self.duration_s >= self._calm_s, "sound")
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._end())
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
        """What was said of gaps."""
        return [problem.message for problem in self.problems if "not heard" in problem.message]

    def end_take(self) -> None:
        async def end() -> None:
            self._capture.end(self.take)

        self._do(end())

    def time_to_audio(self, since_s: float, what: str, on_its_way_s: float = 0.0) -> float:
        """How long after `since_s` (of the monotonic clock) the first sound came; waits for it.

        `on_its_way_s`: what comes so soon may be from before, and is no proof.
        """

        def first() -> float | None:
            from_s = since_s + on_its_way_s
            return next(
                (at for at, pcm in self.blocks if at > from_s and not is_digital_silence(pcm)), None
            )

        wait_until(lambda: first() is not None, f"sound after: {what}", 8)
        at_s = first()
        assert at_s is not None
        MEASUREMENTS.append(f"{what:<64} {(at_s - since_s) * 1000:5.0f} ms")
        return at_s - since_s

    async def _begin(self) -> None:
        self._capture = Capture(
            Microphone(),
            MicrophoneSettings(device=self._device, keep_warm="held"),
            self,
        )
        self._capture.begin(self.take)

    # CaptureListener

    def on_recorded(self, take: Take, pcm: bytes) -> None:
        self.blocks.append((time.monotonic(), pcm))

    def on_first_audio(self, take: Take) -> None: ...

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

    def _do(self, coroutine: object) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def _sound() -> Iterator[SoundServer]:
    rig = SoundServer()
    rig.start_server()
    yield rig
    rig.close()
    told = "\nFirst sample again after a fault of the microphone:", *MEASUREMENTS
    sys.stdout.write("\n  ".join(told) + "\n")


@pytest.fixture
def sound(_sound: SoundServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    """Its server runs and has one microphone, that hears noise."""
    for name, value in _sound.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PULSE_SOURCE", raising=False)
    if not _sound.is_running:
        _sound.start_server()
    if MICROPHONE not in _sound.modules:
        plug_in(_sound, MICROPHONE)
    portaudio.refresh_devices()  # it may have been loaded for another test's server
    yield _sound
    for name in list(_sound.modules) if _sound.is_running else []:
        _sound.unplug(name)


@pytest.fixture
def both(sound: SoundServer) -> SoundServer:
    """A second microphone is there."""
    plug_in(sound, HEADSET)
    return sound


def plug_in(sound: SoundServer, name: str, rate_hz: int = RATE_HZ) -> float:
    """Returns the instant from which it is there."""
    sound.add_noise_microphone(name, rate_hz)
    return time.monotonic()


def pulled_out(sound: SoundServer) -> None:
    sound.unplug()


def taken_by_another(sound: SoundServer) -> None:
    sound.suspend(True)


SECONDS = [(pulled_out, ""), (pulled_out, MICROPHONE),
           (taken_by_another, ""), (taken_by_another, MICROPHONE)]  # fmt: skip


@pytest.mark.parametrize(("fault", "device"), SECONDS)
def test_where_there_is_a_second_microphone_it_goes_on_within_a_second(
    both: SoundServer, fault: Callable[[SoundServer], None], device: str
) -> None:
    with Recording(device) as recording:
        fault(both)
        what = f"{fault.__name__} ({device or 'the default'}), a second is there"
        took_s = recording.time_to_audio(time.monotonic(), what, on_its_way_s=0.1)
        wait_until(lambda: recording.duration_s > LEAD_IN_S + 0.3, "more of it")
    assert took_s < MAX_GAP_S
    assert recording.lost == []
    assert bool(recording.dropout_messages) == (fault is taken_by_another)


def test_another_default_is_followed_and_no_gap_told(both: SoundServer) -> None:
    with Recording() as recording:
        both.pactl("set-source-mute", MICROPHONE, "1")
        both.pactl("set-default-source", HEADSET)
        took_s = recording.time_to_audio(time.monotonic(), "another default", on_its_way_s=0.1)
    assert took_s < MAX_GAP_S
    assert (recording.dropout_messages, recording.lost) == ([], [])


def test_the_chosen_microphone_is_kept_whatever_the_default_is(both: SoundServer) -> None:
    """The server may move the stream to the new default."""
    with Recording(MICROPHONE) as recording:
        both.pactl("set-source-mute", HEADSET, "1")
        both.pactl("set-default-source", HEADSET)
        what = "another default while one is chosen"
        took_s = recording.time_to_audio(time.monotonic(), what, on_its_way_s=0.1)
        loud_s = recording.duration_s
        wait_until(lambda: recording.duration_s > loud_s + 0.3, "more of it")
    assert took_s < MAX_GAP_S
    assert recording.lost == []
    assert not is_digital_silence(recording.blocks[-1][1])


def test_the_only_microphone_pulled_out_and_plugged_in_again(sound: SoundServer) -> None:
    with Recording() as recording:
        sound.unplug()
        wait_until(lambda: recording.is_interrupted, "it is noticed")
        at_s = plug_in(sound, MICROPHONE)
        took_s = recording.time_to_audio(at_s, "pulled out and plugged in again")
    assert took_s < MAX_GAP_S
    assert recording.lost == []
    assert recording.dropout_messages[0].endswith(" s were not heard when the microphone changed.")


def test_a_headset_that_changes_its_profile_comes_back_with_another_rate(
    sound: SoundServer,
) -> None:
    """As Bluetooth does between music and calls: the source goes, one of 16 kHz mono comes."""
    with Recording(MICROPHONE) as recording:
        before = recording.take.rate_hz
        sound.unplug()
        wait_until(lambda: recording.is_interrupted, "it is noticed")
        at_s = plug_in(sound, MICROPHONE, 16000)
        took_s = recording.time_to_audio(at_s, "another profile: 16 kHz, mono")
    assert took_s < MAX_GAP_S
    assert recording.take.rate_hz == before
    assert recording.dropout_messages


def test_a_server_that_is_killed_and_started_again(sound: SoundServer) -> None:
    with Recording() as recording:
        sound.kill_server()
        killed_s = time.monotonic()
        wait_until(lambda: recording.is_interrupted, "it is noticed")
        wait_until(lambda: time.monotonic() - killed_s > 0.4, "that is longer than a syllable")
        sound.start_server()
        at_s = plug_in(sound, MICROPHONE)
        took_s = recording.time_to_audio(at_s, "sound server killed and started again")
        wait_until(lambda: recording.duration_s > LEAD_IN_S + 0.3, "more of it")
    assert took_s < MAX_GAP_S
    assert recording.lost == []
    assert recording.dropout_messages


def test_a_server_that_hangs_for_a_while(sound: SoundServer) -> None:
    server = sound._server
    assert server is not None
    with Recording() as recording:
        os.kill(server.pid, signal.SIGSTOP)
        try:
            wait_until(lambda: recording.is_interrupted, "it is noticed")
        finally:
            os.kill(server.pid, signal.SIGCONT)
        took_s = recording.time_to_audio(time.monotonic(), "sound server hung")
    assert took_s < MAX_GAP_S
    assert recording.lost == []


def test_the_only_microphone_taken_by_another_program_and_given_back(sound: SoundServer) -> None:
    with Recording() as recording:
        sound.suspend(True)
        wait_until(lambda: recording.is_interrupted, "it is noticed")
        sound.suspend(False)
        took_s = recording.time_to_audio(
            time.monotonic(), "taken by another program and given back"
        )
    assert took_s < MAX_GAP_S
    assert recording.lost == []
    assert recording.dropout_messages


def test_after_the_computer_has_slept_it_goes_on_and_says_how_long(
    sound: SoundServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the sleep only what the clocks say of it is made here, once with a stream that ended."""
    asleep_ms = input_stream._sleep_clock_ms()
    with Recording() as recording:
        for number, part_ms in enumerate((2_400_000, 4_800_000)):
            if number:
                sound.suspend(True)  # as a device that needs to be woken
            monkeypatch.setattr(
                "sayso.audio.input_stream._asleep_ms", lambda ms=part_ms: asleep_ms + ms
            )
            if number:
                wait_until(lambda: recording.is_interrupted, "it is noticed")
                sound.suspend(False)
            took_s = recording.time_to_audio(time.monotonic(), "the computer slept")
            wait_until(lambda count=number: len(recording.dropout_messages) > count, "it is told")
            assert took_s < MAX_GAP_S
    assert recording.lost == []
    assert recording.dropout_messages[0] == "40 min were not heard while the computer slept."
    assert recording.dropout_messages[1] == "80 min were not heard while the computer slept."


def test_what_a_loudspeaker_plays_is_not_taken_for_the_microphone(sound: SoundServer) -> None:
    """The server moves the stream to what is played when nothing else is left."""
    with Recording() as recording:
        sound.unplug()
        sound.pactl("load-module", "module-null-sink", "sink_name=loudspeaker")
        noise = ["--raw", "--device=loudspeaker", "/dev/urandom"]
        music = sound._start("paplay", *noise)
        wait_until(lambda: recording.is_interrupted, "it is noticed", 3)
        length_s = recording.duration_s
        recording.end_take()
        music.kill()
    assert length_s < LEAD_IN_S + 2.0
    assert recording.dropout_messages[-1].startswith("The last ")


def test_where_nothing_comes_back_it_is_said_and_what_was_heard_is_kept(
    sound: SoundServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sayso.audio.input_stream.LONGEST_AWAY_S", 1.0)
    with Recording() as recording:
        sound.unplug()
        wait_until(lambda: recording.lost != [], "it is given up", 4)
        assert recording.lost == [DISCONNECTED]
        assert recording.duration_s >= LEAD_IN_S


def test_without_any_microphone_it_is_said_at_once(sound: SoundServer) -> None:
    sound.unplug()
    at_s = time.monotonic()
    with Recording(calm_s=0) as recording:
        wait_until(lambda: recording.lost != [], "it is said")
    assert recording.lost == [NO_MICROPHONE]
    assert time.monotonic() - at_s < 2.0
