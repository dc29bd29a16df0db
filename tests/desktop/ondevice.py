"""Takes for the engine on this computer, and how far its words are from what was said."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jiwer
import numpy as np

from sayso.audio import files
from sayso.core.dictation.take import Take
from sayso.storage import paths
from sayso.stt.engine import EngineEvent
from sayso.stt.ondevice.engine import OnDeviceEngine
from sayso.stt.ondevice.executors import Executors
from sayso.stt.reader import Reader

from .sound import speech_clips

RATE_HZ = 16000
CHUNK_SAMPLES = RATE_HZ // 10
"""Samples a microphone gives at once."""

NAMES = ("Saoirse", "Kubernetes", "Nguyen", "Siobhan", "Forgejo", "Joaquin", "Terraform")


@contextmanager
def loaded_engine() -> Iterator[OnDeviceEngine]:
    made = OnDeviceEngine("en", models=paths.models(), cache=paths.cache())
    assert not made.ready
    assert transcribe(made, make_take(np.zeros(RATE_HZ, "<i2"))) == ""
    assert made.ready
    yield made
    asyncio.run(made.close())
    shut_down(made)


def shut_down(engine: OnDeviceEngine) -> None:
    for pool in engine._executors._pools.values():
        pool.shutdown()


def make_take(samples: np.ndarray, rate_hz: int = RATE_HZ) -> Take:
    done = Take(number=1, id="t", rate_hz=rate_hz)
    done.append(samples.astype("<i2").tobytes())
    done.end()
    return done


def transcribe(engine: OnDeviceEngine, done: Take) -> str:
    return asyncio.run(engine.transcribe(Reader(done), lambda heard: None))


async def transcribe_live(
    engine: OnDeviceEngine, samples: np.ndarray
) -> tuple[str, list[EngineEvent], int]:
    """The text, what was heard, and how much of that before the end.

    As on a machine that keeps up: the next piece comes when the last is dealt with.
    """
    growing, heard = Take(number=1, id="t", rate_hz=RATE_HZ), list[EngineEvent]()
    recognising = asyncio.create_task(engine.transcribe(Reader(growing), heard.append))
    for start in range(0, len(samples), CHUNK_SAMPLES):
        growing.append(samples[start : start + CHUNK_SAMPLES].astype("<i2").tobytes())
        await wait_until_idle(engine._executors)
    growing.end()
    before = len(heard)
    return await recognising, heard, before


async def wait_until_idle(lanes: Executors) -> None:
    quiet = 0
    async with asyncio.timeout(20):
        while quiet < 5:  # from thread to thread there are moments in which none has work
            await asyncio.sleep(0.001)
            quiet = quiet + 1 if all(map(lanes.is_idle, lanes._pools)) else 0


def read_samples(path: Path) -> np.ndarray:
    return np.frombuffer(files.load_take(path).read(0), "<i2")


def normalize(text: str) -> str:
    plain = text.lower().replace("-", " ").replace("mr.", "mister")
    return " ".join(re.sub(r"[^\w' ]", "", plain).split())


def word_errors(said: str, text: str) -> int:
    found = jiwer.process_words(normalize(said), normalize(text) or "-")
    return found.substitutions + found.deletions + found.insertions


MAX_LIVE_ERRORS = 2
"""Words of a sentence that is recognised while it is spoken: how busy the machine is says where it
is cut."""
PAUSE = np.random.default_rng(1).standard_normal(int(0.6 * RATE_HZ)) * 3
TAKES = {
    **{f"sentence {number}": [number] for number in (0, 2, 4)},
    "two sentences": [3, 4],
    "half a minute": [0, 1, 2, 3, 4],
}


def joined_clips(numbers: list[int]) -> tuple[np.ndarray, str]:
    clips = [speech_clips()[number] for number in numbers]
    pieces = [np.concatenate((read_samples(path), PAUSE)) for path, _ in clips]
    return np.concatenate(pieces), " ".join(text for _, text in clips)
