"""Dictations that can be killed; run from tests/ as `python -m faults.fake_speaker`.

Each line of the input, `FOLDER WORDS`, starts a process that dictates this number of words and
exits; its pid is printed. The processes are forked from this one, which has loaded all libraries,
so that a hundred takes need only seconds. `FOLDER/progress` survives the process.
"""

from __future__ import annotations

import asyncio
import mmap
import os
import signal
import struct
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any

import attrs
import numpy  # noqa: F401  load before the fork
import soundfile  # noqa: F401
import soxr  # noqa: F401

from sayso.core.settings.settings import Settings

from .harness import AsyncWorkerHarness, ToneEngine

PROGRESS = struct.Struct("<QQQ")
MAX_LOSS_S = 0.1
HEARTBEAT_S = 0.01
ENGINE_DELAY_S = 0.2
"""Time between the last word and the text."""


@attrs.frozen
class Progress:
    delivered_bytes: int
    """Audio delivered by the microphone."""
    persisted_bytes: int
    """Audio that must be on disk: delivered 100 ms before the worker last ran. (It is not the
    worker's fault if a busy computer does not run it at all.)"""
    typed_words: int


def read_progress(folder: Path) -> Progress:
    try:
        return Progress(*PROGRESS.unpack((folder / "progress").read_bytes()))
    except FileNotFoundError:
        return Progress(0, 0, 0)


class SlowEngine(ToneEngine):
    async def transcribe(self, audio: Any, on_event: Any) -> str:
        text = await super().transcribe(audio, on_event)
        await asyncio.sleep(ENGINE_DELAY_S)
        return text


class TrackedHarness(AsyncWorkerHarness):
    """Writes its progress to a file."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, Settings(sounds=False), lambda _: SlowEngine())
        fresh = folder / "progress.new"
        fresh.write_bytes(bytes(PROGRESS.size))
        with fresh.open("r+b") as file:
            self._progress_map = mmap.mmap(file.fileno(), PROGRESS.size)
        fresh.rename(folder / "progress")
        self._delivered_bytes = self._persisted_bytes = 0
        self._ran_at_s = time.monotonic()
        self._recent: deque[tuple[float, int]] = deque()
        """Times at which a number of bytes had been delivered."""
        self._heartbeat_task = self.worker.submit(self._heartbeat())

    async def _heartbeat(self) -> None:
        while True:
            self._ran_at_s = time.monotonic()
            await asyncio.sleep(HEARTBEAT_S)

    def deliver(self, pcm: bytes) -> None:
        super().deliver(pcm)
        self._delivered_bytes += len(pcm)
        self._recent.append((time.monotonic(), self._delivered_bytes))
        while self._recent and self._recent[0][0] < self._ran_at_s - MAX_LOSS_S:
            self._persisted_bytes = self._recent.popleft()[1]
        self._write_progress()

    def _write_progress(self) -> None:
        values = self._delivered_bytes, self._persisted_bytes, len(self.text.split())
        PROGRESS.pack_into(self._progress_map, 0, *values)

    async def run(self, count: int) -> None:
        await self.dictate(count)
        await self.wait_until(lambda: self.text, "the words are typed", 30)
        self._write_progress()
        self._heartbeat_task.cancel()
        await self.close()


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no zombies
    for line in sys.stdin:
        folder, count = line.split()
        if child := os.fork():
            sys.stdout.write(f"{child}\n")
            sys.stdout.flush()
            continue
        try:
            asyncio.run(dictate(Path(folder), int(count)))
        finally:
            os._exit(0)


async def dictate(folder: Path, count: int) -> None:
    await TrackedHarness(folder).run(count)


if __name__ == "__main__":
    main()
