"""Fakes of microphone, engine, keyboard and clipboard that record how they are used."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sayso.core.audio.mic_state import ReconnectAction, StreamState
from sayso.core.insertion import Target
from sayso.core.problems import Problem, ProblemError
from sayso.core.recognition.fallback_policy import RetryDelay
from sayso.stt.engine import Engine, EngineEvent, EngineUpdate, Partial, Ready
from sayso.stt.fallback import EngineFactory
from sayso.stt.reader import Reader
from sayso.system.protocols import FocusChangedError, HotkeyListener

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


class FakeHotkey:
    """A `Hotkey` whose keys are pressed and released by the test."""

    default_hotkey = "ctrl_r"

    def __init__(self) -> None:
        self.listener: HotkeyListener | None = None
        self.pressed: frozenset[str] = frozenset()
        """Keys that the system reports as pressed."""
        self.grabbed: list[str] = []
        self.problem: Problem | None = None

    async def start(self, listener: HotkeyListener) -> None:
        if self.problem:
            raise ProblemError(self.problem)
        self.listener = listener
        listener.ready("")

    def stop(self) -> None:
        self.listener = None

    def configure(self, window_id: int) -> bool:
        return False

    def grab(self, chord: str) -> Problem | None:
        self.grabbed.append(chord)
        return None

    def pressed_now(self) -> frozenset[str] | None:
        return self.pressed

    def key(self, name: str, is_down: bool) -> None:
        """Report a key or mouse button, without a change of what the system reports."""
        assert self.listener is not None
        self.listener.key_changed(name, is_down, time.monotonic())


class FakeFocus:
    """A `Focus` whose target is set by the test."""

    def __init__(self) -> None:
        self.focused = EDITOR
        self.target_queried = threading.Event()

    def target(self) -> Target:
        self.target_queried.set()
        return self.focused

    def own(self, window_id: int) -> Target:
        return Target(window_id)


class FakeTypist:
    """A `Typist` that records the text. It cannot type characters outside ASCII."""

    def __init__(self, clipboard: FakeClipboard, focus: FakeFocus) -> None:
        """`clipboard`: the text is fetched from it when the paste keys are pressed."""
        self.typed: list[str] = []
        self.erased = 0
        self.problem: Problem | None = None
        self._clipboard, self._focus = clipboard, focus

    def can_type(self, text: str, target: Target) -> bool:
        return text.isascii()

    def type(self, text: str, target: Target) -> None:
        self._check_focus(target)
        if self.problem:
            raise ProblemError(self.problem)
        self.typed.append(text)

    def erase(self, count: int, target: Target) -> None:
        self._check_focus(target)
        self.erased += count

    def press_paste(self, target: Target) -> None:
        self._check_focus(target)
        self._clipboard.fetch()

    def _check_focus(self, target: Target) -> None:
        if target.id not in (None, self._focus.focused.id):
            raise FocusChangedError

    def close(self) -> None: ...


class FakeLease:
    def __init__(self, on_change: Callable[[], None]) -> None:
        self.listed_at_s: float | None = None
        self.fetched_at_s: float | None = None
        self.lost = False
        self.restored = False
        self.on_change = on_change

    def restore(self) -> None:
        self.restored = True


class FakeClipboard:
    """A `Clipboard` that records the texts. With a problem, no paste succeeds."""

    def __init__(self) -> None:
        self.pasted: list[str] = []
        self.copied: list[str] = []
        self.problem: Problem | None = None
        self.leases: list[FakeLease] = []
        self._offered = ""

    def offer(self, text: str, *, concealed: bool, on_change: Callable[[], None]) -> FakeLease:
        if self.problem:
            raise ProblemError(self.problem)
        self._offered = text
        self.leases.append(FakeLease(on_change))
        return self.leases[-1]

    def fetch(self) -> None:
        """Fetch the offered text, as the program that is pasted into does."""
        self.pasted.append(self._offered)
        lease = self.leases[-1]
        lease.listed_at_s = lease.fetched_at_s = time.monotonic()
        lease.on_change()

    def copy(self, text: str) -> None:
        self.copied.append(text)


class FakePlatform:
    """One editor with a keyboard and a clipboard."""

    def __init__(self) -> None:
        self.hotkey = FakeHotkey()
        self.focus = FakeFocus()
        self.clipboard = FakeClipboard()
        self.typist = FakeTypist(self.clipboard, self.focus)

    def deps(self) -> dict[str, Any]:
        """Return the arguments of `WorkerDeps` and `TextInserter` for this platform."""
        return {name: getattr(self, name) for name in ("hotkey", "focus", "clipboard", "typist")}
