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
from sayso.audio.pulse import Advice, Trouble
from sayso.core.dictation import events as e
from sayso.core.dictation.history_entry import Entry
from sayso.core.dictation.status import Status
from sayso.core.settings.endpoint import ON_DEVICE, Endpoint
from sayso.core.settings.settings import Settings
from sayso.dictation.insertion import Clipboard
from sayso.dictation.worker import Parts, Worker
from sayso.storage.archive import Archive
from sayso.storage.history import History
from sayso.storage.recordings import Spool
from sayso.stt.engine import Engine, Heard, Ready
from sayso.stt.reader import Reader
from sayso.stt.realtime.engine import RealtimeEngine
from service import KEY

from . import words

RATE_HZ = 16_000
BLOCK_S = 0.02
BLOCK_BYTES = int(RATE_HZ * BLOCK_S) * 2
PAUSE = bytes.fromhex("0100ffff") * (BLOCK_BYTES // 4)
"""A quiet room."""
AFTER_S = 0.4
"""Of it, after the last word: the tail is listened for."""


class Hearing:
    """In place of the engine on this computer: hears the words it is given the sound of."""

    name = ON_DEVICE
    ready = True

    async def prepare(self) -> None: ...

    async def recognise(self, audio: Reader, heard: Callable[[Heard], None]) -> str:
        heard(Ready())
        pcm = bytearray()
        async for piece in audio.chunks(RATE_HZ):
            pcm += piece
        return words.heard(bytes(pcm), RATE_HZ)

    async def close(self) -> None: ...


def hears(pcm24k: bytes) -> str:
    """For a stand-in."""
    return words.heard(pcm24k, 24_000)


class Present(FakeMicrophone):
    """Where blocks are late, it is because many takes share a process: it gives them yet."""

    def advise(self, device: str, trouble: Trouble) -> Advice:
        return Advice("stay") if trouble == "still" else super().advise(device, trouble)


class Desk:
    """Made within a running loop; `close` ends it."""

    def __init__(
        self, folder: Path, settings: Settings, make: Callable[[Settings], Engine] | None = None
    ) -> None:
        self.settings = settings
        self.microphone, self.typist = Present(), FakeTypist()
        self.told: list[str] = []
        """Every sentence the interface was given, once."""
        self.released_s = 0.0
        self._mouth = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mouth")
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        clipboard = FakeClipboard()
        self.spool = Spool(folder / "takes")
        self.history = History(folder / "history.db")
        archive = Archive(self.spool, self.history, warned=lambda p: self.worker.tell(p))
        self.worker = Worker(
            Parts(
                microphone=self.microphone,
                archive=archive,
                make_engine=make or made,
                typist=self.typist,
                clipboard=Clipboard(clipboard.paste, clipboard.copy),
                keys_down=frozenset,
                cue=lambda _: None,
                show=self._show,
                level=lambda _: None,
            ),
            settings,
        )
        self.worker.start()

    async def close(self) -> None:
        await asyncio.to_thread(self.worker.stop)
        self._mouth.shutdown()

    def _show(self, status: Status) -> None:
        """The worker's thread."""
        problem = status.problem.sentence if status.problem else ""
        retrying = status.retrying.problem.what if status.retrying else ""
        by = f"Recognised by: {status.by}" if status.by else ""
        nothing = "Nothing heard" if status.nothing_heard else ""
        news = (problem, retrying, by, nothing)
        self.told += [what for what in news if what and what not in self.told]
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)

    async def until(self, condition: Callable[[], Any], what: str, within_s: float) -> float:
        """Wait until it is so; the s that took.

        Raises:
            AssertionError: It did not become so.
        """
        began_s = time.monotonic()
        while not condition():
            left_s = began_s + within_s - time.monotonic()
            assert left_s > 0, f"not within {within_s} s: {what}; {self.worker.status}"
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), min(left_s, 0.2))
            except TimeoutError:
                continue  # looked at all the same
        return time.monotonic() - began_s

    # What a person does

    async def dictate(self, count: int, speed: float = 1.0, first: int = 0) -> None:
        """Hold the key, say words from `first` on, let go."""
        before = self.worker.status.take
        self.worker.post(e.Start())
        await self.until(
            lambda: self.worker.status.take > before and self.microphone.is_open.is_set(),
            "it listens", 10,
        )  # fmt: skip
        await self.say(words.speech(count, RATE_HZ, first), speed)
        self.worker.post(e.Stop())
        self.released_s = time.monotonic()
        await self.say(PAUSE * int(AFTER_S / BLOCK_S), speed)

    async def say(self, pcm: bytes, speed: float = 1.0) -> None:
        """In blocks as a microphone gives them, `speed` times as fast."""
        await self._loop.run_in_executor(self._mouth, self._say, pcm, speed)

    def _say(self, pcm: bytes, speed: float) -> None:
        """A thread of its own, as PortAudio's: a busy loop must not stop the sound."""
        began_s = time.monotonic()
        for number, start in enumerate(range(0, len(pcm), BLOCK_BYTES)):
            if (wait_s := began_s + number * BLOCK_S / speed - time.monotonic()) > 0:
                time.sleep(wait_s)
            self.block(pcm[start : start + BLOCK_BYTES])

    def block(self, pcm: bytes) -> None:
        self.microphone.speak(pcm)

    @property
    def at_rest(self) -> bool:
        status = self.worker.status
        return status.state in ("idle", "failed") and self.worker.last is not None

    @property
    def text(self) -> str:
        """All that was typed."""
        return " ".join("".join(self.typist.typed).split())

    async def entry(self) -> Entry:
        """The newest row of the history."""
        return await asyncio.to_thread(self.history.find, "last")

    async def on_disk(self, id_: str) -> str:
        """The words in the recording."""
        take = await asyncio.to_thread(self.spool.load, id_)
        return words.heard(take.read(0), take.rate_hz)

    async def tasks(self) -> int:
        """How many the worker has."""

        async def count() -> int:
            return len(asyncio.all_tasks())

        return int(await asyncio.wrap_future(self.worker.run(count())))


def settings_for(url: str, *, fallback: bool) -> Settings:
    endpoint = Endpoint(name="stand-in", url=url)
    return Settings(
        engine="realtime",
        endpoints=(endpoint,),
        profile=endpoint.name,
        fallback=(ON_DEVICE,) if fallback else (),
        sounds=False,
    )


def made(settings: Settings) -> Engine:
    """As `engines.make_engine`, with `Hearing` for this computer."""
    if settings.engine == ON_DEVICE:
        return Hearing()
    return RealtimeEngine(settings.endpoint, settings.language, lambda _: KEY)
