import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.audio.pcm import (
    DIGITAL_SILENCE_DBFS,
    PreRollBuffer,
    downmix,
    is_digital_silence,
    level_dbfs,
)


def pcm(samples):
    return np.asarray(samples).astype("<i2").tobytes()


LEVELS = {
    "no audio": (b"", DIGITAL_SILENCE_DBFS),
    "digital silence": (pcm([0] * 100), DIGITAL_SILENCE_DBFS),
    "square wave at full scale": (pcm([-32768] * 100), 0.0),
    "sine at full scale": (pcm(32767 * np.sin(np.arange(1600) * math.tau / 16)), -3.01),
    "half of full scale": (pcm([16384, -16384] * 50), -6.02),
    "one step": (pcm([1, -1] * 50), -90.3),
}


@pytest.mark.parametrize(("audio", "dbfs"), LEVELS.values(), ids=LEVELS)
def test_the_level_is_the_rms_relative_to_full_scale(audio, dbfs):
    assert level_dbfs(audio) == pytest.approx(dbfs, abs=0.01)


@given(st.lists(st.integers(-32768, 32767), min_size=1))
def test_a_level_is_between_digital_silence_and_full_scale(samples):
    assert DIGITAL_SILENCE_DBFS <= level_dbfs(pcm(samples)) <= 0.0
    assert is_digital_silence(pcm(samples)) == (not any(samples))


def test_mono_is_the_mean_of_the_channels():
    assert downmix(pcm([100, 300, -5, -15]), 2) == pcm([200, -10])
    assert downmix(pcm([32767, 32767, 32767]), 3) == pcm([32767])
    assert downmix(pcm([1, 2]), 1) == pcm([1, 2])


@given(st.lists(st.binary(max_size=40).map(lambda b: b[: len(b) // 2 * 2])), st.integers(0, 40))
def test_the_pre_roll_buffer_keeps_exactly_the_end(blocks, max_ms):
    buffer = PreRollBuffer(max_ms, 1000)  # 2 bytes per ms
    for block in blocks:
        buffer.append(block)
    whole = b"".join(blocks)
    assert buffer.drain() == (whole[-max_ms * 2 :] if max_ms else b"")
    assert buffer.drain() == b""


def test_the_pre_roll_buffer_does_not_grow():
    buffer = PreRollBuffer(300, 16000)
    for _ in range(10_000):
        buffer.append(b"\1\0" * 80)
    assert len(buffer.drain()) == 300 * 16 * 2
