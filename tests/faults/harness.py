"""A worker with fake hardware and a speaker whose words can be counted.

Nothing here blocks the event loop, so that many workers can run in one process.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from fakes import FakeMicrophone, FakePlatform
from sayso.core.audio.mic_state import ReconnectAction, StreamState
from sayso.core.dictation import events as e
from sayso.core.dictation.history_entry import HistoryEntry
from sayso.core.dictation.status import Status
from sayso.core.settings.endpoint import ON_DEVICE, Endpoint
from sayso.core.settings.settings import Settings
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
"""A block of audio from a quiet room."""
TRAILING_SILENCE_S = 0.4
"""Duration of silence after the last word, for the tail."""


class ToneEngine:
    """Replaces the on-device engine; recognizes the tones of `words`."""

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
    """Recognize the tones of `words`, as the stand-in service does."""
    return words.recognize(pcm24k, 24_000)


class PatientMicrophone(FakeMicrophone):
    """Never stalls: late blocks are caused by the many takes in this process."""

    def reconnect_action(self, device: str, state: StreamState) -> ReconnectAction:
        return (
            ReconnectAction("stay")
            if state == "stalled"
            else super().reconnect_action(device, state)
        )


class AsyncWorkerHarness:
    """Create it in a running event loop and close it at the end."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        create_engine: Callable[[Settings], Engine] | None = None,
    ) -> None:
        self.settings = settings
        self.microphone, platform = PatientMicrophone(), FakePlatform()
        self.typist = platform.typist
        self.messages: list[str] = []
        """All distinct messages that the interface was given."""
        self.released_s = 0.0
        self._speaker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="speaker")
        self._loop = asyncio.get_running_loop()
        self._status_changed = asyncio.Event()
        self.recordings = Recordings(folder / "takes")
        self.history = HistoryStore(folder / "history.db")
        archive = Archive(
            self.recordings, self.history, on_problem=lambda p: self.worker.report_problem(p)
        )
        self.worker = Worker(
            WorkerDeps(
                microphone=self.microphone,
                archive=archive,
                create_engine=create_engine or create_test_engine,
                **platform.deps(),
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
        """Called in the worker's thread."""
        problem = status.problem.sentence if status.problem else ""
        retrying = status.retrying.problem.message if status.retrying else ""
        by = f"Transcribed by: {status.fallback_engine}" if status.fallback_engine else ""
        nothing = "Nothing heard" if status.empty_takes else ""
        texts = (problem, retrying, by, nothing)
        self.messages += [text for text in texts if text and text not in self.messages]
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._status_changed.set)

    async def wait_until(
        self, condition: Callable[[], Any], description: str, timeout_s: float
    ) -> float:
        """Wait until the condition holds and return the seconds that took.

        Raises:
            AssertionError: The condition did not hold in time.
        """
        began_s = time.monotonic()
        while not condition():
            left_s = began_s + timeout_s - time.monotonic()
            assert left_s > 0, f"not within {timeout_s} s: {description}; {self.worker.status}"
            self._status_changed.clear()
            try:
                await asyncio.wait_for(self._status_changed.wait(), min(left_s, 0.2))
            except TimeoutError:
                continue  # the condition may hold without a new status
        return time.monotonic() - began_s

    # Actions of the user

    async def dictate(self, word_count: int, speed: float = 1.0, first_word: int = 0) -> None:
        """Hold the key, speak words starting with `first_word`, and release the key."""
        before = self.worker.status.take
        self.worker.post(e.Start())
        await self.wait_until(
            lambda: self.worker.status.take > before and self.microphone.is_open.is_set(),
            "recording has started", 10,
        )  # fmt: skip
        await self.speak(words.speech_audio(word_count, RATE_HZ, first_word), speed)
        self.worker.post(e.Stop())
        self.released_s = time.monotonic()
        await self.speak(SILENCE_BLOCK * int(TRAILING_SILENCE_S / BLOCK_S), speed)

    async def speak(self, pcm: bytes, speed: float = 1.0) -> None:
        """Deliver audio in blocks like a microphone, `speed` times as fast as real time."""
        await self._loop.run_in_executor(self._speaker, self._speak, pcm, speed)

    def _speak(self, pcm: bytes, speed: float) -> None:
        """Runs in its own thread, so that a busy event loop does not delay audio."""
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
        """The text that was typed."""
        return " ".join("".join(self.typist.typed).split())

    async def newest_entry(self) -> HistoryEntry:
        """Return the newest entry of the history."""
        return await asyncio.to_thread(self.history.find, "last")

    async def recorded_words(self, id_: str) -> str:
        """Return the words in a recording."""
        take = await asyncio.to_thread(self.recordings.load, id_)
        return words.recognize(take.read(0), take.rate_hz)

    async def task_count(self) -> int:
        """Return the number of tasks in the worker's loop."""

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
    """Create the engine for the settings, with `ToneEngine` as the on-device engine."""
    if settings.engine == ON_DEVICE:
        return ToneEngine()
    return RealtimeEngine(settings.endpoint, settings.language, lambda _: KEY)
