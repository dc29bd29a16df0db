"""What the engine on this computer keeps in memory, and for how long."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil

from sayso.storage import paths
from sayso.stt.engine import Ready
from sayso.stt.ondevice.engine import OnDeviceEngine

from .ondevice import MISHEARD, ended, errors, joined, spoken


def test_memory_is_given_back_after_a_while_and_the_next_take_loads_again() -> None:
    samples, said = joined([1])
    process = psutil.Process()

    async def scenario() -> None:
        engine = OnDeviceEngine("en", models=paths.models(), cache=paths.cache(), unload_s=0.01)
        await engine.prepare()
        loaded = process.memory_info().rss
        async with asyncio.timeout(5):
            while engine.loaded:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
        assert loaded - process.memory_info().rss > 60e6
        assert engine._resting is not None  # its tokenizer takes long to make
        assert engine.ready  # a key-down is all it needs
        text, heard, _ = await spoken(engine, samples)
        assert errors(said, text) <= MISHEARD
        assert Ready() in heard
        await engine.close()
        ended(engine)

    asyncio.run(scenario())


def test_memory_does_not_climb_from_unloading_to_unloading() -> None:
    process = psutil.Process()

    async def scenario() -> list[int]:
        engine = OnDeviceEngine("en", models=paths.models(), cache=paths.cache())
        left = []
        for _ in range(6):
            await engine._loaded()
            async with asyncio.timeout(5):
                while engine.loaded:
                    engine._unload()
                    await asyncio.sleep(0.01)
            left.append(process.memory_info().rss)
        await engine.close()
        ended(engine)
        return left

    _, first, *_, last = asyncio.run(scenario())
    assert last - first < 12e6  # with glibc's own ways it was 20 MB and more


def test_an_engine_that_is_closed_keeps_no_memory() -> None:
    """One is closed whenever another model, language or hint is chosen."""
    samples, _ = joined([1])
    process = psutil.Process()

    async def scenario() -> tuple[int, int]:
        engine = OnDeviceEngine("en", models=paths.models(), cache=paths.cache())
        await engine._loaded()
        await spoken(engine, samples)
        loaded = process.memory_info().rss
        await engine.close()
        return loaded, process.memory_info().rss

    loaded, closed = asyncio.run(scenario())
    assert loaded - closed > 120e6  # the weights, and most of what decoding took


def test_memory_stays_where_it_is_wanted_and_while_somebody_speaks(tmp_path: Path) -> None:
    async def scenario() -> None:
        engine = OnDeviceEngine("en", models=tmp_path, cache=tmp_path, unload_s=3600)
        with engine._in_use():
            engine._decoder = object()  # type: ignore[assignment]
            with engine._in_use():
                assert engine._idle is None
            assert engine._idle is None
        assert engine._idle is not None
        with engine._in_use():
            assert engine._idle is None
        await engine.close()
        assert engine._idle is None

    asyncio.run(scenario())
