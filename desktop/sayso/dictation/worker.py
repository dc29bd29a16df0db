"""The worker thread: executes the commands of the state machine.

Other threads call only the methods below the comment "Any thread". Nothing here depends on Qt.
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
from ..core.audio.watchdog import MicTimeouts
from ..core.dictation import events as e
from ..core.dictation.history_entry import HistoryEntry
from ..core.dictation.state_machine import Dictation, Phase
from ..core.dictation.status import Status
from ..core.dictation.take import Take
from ..core.insertion import Target
from ..core.problems import Problem, ProblemError
from ..core.problems.dictation import INTERNAL_ERROR
from ..core.problems.insertion import HOTKEY_LOST
from ..core.recognition.fallback_policy import RetryDelay
from ..core.settings.settings import Settings
from ..core.text.sanitize import sanitize
from ..storage.archive import Archive
from ..stt.engine import Engine, EngineUpdate, Partial
from ..system.protocols import Clipboard, Focus, Hotkey, Typist
from .active_takes import ActiveTake, ActiveTakes
from .budget import Budget
from .capture import Capture
from .hotkey import HotkeyController
from .insertion import TextInserter
from .recognition import Recognition
from .recovery import Recovery
from .tasks import Tasks

log = logging.getLogger(__name__)

SHUTDOWN_TIMEOUT_S = 3.0
MIN_START_CUE_DELAY_S = 0.12
MAX_PARTIAL_CHARS = 500  # the indicator shows the last line
PARTIAL_INTERVAL_S = 0.03


@attrs.frozen(kw_only=True)
class WorkerDeps:
    """Everything that the worker uses; the archive is closed with it."""

    microphone: AudioInput
    archive: Archive
    create_engine: Callable[[Settings], Engine]
    hotkey: Hotkey
    typist: Typist
    focus: Focus
    clipboard: Clipboard
    play_cue: Callable[[Literal["start", "stop", "error"]], object]
    on_status: Callable[[Status], None]
    on_level: Callable[[float], None]
    mic_timeouts: MicTimeouts = attrs.field(factory=MicTimeouts)


class Worker:
    """Implements the listeners of its components."""

    def __init__(self, deps: WorkerDeps, settings: Settings) -> None:
        self._deps, self._settings = deps, settings
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="worker")
        self._stopping = asyncio.Event()
        self._keep_unfinished = False
        self._started = threading.Event()
        self._machine = Dictation()
        self._active_takes = ActiveTakes(deps.archive, self.on_problem)
        self._tasks = Tasks(on_error=lambda: self.on_problem(INTERNAL_ERROR()))
        self._recognition_tasks: dict[int, asyncio.Task[None]] = {}
        self._last_text = ""
        self._partial_timer: asyncio.TimerHandle | None = None
        self._partial_published_s = 0.0
        self.on_level = deps.on_level
        self.on_microphone_changed = self.on_ready_changed = self._publish
        self.wait_for_tasks = self._tasks.wait
        self.status = Status()
        """Replaced as a whole; any thread may read it."""
        self.last_summary: dict[str, Any] | None = None
        """`Take.summary()` of the newest take that is over; any thread may read it."""

    # Any thread

    def start(self) -> None:
        self._thread.start()
        self._started.wait()
        if self._loop.is_closed():
            raise RuntimeError("The worker could not start; see the log.")

    def post(self, event: e.Event) -> None:
        self._call_soon(self.handle, event, time.monotonic())

    def configure(self, settings: Settings) -> None:
        self._call_soon(self._configure, settings)

    def report_problem(self, problem: Problem) -> None:
        self._call_soon(self.on_problem, problem)

    def enable_level_meter(self, enabled: bool) -> None:
        self._call_soon(lambda: self._capture.enable_level_meter(enabled))

    def record_hotkey(self, on_chord: Callable[[str], None] | None) -> None:
        self._call_soon(lambda: self._hotkey.record_chord(on_chord))

    def transcribe_again(self, id_: str, engine: str = "") -> str:
        """Return the text of a take of the history. Blocks; see `Recovery.transcribe_again`."""
        return str(self.submit(self._recovery.transcribe_again(id_, engine)).result())

    def reinsert(self, entry: HistoryEntry, excluded: Target) -> None:
        """Insert the text of an entry as soon as another window than `excluded` has the focus."""
        self._call_soon(lambda: self._tasks.start(self._reinsert(entry, excluded)))

    def submit(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def stop(self, timeout_s: float = 6.0, *, keep_unfinished: bool = False) -> None:
        """End the thread. Active takes are canceled, or else recovered at the next start."""
        self._keep_unfinished = keep_unfinished
        self._call_soon(self._stopping.set)
        self._thread.join(timeout_s)

    def _call_soon(self, call: Callable[..., object], *arguments: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *arguments)

    # Worker thread

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._main())
        finally:
            self._started.set()  # also after an error, so that `start` returns

    async def _main(self) -> None:
        self._build()
        self._configure(self._settings)
        self._tasks.start(self._recovery.recover_all())
        await self._hotkey.start()
        self._started.set()
        await self._stopping.wait()
        await self._hotkey.close()
        if self._keep_unfinished:
            self._active_takes.close_files()
        else:
            self.handle(e.Cancel())  # the take that is being spoken
            self.handle(e.Cancel())  # the takes that are waiting
        await self._tasks.cancel(SHUTDOWN_TIMEOUT_S)
        await self._recognition.close()
        await self._capture.close()
        await self._inserter.close()
        await asyncio.to_thread(self._deps.archive.close)

    def _build(self) -> None:
        deps, archive = self._deps, self._deps.archive
        self._hotkey = HotkeyController(self._settings.hotkey, deps.hotkey, self)
        self._inserter = TextInserter(deps.typist, deps.focus, deps.clipboard)
        self._capture = Capture(deps.microphone, self._settings.microphone, self, deps.mic_timeouts)
        budget = Budget(archive.usage, self.on_problem)
        self._recognition = Recognition(deps.create_engine, budget.refusal, self)
        self._recovery = Recovery(archive, self._recognition, self)

    def _configure(self, settings: Settings) -> None:
        self._settings = settings
        self._hotkey.configure(settings.hotkey)
        self._capture.configure(settings.microphone)
        self._recognition.configure(settings)
        self._deps.archive.configure(settings.history)
        self._publish()

    def handle(self, event: e.Event, at_s: float | None = None) -> None:
        self._event_at_s = at_s if at_s is not None else time.monotonic()
        for command in self._machine.handle(event):
            self._execute(command)
        self._publish()

    def _execute(self, command: e.Command) -> None:
        match command:
            case e.OpenMic() | e.KeepTail() | e.CloseMic():
                self._execute_audio(command)
            case e.StartRecognition(number):
                self._recognition_tasks[number] = self._tasks.start(self._transcribe(number))
            case e.CancelRecognition(number):
                if running := self._recognition_tasks.pop(number, None):
                    running.cancel()
            case e.Insert(number, text, any_window):
                self._tasks.start(self._insert(self._active_takes[number], text, any_window))
            case e.ArchiveTake(number, outcome, problem):
                retained = self._machine.active_takes | self._machine.reusable_takes
                self.last_summary = self._active_takes.archive(number, outcome, problem, retained)
            case e.DeleteTake(number):
                self._active_takes.delete(number)
            case e.PlayCue(cue):
                self._play_cue(cue)
            case e.StartTimer(after_s, event):
                self._loop.call_later(after_s, self.handle, event)
            case _:
                raise TypeError(command)

    def _execute_audio(self, command: e.OpenMic | e.KeepTail | e.CloseMic) -> None:
        if isinstance(command, e.OpenMic):
            active = self._active_takes.begin(command.take, self._event_at_s)
            self._tasks.start(self._record_target(active))
            self._capture.begin(active.take)
            return
        active = self._active_takes[command.take]
        active.mark("key_up", self._event_at_s)
        if isinstance(command, e.CloseMic):
            self._capture.end(active.take)
        else:
            self._loop.call_soon(self._capture.keep_tail, active.take)

    async def _transcribe(self, number: int) -> None:
        active = self._active_takes[number]
        active.partial = ""
        try:
            transcript = await self._recognition.transcribe(active.take)
        except ProblemError as error:
            self.handle(e.RecognitionFailed(number, error.problem))
        else:
            active.mark("final", time.monotonic())
            active.take.text = text = transcript.text
            self._last_text = text or self._last_text
            self.handle(e.Transcribed(number, text))
        finally:
            if self._recognition_tasks.get(number) is asyncio.current_task():
                del self._recognition_tasks[number]

    async def _record_target(self, active: ActiveTake) -> None:
        active.target = await self._inserter.target()

    async def _insert(self, active: ActiveTake, text: str, any_window: bool) -> None:
        self.handle(await self._inserter.insert(active, text, any_window, self._settings))

    async def _reinsert(self, entry: HistoryEntry, excluded: Target) -> None:
        await self._inserter.wait_for_other_window(excluded)
        take = Take(number=self._machine.new_number(), id=entry.id, engine=entry.engine)
        self._active_takes.adopt(take, entry)
        self.handle(e.Reinsert(take.number, entry.text))

    # IntentListener

    @property
    def is_recording(self) -> bool:
        return self._machine.listening

    def on_intent(self, event: e.Event, at_s: float) -> None:
        self.handle(event, at_s)

    def on_other_key(self, at_s: float) -> None:
        if self._machine.state != "inserting":  # otherwise it is a key that Sayso types
            self._inserter.on_user_input(at_s)

    def on_hotkey_restored(self) -> None:
        if self.status.problem and self.status.problem.code == HOTKEY_LOST.code:
            self.handle(e.Dismiss())

    # CaptureListener

    def on_recorded(self, take: Take, pcm: bytes) -> None:
        active, now_s = self._active_takes[take.number], time.monotonic()
        self._active_takes.write(active, pcm)
        if take.size_bytes > len(pcm):
            return
        active.mark("first_sample", now_s)
        delay_s = max(0.0, MIN_START_CUE_DELAY_S - (now_s - active.key_down_s))
        self._loop.call_later(delay_s, self._play_start_cue, take.number)
        self._publish()

    def on_tail_ended(self, take: Take) -> None:
        self.handle(e.TailEnded(take.number))

    def on_audio_lost(self, take: Take, problem: Problem) -> None:
        self.handle(e.AudioLost(take.number, problem, has_audio=take.size_bytes > 0))

    # RecognitionListener and RecoveryListener

    def on_engine_update(self, take: Take, update: EngineUpdate) -> None:
        if not (active := self._active_takes.get(take.number)):
            return
        if isinstance(update, Partial):
            active.mark("first_partial", time.monotonic())
            active.partial = sanitize(update.text[-MAX_PARTIAL_CHARS:], keep_newlines=False)
            self._publish_partial()
        else:
            active.mark("engine_ready", time.monotonic())

    def on_retry(self, take: Take, delay: RetryDelay | None) -> None:
        if active := self._active_takes.get(take.number):
            active.retrying = delay
            self._publish()

    def on_recovered(self, take: Take, entry: HistoryEntry, count: int) -> None:
        take.number = self._machine.new_number()
        self._active_takes.adopt(take, entry)
        self.handle(e.Recovered(take.number, entry.text, f"{entry.local_time:%H:%M}", count))

    def on_problem(self, problem: Problem) -> None:
        log.warning("%s", problem.message)
        self.handle(e.ProblemReported(problem))

    def _play_start_cue(self, number: int) -> None:
        if self._machine.phase(number) is Phase.LISTENING:
            self._play_cue("start")

    def _play_cue(self, cue: Literal["start", "stop", "error"]) -> None:
        if self._settings.sounds:
            self._deps.play_cue(cue)

    def _publish(self) -> None:
        status = self._build_status()
        if status != self.status:
            self.status = status
            self._deps.on_status(status)

    def _publish_partial(self) -> None:
        if self._partial_timer is None:
            delay_s = self._partial_published_s + PARTIAL_INTERVAL_S - time.monotonic()
            self._partial_timer = self._loop.call_later(max(0.0, delay_s), self._on_partial_timer)

    def _on_partial_timer(self) -> None:
        self._partial_timer, self._partial_published_s = None, time.monotonic()
        self._publish()

    def _build_status(self) -> Status:
        machine = self._machine
        newest = self._active_takes.get(machine.newest_take)
        return attrs.evolve(
            machine.status,
            has_audio=bool(newest and newest.take.size_bytes),
            microphone_lost=machine.listening and self._capture.microphone_lost,
            retrying=newest.retrying if newest and machine.phase(machine.newest_take) else None,
            partial=newest.partial if newest and machine.state != "idle" else "",
            ready=self._recognition.ready,
            engine=self._settings.engine,
            last_text=self._last_text,
        )
