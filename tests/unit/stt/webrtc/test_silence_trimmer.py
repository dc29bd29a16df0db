"""Which sound is left out while something is behind: of pauses the middle, of words nothing."""

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
    size = RATE_HZ * ms // 1000
    return array(
        "h", (round(level * math.sin(i * math.tau * 200 / RATE_HZ)) for i in range(size))
    ).tobytes()


def quiet(ms: int) -> bytes:
    return array("h", [3, -3] * (RATE_HZ * ms // 2000)).tobytes()


def drain(catchup: SilenceTrimmer) -> bytes:
    frames = b""
    while frame := catchup.next():
        frames += frame
    return frames


def loud_ms(pcm: bytes) -> int:
    """How much of it is tone."""
    samples = array("h", pcm)
    blocks = range(0, len(samples), FRAME_SAMPLES)
    return FRAME_MS * sum(max(samples[i : i + FRAME_SAMPLES]) > 1000 for i in blocks)


def test_nothing_is_left_out_that_is_sent_as_it_comes():
    catchup, said = SilenceTrimmer(RATE_HZ), tone(400) + quiet(1000) + tone(400)
    out = b""
    for start in range(0, len(said), 960):
        catchup.append(said[start : start + 960])
        while frame := catchup.next():
            out += frame
    assert out == said
    assert catchup.left_out_ms == 0


def test_of_a_pause_in_the_backlog_the_middle_is_left_out_and_all_words_go():
    catchup = SilenceTrimmer(RATE_HZ)
    catchup.append(quiet(300) + tone(400) + quiet(1200) + tone(400) + quiet(40))
    out = drain(catchup)
    assert loud_ms(out) == 800
    assert 600 <= catchup.left_out_ms <= 900
    assert len(out) // 2 * 1000 // RATE_HZ == 2340 - catchup.left_out_ms


def test_a_short_pause_stays_whole():
    catchup = SilenceTrimmer(RATE_HZ)
    catchup.append(tone(400) + quiet(240) + tone(800))
    assert len(drain(catchup)) == RATE_HZ * 2 * 1440 // 1000
    assert catchup.left_out_ms == 0


def test_it_catches_up_to_what_is_nearly_now():
    catchup = SilenceTrimmer(RATE_HZ)
    catchup.append(tone(400) + quiet(5000))
    while catchup.next():
        if catchup.left_out_ms:
            break
    assert catchup.backlog_ms == MIN_BACKLOG_MS - FRAME_MS


def test_the_end_is_filled_up():
    catchup = SilenceTrimmer(RATE_HZ)
    catchup.append(tone(50))
    catchup.end()
    assert drain(catchup) == tone(50) + bytes(10 * RATE_HZ // 1000 * 2)
    catchup.end()
    assert catchup.next() is None


def test_without_sound_there_is_nothing():
    assert SilenceTrimmer(RATE_HZ).next() is None


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 30)), max_size=8), st.integers(100, 4000))
def test_no_tone_is_ever_left_out(parts: list[tuple[bool, int]], step: int) -> None:
    said = b"".join(
        tone(20 * size) if loud else quiet(20 * size) for loud, size in [(False, 15), *parts]
    )
    catchup, out = SilenceTrimmer(RATE_HZ), b""
    for start in range(0, len(said), step * 2):
        catchup.append(said[start : start + step * 2])
        out += catchup.next() or b""
    catchup.end()
    out += drain(catchup)
    assert loud_ms(out) == loud_ms(said)
    assert len(out) + catchup.left_out_ms * RATE_HZ // 1000 * 2 == len(said)


@pytest.mark.parametrize("rate_hz", [8000, 24_000, 48_000])
def test_frames_last_20_ms_at_every_rate(rate_hz: int) -> None:
    assert SilenceTrimmer(rate_hz).frame_bytes == rate_hz // 50 * 2
