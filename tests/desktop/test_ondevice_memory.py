"""Memory of the on-device engine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil

from sayso.stt.engine import Ready
from sayso.stt.ondevice.engine import OnDeviceEngine

from .ondevice import (
    MAX_LIVE_ERRORS,
    joined_clips,
    make_engine,
    shut_down,
    transcribe_live,
    word_errors,
)


def used_bytes() -> int:
    return int(psutil.Process().memory_info().rss)


async def wait_until_unloaded(engine: OnDeviceEngine) -> None:
    async with asyncio.timeout(5):
        while engine.decoder:  # noqa: ASYNC110  no event to wait for
            await asyncio.sleep(0.01)


def test_the_model_is_unloaded_after_a_while_and_loaded_for_the_next_take() -> None:
    samples, said = joined_clips([1])

    async def scenario() -> None:
        engine = make_engine(unload_s=0.01)
        await engine.prepare()
        first, loaded_bytes = engine.decoder, used_bytes()
        await wait_until_unloaded(engine)
        assert loaded_bytes - used_bytes() > 60e6
        assert engine.ready
        text, events, _ = await transcribe_live(engine, samples)
        assert word_errors(said, text) <= MAX_LIVE_ERRORS
        assert Ready() in events
        assert await engine.load() is first  # the same decoder, with its tokenizer
        await shut_down(engine)

    asyncio.run(scenario())


def test_repeated_unloading_does_not_increase_the_memory() -> None:
    async def scenario() -> list[int]:
        engine = make_engine()
        sizes = []
        for _ in range(6):
            await engine.load()
            engine.unload()
            await wait_until_unloaded(engine)
            sizes.append(used_bytes())
        await shut_down(engine)
        return sizes

    _, first, *_, last = asyncio.run(scenario())
    assert last - first < 12e6  # more than 20 MB without the settings of malloc


def test_a_closed_engine_keeps_no_memory() -> None:
    """An engine is closed when another model, language or prompt is chosen."""
    samples, _ = joined_clips([1])

    async def scenario() -> tuple[int, int]:
        engine = make_engine()
        await engine.load()
        await transcribe_live(engine, samples)
        loaded_bytes = used_bytes()
        await engine.close()
        return loaded_bytes, used_bytes()

    loaded_bytes, closed_bytes = asyncio.run(scenario())
    assert loaded_bytes - closed_bytes > 120e6  # the weights, and most memory for decoding


def test_the_model_is_not_unloaded_during_a_take(tmp_path: Path) -> None:
    async def scenario() -> None:
        engine = OnDeviceEngine("en", models=tmp_path, cache=tmp_path, unload_s=3600)
        with engine.model_in_use():
            with engine.model_in_use():
                assert not engine.unload_scheduled
            assert not engine.unload_scheduled
        assert engine.unload_scheduled
        with engine.model_in_use():
            assert not engine.unload_scheduled
        await engine.close()
        assert not engine.unload_scheduled

    asyncio.run(scenario())
