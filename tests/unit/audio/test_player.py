import queue
import threading

import numpy as np
import pytest

from sayso.audio.player import Player, at_supported_rate
from sayso.core.dictation.take import Take
from sayso.core.problems import ProblemError
from sayso.core.problems.audio import PLAYBACK_FAILED

FAILED = PLAYBACK_FAILED()
TIMEOUT_S = 5.0


def take(id_="a", rate_hz=48_000, samples=4800):
    made = Take(number=0, id=id_, rate_hz=rate_hz)
    tone = 9000 * np.sin(np.arange(samples) * 2 * np.pi * 440 / rate_hz)
    made.append(tone.astype("<i2").tobytes())
    return made


class Device:
    """Plays until it is stopped or `end` is set."""

    def __init__(self):
        self.started = queue.Queue()
        self.end = threading.Event()
        self.played = []

    def play(self, take, stopped):
        self.started.put(take.id)
        while not (stopped.wait(0.005) or self.end.is_set()):
            pass
        self.played.append((take.id, stopped.is_set()))


@pytest.fixture
def device():
    return Device()


@pytest.fixture
def player(device):
    made = Player(device.play)
    yield made
    made.close()


def test_the_end_of_playback_is_reported(player, device):
    ended = queue.Queue()
    player.play(take, ended.put)
    assert device.started.get(timeout=TIMEOUT_S) == "a"
    device.end.set()
    assert ended.get(timeout=TIMEOUT_S) is None
    assert device.played == [("a", False)]


def test_playback_can_be_stopped(player, device):
    ended = queue.Queue()
    player.play(take, ended.put)
    device.started.get(timeout=TIMEOUT_S)
    player.stop()
    assert ended.get(timeout=TIMEOUT_S) is None
    assert device.played == [("a", True)]


def test_a_second_recording_stops_the_first(player, device):
    ended = queue.Queue()
    player.play(take, lambda _: ended.put("a"))
    device.started.get(timeout=TIMEOUT_S)
    player.play(lambda: take("b"), lambda _: ended.put("b"))
    assert device.started.get(timeout=TIMEOUT_S) == "b"
    assert device.played == [("a", True)]
    device.end.set()
    assert [ended.get(timeout=TIMEOUT_S) for _ in range(2)] == ["a", "b"]


def test_a_recording_stopped_before_its_turn_is_not_played(player, device):
    ended = queue.Queue()
    player.play(take, lambda _: ended.put("a"))
    device.started.get(timeout=TIMEOUT_S)
    player.play(lambda: take("b"), lambda _: ended.put("b"))
    player.play(lambda: take("c"), lambda _: ended.put("c"))
    device.end.set()
    assert [ended.get(timeout=TIMEOUT_S) for _ in range(3)] == ["a", "b", "c"]
    assert "b" not in dict(device.played) or dict(device.played)["b"]


def test_a_missing_recording_is_reported(player):
    ended = queue.Queue()

    def missing():
        raise ProblemError(FAILED)

    player.play(missing, ended.put)
    assert ended.get(timeout=TIMEOUT_S) == FAILED


@pytest.mark.parametrize(
    ("rate_hz", "played_hz"),
    [(48_000, 48_000), (44_100, 44_100), (16_000, 48_000), (32_000, 48_000)],
)
def test_recordings_are_played_at_a_rate_that_every_device_supports(rate_hz, played_hz):
    given = take(rate_hz=rate_hz, samples=rate_hz // 2)
    at_hz, pcm = at_supported_rate(given)
    wave = np.frombuffer(pcm, "<i2").astype(float)
    assert at_hz == played_hz
    assert len(wave) == pytest.approx(at_hz / 2, rel=0.01)
    assert np.abs(np.fft.rfft(wave, at_hz)).argmax() == pytest.approx(440, abs=2)
