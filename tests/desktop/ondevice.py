"""Takes for the on-device engine, and word errors of its transcripts."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import jiwer
import numpy as np

from sayso.audio import files
from sayso.core.dictation.take import Take
from sayso.storage import paths
from sayso.stt.engine import EngineEvent
from sayso.stt.ondevice.engine import OnDeviceEngine
from sayso.stt.ondevice.executors import ExecutorName, Executors
from sayso.stt.ondevice.samples import FULL_SCALE, RATE_HZ, Samples
from sayso.stt.reader import Reader

from .sound import speech_clips

CHUNK_SAMPLES = RATE_HZ // 10

NAMES = ("Saoirse", "Kubernetes", "Nguyen", "Siobhan", "Forgejo", "Joaquin", "Terraform")


def make_engine(language: str = "en", **options: Any) -> OnDeviceEngine:
    return OnDeviceEngine(language, models=paths.models(), cache=paths.cache(), **options)


@contextmanager
def loaded_engine() -> Iterator[OnDeviceEngine]:
    engine = make_engine()
    assert not engine.ready
    assert transcribe(engine, make_take(np.zeros(RATE_HZ, "<i2"))) == ""
    assert engine.ready
    yield engine
    asyncio.run(shut_down(engine))


async def shut_down(engine: OnDeviceEngine) -> None:
    """Close the engine and wait for its threads."""
    await engine.close()
    engine.executors.close(wait=True)


def make_take(samples: np.ndarray, rate_hz: int = RATE_HZ) -> Take:
    take = Take(number=1, id="t", rate_hz=rate_hz)
    take.append(samples.astype("<i2").tobytes())
    take.end()
    return take


def transcribe(engine: OnDeviceEngine, take: Take) -> str:
    return asyncio.run(engine.transcribe(Reader(take), lambda event: None))


async def transcribe_live(
    engine: OnDeviceEngine, samples: np.ndarray
) -> tuple[str, list[EngineEvent], int]:
    """Return the text, the events, and the number of events before the end of the take.

    The next chunk arrives when the last one is processed, as on a computer that is fast enough.
    """
    take, events = Take(number=1, id="t", rate_hz=RATE_HZ), list[EngineEvent]()
    task = asyncio.create_task(engine.transcribe(Reader(take), events.append))
    for start in range(0, len(samples), CHUNK_SAMPLES):
        take.append(samples[start : start + CHUNK_SAMPLES].astype("<i2").tobytes())
        await wait_until_idle(engine.executors)
    take.end()
    live_events = len(events)
    return await task, events, live_events


async def wait_until_idle(executors: Executors) -> None:
    """Wait for the executors; between two calls they are idle for a moment, too."""
    quiet = 0
    async with asyncio.timeout(20):
        while quiet < 5:
            await asyncio.sleep(0.001)
            quiet = quiet + 1 if all(map(executors.is_idle, get_args(ExecutorName))) else 0


def read_samples(path: Path) -> np.ndarray:
    return np.frombuffer(files.load_take(path).read(0), "<i2")


def scaled(samples: np.ndarray) -> Samples:
    """Return the samples as decoders receive them."""
    return samples.astype(np.float32) / np.float32(FULL_SCALE)


def normalize(text: str) -> str:
    plain = text.lower().replace("-", " ").replace("mr.", "mister")
    return " ".join(re.sub(r"[^\w' ]", "", plain).split())


def word_errors(said: str, text: str) -> int:
    found = jiwer.process_words(normalize(said), normalize(text) or "-")
    return found.substitutions + found.deletions + found.insertions


MAX_LIVE_ERRORS = 2
"""Word errors of a live sentence: the segment boundaries depend on how busy the computer is."""
PAUSE = np.random.default_rng(1).standard_normal(int(0.6 * RATE_HZ)) * 3
TAKES = {
    **{f"sentence {number}": [number] for number in (0, 2, 4)},
    "two sentences": [3, 4],
    "half a minute": [0, 1, 2, 3, 4],
}


def joined_clips(numbers: list[int]) -> tuple[np.ndarray, str]:
    """Return the audio of these speech clips with pauses, and their text."""
    clips = [speech_clips()[number] for number in numbers]
    parts = [np.concatenate((read_samples(path), PAUSE)) for path, _ in clips]
    return np.concatenate(parts), " ".join(text for _, text in clips)
