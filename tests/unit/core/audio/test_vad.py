import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.core.audio.pcm import DIGITAL_SILENCE_DBFS
from sayso.core.audio.vad import EnergyVad, ReleaseTail, SpeechActivity, measure_speech

RATE_HZ = 16_000
RANDOM = np.random.default_rng(11)


def pcm(samples):
    return np.clip(samples, -32768, 32767).astype("<i2").tobytes()


def noise(duration_s, dbfs, rate_hz=RATE_HZ):
    return RANDOM.standard_normal(round(duration_s * rate_hz)) * 32768 * 10 ** (dbfs / 20)


# Speech activity of a whole take


def vowel(duration_s, dbfs=-20.0, hz=120.0, rate_hz=RATE_HZ):
    """Return a glottal pulse train with a formant, which has the pitch of a voice."""
    t = np.arange(round(duration_s * rate_hz)) / rate_hz
    tones = sum(
        np.sin(2 * np.pi * hz * k * t) / (1 + abs(k * hz - 600) / 300)
        for k in range(1, int(3000 / hz))
    )
    return tones / np.sqrt(np.mean(np.square(tones))) * 32768 * 10 ** (dbfs / 20)


def in_a_room(*parts, pause_s=0.6, dbfs=-70.0, rate_hz=RATE_HZ):
    """Return the parts with pauses around them and room noise underneath."""
    pause = np.zeros(round(pause_s * rate_hz))
    samples = np.concatenate([pause, *(piece for part in parts for piece in (part, pause))])
    return samples + noise(len(samples) / rate_hz, dbfs, rate_hz)


NO_SPEECH = {
    "empty": b"",
    "one byte": b"\0",
    "digital silence": bytes(4 * RATE_HZ),
    "a quiet room": pcm(noise(60, -70)),
    "a minute of loud noise": pcm(noise(60, -25)),
    "hum": pcm(3000 * np.sin(np.arange(4 * RATE_HZ) * 2 * np.pi * 50 / RATE_HZ) + noise(4, -60)),
    "a continuous tone": pcm(3000 * np.sin(np.arange(4 * RATE_HZ) * 0.173)),
    "clicks": pcm(in_a_room(*[noise(0.015, -20)] * 10, pause_s=0.2)),
    "below any microphone's level": pcm(in_a_room(vowel(1.0, -80.0), dbfs=-85)),
}


@pytest.mark.parametrize("audio", NO_SPEECH.values(), ids=NO_SPEECH)
def test_audio_without_activity_has_no_speech(audio):
    activity = measure_speech(audio, RATE_HZ)
    assert (activity.activity_s, activity.voiced_s, activity.spans) == (0.0, 0.0, ())
    assert activity.duration_s == pytest.approx(len(audio) // 2 / RATE_HZ)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 24_000, 44_100, 48_000])
@pytest.mark.parametrize("hz", [80.0, 120.0, 210.0, 330.0])
def test_a_voice_is_located_at_every_rate_and_pitch(rate_hz, hz):
    audio = in_a_room(vowel(0.5, hz=hz, rate_hz=rate_hz), rate_hz=rate_hz)
    activity = measure_speech(pcm(audio), rate_hz)
    assert activity.voiced_s == pytest.approx(0.5, abs=0.08)
    assert activity.activity_s >= activity.voiced_s
    ((start_s, stop_s),) = activity.spans
    assert start_s == pytest.approx(0.6, abs=0.05)
    assert stop_s == pytest.approx(1.1, abs=0.05)


@pytest.mark.parametrize("dbfs", [-15, -30, -45, -55])
def test_quiet_voices_are_found(dbfs):
    activity = measure_speech(pcm(in_a_room(vowel(0.5, dbfs), dbfs=dbfs - 20)), RATE_HZ)
    assert activity.voiced_s == pytest.approx(0.5, abs=0.1)


def test_breath_is_activity_but_not_voiced():
    activity = measure_speech(pcm(in_a_room(noise(0.7, -35), noise(0.7, -35))), RATE_HZ)
    assert activity.activity_s == pytest.approx(1.4, abs=0.1)
    assert activity.voiced_s == 0.0


def test_pauses_separate_spans_and_short_gaps_do_not():
    near = measure_speech(pcm(in_a_room(vowel(0.3), vowel(0.3), pause_s=0.2)), RATE_HZ)
    assert len(near.spans) == 1
    assert near.total_span_s == pytest.approx(0.8, abs=0.1)
    far = measure_speech(pcm(in_a_room(vowel(0.3), vowel(0.3), pause_s=0.8)), RATE_HZ)
    assert len(far.spans) == 2
    assert far.total_span_s == pytest.approx(0.6, abs=0.15)


def test_a_word_that_fills_its_take_is_voiced():
    activity = measure_speech(pcm(vowel(0.4) + noise(0.4, -70)), RATE_HZ)
    assert activity.voiced_s == pytest.approx(0.35, abs=0.06)


def test_a_take_without_a_rate_has_no_activity():
    assert measure_speech(b"", 0) == SpeechActivity(0.0, 0.0, 0.0)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=4_000), st.sampled_from([8_000, 16_000, 44_100]))
