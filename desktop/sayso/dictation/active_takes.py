"""The takes that live: their files, their steps, and what becomes of them. Loop thread only."""

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
    """What belongs to a take while it lives."""

    take: Take
    key_down_s: float
    """When the key went down, by the monotonic clock."""
    started_unix_s: float = attrs.field(factory=time.time)
    """The same since 1970."""
    target: Target = attrs.field(factory=Target)
    file: RecordingFile | None = None
    disk_failed: bool = False
    """The disk does not take it; the take goes on in memory."""
    archived_usage: int = 0
    """How many of `take.usage` are in the sums of its day."""
    partial: str = ""
    retrying: RetryDelay | None = None
    """Its engine could not, and is tried again."""
    history_entry: HistoryEntry | None = None
    """What the history had of it when it came from there."""

    def mark(self, name: Milestone, at_s: float) -> None:
        """Note when something first happened."""
        self.take.mark(name, (at_s - self.key_down_s) * 1000)

    def new_usage(self) -> list[UsageRecord]:
        """What was used since this was asked last."""
        fresh = self.take.usage[self.archived_usage :]
        self.archived_usage += len(fresh)
        return fresh

    def to_entry(self) -> HistoryEntry:
        """Its row in the history."""
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


class ActiveTakes:
    """By number, as the state machine calls them."""

    def __init__(self, archive: Archive, report_problem: Callable[[Problem], None]) -> None:
        self._archive, self._report_problem = archive, report_problem
        self._takes: dict[int, ActiveTake] = {}

    def __getitem__(self, number: int) -> ActiveTake:
        return self._takes[number]

    def get(self, number: int) -> ActiveTake | None:
        """None once the take is over and nobody wants it any more."""
        return self._takes.get(number)

    def begin(self, number: int, down_s: float) -> ActiveTake:
        stamp = time.strftime("%Y%m%d-%H%M%S")
        take = Take(number=number, id=f"{stamp}-{secrets.token_hex(3)}")
        return self._add(ActiveTake(take, down_s))

    def adopt(self, take: Take, entry: HistoryEntry) -> None:
        """A take of the history lives again, with the words it has there."""
        take.text = entry.text
        self._add(
            ActiveTake(take, time.monotonic(), history_entry=entry, archived_usage=len(take.usage))
        )

    def write(self, take: Take, pcm: bytes) -> None:
        """The same block to the disk; where that fails it is told once."""
        living = self._takes[take.number]
        if living.disk_failed:
            return
        try:
            if living.file is None:
                living.file = self._archive.recordings.create(take.id, take.rate_hz)
            living.file.write(pcm)
        except ProblemError as error:
            living.disk_failed = True
            self._report_problem(error.problem)

    def archive(
        self, number: int, outcome: Outcome, problem: Problem | None, retained: Collection[int]
    ) -> dict[str, Any]:
        """Into the history with it; its summary. Only those `wanted` stay in memory."""
        living = self._takes[number]
        living.take.outcome, living.take.problem = outcome, problem
        if living.file:
            living.file.close()
        self._archive.store(living.to_entry(), living.new_usage())
        self._takes = {n: one for n, one in self._takes.items() if n == number or n in retained}
        return living.take.summary()

    def close_files(self) -> None:
        """They are not over: without a row the next start takes them for cut off."""
        for living in self._takes.values():
            if living.file:
                living.file.close()

    def delete(self, number: int) -> None:
        """Nothing was meant by it: leave no trace."""
        living = self._takes.pop(number)
        self._archive.record_usage(living.new_usage())
        if living.file:
            living.file.close()
            self._archive.recordings.delete(living.take.id)

    def _add(self, active: ActiveTake) -> ActiveTake:
        self._takes[active.take.number] = active
        return active
