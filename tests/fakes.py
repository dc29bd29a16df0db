"""Fakes of microphone, engine, keyboard and clipboard that record how they are used."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial

from sayso.core.audio.mic_state import ReconnectAction, StreamState
from sayso.core.insertion import Target
from sayso.core.problems import Problem, ProblemError
from sayso.core.recognition.fallback_policy import RetryDelay
from sayso.stt.engine import Engine, EngineEvent, EngineUpdate, Partial, Ready
from sayso.stt.fallback import EngineFactory
from sayso.stt.reader import Reader

RATE_HZ = 16_000
EDITOR = Target(id=7, program="editor")
LOUD = b"\x00\x20" * 40 + b"\x00\xe0" * 40
"""5 ms of a 200 Hz square wave, which is measured as voiced speech."""
QUIET = (b"\x01\x00" + b"\xff\xff") * 40


class FakeMicrophone:
    """Delivers the blocks that `deliver` is called with."""

    def __init__(self, problem: Problem | None = None) -> None:
        self.problem = problem
        self.opened: list[str] = []
        self.is_open = threading.Event()
        self.may_finish_opening = threading.Event()
        """While cleared, blocks are delivered but `open` does not return."""
        self.may_finish_opening.set()
        self.deliver: Callable[[bytes], None] = lambda pcm: None
        self.disconnect: Callable[[], None] = lambda: None
        self.unavailable = threading.Event()
        """Set if no microphone can be opened."""
        self.rate_hz = RATE_HZ

    def open(
        self, device: str, on_block: Callable[[bytes], None], on_finished: Callable[[], None]
    ) -> int:
        self.opened.append(device)
        if self.problem:
            raise ProblemError(self.problem)
        self.deliver, self.disconnect = on_block, on_finished
        self.is_open.set()
        assert self.may_finish_opening.wait(5)
        return self.rate_hz

    def close(self) -> None:
        self.is_open.clear()

    def reconnect_action(self, device: str, state: StreamState) -> ReconnectAction:
        if state == "silent":
            return ReconnectAction("stay")
        return (
            ReconnectAction("wait")
            if self.unavailable.is_set()
            else ReconnectAction("open", device)
        )


class FakeEngine:
    """Returns the next text, or raises the next problem, once the take has ended."""

    name = "on-device"
    ready = True

    def __init__(self, *texts: str | Problem) -> None:
        self.texts = list(texts)
        self.read_bytes: list[int] = []
        self.has_read_take = threading.Event()
        """Set once all audio of a take has been read."""
        self.may_return = threading.Event()
        self.may_return.set()
        self.closed = False

    async def prepare(self) -> None: ...

    async def transcribe(self, audio: Reader, on_event: Callable[[EngineEvent], None]) -> str:
        text = self.texts.pop(0)
        on_event(Ready())
        size = 0
        async for pcm in audio.chunks(RATE_HZ):
            size += len(pcm)
            if isinstance(text, str):
                on_event(Partial(text[:3]))
        self.read_bytes.append(size)
        self.has_read_take.set()
        await asyncio.to_thread(self.may_return.wait, 5)
        if isinstance(text, Problem):
            raise ProblemError(text)
        return text

    async def close(self) -> None:
        self.closed = True


class IgnoringListener:
    """A `FallbackListener` that ignores everything."""

    def on_update(self, update: EngineUpdate) -> None: ...

    def on_retry(self, delay: RetryDelay | None) -> None: ...

    def on_fallback(self, problem: Problem, engine: str) -> None: ...

    def on_candidate(self, engine: str) -> None: ...


def engine_factories(engines: Mapping[str, Engine]) -> dict[str, EngineFactory]:
    """Return the engines as `FallbackRunner` expects them."""

    async def get(engine: Engine) -> Engine:
        return engine

    return {name: partial(get, engine) for name, engine in engines.items()}


class FakeTypist:
    """Types into one editor; `focus` is the window that has the focus."""

    def __init__(self) -> None:
        self.focus = EDITOR
        self.target_queried = threading.Event()
        """Set when the focused window was queried."""
        self.typed: list[str] = []
        self.problem: Problem | None = None

    def target(self) -> Target:
        self.target_queried.set()
        return self.focus

    def can_type(self, text: str) -> int | None:
        return 0 if text.isascii() else None

    def type(self, text: str, target: int = 0) -> None:
        if self.problem:
            raise ProblemError(self.problem)
        self.typed.append(text)

    def press_paste(self, chord: str, target: int = 0) -> None: ...

    def close(self) -> None: ...


class FakeClipboard:
    def __init__(self) -> None:
        self.pasted: list[str] = []
        self.copied: list[str] = []
        self.problem: Problem | None = None

    def paste(self, text: str, press: Callable[[], None]) -> Future[None]:
        done: Future[None] = Future()
        if self.problem:
            done.set_exception(ProblemError(self.problem))
        else:
            self.pasted.append(text)
            done.set_result(None)
        return done

    def copy(self, text: str) -> None:
        self.copied.append(text)
