"""A worker with everything but the hardware, and somebody who speaks into it words that count.

For a loop that has many of them at once: nothing here blocks it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from fakes import FakeClipboard, FakeMicrophone, FakeTypist
from sayso.core.audio.mic_state import ReconnectAction, StreamState
from sayso.core.dictation import events as e
from sayso.core.dictation.history_entry import HistoryEntry
from sayso.core.dictation.status import Status
from sayso.core.settings.endpoint import ON_DEVICE, Endpoint
from sayso.core.settings.settings import Settings
from sayso.dictation.insertion import Clipboard
from sayso.dictation.worker import Worker, WorkerDeps
from sayso.storage.archive import Archive
from sayso.storage.history import HistoryStore
from sayso.storage.recordings import Recordings
from sayso.stt.engine import Engine, EngineEvent, Ready
from sayso.stt.reader import Reader
from sayso.stt.realtime.engine import RealtimeEngine
from service import KEY

from . import words

RATE_HZ = 16_000
BLOCK_S = 0.02
BLOCK_BYTES = int(RATE_HZ * BLOCK_S) * 2
SILENCE_BLOCK = bytes.fromhex("0100ffff") * (BLOCK_BYTES // 4)
"""A quiet room."""
TRAILING_SILENCE_S = 0.4
"""Of it, after the last word: the tail is listened for."""


class ToneEngine:
    """In place of the engine on this computer: hears the words it is given the sound of."""

    name = ON_DEVICE
    ready = True

    async def prepare(self) -> None: ...

    async def transcribe(self, audio: Reader, on_event: Callable[[EngineEvent], None]) -> str:
        on_event(Ready())
        pcm = bytearray()
        async for piece in audio.chunks(RATE_HZ):
            pcm += piece
        return words.recognize(bytes(pcm), RATE_HZ)

    async def close(self) -> None: ...


def recognize_24khz(pcm24k: bytes) -> str:
    """For a stand-in."""
    return words.recognize(pcm24k, 24_000)


class PatientMicrophone(FakeMicrophone):
    """Where blocks are late, it is because many takes share a process: it gives them yet."""

    def reconnect_action(self, device: str, state: StreamState) -> ReconnectAction:
        return (
            ReconnectAction("stay")
            if state == "stalled"
            else super().reconnect_action(device, state)
        )


class AsyncWorkerHarness:
    """Made within a running loop; `close` ends it."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        create_engine: Callable[[Settings], Engine] | None = None,
    ) -> None:
        self.settings = settings
        self.microphone, self.typist = PatientMicrophone(), FakeTypist()
        self.messages: list[str] = []
        """Every sentence the interface was given, once."""
        self.released_s = 0.0
        self._speaker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mouth")
        self._loop = asyncio.get_running_loop()
        self._status_changed = asyncio.Event()
        clipboard = FakeClipboard()
        self.spool = Recordings(folder / "takes")
        self.history = HistoryStore(folder / "history.db")
        archive = Archive(
            self.spool, self.history, on_problem=lambda p: self.worker.report_problem(p)
        )
        self.worker = Worker(
            WorkerDeps(
                microphone=self.microphone,
                archive=archive,
                create_engine=create_engine or create_test_engine,
                typist=self.typist,
                clipboard=Clipboard(clipboard.paste, clipboard.copy),
                pressed_keys=frozenset,
                play_cue=lambda _: None,
                on_status=self._on_status,
                on_level=lambda _: None,
            ),
            settings,
        )
        self.worker.start()

    async def close(self) -> None:
        await asyncio.to_thread(self.worker.stop)
        self._speaker.shutdown()

    def _on_status(self, status: Status) -> None:
        """The worker's thread."""
        problem = status.problem.sentence if status.problem else ""
        retrying = status.retrying.problem.message if status.retrying else ""
        by = f"Recognised by: {status.fallback_engine}" if status.fallback_engine else ""
        nothing = "Nothing heard" if status.empty_takes else ""
        news = (problem, retrying, by, nothing)
        self.messages += [what for what in news if what and what not in self.messages]
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._status_changed.set)

    async def wait_until(
        self, condition: Callable[[], Any], description: str, timeout_s: float
    ) -> float:
        """Wait until it is so; the s that took.

        Raises:
            AssertionError: It did not become so.
        """
        began_s = time.monotonic()
        while not condition():
            left_s = began_s + timeout_s - time.monotonic()
            assert left_s > 0, f"not within {timeout_s} s: {description}; {self.worker.status}"
            self._status_changed.clear()
            try:
                await asyncio.wait_for(self._status_changed.wait(), min(left_s, 0.2))
            except TimeoutError:
                continue  # looked at all the same
        return time.monotonic() - began_s

    # What a person does

    async def dictate(self, word_count: int, speed: float = 1.0, first_word: int = 0) -> None:
        """Hold the key, say words from `first` on, let go."""
        before = self.worker.status.take
        self.worker.post(e.Start())
        await self.wait_until(
            lambda: self.worker.status.take > before and self.microphone.is_open.is_set(),
            "it listens", 10,
        )  # fmt: skip
        await self.speak(words.speech_audio(word_count, RATE_HZ, first_word), speed)
        self.worker.post(e.Stop())
        self.released_s = time.monotonic()
        await self.speak(SILENCE_BLOCK * int(TRAILING_SILENCE_S / BLOCK_S), speed)

    async def speak(self, pcm: bytes, speed: float = 1.0) -> None:
        """In blocks as a microphone gives them, `speed` times as fast."""
        await self._loop.run_in_executor(self._speaker, self._speak, pcm, speed)

    def _speak(self, pcm: bytes, speed: float) -> None:
        """A thread of its own, as PortAudio's: a busy loop must not stop the sound."""
        began_s = time.monotonic()
        for number, start in enumerate(range(0, len(pcm), BLOCK_BYTES)):
            if (wait_s := began_s + number * BLOCK_S / speed - time.monotonic()) > 0:
                time.sleep(wait_s)
            self.deliver(pcm[start : start + BLOCK_BYTES])

    def deliver(self, pcm: bytes) -> None:
        self.microphone.deliver(pcm)

    @property
    def take_is_over(self) -> bool:
        status = self.worker.status
        return status.state in ("idle", "failed") and self.worker.last_summary is not None

    @property
    def text(self) -> str:
        """All that was typed."""
        return " ".join("".join(self.typist.typed).split())

    async def newest_entry(self) -> HistoryEntry:
        """The newest row of the history."""
        return await asyncio.to_thread(self.history.find, "last")

    async def recorded_words(self, id_: str) -> str:
        """The words in the recording."""
        take = await asyncio.to_thread(self.spool.load, id_)
        return words.recognize(take.read(0), take.rate_hz)

    async def task_count(self) -> int:
        """How many the worker has."""

        async def count() -> int:
            return len(asyncio.all_tasks())

        return int(await asyncio.wrap_future(self.worker.submit(count())))


def settings_for(url: str, *, fallback: bool) -> Settings:
    endpoint = Endpoint(name="stand-in", url=url)
    return Settings(
        engine="realtime",
        endpoints=(endpoint,),
        profile=endpoint.name,
        fallback=(ON_DEVICE,) if fallback else (),
        sounds=False,
    )


def create_test_engine(settings: Settings) -> Engine:
    """As `engines.make_engine`, with `Hearing` for this computer."""
    if settings.engine == ON_DEVICE:
        return ToneEngine()
    return RealtimeEngine(settings.endpoint, settings.language, lambda _: KEY)
