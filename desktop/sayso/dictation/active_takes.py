"""The takes in memory: their recordings, timings and history entries. Worker thread only."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection
from typing import Any

import attrs

from ..core.dictation.history_entry import HistoryEntry, entry_from_take
from ..core.dictation.take import Milestone, Outcome, Take
from ..core.insertion import Target
from ..core.problems import Problem, ProblemError
from ..core.recognition.fallback_policy import RetryDelay
from ..core.usage import UsageRecord
from ..storage.archive import Archive
from ..storage.recordings import RecordingFile


@attrs.define(eq=False)
class ActiveTake:
    """A take and what belongs to it while it is in memory."""

    take: Take
    key_down_s: float
    """Time of the key press on the monotonic clock."""
    started_unix_s: float = attrs.field(factory=time.time)
    target: Target = attrs.field(factory=Target)
    file: RecordingFile | None = None
    disk_failed: bool = False
    """The recording could not be written; the take continues in memory."""
    archived_usage: int = 0
    """Number of records of `take.usage` that have been added to the usage totals."""
    partial: str = ""
    retrying: RetryDelay | None = None
    history_entry: HistoryEntry | None = None
    """The entry that the take was loaded from, if it comes from the history."""

    def mark(self, milestone: Milestone, at_s: float) -> None:
        self.take.mark(milestone, (at_s - self.key_down_s) * 1000)

    def new_usage(self) -> list[UsageRecord]:
        """Return the usage since the last call."""
        records = self.take.usage[self.archived_usage :]
        self.archived_usage += len(records)
        return records

    def to_entry(self) -> HistoryEntry:
        if self.history_entry:
            return attrs.evolve(
                self.history_entry, outcome=self.take.outcome, inserted_by=self.take.inserted_by
            )
        return entry_from_take(
            self.take,
            started_s=self.started_unix_s,
            offset_min=time.localtime(self.started_unix_s).tm_gmtoff // 60,
            program=self.target.program,
        )


class ActiveTakes(dict[int, ActiveTake]):
    """The takes by number, without those that are finished and cannot be used again."""

    def __init__(self, archive: Archive, on_problem: Callable[[Problem], None]) -> None:
        super().__init__()
        self._archive, self._on_problem = archive, on_problem

    def begin(self, number: int, key_down_s: float) -> ActiveTake:
        stamp = time.strftime("%Y%m%d-%H%M%S")
        take = Take(number=number, id=f"{stamp}-{secrets.token_hex(3)}")
        active = self[number] = ActiveTake(take, key_down_s)
        return active

    def adopt(self, take: Take, entry: HistoryEntry) -> None:
        take.text = entry.text
        self[take.number] = ActiveTake(
            take, time.monotonic(), history_entry=entry, archived_usage=len(take.usage)
        )

    def write(self, active: ActiveTake, pcm: bytes) -> None:
        """Write a block to the recording; the first error is reported and ends the writing."""
        take = active.take
        if active.disk_failed:
            return
        try:
            if active.file is None:
                active.file = self._archive.recordings.create(take.id, take.rate_hz)
            active.file.write(pcm)
        except ProblemError as error:
            active.disk_failed = True
            self._on_problem(error.problem)

    def archive(
        self, number: int, outcome: Outcome, problem: Problem | None, retained: Collection[int]
    ) -> dict[str, Any]:
        """Add a take that is over to the history, and return its summary.

        Only this take and those in `retained` stay in memory.
        """
        active = self[number]
        active.take.outcome, active.take.problem = outcome, problem
        if active.file:
            active.file.close()
        self._archive.store(active.to_entry(), active.new_usage())
        for finished in set(self) - {number, *retained}:
            del self[finished]
        return active.take.summary()

    def close_files(self) -> None:
        """Close the recordings of unfinished takes; the next start recovers them."""
        for active in self.values():
            if active.file:
                active.file.close()

    def delete(self, number: int) -> None:
        active = self.pop(number)
        self._archive.record_usage(active.new_usage())
        if active.file:
            active.file.close()
            self._archive.recordings.delete(active.take.id)