def test_measures_are_consistent_for_any_bytes(audio, rate_hz):
    activity = measure_speech(audio, rate_hz)
    assert 0.0 <= activity.voiced_s <= activity.activity_s <= activity.duration_s + 1e-9
    assert all(0 <= start < stop <= activity.duration_s for start, stop in activity.spans)
    assert all(a[1] < b[0] for a, b in itertools.pairwise(activity.spans))


# Speech at this moment


def fed(*parts):
    vad = EnergyVad(RATE_HZ)
    for part in map(pcm, parts):
        for start in range(0, len(part), 154):  # 77 samples: blocks do not match frames
            vad.feed(part[start : start + 154])
    return vad


IS_SPEECH = {
    "no audio yet": ([], False),
    "digital silence": ([np.zeros(16000)], False),
    "a quiet room": ([noise(2, -65)], False),
    "a loud fan": ([noise(2, -30)], False),
    "a word in a quiet room": ([noise(1, -65), noise(0.2, -25)], True),
    "a word over a fan": ([noise(1, -40), noise(0.2, -22)], True),
    "a word that ended 200 ms ago": ([noise(1, -65), noise(0.3, -25), noise(0.2, -65)], False),
    "the silence of a plosive": ([noise(1, -65), noise(0.3, -25), noise(0.05, -65)], True),
    "a word from the first block on": ([noise(0.15, -25)], True),
    "below the minimum level": ([noise(1, -90), noise(0.2, -60)], False),
    "a fan 3 s after it was switched on": ([noise(1, -65), noise(3.5, -35)], False),
}


@pytest.mark.parametrize(("parts", "expected"), IS_SPEECH.values(), ids=IS_SPEECH)
def test_speech_is_louder_than_the_noise_floor(parts, expected):
    assert fed(*parts).is_speech is expected


def test_the_noise_floor_follows_when_noise_ends():
    assert fed(noise(3, -30), noise(0.4, -70)).floor.dbfs == pytest.approx(-70, abs=2)
    assert EnergyVad(RATE_HZ).floor.dbfs == DIGITAL_SILENCE_DBFS


# Audio after the key is released


def kept_ms(vad, samples):
    tail, audio = ReleaseTail(vad, RATE_HZ), pcm(samples)
    kept = b"".join(tail.feed(audio[start : start + 480]) for start in range(0, len(audio), 480))
    assert tail.finished or len(kept) == len(audio)
    return len(kept) / 2 / RATE_HZ * 1000


def test_no_tail_is_kept_without_speech_at_key_up():
    assert kept_ms(fed(noise(1, -65)), noise(1, -65)) == 0


def test_the_tail_ends_when_speech_ends():
    after = np.concatenate((noise(0.1, -25), noise(0.9, -65)))
    assert kept_ms(fed(noise(1, -65), noise(0.5, -25)), after) == pytest.approx(180, abs=30)


def test_the_tail_is_limited_to_300_ms():
    assert kept_ms(fed(noise(1, -65), noise(0.5, -25)), noise(1, -25)) == 300
