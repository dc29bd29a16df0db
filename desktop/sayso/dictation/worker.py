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

from ..audio.input_stream import AudioInput
from ..core.dictation import events as e
from ..core.dictation.history_entry import HistoryEntry
from ..core.dictation.state_machine import Dictation, Phase
from ..core.dictation.status import Status
from ..core.dictation.take import Outcome, Take
from ..core.problems import Problem, untyped_problem
from ..core.recognition.fallback_policy import RetryDelay
from ..core.settings.settings import Settings
from ..core.text.sanitize import sanitize
from ..storage.archive import Archive
from ..stt.engine import Engine, EngineUpdate, Partial, Ready
from ..system import Typist
from .active_takes import ActiveTakes
from .budget import Budget
from .capture import Capture
from .capture import Told as CaptureTold
from .hotkey import HotkeyController
from .hotkey import IntentListener as HotkeyTold
from .insertion import Clipboard, TextInserter
from .landing import Landing
from .recognition import Recognition
from .recognition import Told as EngineTold
from .recovery import Recovery
from .recovery import Told as RescueTold
from .showing import Showing

log = logging.getLogger(__name__)

SHUTDOWN_TIMEOUT_S = 3.0
MIN_START_CUE_DELAY_S = 0.12
MAX_PARTIAL_CHARS = 500
"""Of the end of a partial; the pill has room for a line."""


@attrs.frozen(kw_only=True)
class WorkerDeps:
    """Everything the worker touches outside itself."""

    microphone: AudioInput
    archive: Archive
    """Closed by the worker when it ends."""
    create_engine: Callable[[Settings], Engine]
    typist: Typist
    clipboard: Clipboard
    pressed_keys: Callable[[], frozenset[str]]
    """Asked of the system; may block for a moment."""
    play_cue: Callable[[Literal["start", "stop", "error"]], object]
    on_status: Callable[[Status], None]
    on_level: Callable[[float], None]


