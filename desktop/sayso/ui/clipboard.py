"""Pasting: the words are lent to the clipboard, and what was there before is put back.

On X11 the owner of the clipboard is asked for the text when somebody pastes, which tells that
the paste has really happened. Chromium then asks four more times what there is, and pastes
nothing at all if the clipboard has changed hands meanwhile: so it does only a while after the
last question of any kind. Whoever has the clipboard before is first asked whether it answers
at all: Qt would wait 5 s for a program that hangs, and Sayso's windows with it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import attrs
import shiboken6
from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QClipboard, QGuiApplication

from ..core.problems import ProblemError, untyped_problem
from ..system import FocusChangedError, Selection
from .lending import ClipboardBackup, ClipboardOffer, backup, restore

KEEP_MS = 500
"""How long after the last question the words stay. 50 ms were enough in every program tried, but
not on a machine with more to do than it can: Chromium took 0.2 s between two questions."""
KEEP_LIMIT_MS = 1500
"""From the paste on, whoever asks: some programs look at the clipboard all the time."""
NEXT_MS = 400
"""How long after the last question the next text has to wait, for the same reason. Who took
longer from the keys to the text is given as long for this too, and for what `KEEP_MS` is."""
FETCH_LIMIT_MS = 2000
"""No fetch within this time after the keys: nothing was pasted. Chromium was seen to take 0.8 s
on a busy machine."""
READ_LIMIT_MS = 6000
"""Unless somebody asks what there is, as Chromium does nine times before: then so long."""
EARLY_MS = 20
"""A fetch so little before the keys are known to be sent is taken for theirs."""
DOUBT_MS = 250
"""An earlier fetch may be a clipboard manager's, which looks at everything that is copied, or
the program's while the machine was busy. No other fetch within this time: it was the program's,
since telling to paste what has been pasted would be worse than the opposite."""
_MODES: dict[QClipboard.Mode, Selection] = {
    QClipboard.Mode.Clipboard: "clipboard",
    QClipboard.Mode.Selection: "primary",
}

NOT_PASTED = untyped_problem(
    "This window does not take typed text.", "Your words are copied: press Ctrl+V.", "copy"
)


@attrs.define(eq=False)
class _Job:
    text: str
    press: Callable[[], None]
    future: Future[None]
    fetched_at_ms: int | None = None
    """By the pasting clock; the last fetch."""
    sent_at_ms: int | None = None


class QtClipboard(QObject):
    """Pastes one text at a time. Create it in the main thread, whose event loop must run."""

    _asked = Signal(object)
    _answered = Signal(object, object)
    _pressed = Signal(object, object, object)

    def __init__(
        self,
        answers: Callable[[Selection], bool] = lambda _selection: True,
        parent: QObject | None = None,
    ) -> None:
        """`answers`: whether a selection's owner can be asked; any thread, may block a little."""
        super().__init__(parent)
        self._answers = answers
        self._clipboard = QGuiApplication.clipboard()
        self._modes = [
            mode
            for mode in _MODES
            if mode is QClipboard.Mode.Clipboard or self._clipboard.supportsSelection()
        ]
        self._clock = QElapsedTimer()
        self._clock.start()
        self._keys = ThreadPoolExecutor(1, "paste")
        self._waiting: deque[_Job] = deque()
        self._job: _Job | None = None
        self._before: dict[QClipboard.Mode, ClipboardBackup] = {}
        """What stood there before the first of the texts not yet taken away."""
        self._lent: dict[QClipboard.Mode, ClipboardOffer] = {}
        self._taken_at_ms = -KEEP_LIMIT_MS
        self._questioned_at_ms = -NEXT_MS
        self._slow_ms = 0
        """From the keys of the last text until it was fetched."""
        self._give_back = self._timer(self._put_back)
        self._next = self._timer(self._begin)
        self._give_up = self._timer(self._not_taken)
        self._asked.connect(self._enqueue, Qt.ConnectionType.QueuedConnection)
        self._answered.connect(self._lend, Qt.ConnectionType.QueuedConnection)
        self._pressed.connect(self._sent, Qt.ConnectionType.QueuedConnection)
        application = QGuiApplication.instance()
        assert application is not None
        application.aboutToQuit.connect(self.close)

    def paste(self, text: str, press: Callable[[], None]) -> Future[None]:
        """Lend the text to the clipboard, press the keys, and give the clipboard back.

        Any thread. `press` runs in a thread of its own and may block.

        Returns:
            Done when the text has been fetched, which is when it is about to appear. It raises
            the `ProblemError` of `press`, or one that tells to press Ctrl+V if nobody fetched
            the text within 2 s (6 s where somebody asks for it); it then stays on the clipboard.
        """
        job = _Job(text, press, Future())
        self._asked.emit(job)
        return job.future

    def copy(self, text: str) -> None:
        """Put the text on the clipboard for good. Main thread only."""
        self._before.pop(QClipboard.Mode.Clipboard, None)
        self._lent.pop(QClipboard.Mode.Clipboard, None)
        self._clipboard.setText(text)

    def close(self) -> None:
        """Give the clipboard back at once; also done when the application quits."""
        for timer in (self._give_back, self._give_up, self._next):
            timer.stop()
        self._put_back()
        for job in [*self._waiting, *([self._job] if self._job else [])]:
            if not job.future.done():
                job.future.set_exception(
                    ProblemError(untyped_problem("Sayso was closed.", "", "copy"))
                )
        self._waiting.clear()
        self._job = None
        self._keys.shutdown(wait=True, cancel_futures=True)

    def _enqueue(self, job: _Job) -> None:
        self._waiting.append(job)
        self._begin()

    def _begin(self) -> None:
        """Begin with the next text, if it is time."""
        if self._job is not None or not self._waiting:
            return
        if (wait_ms := self._left_ms(NEXT_MS)) > 0:
            self._next.start(wait_ms)
            return
        job = self._waiting.popleft()
        if not job.future.set_running_or_notify_cancel():
            self._begin()
            return
        self._job = job
        self._give_back.stop()
        self._keys.submit(self._ask, job, [mode for mode in self._modes if not self._is_lent(mode)])

    def _ask(self, job: _Job, modes: list[QClipboard.Mode]) -> None:
        """In the keys' thread."""
        self._answered.emit(job, [mode for mode in modes if self._answers(_MODES[mode])])

    def _lend(self, job: _Job, answering: list[QClipboard.Mode]) -> None:
        if job is not self._job:
            return
        for mode in self._modes:
            if not self._is_lent(mode):
                mime = self._clipboard.mimeData(mode) if mode in answering else None
                self._before[mode] = backup(mime)
            self._lent[mode] = ClipboardOffer(
                job.text, self._questioned, lambda: self._fetched(job)
            )
            self._clipboard.setMimeData(self._lent[mode], mode)
        self._keys.submit(self._press, job)

    def _press(self, job: _Job) -> None:
        """In the keys' thread."""
        problem: ProblemError | None = None
        try:
            job.press()
        except ProblemError as raised:
            problem = raised
        self._pressed.emit(job, problem, self._clock.elapsed())

    def _sent(self, job: _Job, problem: ProblemError | None, at_ms: int) -> None:
        if job is not self._job:
            return
        job.sent_at_ms = at_ms
        if problem is not None:
            self._end(job, problem)
        elif job.fetched_at_ms is not None and job.fetched_at_ms >= at_ms - EARLY_MS:
            self._taken(job)
        else:
            self._give_up.start(FETCH_LIMIT_MS if job.fetched_at_ms is None else DOUBT_MS)

    def _questioned(self) -> None:
        """What somebody is reading is not taken away from under them."""
        self._questioned_at_ms = self._clock.elapsed()
        if self._give_back.isActive():
            self._give_back.start(self._left_ms(KEEP_MS))

    def _left_ms(self, calm_ms: int) -> int:
        """Until nobody has asked anything for so long, or has asked for too long."""
        calm_at_ms = self._questioned_at_ms + max(calm_ms, self._slow_ms)
        until_ms = min(calm_at_ms, self._taken_at_ms + KEEP_LIMIT_MS)
        return max(0, until_ms - self._clock.elapsed())

    def _fetched(self, job: _Job) -> None:
        self._questioned()
        job.fetched_at_ms = self._questioned_at_ms
        if job is self._job and job.sent_at_ms is not None:
            # Not from within Qt's answer to the program that asks.
            QTimer.singleShot(0, self, lambda: self._taken(job))

    def _taken(self, job: _Job) -> None:
        if job is not self._job:
            return
        self._give_up.stop()
        self._taken_at_ms = self._clock.elapsed()
        if job.fetched_at_ms is not None and job.sent_at_ms is not None:
            self._slow_ms = max(0, job.fetched_at_ms - job.sent_at_ms)
        self._give_back.start(self._left_ms(KEEP_MS))
        self._job = None
        job.future.set_result(None)
        self._begin()

    def _not_taken(self) -> None:
        job = self._job
        if job is None:
            return
        if job.fetched_at_ms is not None:
            self._taken(job)
        elif self._is_read(job):
            self._give_up.start(FETCH_LIMIT_MS)
        else:
            self._end(job, ProblemError(NOT_PASTED))

    def _is_read(self, job: _Job) -> bool:
        """Whether somebody has asked since the keys, and will fetch it yet."""
        now_ms, sent_at_ms = self._clock.elapsed(), job.sent_at_ms or 0
        since_ms = max(sent_at_ms, now_ms - FETCH_LIMIT_MS)
        return self._questioned_at_ms > since_ms and now_ms < sent_at_ms + READ_LIMIT_MS

    def _end(self, job: _Job, problem: ProblemError) -> None:
        """It was not pasted: leave the words to the user, unless they wait elsewhere."""
        self._job = None
        if not isinstance(problem, FocusChangedError):
            self.copy(job.text)
        self._put_back()
        job.future.set_exception(problem)
        self._begin()

    def _put_back(self) -> None:
        """What stood there before, unless somebody else has taken the clipboard since."""
        for mode in self._modes:
            if not self._is_lent(mode):
                continue
            before = self._before.get(mode)
            if before:
                self._clipboard.setMimeData(restore(before), mode)
            else:
                self._clipboard.clear(mode)
        self._lent.clear()
        self._before.clear()

    def _is_lent(self, mode: QClipboard.Mode) -> bool:
        """Whether our words are there now."""
        offer = self._lent.get(mode)
        return (
            offer is not None
            and shiboken6.isValid(offer)
            and self._clipboard.mimeData(mode) is offer
        )

    def _timer(self, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.timeout.connect(slot)
        return timer
