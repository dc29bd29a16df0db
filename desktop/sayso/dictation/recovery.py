"""Transcribes takes that were interrupted by a crash, and takes of the history again."""

from __future__ import annotations

import asyncio
from typing import Protocol

import attrs

from ..core.audio.pcm import level_dbfs
from ..core.dictation.history_entry import HistoryEntry, with_retry
from ..core.dictation.take import BYTES_PER_SAMPLE, Take
from ..core.problems import Problem, ProblemError
from ..core.problems import dictation as problems
from ..storage.archive import Archive
from .recognition import Recognition

MIN_SOUND_S = 0.1
"""The shortest word lasts 0.2 s; a mouse click is shorter than this."""
MIN_SOUND_DBFS = -60.0
"""Any voice on a working microphone is louder."""
FRAMES_PER_S = 100


class RecoveryListener(Protocol):
    """Called in the worker's loop."""

    def on_recovered(self, take: Take, entry: HistoryEntry, count: int) -> None:
        """`count` takes were recovered; `take` is the newest, with its text in `entry`."""

    def on_problem(self, problem: Problem) -> None: ...


class Recovery:
    """Worker thread only."""

    def __init__(
        self, archive: Archive, recognition: Recognition, listener: RecoveryListener
    ) -> None:
        self._archive, self._recognition, self._listener = archive, recognition, listener
        self._one_at_a_time = asyncio.Lock()

    async def recover_all(self) -> None:
        """Transcribe the takes that were interrupted; called once at the start."""
        newest: tuple[Take, HistoryEntry] | None = None
        count = 0
        for id_ in await asyncio.wrap_future(self._archive.interrupted()):
            try:
                if recovered := await self._recover(id_):
                    newest, count = recovered, count + 1
            except ProblemError as error:
                self._listener.on_problem(problems.RECOVERY_FAILED(cause=error.problem))
        if newest:
            self._listener.on_recovered(*newest, count)

    async def transcribe_again(self, id_: str, engine: str = "") -> str:
        """Transcribe a take of the history with an engine, or with the selected ones for ''.

        Raises:
            ProblemError: The recording is missing, there is no such engine, the budget does not
                allow it, or recognition failed.
        """
        take, entry = await asyncio.wrap_future(self._archive.load(id_))
        return (await self._transcribe(take, entry, engine)).text

    async def _recover(self, id_: str) -> tuple[Take, HistoryEntry] | None:
        """Return the take and its entry with the text; None if there is no text."""
        try:
            take, entry = await asyncio.wrap_future(self._archive.load(id_))
        except ProblemError as error:  # damaged, or of another version
            self._archive.quarantine(id_)
            self._listener.on_problem(problems.RECORDING_QUARANTINED(cause=error.problem))
            return None
        if sound_s(take) < MIN_SOUND_S:
            self._archive.delete([id_])
            return None
        # A take that crashes Sayso again must not be tried at every start, so it is marked first.
        error_text = problems.RECOGNITION_INTERRUPTED().sentence
        self._archive.update_entry(attrs.evolve(entry, outcome="failed", error=error_text))
        try:
            entry = await self._transcribe(take, entry)
        except asyncio.CancelledError:  # the user quits: recovered at the next start
            self._archive.delete_entry(id_)
            raise
        return (take, entry) if entry.outcome == "rescued" else None

    async def _transcribe(self, take: Take, entry: HistoryEntry, engine: str = "") -> HistoryEntry:
        try:
            async with self._one_at_a_time:
                transcript = await self._recognition.transcribe(take, engine)
        except ProblemError as error:
            if engine and error.problem.kind is problems.BUDGET_USED_UP:
                self._listener.on_problem(error.problem)  # the indicator asks the user
            entry = attrs.evolve(
                entry,
                engine=entry.engine if entry.text else take.engine,
                usage=(*entry.usage, *take.usage),
                error=error.problem.sentence,
                outcome=entry.outcome if entry.text else "failed",
            )
            self._archive.store(entry, take.usage)
            raise
        entry = with_retry(entry, take, transcript.text)
        self._archive.store(entry, take.usage)
        return entry


def sound_s(take: Take) -> float:
    """Return the duration of audio that is louder than a quiet room."""
    size = max(1, take.rate_hz // FRAMES_PER_S) * BYTES_PER_SAMPLE
    starts = range(0, take.size_bytes, size)
    return sum(level_dbfs(take.read(at, size)) > MIN_SOUND_DBFS for at in starts) / FRAMES_PER_S