class Worker:
    def __init__(self, deps: WorkerDeps, settings: Settings) -> None:
        self._deps, self._settings = deps, settings
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="worker")
        self._stopping = asyncio.Event()
        self._keep_unfinished = False
        self._started = threading.Event()
        self._machine = Dictation()
        self._active_takes = ActiveTakes(deps.archive, self._report)
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_text = ""
        self._showing = Showing(self._loop, self._build_status, deps.on_status)
        self._show = self._showing.show
        self.last_summary: dict[str, Any] | None = None
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
        self._call_soon(self.handle, event, time.monotonic())

    def key(self, name: str, down: bool) -> None:
        """A key or mouse button of the desktop; called by the hook, which must not wait."""
        self._call_soon(lambda at_s: self._hotkey.on_key(name, down, at_s), time.monotonic())

    def configure(self, settings: Settings) -> None:
        self._call_soon(self._configure, settings)

    def report_problem(self, problem: Problem) -> None:
        self._call_soon(self._report, problem)

    def enable_level_meter(self, enabled: bool) -> None:
        self._call_soon(lambda: self._capture.enable_level_meter(enabled))

    def record_hotkey(self, done: Callable[[str], None] | None) -> None:
        """Report the next chord held, '' for Esc; None ends the recording."""
        self._call_soon(lambda: self._hotkey.record_chord(done))

    def transcribe_again(self, id_: str, engine: str = "") -> str:
        """The words of a take of the history, by the chosen engine or the one of that name.

        Blocks; raises ProblemError.
        """
        return str(self.submit(self._recovery.transcribe_again(id_, engine)).result())

    def reinsert(self, entry: HistoryEntry, excluded_window: int) -> None:
        """Insert its words as soon as another window than `not_into` has the focus."""
        self._call_soon(lambda: self._spawn(self._reinsert(entry, excluded_window)))

    def submit(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run it in the loop; a concurrent Future."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def stop(
        self, timeout_s: float = SHUTDOWN_TIMEOUT_S * 2, *, keep_unfinished: bool = False
    ) -> None:
        """Keep what is going on as cancelled, and end the thread.

        `unfinished`: leave it for the next start to finish, as after a crash.
        """
        self._keep_unfinished = keep_unfinished
        self._call_soon(self._stopping.set)
        self._thread.join(timeout_s)

    def _call_soon(self, call: Callable[..., object], *arguments: object) -> None:
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
        self._build()
        self._recognition.configure(self._settings)
        self._capture.configure(self._settings.microphone)
        self._deps.archive.configure(self._settings.history)
        self._spawn(self._recovery.recover_all())
        self._started.set()
        await self._stopping.wait()
        self._hotkey.close()
        if self._keep_unfinished:
            self._active_takes.close_files()
        else:
            self.handle(e.Cancel())
            self.handle(e.Cancel())  # first what is spoken, then what is waiting
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=SHUTDOWN_TIMEOUT_S)
        await self._recognition.close()
        await self._capture.close()
        await self._inserter.close()
        await asyncio.to_thread(self._deps.archive.close)

    def _build(self) -> None:
        """Its parts that need the running loop."""
        self._hotkey = HotkeyController(
            self._settings.hotkey,
            HotkeyTold(on_intent=self.handle, on_other_key=self._on_other_key),
            is_recording=lambda: self._machine.listening,
            pressed_now=self._deps.pressed_keys,
        )
        self._inserter = TextInserter(self._deps.typist, self._deps.clipboard)
        self._landing = Landing(self._inserter, self.handle)
        self._capture = Capture(
            self._deps.microphone,
            self._settings.microphone,
            CaptureTold(
                recorded=self._active_takes.write,
                arrived=self._on_first_audio,
                tail_over=lambda take: self.handle(e.TailEnded(take.number)),
                lost=lambda take, problem: self.handle(
                    e.AudioLost(take.number, problem, has_audio=take.size_bytes > 0)
                ),
                warned=self._report,
                level=self._deps.on_level,
                away=self._show,
            ),
        )
        self._recognition = Recognition(
            self._deps.create_engine,
            EngineTold(
                heard=self._on_engine_update,
                waits=self._on_retry,
                recognised=self._recognised,
                failed=self._failed,
                changed=self._show,
                problem=self._report,
                refuses=Budget(self._deps.archive.usage, self._report).refusal,
            ),
        )
        self._recovery = Recovery(
            self._deps.archive,
            RescueTold(
                read=self._recognition.read,
                drop=self._recognition.drop,
                offer=self._offer_recovered,
                warned=self._report,
            ),
        )

    def _configure(self, settings: Settings) -> None:
        self._settings = settings
        self._hotkey.configure(settings.hotkey)
        self._capture.configure(settings.microphone)
        self._recognition.configure(settings)
        self._deps.archive.configure(settings.history)
        self._show()

    def _on_other_key(self, at_s: float) -> None:
        if self._machine.state != "inserting":  # else it is one of ours
            self._landing.on_user_input(at_s)

    # Events and commands

    def handle(self, event: e.Event, at_s: float | None = None) -> None:
        """Something happened, at `at_s` of the monotonic clock."""
        self._event_at_s = at_s if at_s is not None else time.monotonic()
        for command in self._machine.handle(event):
            self._execute(command)
        self._show()

    def _execute(self, command: e.Command) -> None:
        match command:
            case e.OpenMic() | e.KeepTail() | e.CloseMic():
                self._execute_audio(command)
            case e.StartRecognition(number):
                self._active_takes[number].partial = ""
                self._recognition.read(self._active_takes[number].take)
            case e.CancelRecognition(number):
                self._recognition.drop(number)
            case e.Insert(number, text, anywhere):
                living = self._active_takes[number]
                self._spawn(self._landing.insert(living, text, anywhere, self._settings))
            case e.ArchiveTake(number, outcome, problem):
                self._archive_take(number, outcome, problem)
            case e.DeleteTake(number):
                self._active_takes.delete(number)
            case e.PlayCue(cue):
                self._play_cue(cue)
            case e.StartTimer(after_s, woke):
                self._loop.call_later(after_s, self.handle, woke)

    def _execute_audio(self, command: e.OpenMic | e.KeepTail | e.CloseMic) -> None:
        if isinstance(command, e.OpenMic):
            self._open_take(command.take)
            return
        living = self._active_takes[command.take]
        living.mark("key_up", self._event_at_s)
        if isinstance(command, e.KeepTail):
            self._loop.call_soon(self._capture.keep_tail, living.take)
        else:
            self._capture.end(living.take)

    def _open_take(self, number: int) -> None:
        living = self._active_takes.begin(number, self._event_at_s)
        self._landing.begin()
        self._spawn(self._landing.record_target(living))
        self._capture.begin(living.take)

    # News of takes

    def _on_first_audio(self, take: Take) -> None:
        living = self._active_takes[take.number]
        now_s = time.monotonic()
        living.mark("first_sample", now_s)
        wait_s = max(0.0, MIN_START_CUE_DELAY_S - (now_s - living.key_down_s))
        self._loop.call_later(wait_s, self._start_cue, take.number)
        self._show()

    def _start_cue(self, number: int) -> None:
        if self._machine.phase(number) is Phase.LISTENING:
            self._play_cue("start")

    def _on_engine_update(self, take: Take, update: EngineUpdate) -> None:
        living = self._active_takes.get(take.number)
        if not living:
            return
        match update:
            case Ready():
                living.mark("engine_ready", time.monotonic())
            case Partial(text):
                living.mark("first_partial", time.monotonic())
                living.partial = sanitize(text[-MAX_PARTIAL_CHARS:], keep_newlines=False)
                self._showing.soon()

    def _on_retry(self, take: Take, delay: RetryDelay | None) -> None:
        if living := self._active_takes.get(take.number):
            living.retrying = delay
            self._show()

    def _failed(self, take: Take, problem: Problem) -> None:
        if take.number < 0:
            self._recovery.failed(take, problem)
        else:
            self.handle(e.RecognitionFailed(take.number, problem))

    def _recognised(self, take: Take, text: str) -> None:
        if take.number < 0:
            self._recovery.recognised(take, self._clean(text))
            return
        if not (living := self._active_takes.get(take.number)):
            return
        living.mark("final", time.monotonic())
        take.text = self._clean(text)
        self._last_text = take.text or self._last_text
        self.handle(e.Transcribed(take.number, take.text))

    def _clean(self, text: str) -> str:
        return sanitize(text, keep_newlines=self._settings.insertion.newlines)

    def _archive_take(self, number: int, outcome: Outcome, problem: Problem | None) -> None:
        machine = self._machine
        self.last_summary = self._active_takes.archive(
            number, outcome, problem, machine.active_takes | machine.reusable_takes
        )

    # Takes of the past

    def _offer_recovered(self, take: Take, entry: HistoryEntry, count: int) -> None:
        """Words that a crash cut off are back."""
        self._active_takes.adopt(take, entry)
        self.handle(e.Recovered(take.number, entry.text, f"{entry.local_time:%H:%M}", count))

    async def _reinsert(self, entry: HistoryEntry, excluded_window: int) -> None:
        await self._landing.wait_for_other_window(excluded_window)
        take = Take(number=self._recovery.number(), id=entry.id, engine=entry.engine)
        self._active_takes.adopt(take, entry)
        self.handle(e.Reinsert(take.number, entry.text))

    def _play_cue(self, cue: Literal["start", "stop", "error"]) -> None:
        if self._settings.sounds:
            self._deps.play_cue(cue)

    def _report(self, problem: Problem) -> None:
        log.warning("%s", problem.message)
        self.handle(e.ProblemReported(problem))

    def _build_status(self) -> Status:
        machine = self._machine
        newest = self._active_takes.get(machine.newest_take)
        at_rest = machine.state in ("idle", "failed")
        return Status(
            state=machine.state,
            take=machine.newest_take,
            hands_free=machine.hands_free,
            has_audio=bool(newest and newest.take.size_bytes),
            microphone_lost=machine.listening and self._capture.microphone_lost,
            retrying=newest.retrying if newest and machine.phase(machine.newest_take) else None,
            partial=newest.partial if newest and machine.state != "idle" else "",
            inserted_words=self._landing.words if at_rest else None,
            fallback_engine=self._landing.by if at_rest else "",
            empty_takes=machine.empty_takes,
            held_text=machine.held_text,
            recovered_spoken_at=machine.recovered_spoken_at,
            recovered_count=machine.recovered_count,
            offers_held_text=machine.offers_held_text,
            problem=machine.problem,
            ready=self._recognition.ready,
            engine=self._settings.engine,
            last_text=self._last_text,
        )

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)  # the loop itself keeps only weak references
        task.add_done_callback(self._on_task_done)

    def _on_task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("A task of the worker ended with a fault", exc_info=error)
            self._report(
                untyped_problem("Something in Sayso broke.", "Your words are kept in the history.")
            )
