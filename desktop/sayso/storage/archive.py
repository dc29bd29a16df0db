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

from ..core.dictation.history_entry import HistoryEntry, entry_from_take
from ..core.dictation.retention import ORPHAN_DAYS, audio_days, text_days
from ..core.dictation.take import Take
from ..core.problems import Problem, ProblemError
from ..core.settings.settings import HistorySettings as Rule
from ..core.usage import UsageRecord
from .history import HistoryStore
from .recordings import Recordings, modified_s
from .usage import UsageStore

log = logging.getLogger(__name__)


class Archive:
    """Any thread may call it."""

    def __init__(
        self,
        recordings: Recordings,
        history: HistoryStore,
        *,
        on_problem: Callable[[Problem], object],
        on_change: Callable[[], object] = lambda: None,
    ) -> None:
        """`warned` and `changed` (the history has) are called in its thread."""
        self.recordings, self.history = recordings, history
        self.usage = UsageStore(history.path, history.on_problem)
        self._on_problem, self._on_change = on_problem, on_change
        self._settings = Rule()
        self._last_problem: Problem | None = None
        self._started_s = time.time()
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="archive")

    def configure(self, settings: Rule) -> None:
        """From now on; what it keeps no longer goes at once."""
        before, self._settings = self._settings, settings
        if before != settings:
            self._submit(self._purge)

    def store(self, entry: HistoryEntry, used: Iterable[UsageRecord] = ()) -> None:
        """The take is over, or something about it has changed; `used` since it was kept last."""
        self.record_usage(used)
        self._submit(self._store, entry)

    def record_usage(self, used: Iterable[UsageRecord]) -> None:
        """Whether or not anything else is kept of the take."""
        if used := list(used):
            today = dt.datetime.now().astimezone().date()
            self._submit(self.usage.add, today, used)

    def update_entry(self, entry: HistoryEntry) -> None:
        """Write the row and leave the sound as it is."""
        self._submit(self.history.put, entry)

    def delete(self, ids: Iterable[str]) -> None:
        """Words and sound."""
        self._submit(self._delete, list(ids))

    def delete_all(self) -> None:
        self._submit(self._delete_all)

    def delete_entry(self, id_: str) -> None:
        """Forget the row and leave the sound, as if the take had been cut off."""
        self._submit(self.history.delete, [id_])

    def quarantine(self, id_: str) -> None:
        """Its recording cannot be read, but it may be somebody's words: kept for a week."""
        self._submit(self.recordings.quarantine, id_)

    def interrupted(self) -> Future[list[str]]:
        """Ids of the recordings that a crash cut off before this run, oldest first."""
        return self._executor.submit(self._interrupted)

    def load(self, id_: str) -> Future[tuple[Take, HistoryEntry]]:
        """A take with its sound, and its row: a new one if it has none. ProblemError."""
        return self._executor.submit(self._load, id_)

    def close(self) -> None:
        """Finish what has begun."""
        self._executor.shutdown(wait=True)

    # Its thread

    def _submit(self, job: Callable[..., object], *arguments: Any) -> None:
        with contextlib.suppress(RuntimeError):  # closed: the next start finds what is left
            self._executor.submit(self._run_job, job, *arguments)

    def _run_job(self, job: Callable[..., object], *arguments: Any) -> None:
        try:
            job(*arguments)
        except ProblemError as error:
            log.warning("%s %s", error.problem.message, error.problem.detail)
            if error.problem != self._last_problem:  # once, not at every take
                self._last_problem = error.problem
                self._on_problem(error.problem)
        else:
            self._on_change()

    def _store(self, entry: HistoryEntry) -> None:
        rule, id_ = self._settings, entry.id
        if text_days(rule, entry.outcome) == 0:
            self._delete([id_])
            return
        file = self.recordings.audio_path(id_) if audio_days(rule, entry.outcome) else None
        self.history.put(attrs.evolve(entry, audio=file.name if file else ""))
        if file is None:
            self.recordings.delete(id_)
        elif file.suffix == ".wav":
            self._compress(entry)
        self._purge()

    def _compress(self, entry: HistoryEntry) -> None:
        try:
            self.history.put(attrs.evolve(entry, audio=self.recordings.compress(entry.id)))
        except ProblemError as error:
            log.info("%s: %s", entry.id, error.problem.message)

    def _compress_by_id(self, id_: str) -> None:
        """A crash came between the row and the FLAC."""
        self._compress(self.history.find(id_))

    def _delete(self, ids: list[str]) -> None:
        self.history.delete(ids)
        for id_ in ids:
            self.recordings.delete(id_)

    def _delete_all(self) -> None:
        self._delete(sorted(self.history.ids()))

    def _purge(self) -> None:
        for name in self.history.purge(self._settings, time.time()):
            self.recordings.delete(Path(name).stem)

    def _interrupted(self) -> list[str]:
        self.recordings.delete_older_than(max(ORPHAN_DAYS, self._settings.sound_days))
        try:
            known = self.history.ids()
        except ProblemError as error:
            self._on_problem(error.problem)
            return []
        cut_off = []
        for id_ in self.recordings.wav_ids(self._started_s):
            if id_ in known:
                self._run_job(self._compress_by_id, id_)
            else:
                cut_off.append(id_)
        self._run_job(self._purge)
        return cut_off

    def _load(self, id_: str) -> tuple[Take, HistoryEntry]:
        take = self.recordings.load(id_)
        take.id = id_
        if id_ in self.history.ids():
            return take, self.history.find(id_)
        path = self.recordings.audio_path(id_)
        ended_s = modified_s(path) if path else time.time()
        started_s = ended_s - take.duration_s
        offset_min = time.localtime(started_s).tm_gmtoff // 60
        return take, entry_from_take(take, started_s=started_s, offset_min=offset_min, program="")
