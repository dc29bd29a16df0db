"""The reader of a growing take, with the real resampler."""

import asyncio

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.core.dictation.take import Take
from sayso.stt.reader import MAX_CHUNK_BYTES, Reader

TONE_HZ = 440
AMPLITUDE = 8000


def tone(rate_hz, samples):
    return (np.sin(np.arange(samples) * 2 * np.pi * TONE_HZ / rate_hz) * AMPLITUDE).astype("<i2")


async def read_all(take, rate_hz):
    return [pcm async for pcm in Reader(take).chunks(rate_hz)]


def read_while_growing(pcm, from_hz, to_hz, sizes):
    """Append blocks of these sizes in samples, in rotation, while a reader reads."""

    async def scenario():
        take = Take(number=1, id="t", rate_hz=from_hz)
        reading = asyncio.create_task(read_all(take, to_hz))
        start = turn = 0
        while start < len(pcm):
            stop = start + sizes[turn % len(sizes)]
            take.append(pcm[start:stop].tobytes())
            await asyncio.sleep(0)
            start, turn = stop, turn + 1
        take.end()
        return await asyncio.wait_for(reading, 10)

    return np.frombuffer(b"".join(asyncio.run(scenario())), "<i2").astype(int)


RATES = [(48000, 16000), (44100, 24000), (44100, 16000), (16000, 16000), (8000, 24000)]


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_resampling_preserves_all_audio(from_hz, to_hz):
    samples = from_hz + 17
    got = read_while_growing(tone(from_hz, samples), from_hz, to_hz, (240,))
    assert abs(len(got) - samples * to_hz / from_hz) <= 1
    ideal = tone(to_hz, len(got)).astype(int)
    assert (
        np.abs(got - ideal)[200:-200].max() <= 4
    )  # the edges ring because the tone starts abruptly
    assert np.abs(got[-200:]).max() > AMPLITUDE * 0.9


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(RATES),
    st.integers(1, 6000),
    st.lists(st.integers(1, 2000), min_size=1, max_size=8),
)
def test_the_block_sizes_do_not_matter(rates, samples, sizes):
    from_hz, to_hz = rates
    pcm = tone(from_hz, samples)
    got = read_while_growing(pcm, from_hz, to_hz, sizes)
    whole = read_while_growing(pcm, from_hz, to_hz, (samples,))
    assert len(got) == len(whole)
    assert np.abs(got - whole).max(initial=0) <= 4  # the resampler dithers


def test_the_recorded_duration_is_known():
    take = Take(number=1, id="t", rate_hz=16000)
    take.append(tone(16000, 8000).tobytes())
    assert Reader(take).duration_s == 0.5


def test_a_backlog_is_read_in_chunks():
    take = Take(number=1, id="t", rate_hz=16000)
    take.append(bytes(3 * MAX_CHUNK_BYTES + 2))
    take.end()
    pieces = asyncio.run(read_all(take, 16000))
    assert [len(piece) for piece in pieces] == [MAX_CHUNK_BYTES] * 3 + [2]


def test_an_empty_take_has_no_audio():
    take = Take(number=1, id="t")
    take.end()
    assert asyncio.run(read_all(take, 16000)) == []


def test_several_readers_read_the_same_take():
    async def scenario():
        take = Take(number=1, id="t", rate_hz=16000)
        readings = [asyncio.create_task(read_all(take, rate)) for rate in (16000, 16000, 24000)]
        take.append(bytes(range(200)))
        await asyncio.sleep(0)
        take.end()
        return [b"".join(await reading) for reading in readings]

    first, second, other = asyncio.run(scenario())
    assert first == second == bytes(range(200))
    assert len(other) == 300


def test_a_canceled_reader_removes_its_listener():
    async def scenario():
        take = Take(number=1, id="t", rate_hz=16000)
        reading = asyncio.create_task(read_all(take, 16000))
        await asyncio.sleep(0)
        assert take.has_listeners
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        return take.has_listeners

    assert asyncio.run(scenario()) is False


def test_a_reader_can_start_within_a_take():
    async def scenario():
        take = Take(number=1, id="t", rate_hz=16_000)
        take.append(bytes(range(200)) * 320)  # 2 s
        reader = Reader(take, start_bytes=32_000)
        assert not reader.finished
        assert reader.duration_s == 1.0
        take.end()
        pcm = b"".join([chunk async for chunk in reader.chunks(16_000)])
        assert pcm == take.read(32_000)
        assert reader.finished
        assert reader.position_bytes(24_000, 24_000) == 32_000 + 16_000
        assert reader.position_bytes(480_000, 24_000) == take.size_bytes

    asyncio.run(scenario())
