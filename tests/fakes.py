"""Stand-ins for the edges, written by hand: each remembers what was done to it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future

from sayso.audio.pulse import Advice, Trouble
from sayso.core.insertion import Target
from sayso.core.problems import Problem, ProblemError
from sayso.stt.engine import Heard, Partial, Ready
from sayso.stt.reader import Reader

RATE_HZ = 16_000
EDITOR = Target(window=7, program="editor")
LOUD = b"\x00\x20" * 40 + b"\x00\xe0" * 40
"""5 ms of a square wave of 200 Hz: a voice, to whoever only measures."""
QUIET = (b"\x01\x00" + b"\xff\xff") * 40


class FakeMicrophone:
    """Gives the blocks that `speak` is called with."""

    def __init__(self, problem: Problem | None = None) -> None:
        self.problem = problem
        self.opened: list[str] = []
        self.is_open = threading.Event()
        self.may_return = threading.Event()
        """Clear: blocks come, and the opening is not over."""
        self.may_return.set()
        self.speak: Callable[[bytes], None] = lambda pcm: None
        self.vanish: Callable[[], None] = lambda: None
        self.gone = threading.Event()
        """Set: there is no microphone to go on with."""
        self.rate_hz = RATE_HZ

    def open(
        self, device: str, block: Callable[[bytes], None], finished: Callable[[], None]
    ) -> int:
        self.opened.append(device)
        if self.problem:
            raise ProblemError(self.problem)
        self.speak, self.vanish = block, finished
        self.is_open.set()
        assert self.may_return.wait(5)
        return self.rate_hz

    def close(self) -> None:
        self.is_open.clear()

    def advise(self, device: str, trouble: Trouble) -> Advice:
        if trouble == "silent":
            return Advice("stay")
        return Advice("wait") if self.gone.is_set() else Advice("open", device)


class FakeEngine:
    """Answers with the text it was given, once the take has ended."""

    name = "on-device"
    ready = True

    def __init__(self, *texts: str | Problem) -> None:
        self._texts = list(texts)
        self.heard_bytes: list[int] = []
        self.has_heard = threading.Event()
        """All of a take."""
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.closed = False

    async def prepare(self) -> None: ...

    async def recognise(self, audio: Reader, heard: Callable[[Heard], None]) -> str:
        text = self._texts.pop(0)
        heard(Ready())
        size = 0
        async for pcm in audio.chunks(RATE_HZ):
            size += len(pcm)
            if isinstance(text, str):
                heard(Partial(text[:3]))
        self.heard_bytes.append(size)
        self.has_heard.set()
        await asyncio.to_thread(self.may_answer.wait, 5)
        if isinstance(text, Problem):
            raise ProblemError(text)
        return text

    async def close(self) -> None:
        self.closed = True


class FakeTypist:
    """One editor; `focus` is what has it now."""

    def __init__(self) -> None:
        self.focus = EDITOR
        self.was_asked = threading.Event()
        """Which window has the focus."""
        self.typed: list[str] = []
        self.problem: Problem | None = None

    def target(self) -> Target:
        self.was_asked.set()
        return self.focus

    def spare_characters(self, text: str) -> int | None:
        return 0 if text.isascii() else None

    def type(self, text: str, into: int = 0) -> None:
        if self.problem:
            raise ProblemError(self.problem)
        self.typed.append(text)

    def press(self, chord: str, into: int = 0) -> None: ...

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
