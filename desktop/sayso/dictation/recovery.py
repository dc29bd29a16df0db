"""Takes recognised apart from dictation: those a crash cut off, and those of the history.

Their numbers are below 0: the state machine hears of them only once they have words.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

import attrs

from ..core.audio.pcm import level_dbfs
from ..core.dictation.history_entry import HistoryEntry, with_retry
from ..core.dictation.take import BYTES_PER_SAMPLE, Take
from ..core.problems import Problem, ProblemError, replaced, untyped_problem
from ..storage.archive import Archive

MIN_SPEECH_S = 0.1
"""A "no" is 0.2 s; a click of the mouse is less."""
SPEECH_DBFS = -60.0
"""Quieter than any voice on any microphone that works."""
FRAMES_PER_S = 100
RECOGNITION_INTERRUPTED = untyped_problem(
    "Sayso ended while this was being recognised.", "Try it again."
)


@attrs.frozen(kw_only=True)
class Told:
    """Called in the loop."""

    read: Callable[[Take, str], None]
    """Point the engine of that name at it, or, where that is '', the chosen one and those that
    help; comes back by `recognised` or `failed`. ProblemError where there is none."""
    drop: Callable[[int], None]
    offer: Callable[[Take, HistoryEntry, int], None]
    """The newest that was cut off has words again; how many there are with it."""
    warned: Callable[[Problem], None]


class Recovery:
    """Loop thread only."""

    def __init__(self, archive: Archive, told: Told) -> None:
        self._archive, self._told = archive, told
        self._numbers = itertools.count(-1, -1)
        self._waiting: dict[int, asyncio.Future[str]] = {}
        self._one_at_a_time = asyncio.Lock()

    def number(self) -> int:
        """For one more take of the past."""
        return next(self._numbers)

    async def recover_all(self) -> None:
        """Once, at the start."""
        newest: tuple[Take, HistoryEntry] | None = None
        count = 0
        for id_ in await asyncio.wrap_future(self._archive.interrupted()):
            try:
                if rescued := await self._recover(id_):
                    newest, count = rescued, count + 1
            except ProblemError as error:
                self._told.warned(
                    replaced(error.problem, remedy="What you said is in the history.")
                )
        if newest:
            self._told.offer(*newest, count)

    async def transcribe_again(self, id_: str, engine: str = "") -> str:
        """Recognise a take of the history; its words.

        By the engine of that name, or, where that is '', by the chosen one and those that help.

        Raises:
            ProblemError: Its sound is gone, there is no such engine, the month's budget keeps
                from asking it, or recognition failed.
        """
        take, entry = await asyncio.wrap_future(self._archive.load(id_))
        return (await self._transcribe(take, entry, engine)).text

    def recognised(self, take: Take, text: str) -> None:
        self._answer(take, text)

    def failed(self, take: Take, problem: Problem) -> None:
        self._answer(take, problem)

    async def _recover(self, id_: str) -> tuple[Take, HistoryEntry] | None:
        """What it was, with its words; None where there are none."""
        try:
            take, entry = await asyncio.wrap_future(self._archive.load(id_))
        except ProblemError as error:  # damaged, or of another version
            self._archive.quarantine(id_)
            self._told.warned(replaced(error.problem, remedy="It is kept for 7 days."))
            return None
        if speech_s(take) < MIN_SPEECH_S:
            self._archive.delete([id_])
            return None
        # First a row that says it failed: what ends Sayso again is not tried at every start.
        interrupted = attrs.evolve(entry, outcome="failed", error=RECOGNITION_INTERRUPTED.sentence)
        self._archive.update_entry(interrupted)
        try:
            entry = await self._transcribe(take, entry)
        except asyncio.CancelledError:  # the user quits: the next start takes it up again
            self._archive.delete_entry(id_)
            raise
        return (take, entry) if entry.outcome == "rescued" else None

    async def _transcribe(self, take: Take, entry: HistoryEntry, engine: str = "") -> HistoryEntry:
        try:
            async with self._one_at_a_time:
                text = await self._read(take, engine)
        except ProblemError as error:
            if engine and error.problem.action == "budget":
                self._told.warned(error.problem)  # a question, asked where it can be answered
            entry = attrs.evolve(
                entry,
                engine=entry.engine if entry.text else take.engine,
                usage=(*entry.usage, *take.usage),
                error=error.problem.sentence,
                outcome=entry.outcome if entry.text else "failed",
            )
            self._archive.store(entry, take.usage)
            raise
        entry = with_retry(entry, take, text)
        self._archive.store(entry, take.usage)
        return entry

    async def _read(self, take: Take, engine: str) -> str:
        take.number = self.number()
        answer = self._waiting[take.number] = asyncio.get_running_loop().create_future()
        try:
            self._told.read(take, engine)
            text: str = await answer
            return text
        finally:
            self._told.drop(take.number)
            del self._waiting[take.number]

    def _answer(self, take: Take, answer: str | Problem) -> None:
        future = self._waiting.get(take.number)
        if future is None or future.done():
            return
        if isinstance(answer, Problem):
            future.set_exception(ProblemError(answer))
        else:
            future.set_result(answer)


def speech_s(take: Take) -> float:
    """How much of it is louder than a quiet room, in s."""
    size = max(1, take.rate_hz // FRAMES_PER_S) * BYTES_PER_SAMPLE
    starts = range(0, take.size_bytes, size)
    return sum(level_dbfs(take.read(at, size)) > SPEECH_DBFS for at in starts) / FRAMES_PER_S
