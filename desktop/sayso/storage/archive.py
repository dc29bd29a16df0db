"""What becomes of takes that are over: a row in the history, and the sound as FLAC.

One thread does all of it in order, so that nobody waits. What it cannot do is told, and left
as it is: a WAV without a row is found again at the next start.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import attrs

from ..core.dictation.history_entry import Entry, of_take
from ..core.dictation.retention import ORPHAN_DAYS, sound_days, text_days
from ..core.dictation.take import Take
from ..core.problems import Problem, ProblemError
from ..core.settings.settings import History as Rule
from ..core.usage import Used
from .history import History
from .recordings import Spool, changed_s
from .usage import Ledger

log = logging.getLogger(__name__)


class Archive:
    """Any thread may call it."""

    def __init__(
        self,
        spool: Spool,
        history: History,
        *,
        warned: Callable[[Problem], object],
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        """`warned` and `changed` (the history has) are called in its thread."""
        self.spool, self.history = spool, history
        self.ledger = Ledger(history.path, history.warn)
        self._warned, self._changed = warned, changed
        self._rule = Rule()
        self._told: Problem | None = None
        self._since_s = time.time()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="archive")

    def configure(self, rule: Rule) -> None:
        """From now on; what it keeps no longer goes at once."""
        before, self._rule = self._rule, rule
        if before != rule:
            self._submit(self._purge)

    def keep(self, entry: Entry, used: Iterable[Used] = ()) -> None:
        """The take is over, or something about it has changed; `used` since it was kept last."""
        self.count(used)
        self._submit(self._keep, entry)

    def count(self, used: Iterable[Used]) -> None:
        """Whether or not anything else is kept of the take."""
        if used := list(used):
            today = dt.datetime.now().astimezone().date()
            self._submit(self.ledger.count, today, used)

    def note(self, entry: Entry) -> None:
        """Write the row and leave the sound as it is."""
        self._submit(self.history.put, entry)

    def remove(self, ids: Iterable[str]) -> None:
        """Words and sound."""
        self._submit(self._remove, list(ids))

    def remove_all(self) -> None:
        self._submit(self._remove_all)

    def release(self, id_: str) -> None:
        """Forget the row and leave the sound, as if the take had been cut off."""
        self._submit(self.history.delete, [id_])

    def set_aside(self, id_: str) -> None:
        """Its recording cannot be read, but it may be somebody's words: kept for a week."""
        self._submit(self.spool.set_aside, id_)

    def unfinished(self) -> Future[list[str]]:
        """Ids of the recordings that a crash cut off before this run, oldest first."""
        return self._thread.submit(self._unfinished)

    def load(self, id_: str) -> Future[tuple[Take, Entry]]:
        """A take with its sound, and its row: a new one if it has none. ProblemError."""
        return self._thread.submit(self._load, id_)

    def close(self) -> None:
        """Finish what has begun."""
        self._thread.shutdown(wait=True)

    # Its thread

    def _submit(self, job: Callable[..., object], *arguments: Any) -> None:
        with contextlib.suppress(RuntimeError):  # closed: the next start finds what is left
            self._thread.submit(self._do, job, *arguments)

    def _do(self, job: Callable[..., object], *arguments: Any) -> None:
        try:
            job(*arguments)
        except ProblemError as error:
            log.warning("%s %s", error.problem.what, error.problem.detail)
            if error.problem != self._told:  # once, not at every take
                self._told = error.problem
                self._warned(error.problem)
        else:
            self._changed()

    def _keep(self, entry: Entry) -> None:
        rule, id_ = self._rule, entry.id
        if text_days(rule, entry.outcome) == 0:
            self._remove([id_])
            return
        file = self.spool.sound(id_) if sound_days(rule, entry.outcome) else None
        self.history.put(attrs.evolve(entry, audio=file.name if file else ""))
        if file is None:
            self.spool.forget(id_)
        elif file.suffix == ".wav":
            self._compress(entry)
        self._purge()

    def _compress(self, entry: Entry) -> None:
        try:
            self.history.put(attrs.evolve(entry, audio=self.spool.compress(entry.id)))
        except ProblemError as error:
            log.info("%s: %s", entry.id, error.problem.what)

    def _compress_left(self, id_: str) -> None:
        """A crash came between the row and the FLAC."""
        self._compress(self.history.find(id_))

    def _remove(self, ids: list[str]) -> None:
        self.history.delete(ids)
        for id_ in ids:
            self.spool.forget(id_)

    def _remove_all(self) -> None:
        self._remove(sorted(self.history.ids()))

    def _purge(self) -> None:
        for name in self.history.purge(self._rule, time.time()):
            self.spool.forget(Path(name).stem)

    def _unfinished(self) -> list[str]:
        self.spool.forget_older_than(max(ORPHAN_DAYS, self._rule.sound_days))
        try:
            known = self.history.ids()
        except ProblemError as error:
            self._warned(error.problem)
            return []
        cut_off = []
        for id_ in self.spool.recordings(self._since_s):
            if id_ in known:
                self._do(self._compress_left, id_)
            else:
                cut_off.append(id_)
        self._do(self._purge)
        return cut_off

    def _load(self, id_: str) -> tuple[Take, Entry]:
        take = self.spool.load(id_)
        take.id = id_
        if id_ in self.history.ids():
            return take, self.history.find(id_)
        path = self.spool.sound(id_)
        ended_s = changed_s(path) if path else time.time()
        started_s = ended_s - take.duration_s
        offset_min = time.localtime(started_s).tm_gmtoff // 60
        return take, of_take(take, started_s=started_s, offset_min=offset_min, program="")
