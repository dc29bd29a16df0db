"""What the engine on this computer keeps in memory, and for how long."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil

from sayso.storage import paths
from sayso.stt.engine import Ready
from sayso.stt.ondevice.engine import OnDeviceEngine

from .ondevice import MAX_LIVE_ERRORS, joined_clips, shut_down, transcribe_live, word_errors


def test_memory_is_given_back_after_a_while_and_the_next_take_loads_again() -> None:
    samples, said = joined_clips([1])
    process = psutil.Process()

    async def scenario() -> None:
        engine = OnDeviceEngine("en", models=paths.models(), cache=paths.cache(), unload_s=0.01)
        await engine.prepare()
        loaded = process.memory_info().rss
        async with asyncio.timeout(5):
            while engine.loaded:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
        assert loaded - process.memory_info().rss > 60e6
        assert engine._unloaded_decoder is not None  # its tokenizer takes long to make
        assert engine.ready  # a key-down is all it needs
        text, heard, _ = await transcribe_live(engine, samples)
        assert word_errors(said, text) <= MAX_LIVE_ERRORS
        assert Ready() in heard
        await engine.close()
        shut_down(engine)

    asyncio.run(scenario())


def test_memory_does_not_climb_from_unloading_to_unloading() -> None:
    process = psutil.Process()

    async def scenario() -> list[int]:
        engine = OnDeviceEngine("en", models=paths.models(), cache=paths.cache())
        left = []
        for _ in range(6):
            await engine._get_decoder()
            async with asyncio.timeout(5):
                while engine.loaded:
                    engine._unload()
                    await asyncio.sleep(0.01)
            left.append(process.memory_info().rss)
        await engine.close()
        shut_down(engine)
        return left

    _, first, *_, last = asyncio.run(scenario())
    assert last - first < 12e6  # with glibc's own ways it was 20 MB and more


def test_an_engine_that_is_closed_keeps_no_memory() -> None:
    """One is closed whenever another model, language or hint is chosen."""
    samples, _ = joined_clips([1])
    process = psutil.Process()

    async def scenario() -> tuple[int, int]:
        engine = OnDeviceEngine("en", models=paths.models(), cache=paths.cache())
        await engine._get_decoder()
        await transcribe_live(engine, samples)
        loaded = process.memory_info().rss
        await engine.close()
        return loaded, process.memory_info().rss

    loaded, closed = asyncio.run(scenario())
    assert loaded - closed > 120e6  # the weights, and most of what decoding took


def test_memory_stays_where_it_is_wanted_and_while_somebody_speaks(tmp_path: Path) -> None:
    async def scenario() -> None:
        engine = OnDeviceEngine("en", models=tmp_path, cache=tmp_path, unload_s=3600)
        with engine._model_in_use():
            engine._decoder = object()  # type: ignore[assignment]
            with engine._model_in_use():
                assert engine._unload_timer is None
            assert engine._unload_timer is None
        assert engine._unload_timer is not None
        with engine._model_in_use():
            assert engine._unload_timer is None
        await engine.close()
        assert engine._unload_timer is None

    asyncio.run(scenario())
