"""A sound file through the same engines as a dictation."""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
import time
from pathlib import Path
from typing import Any

from ..audio import files
from ..core.dictation.take import BYTES_PER_SAMPLE, Take
from ..core.problems import Problem, ProblemError, replaced
from ..core.recognition.plausibility import EngineReport
from ..core.settings.endpoint import ON_DEVICE
from ..core.settings.settings import Settings
from ..core.text.sanitize import sanitize
from ..dictation.budget import Budget
from ..storage import paths
from ..storage.keyring import ApiKeyStore
from ..storage.usage import UsageStore
from ..stt.engine import EngineEvent, Partial
from ..stt.factory import create_engine
from ..stt.fallback import default_report, find_suspicion
from ..stt.reader import Reader

BAR_WIDTH = 24
"""Characters of the progress bar."""
BUDGET_REMEDY = (
    "Nothing is sent until you choose: sayso config set monthly_budget_usd AMOUNT,"
    " or --engine on-device."
)
OTHER_ENGINE_REMEDY = "Another engine may do better: --engine."


def transcribe_file(file: Path, settings: Settings) -> dict[str, Any]:
    """Text, engine, duration_s and seconds taken.

    Partials and a progress bar go to stderr where that is a terminal.

    Raises:
        ProblemError: Not a sound file, or it could not be recognised.
    """
    take = files.load_take(file)
    started_s = time.monotonic()
    text = asyncio.run(transcribe_take(take, settings))
    return {
        "text": sanitize(text, keep_newlines=True),
        "engine": take.engine,
        "duration_s": round(take.duration_s, 3),
        "seconds": round(time.monotonic() - started_s, 3),
        "cost_usd": take.cost_usd,
    }


async def transcribe_take(take: Take, settings: Settings) -> str:
    """What was said in the take, which knows its engine then; a doubt about it goes to stderr.

    Raises:
        ProblemError: The month's budget is used up, or it fails.
    """
    if refused := await Budget(UsageStore(paths.database()), _print_problem).refusal(settings):
        raise ProblemError(replaced(refused, remedy=BUDGET_REMEDY))
    engine = create_engine(settings, ApiKeyStore().get, paths.models(), paths.cache())
    take.engine = settings.selected_engine
    line = _ProgressLine(take)
    reader = _ProgressReader(take, line.show_position)
    try:
        await engine.prepare()
        text = await engine.transcribe(reader, line.handle)
    finally:
        line.clear()
        await engine.close()
        _record_usage(take)
    account = line.report or default_report(take.engine, reader)
    doubted = await find_suspicion(text, reader, account)
    if doubted is None:
        return text
    if take.engine != ON_DEVICE:  # this computer would only say the same again
        _print_problem(replaced(doubted.problem, remedy=OTHER_ENGINE_REMEDY))
    return doubted.text


def _record_usage(take: Take) -> None:
    """Into the sums of today; where that cannot be written it is said, and the words stand."""
    today = dt.datetime.now().astimezone().date()
    try:
        UsageStore(paths.database()).add(today, take.usage)
    except ProblemError as error:
        _print_problem(error.problem)


def _print_problem(problem: Problem) -> None:
    sys.stderr.write(f"{problem.sentence}\n")


class _ProgressReader(Reader):
    """A reader that tells how far it has got, for the bar."""

    def __init__(self, take: Take, on_progress: Any) -> None:
        super().__init__(take)
        self._on_progress = on_progress

    async def chunks(self, rate_hz: int) -> Any:
        given = 0
        async for pcm in super().chunks(rate_hz):
            given += len(pcm)
            self._on_progress(given / BYTES_PER_SAMPLE / rate_hz)
            yield pcm


class _ProgressLine:
    """One line of a terminal, written over and over; nothing where it is no terminal."""

    def __init__(self, take: Take) -> None:
        self._duration_s = take.duration_s
        self._position_s = 0.0
        self._text = ""
        self.report: EngineReport | None = None
        self._is_terminal = sys.stderr.isatty()

    def show_position(self, seconds: float) -> None:
        self._position_s = seconds
        self._draw()

    def handle(self, event: EngineEvent) -> None:
        if isinstance(event, EngineReport):
            self.report = event
        elif isinstance(event, Partial):
            self._text = sanitize(event.text, keep_newlines=False)
        self._draw()

    def clear(self) -> None:
        self._write("")

    def _draw(self) -> None:
        done = min(1.0, self._position_s / self._duration_s)
        full = round(done * BAR_WIDTH)
        bar = "█" * full + "░" * (BAR_WIDTH - full)
        room = max(0, 78 - BAR_WIDTH - 6)
        self._write(f"{bar} {done:4.0%} {self._text[-room:]}")

    def _write(self, text: str) -> None:
        if self._is_terminal:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
