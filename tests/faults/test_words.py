"""The artificial words of the fault tests are recognized without errors."""

from __future__ import annotations

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.core.audio.vad import measure_speech

from . import words

RATES = (16_000, 24_000, 44_100, 48_000)


@pytest.mark.parametrize("to_hz", RATES)
@pytest.mark.parametrize("from_hz", RATES)
def test_every_word_is_recognized_at_every_rate(from_hz: int, to_hz: int) -> None:
    samples = np.frombuffer(words.speech_audio(words.VOCABULARY_SIZE, from_hz), "<i2")
    resampled = soxr.resample(samples, from_hz, to_hz).astype("<i2").tobytes()
    assert words.recognize(resampled, to_hz) == words.text_of(range(words.VOCABULARY_SIZE))


@given(st.integers(0, 16_000 * 2))
@settings(max_examples=100, deadline=None)
def test_a_word_that_is_cut_is_recognized_in_one_part(at: int) -> None:
    pcm = words.speech_audio(10, 16_000)
    parts = [words.recognize(pcm[: at * 2], 16_000), words.recognize(pcm[at * 2 :], 16_000)]
    text = " ".join(parts).strip()
    found = words.tally(10, text)
    assert found.duplicated == 0
    assert found.lost <= 1  # if it is cut exactly in the middle


def test_the_words_are_measured_as_speech() -> None:
    measured = measure_speech(words.speech_audio(10, 16_000), 16_000)
    assert measured.voiced_s > 0.5
    assert measured.total_span_s == pytest.approx(2.0, abs=0.3)


@pytest.mark.parametrize(
    ("text", "lost", "duplicated", "in_order"),
    [
        ("w0 w1 w2", 0, 0, True),
        ("w0 w2", 1, 0, True),
        ("w0 w1 w1 w2", 0, 1, True),
        ("w1 w0 w2", 0, 0, False),
        ("", 3, 0, True),
        ("w0 w1 w2 w9", 0, 1, True),
        ("w0 w1 w2 w0 w1 w2", 0, 3, False),
    ],
)
def test_a_tally_counts_errors(text: str, lost: int, duplicated: int, in_order: bool) -> None:
    assert words.tally(3, text) == words.Tally(lost, duplicated, in_order)
