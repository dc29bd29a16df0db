import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.core.audio.vad import SpeechActivity, measure_speech

RATE_HZ = 16_000
RANDOM = np.random.default_rng(11)


def pcm(samples):
    return np.clip(samples, -32768, 32767).astype("<i2").tobytes()


def noise(duration_s, dbfs, rate_hz=RATE_HZ):
    return RANDOM.standard_normal(round(duration_s * rate_hz)) * 32768 * 10 ** (dbfs / 20)


def vowel(duration_s, dbfs=-20.0, hz=120.0, rate_hz=RATE_HZ):
    """A glottal pulse train with a formant or two: what a voice is to an ear that knows none."""
    t = np.arange(round(duration_s * rate_hz)) / rate_hz
    tones = sum(
        np.sin(2 * np.pi * hz * k * t) / (1 + abs(k * hz - 600) / 300)
        for k in range(1, int(3000 / hz))
    )
    return tones / np.sqrt(np.mean(np.square(tones))) * 32768 * 10 ** (dbfs / 20)


def in_a_room(*sounds, pause_s=0.6, dbfs=-70.0, rate_hz=RATE_HZ):
    rest = np.zeros(round(pause_s * rate_hz))
    samples = np.concatenate([rest, *(part for sound in sounds for part in (sound, rest))])
    return samples + noise(len(samples) / rate_hz, dbfs, rate_hz)


NO_SPEECH = {
    "nothing": b"",
    "one byte": b"\0",
    "digital silence": bytes(4 * RATE_HZ),
    "a quiet room": pcm(noise(60, -70)),
    "a minute of loud noise": pcm(noise(60, -25)),
    "hum": pcm(3000 * np.sin(np.arange(4 * RATE_HZ) * 2 * np.pi * 50 / RATE_HZ) + noise(4, -60)),
    "a tone that does not end": pcm(3000 * np.sin(np.arange(4 * RATE_HZ) * 0.173)),
    "clicks": pcm(in_a_room(*[noise(0.015, -20)] * 10, pause_s=0.2)),
    "quieter than any microphone": pcm(in_a_room(vowel(1.0, -80.0), dbfs=-85)),
}  # fmt: skip


@pytest.mark.parametrize("audio", NO_SPEECH.values(), ids=NO_SPEECH)
def test_where_nothing_stands_out_there_is_no_speech(audio):
    speech = measure_speech(audio, RATE_HZ)
    assert (speech.activity_s, speech.voiced_s, speech.spans) == (0.0, 0.0, ())
    assert speech.duration_s == pytest.approx(len(audio) // 2 / RATE_HZ)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 24_000, 44_100, 48_000])
@pytest.mark.parametrize("hz", [80.0, 120.0, 210.0, 330.0])
def test_a_voice_is_found_where_it_is(rate_hz, hz):
    audio = in_a_room(vowel(0.5, hz=hz, rate_hz=rate_hz), rate_hz=rate_hz)
    speech = measure_speech(pcm(audio), rate_hz)
    assert speech.voiced_s == pytest.approx(0.5, abs=0.08)
    assert speech.activity_s >= speech.voiced_s
    ((start_s, stop_s),) = speech.spans
    assert start_s == pytest.approx(0.6, abs=0.05)
    assert stop_s == pytest.approx(1.1, abs=0.05)


@pytest.mark.parametrize("dbfs", [-15, -30, -45, -55])
def test_a_quiet_voice_is_found_too(dbfs):
    speech = measure_speech(pcm(in_a_room(vowel(0.5, dbfs), dbfs=dbfs - 20)), RATE_HZ)
    assert speech.voiced_s == pytest.approx(0.5, abs=0.1)


def test_breath_is_a_sound_and_no_voice():
    speech = measure_speech(pcm(in_a_room(noise(0.7, -35), noise(0.7, -35))), RATE_HZ)
    assert speech.activity_s == pytest.approx(1.4, abs=0.1)
    assert speech.voiced_s == 0.0


def test_short_gaps_are_within_a_stretch_and_pauses_between_two():
    near = measure_speech(pcm(in_a_room(vowel(0.3), vowel(0.3), pause_s=0.2)), RATE_HZ)
    assert len(near.spans) == 1
    assert near.total_span_s == pytest.approx(0.8, abs=0.1)
    far = measure_speech(pcm(in_a_room(vowel(0.3), vowel(0.3), pause_s=0.8)), RATE_HZ)
    assert len(far.spans) == 2
    assert far.total_span_s == pytest.approx(0.6, abs=0.15)


def test_a_word_that_fills_its_take_is_a_voice_all_the_same():
    speech = measure_speech(pcm(vowel(0.4) + noise(0.4, -70)), RATE_HZ)
    assert speech.voiced_s == pytest.approx(0.35, abs=0.06)


def test_a_take_without_a_rate_has_nothing_in_it():
    assert measure_speech(b"", 0) == SpeechActivity(0.0, 0.0, 0.0)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=4_000), st.sampled_from([8_000, 16_000, 44_100]))
def test_any_bytes_are_measured(audio, rate_hz):
    speech = measure_speech(audio, rate_hz)
    assert 0.0 <= speech.voiced_s <= speech.activity_s <= speech.duration_s + 1e-9
    assert all(0 <= start < stop <= speech.duration_s for start, stop in speech.spans)
    assert all(a[1] < b[0] for a, b in zip(speech.spans, speech.spans[1:], strict=False))
