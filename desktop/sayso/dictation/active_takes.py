"""The takes that live: their files, their steps, and what becomes of them. Loop thread only."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection
from typing import Any

import attrs

from ..core.dictation.history_entry import Entry, of_take
from ..core.dictation.take import Outcome, Step, Take
from ..core.insertion import Target
from ..core.problems import Problem, ProblemError
from ..core.recognition.fallback_policy import Waiting
from ..core.usage import Used
from ..storage.archive import Archive
from ..storage.recordings import SpoolFile


@attrs.define(eq=False)
class Living:
    """What belongs to a take while it lives."""

    take: Take
    down_s: float
    """When the key went down, by the monotonic clock."""
    started_s: float = attrs.field(factory=time.time)
    """The same since 1970."""
    target: Target = attrs.field(factory=Target)
    file: SpoolFile | None = None
    unkept: bool = False
    """The disk does not take it; the take goes on in memory."""
    counted: int = 0
    """How many of `take.usage` are in the sums of its day."""
    partial: str = ""
    retrying: Waiting | None = None
    """Its engine could not, and is tried again."""
    past: Entry | None = None
    """What the history had of it when it came from there."""

    def step(self, name: Step, at_s: float) -> None:
        """Note when something first happened."""
        self.take.step(name, (at_s - self.down_s) * 1000)

    def spent(self) -> list[Used]:
        """What was used since this was asked last."""
        fresh = self.take.usage[self.counted :]
        self.counted += len(fresh)
        return fresh

    def entry(self) -> Entry:
        """Its row in the history."""
        if self.past:
            return attrs.evolve(
                self.past, outcome=self.take.outcome, inserted_by=self.take.inserted_by
            )
        return of_take(
            self.take,
            started_s=self.started_s,
            offset_min=time.localtime(self.started_s).tm_gmtoff // 60,
            program=self.target.program,
        )


class Takes:
    """By number, as the state machine calls them."""

    def __init__(self, archive: Archive, warned: Callable[[Problem], None]) -> None:
        self._archive, self._warned = archive, warned
        self._living: dict[int, Living] = {}

    def __getitem__(self, number: int) -> Living:
        return self._living[number]

    def get(self, number: int) -> Living | None:
        """None once the take is over and nobody wants it any more."""
        return self._living.get(number)

    def begin(self, number: int, down_s: float) -> Living:
        stamp = time.strftime("%Y%m%d-%H%M%S")
        take = Take(number=number, id=f"{stamp}-{secrets.token_hex(3)}")
        return self._add(Living(take, down_s))

    def adopt(self, take: Take, past: Entry) -> None:
        """A take of the history lives again, with the words it has there."""
        take.text = past.text
        self._add(Living(take, time.monotonic(), past=past, counted=len(take.usage)))

    def recorded(self, take: Take, pcm: bytes) -> None:
        """The same block to the disk; where that fails it is told once."""
        living = self._living[take.number]
        if living.unkept:
            return
        try:
            if living.file is None:
                living.file = self._archive.spool.open(take.id, take.rate_hz)
            living.file.write(pcm)
        except ProblemError as error:
            living.unkept = True
            self._warned(error.problem)

    def over(
        self, number: int, outcome: Outcome, problem: Problem | None, wanted: Collection[int]
    ) -> dict[str, Any]:
        """Into the history with it; its summary. Only those `wanted` stay in memory."""
        living = self._living[number]
        living.take.outcome, living.take.problem = outcome, problem
        if living.file:
            living.file.close()
        self._archive.keep(living.entry(), living.spent())
        self._living = {n: one for n, one in self._living.items() if n == number or n in wanted}
        return living.take.summary()

    def leave(self) -> None:
        """They are not over: without a row the next start takes them for cut off."""
        for living in self._living.values():
            if living.file:
                living.file.close()

    def forget(self, number: int) -> None:
        """Nothing was meant by it: leave no trace."""
        living = self._living.pop(number)
        self._archive.count(living.spent())
        if living.file:
            living.file.close()
            self._archive.spool.forget(living.take.id)

    def _add(self, living: Living) -> Living:
        self._living[living.take.number] = living
        return living
