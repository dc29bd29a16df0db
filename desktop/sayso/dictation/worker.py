"""The worker thread: runs the state machine's commands against the edges.

One thread, one asyncio loop, one `Dictation`. Other threads only call what stands under
"Any thread". There is no Qt in here; news goes out through `parts.show`.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, Literal

import attrs

from ..audio.input_stream import Mic
from ..core.dictation import events as e
from ..core.dictation.history_entry import Entry
from ..core.dictation.state_machine import Dictation, Phase
from ..core.dictation.status import Status
from ..core.dictation.take import Outcome, Take
from ..core.problems import Problem
from ..core.recognition.fallback_policy import Waiting
from ..core.settings.settings import Settings
from ..core.text.sanitize import insertable
from ..storage.archive import Archive
from ..stt.engine import Engine, News, Partial, Ready
from ..system import Typist
from .active_takes import Takes
from .budget import Budget
from .capture import Capture
from .capture import Told as CaptureTold
from .hotkey import Hotkey
from .hotkey import Told as HotkeyTold
from .insertion import Clipboard, Inserter
from .landing import Landing
from .recognition import Engines
from .recognition import Told as EngineTold
from .recovery import Rescue
from .recovery import Told as RescueTold
from .showing import Showing

log = logging.getLogger(__name__)

LONGEST_GOODBYE_S = 3.0
START_CUE_AT_LEAST_S = 0.12
MOST_SHOWN_CHARS = 500
"""Of the end of a partial; the pill has room for a line."""


@attrs.frozen(kw_only=True)
class Parts:
    """Everything the worker touches outside itself."""

    microphone: Mic
    archive: Archive
    """Closed by the worker when it ends."""
    make_engine: Callable[[Settings], Engine]
    typist: Typist
    clipboard: Clipboard
    keys_down: Callable[[], frozenset[str]]
    """Asked of the system; may block for a moment."""
    cue: Callable[[Literal["start", "stop", "error"]], object]
    show: Callable[[Status], None]
    level: Callable[[float], None]


class Worker:
    def __init__(self, parts: Parts, settings: Settings) -> None:
        self._parts, self._settings = parts, settings
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="worker")
        self._stopping = asyncio.Event()
        self._unfinished = False
        self._started = threading.Event()
        self._machine = Dictation()
        self._takes = Takes(parts.archive, self._warn)
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_text = ""
        self._showing = Showing(self._loop, self._now, parts.show)
        self._show = self._showing.show
        self.last: dict[str, Any] | None = None
        """`Take.summary()` of the newest take that is over; any thread may read it."""

    # Any thread

    @property
    def status(self) -> Status:
        return self._showing.status

    def start(self) -> None:
        self._thread.start()
        self._started.wait()
        if self._loop.is_closed():
            raise RuntimeError("The worker could not start; the log says why.")

    def post(self, event: e.Event) -> None:
        self._soon(self.handle, event, time.monotonic())

    def key(self, name: str, down: bool) -> None:
        """A key or mouse button of the desktop; called by the hook, which must not wait."""
        self._soon(lambda at_s: self._hotkey.key(name, down, at_s), time.monotonic())

    def configure(self, settings: Settings) -> None:
        self._soon(self._configure, settings)

    def tell(self, problem: Problem) -> None:
        self._soon(self._warn, problem)

    def meter(self, on: bool) -> None:
        self._soon(lambda: self._capture.meter(on))

    def record_hotkey(self, done: Callable[[str], None] | None) -> None:
        """Report the next chord held, '' for Esc; None ends the recording."""
        self._soon(lambda: self._hotkey.record(done))

    def recognise_again(self, id_: str, engine: str = "") -> str:
        """The words of a take of the history, by the chosen engine or the one of that name.

        Blocks; raises ProblemError.
        """
        return str(self.run(self._rescue.again(id_, engine)).result())

    def type_again(self, entry: Entry, not_into: int) -> None:
        """Insert its words as soon as another window than `not_into` has the focus."""
        self._soon(lambda: self._spawn(self._again(entry, not_into)))

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run it in the loop; a concurrent Future."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def stop(self, timeout_s: float = LONGEST_GOODBYE_S * 2, *, unfinished: bool = False) -> None:
        """Keep what is going on as cancelled, and end the thread.

        `unfinished`: leave it for the next start to finish, as after a crash.
        """
        self._unfinished = unfinished
        self._soon(self._stopping.set)
        self._thread.join(timeout_s)

    def _soon(self, call: Callable[..., object], *arguments: object) -> None:
        if not self._loop.is_closed():  # news that comes after the end is for nobody
            self._loop.call_soon_threadsafe(call, *arguments)

    # Worker thread

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._main())
        finally:
            self._started.set()  # also when it could not: nobody waits for ever

    async def _main(self) -> None:
        self._wire()
        self._engines.configure(self._settings)
        self._capture.configure(self._settings.microphone)
        self._parts.archive.configure(self._settings.history)
        self._spawn(self._rescue.all())
        self._started.set()
        await self._stopping.wait()
        self._hotkey.close()
        if self._unfinished:
            self._takes.leave()
        else:
            self.handle(e.Cancel())
            self.handle(e.Cancel())  # first what is spoken, then what is waiting
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=LONGEST_GOODBYE_S)
        await self._engines.close()
        await self._capture.close()
        await self._inserter.close()
        await asyncio.to_thread(self._parts.archive.close)

    def _wire(self) -> None:
        """Its parts that need the running loop."""
        self._hotkey = Hotkey(
            self._settings.hotkey,
            HotkeyTold(wish=self.handle, other_key=self._other_key),
            listening=lambda: self._machine.listening,
            really_down=self._parts.keys_down,
        )
        self._inserter = Inserter(self._parts.typist, self._parts.clipboard)
        self._landing = Landing(self._inserter, self.handle)
        self._capture = Capture(
            self._parts.microphone,
            self._settings.microphone,
            CaptureTold(
                recorded=self._takes.recorded,
                arrived=self._arrived,
                tail_over=lambda take: self.handle(e.TailOver(take.number)),
                lost=lambda take, problem: self.handle(
                    e.SoundLost(take.number, problem, recorded=take.size_bytes > 0)
                ),
                warned=self._warn,
                level=self._parts.level,
                away=self._show,
            ),
        )
        self._engines = Engines(
            self._parts.make_engine,
            EngineTold(
                heard=self._heard,
                waits=self._waits,
                recognised=self._recognised,
                failed=self._failed,
                changed=self._show,
                problem=self._warn,
                refuses=Budget(self._parts.archive.ledger, self._warn).refuses,
            ),
        )
        self._rescue = Rescue(
            self._parts.archive,
            RescueTold(
                read=self._engines.read,
                drop=self._engines.drop,
                offer=self._offer,
                warned=self._warn,
            ),
        )

    def _configure(self, settings: Settings) -> None:
        self._settings = settings
        self._hotkey.configure(settings.hotkey)
        self._capture.configure(settings.microphone)
        self._engines.configure(settings)
        self._parts.archive.configure(settings.history)
        self._show()

    def _other_key(self, at_s: float) -> None:
        if self._machine.state != "inserting":  # else it is one of ours
            self._landing.touched(at_s)

    # Events and commands

    def handle(self, event: e.Event, at_s: float | None = None) -> None:
        """Something happened, at `at_s` of the monotonic clock."""
        self._event_at_s = at_s if at_s is not None else time.monotonic()
        for command in self._machine.handle(event):
            self._obey(command)
        self._show()

    def _obey(self, command: e.Command) -> None:
        match command:
            case e.OpenMic() | e.KeepTail() | e.CloseMic():
                self._obey_about_sound(command)
            case e.OpenEngine(number):
                self._takes[number].partial = ""
                self._engines.read(self._takes[number].take)
            case e.DropEngine(number):
                self._engines.drop(number)
            case e.Insert(number, text, anywhere):
                living = self._takes[number]
                self._spawn(self._landing.insert(living, text, anywhere, self._settings))
            case e.Keep(number, outcome, problem):
                self._keep(number, outcome, problem)
            case e.Forget(number):
                self._takes.forget(number)
            case e.Play(cue):
                self._cue(cue)
            case e.WakeMe(after_s, woke):
                self._loop.call_later(after_s, self.handle, woke)

    def _obey_about_sound(self, command: e.OpenMic | e.KeepTail | e.CloseMic) -> None:
        if isinstance(command, e.OpenMic):
            self._open_take(command.take)
            return
        living = self._takes[command.take]
        living.step("key_up", self._event_at_s)
        if isinstance(command, e.KeepTail):
            self._loop.call_soon(self._capture.keep_tail, living.take)
        else:
            self._capture.end(living.take)

    def _open_take(self, number: int) -> None:
        living = self._takes.begin(number, self._event_at_s)
        self._landing.begin()
        self._spawn(self._landing.look(living))
        self._capture.begin(living.take)

    # News of takes

    def _arrived(self, take: Take) -> None:
        living = self._takes[take.number]
        now_s = time.monotonic()
        living.step("first_sample", now_s)
        wait_s = max(0.0, START_CUE_AT_LEAST_S - (now_s - living.down_s))
        self._loop.call_later(wait_s, self._start_cue, take.number)
        self._show()

    def _start_cue(self, number: int) -> None:
        if self._machine.phase(number) is Phase.LISTENING:
            self._cue("start")

    def _heard(self, take: Take, heard: News) -> None:
        living = self._takes.get(take.number)
        if not living:
            return
        match heard:
            case Ready():
                living.step("engine_ready", time.monotonic())
            case Partial(text):
                living.step("first_partial", time.monotonic())
                living.partial = insertable(text[-MOST_SHOWN_CHARS:], newlines=False)
                self._showing.soon()

    def _waits(self, take: Take, waiting: Waiting | None) -> None:
        if living := self._takes.get(take.number):
            living.retrying = waiting
            self._show()

    def _failed(self, take: Take, problem: Problem) -> None:
        if take.number < 0:
            self._rescue.failed(take, problem)
        else:
            self.handle(e.Failed(take.number, problem))

    def _recognised(self, take: Take, text: str) -> None:
        if take.number < 0:
            self._rescue.recognised(take, self._clean(text))
            return
        if not (living := self._takes.get(take.number)):
            return
        living.step("final", time.monotonic())
        take.text = self._clean(text)
        self._last_text = take.text or self._last_text
        self.handle(e.Recognised(take.number, take.text))

    def _clean(self, text: str) -> str:
        return insertable(text, newlines=self._settings.insertion.newlines)

    def _keep(self, number: int, outcome: Outcome, problem: Problem | None) -> None:
        machine = self._machine
        self.last = self._takes.over(number, outcome, problem, machine.alive | machine.wanted)

    # Takes of the past

    def _offer(self, take: Take, entry: Entry, count: int) -> None:
        """Words that a crash cut off are back."""
        self._takes.adopt(take, entry)
        self.handle(e.Rescued(take.number, entry.text, f"{entry.local:%H:%M}", count))

    async def _again(self, entry: Entry, not_into: int) -> None:
        await self._landing.another(not_into)
        take = Take(number=self._rescue.number(), id=entry.id, engine=entry.engine)
        self._takes.adopt(take, entry)
        self.handle(e.Again(take.number, entry.text))

    def _cue(self, cue: Literal["start", "stop", "error"]) -> None:
        if self._settings.sounds:
            self._parts.cue(cue)

    def _warn(self, problem: Problem) -> None:
        log.warning("%s", problem.what)
        self.handle(e.Warn(problem))

    def _now(self) -> Status:
        machine = self._machine
        newest = self._takes.get(machine.number)
        at_rest = machine.state in ("idle", "failed")
        return Status(
            state=machine.state,
            take=machine.number,
            hands_free=machine.hands_free,
            sound_arrived=bool(newest and newest.take.size_bytes),
            waiting=machine.listening and self._capture.away,
            retrying=newest.retrying if newest and machine.phase(machine.number) else None,
            partial=newest.partial if newest and machine.state != "idle" else "",
            words=self._landing.words if at_rest else None,
            by=self._landing.by if at_rest else "",
            nothing_heard=machine.nothing_heard,
            held=machine.held_text,
            rescued=machine.rescued,
            rescued_count=machine.rescued_count,
            asks=machine.asks,
            problem=machine.problem,
            ready=self._engines.ready,
            engine=self._settings.engine,
            last_text=self._last_text,
        )

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)  # the loop itself keeps only weak references
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("A task of the worker ended with a fault", exc_info=error)
            self._warn(Problem("Something in Sayso broke.", "Your words are kept in the history."))
