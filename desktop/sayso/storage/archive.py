"""Storage of finished takes: a row in the history, and the audio as FLAC.

One thread does all the work in order, so that no caller waits. If something fails, a problem is
reported and the files stay as they are: a WAV without a row is found again at the next start.
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

from ..core.dictation.history_entry import (
    ORPHAN_DAYS,
    HistoryEntry,
    audio_days,
    entry_from_take,
    text_days,
)
from ..core.dictation.take import Take
from ..core.problems import Problem, ProblemError
from ..core.settings.settings import HistorySettings
from ..core.usage import UsageRecord
from .history import HistoryStore
from .recordings import Recordings, modified_s
from .usage import UsageStore

log = logging.getLogger(__name__)


class Archive:
    """Methods can be called from any thread."""

    def __init__(
        self,
        recordings: Recordings,
        history: HistoryStore,
        *,
        on_problem: Callable[[Problem], object],
        on_change: Callable[[], object] = lambda: None,
    ) -> None:
        """`on_change` reports a change of history or usage; both run in the archive's thread."""
        self.recordings, self.history = recordings, history
        self.usage = UsageStore(history.path, history.on_problem)
        self._on_problem, self._on_change = on_problem, on_change
        self._settings = HistorySettings()
        self._last_problem: Problem | None = None
        self._started_s = time.time()
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="archive")

    def configure(self, settings: HistorySettings) -> None:
        previous, self._settings = self._settings, settings
        if previous != settings:
            self._submit(self._purge)

    def store(self, entry: HistoryEntry, usage: Iterable[UsageRecord] = ()) -> None:
        """Store a finished take or a change of it, and the usage since it was last stored."""
        self.record_usage(usage)
        self._submit(self._store, entry)

    def record_usage(self, usage: Iterable[UsageRecord]) -> None:
        if records := list(usage):
            today = dt.datetime.now().astimezone().date()
            self._submit(self.usage.add, today, records)

    def update_entry(self, entry: HistoryEntry) -> None:
        self._submit(self.history.put, entry)

    def delete(self, ids: Iterable[str]) -> None:
        self._submit(self._delete, list(ids))

    def delete_all(self) -> None:
        self._submit(lambda: self._delete(self.history.ids()))

    def delete_entry(self, id_: str) -> None:
        """Delete the row and keep the audio, as if the take had been interrupted by a crash."""
        self._submit(self.history.delete, [id_])

    def quarantine(self, id_: str) -> None:
        """Set an unreadable recording aside. It is kept for a week."""
        self._submit(self.recordings.quarantine, id_)

    def interrupted(self) -> Future[list[str]]:
        """Return the IDs of recordings that an earlier run did not finish, oldest first."""
        return self._executor.submit(self._interrupted)

    def load(self, id_: str) -> Future[tuple[Take, HistoryEntry]]:
        """Return a take with its audio, and its entry or a new one; or a ProblemError."""
        return self._executor.submit(self._load, id_)

    def written(self) -> Future[int]:
        """Return a future that is done when everything submitted so far is written."""
        return self._executor.submit(int)

    def close(self) -> None:
        """Finish all pending work."""
        self._executor.shutdown(wait=True)

    # In the archive's thread

    def _submit(self, job: Callable[..., object], *arguments: Any) -> None:
        with contextlib.suppress(RuntimeError):  # closed: the next start does the rest
            self._executor.submit(self._run_job, job, *arguments)

    def _run_job(self, job: Callable[..., object], *arguments: Any) -> None:
        try:
            job(*arguments)
        except ProblemError as error:
            log.warning("%s %s", error.problem.message, error.problem.detail)
            if error.problem != self._last_problem:  # not again for every take
                self._last_problem = error.problem
                self._on_problem(error.problem)
        else:
            self._on_change()

    def _store(self, entry: HistoryEntry) -> None:
        settings, id_ = self._settings, entry.id
        if text_days(settings, entry.outcome) == 0:
            self._delete([id_])
            return
        keeps_audio = audio_days(settings, entry.outcome) > 0
        file = self.recordings.audio_path(id_) if keeps_audio else None
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

    def _delete(self, ids: Iterable[str]) -> None:
        ids = list(ids)
        self.history.delete(ids)
        for id_ in ids:
            self.recordings.delete(id_)

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
        interrupted = []
        for id_ in self.recordings.wav_ids(self._started_s):
            if id_ in known:  # a crash came between the row and the FLAC
                self._run_job(lambda id_: self._compress(self.history.find(id_)), id_)
            else:
                interrupted.append(id_)
        self._run_job(self._purge)
        return interrupted

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
