"""The silence trimmer drops the middle of pauses in a backlog, and never speech."""

from __future__ import annotations

import math
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.stt.webrtc.silence_trimmer import FRAME_MS, MIN_BACKLOG_MS, SilenceTrimmer

RATE_HZ = 24_000
FRAME_SAMPLES = RATE_HZ * FRAME_MS // 1000


def tone(ms: int, level: int = 6000) -> bytes:
    step = math.tau * 200 / RATE_HZ
    samples = (round(level * math.sin(i * step)) for i in range(RATE_HZ * ms // 1000))
    return array("h", samples).tobytes()


def quiet(ms: int) -> bytes:
    return array("h", [3, -3] * (RATE_HZ * ms // 2000)).tobytes()


def drain(trimmer: SilenceTrimmer) -> bytes:
    frames = b""
    while frame := trimmer.next():
        frames += frame
    return frames


def trimmed(pcm: bytes) -> bytes:
    """Audio that is sent if all of it is in the backlog."""
    trimmer = SilenceTrimmer(RATE_HZ)
    trimmer.append(pcm)
    return drain(trimmer)


def duration_ms(pcm: bytes) -> float:
    return len(pcm) / 2 / RATE_HZ * 1000


def loud_ms(pcm: bytes) -> int:
    """Duration of the tone in the audio."""
    samples = array("h", pcm)
    blocks = range(0, len(samples), FRAME_SAMPLES)
    return FRAME_MS * sum(max(samples[i : i + FRAME_SAMPLES]) > 1000 for i in blocks)


def test_live_audio_is_not_changed() -> None:
    trimmer, pcm = SilenceTrimmer(RATE_HZ), tone(400) + quiet(1000) + tone(400)
    sent = b""
    for start in range(0, len(pcm), 960):
        trimmer.append(pcm[start : start + 960])
        sent += drain(trimmer)
    assert sent == pcm


def test_the_middle_of_a_pause_in_the_backlog_is_dropped() -> None:
    sent = trimmed(quiet(300) + tone(400) + quiet(1200) + tone(400) + quiet(40))
    assert loud_ms(sent) == 800
    assert 600 <= 2340 - duration_ms(sent) <= 900


def test_a_short_pause_is_kept() -> None:
    pcm = tone(400) + quiet(240) + tone(800)
    assert trimmed(pcm) == pcm


def test_the_backlog_is_reduced_to_the_minimum() -> None:
    trimmer = SilenceTrimmer(RATE_HZ)
    trimmer.append(tone(400) + quiet(5000))
    sent_ms = 0
    while trimmer.next():
        sent_ms += FRAME_MS
        if sent_ms + trimmer.backlog_ms < 5400:  # frames were dropped
            break
    assert trimmer.backlog_ms == MIN_BACKLOG_MS - FRAME_MS


def test_the_last_frame_is_filled_with_silence() -> None:
    trimmer = SilenceTrimmer(RATE_HZ)
    trimmer.append(tone(50))
    trimmer.end()
    assert drain(trimmer) == tone(50) + bytes(10 * RATE_HZ // 1000 * 2)
    trimmer.end()
    assert trimmer.next() is None


def test_without_audio_there_is_no_frame() -> None:
    assert SilenceTrimmer(RATE_HZ).next() is None


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 30)), max_size=8), st.integers(100, 4000))
def test_speech_is_never_dropped(parts: list[tuple[bool, int]], step: int) -> None:
    pcm = b"".join(
        tone(20 * size) if loud else quiet(20 * size) for loud, size in [(False, 15), *parts]
    )
    trimmer, sent = SilenceTrimmer(RATE_HZ), b""
    for start in range(0, len(pcm), step * 2):
        trimmer.append(pcm[start : start + step * 2])
        sent += trimmer.next() or b""
    trimmer.end()
    sent += drain(trimmer)
    assert loud_ms(sent) == loud_ms(pcm)
    assert len(sent) <= len(pcm)


@pytest.mark.parametrize("rate_hz", [8000, 24_000, 48_000])
def test_a_frame_has_20_ms_at_every_rate(rate_hz: int) -> None:
    assert SilenceTrimmer(rate_hz).frame_bytes == rate_hz // 50 * 2
