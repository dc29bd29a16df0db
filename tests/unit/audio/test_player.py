"""Recordings are played one at a time; the device is a function here."""

import queue
import threading

import numpy as np
import pytest

from sayso.audio.player import Player, at_supported_rate
from sayso.core.dictation.take import Take
from sayso.core.problems import ProblemError, untyped_problem

SILENT = untyped_problem(
    "The recording cannot be played.", "See whether other programs can be heard."
)
WAIT_S = 5.0


def take(id_="a", rate_hz=48_000, samples=4800):
    made = Take(number=0, id=id_, rate_hz=rate_hz)
    tone = 9000 * np.sin(np.arange(samples) * 2 * np.pi * 440 / rate_hz)
    made.append(tone.astype("<i2").tobytes())
    return made


class Device:
    """Sounds until it is stopped or `end` is set."""

    def __init__(self):
        self.sounding = queue.Queue()
        self.end = threading.Event()
        self.heard = []

    def play(self, played, stopped):
        self.sounding.put(played.id)
        while not (stopped.wait(0.005) or self.end.is_set()):
            pass
        self.heard.append((played.id, stopped.is_set()))


@pytest.fixture
def device():
    return Device()


@pytest.fixture
def player(device):
    made = Player(device.play)
    yield made
    made.close()


def test_it_says_when_it_has_sounded(player, device):
    over = queue.Queue()
    player.play(take, over.put)
    assert device.sounding.get(timeout=WAIT_S) == "a"
    device.end.set()
    assert over.get(timeout=WAIT_S) is None
    assert device.heard == [("a", False)]


def test_stop(player, device):
    over = queue.Queue()
    player.play(take, over.put)
    device.sounding.get(timeout=WAIT_S)
    player.stop()
    assert over.get(timeout=WAIT_S) is None
    assert device.heard == [("a", True)]


def test_the_next_one_waits_until_the_first_is_stopped(player, device):
    over = queue.Queue()
    player.play(take, lambda _: over.put("a"))
    device.sounding.get(timeout=WAIT_S)
    player.play(lambda: take("b"), lambda _: over.put("b"))
    assert device.sounding.get(timeout=WAIT_S) == "b"
    assert device.heard == [("a", True)]
    device.end.set()
    assert [over.get(timeout=WAIT_S) for _ in range(2)] == ["a", "b"]


def test_one_that_was_stopped_before_its_turn_never_sounds(player, device):
    over = queue.Queue()
    player.play(take, lambda _: over.put("a"))
    device.sounding.get(timeout=WAIT_S)
    player.play(lambda: take("b"), lambda _: over.put("b"))
    player.play(lambda: take("c"), lambda _: over.put("c"))
    device.end.set()
    assert [over.get(timeout=WAIT_S) for _ in range(3)] == ["a", "b", "c"]
    assert "b" not in dict(device.heard) or dict(device.heard)["b"]


def test_a_recording_that_is_gone_is_told(player):
    over = queue.Queue()

    def gone():
        raise ProblemError(SILENT)

    player.play(gone, over.put)
    assert over.get(timeout=WAIT_S) == SILENT


@pytest.mark.parametrize(
    ("rate_hz", "played_hz"),
    [(48_000, 48_000), (44_100, 44_100), (16_000, 48_000), (32_000, 48_000)],
)
def test_it_is_played_at_a_rate_every_device_has(rate_hz, played_hz):
    given = take(rate_hz=rate_hz, samples=rate_hz // 2)
    at_hz, pcm = at_supported_rate(given)
    wave = np.frombuffer(pcm, "<i2").astype(float)
    assert at_hz == played_hz
    assert len(wave) == pytest.approx(at_hz / 2, rel=0.01)
    assert np.abs(np.fft.rfft(wave, at_hz)).argmax() == pytest.approx(440, abs=2)
