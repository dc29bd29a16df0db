from __future__ import annotations

import asyncio
from contextlib import aclosing

import numpy as np
import pytest

from sayso.core.take import Take
from sayso.stt.reader import MOST_BYTES, Reader


def take_of(pcm: bytes, rate_hz: int = 16_000, ended: bool = True) -> Take:
    take = Take(number=1, id="1", rate_hz=rate_hz)
    take.add(pcm)
    if ended:
        take.end()
    return take


def read(take: Take, rate_hz: int) -> list[bytes]:
    async def run() -> list[bytes]:
        return [pcm async for pcm in Reader(take).chunks(rate_hz)]

    return asyncio.run(run())


def test_at_its_own_rate_the_audio_is_as_it_was_recorded() -> None:
    pcm = np.arange(20_000, dtype="<i2").tobytes()
    assert b"".join(read(take_of(pcm), 16_000)) == pcm


def test_a_long_backlog_comes_in_pieces() -> None:
    pieces = read(take_of(bytes(MOST_BYTES * 2 + 10)), 16_000)
    assert [len(piece) for piece in pieces] == [MOST_BYTES, MOST_BYTES, 10]


@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
def test_resampled_it_is_as_long_and_the_same_tone(rate_hz: int) -> None:
    seconds = np.arange(rate_hz) / rate_hz
    tone = (8000 * np.sin(2 * np.pi * 440 * seconds)).astype("<i2").tobytes()
    heard = np.frombuffer(b"".join(read(take_of(tone, rate_hz), 24_000)), "<i2")
    assert len(heard) == pytest.approx(24_000, abs=2)
    assert int(np.argmax(np.abs(np.fft.rfft(heard)))) == 440


def test_an_empty_take_gives_nothing() -> None:
    assert read(take_of(b""), 16_000) == []
    assert b"".join(read(take_of(b""), 24_000)) == b""


def test_two_readers_follow_one_take_while_it_grows() -> None:
    async def run() -> tuple[bytes, bytes]:
        take = take_of(b"ab", ended=False)

        async def follow() -> bytes:
            return b"".join([pcm async for pcm in Reader(take).chunks(16_000)])

        first = asyncio.create_task(follow())
        await asyncio.sleep(0)
        take.add(b"cd")
        second = asyncio.create_task(follow())
        await asyncio.sleep(0)
        take.add(b"ef")
        take.end()
        return await first, await second

    assert asyncio.run(run()) == (b"abcdef", b"abcdef")


def test_a_reader_that_is_given_up_listens_no_more() -> None:
    async def run() -> Take:
        take = take_of(b"ab", ended=False)
        async with aclosing(Reader(take).chunks(16_000)) as chunks:
            assert await anext(chunks) == b"ab"
            assert len(take._listeners) == 1
        return take

    assert asyncio.run(run())._listeners == []


def test_it_knows_how_much_was_recorded() -> None:
    assert Reader(take_of(bytes(32_000))).duration_s == 1.0
    assert Reader(take_of(b"", rate_hz=0)).duration_s == 0.0
