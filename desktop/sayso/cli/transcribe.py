"""A sound file through the same engines as a dictation."""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
import time
from pathlib import Path
from typing import Any

import attrs

from ..audio import files
from ..core.dictation.take import BYTES_PER_SAMPLE, Take
from ..core.problems import Problem, ProblemError
from ..core.recognition.plausibility import Account
from ..core.settings.endpoint import ON_DEVICE
from ..core.settings.settings import Settings
from ..core.text.sanitize import insertable
from ..dictation.budget import Budget
from ..dictation.recognition import make_engine
from ..storage import paths
from ..storage.keyring import KeyStore
from ..storage.usage import Ledger
from ..stt.engine import Heard, Partial
from ..stt.fallback import account_of, doubt_of
from ..stt.reader import Reader

BAR = 24
"""Characters of the progress bar."""
UNTIL = (
    "Nothing is sent until you choose: sayso config set monthly_budget_usd AMOUNT,"
    " or --engine on-device."
)
ANOTHER = "Another engine may do better: --engine."


def transcribe_file(file: Path, settings: Settings) -> dict[str, Any]:
    """Text, engine, duration_s and seconds taken.

    Partials and a progress bar go to stderr where that is a terminal.

    Raises:
        ProblemError: Not a sound file, or it could not be recognised.
    """
    take = files.read(file)
    started_s = time.monotonic()
    text = asyncio.run(recognise(take, settings))
    return {
        "text": insertable(text, newlines=True),
        "engine": take.engine,
        "duration_s": round(take.duration_s, 3),
        "seconds": round(time.monotonic() - started_s, 3),
        "cost_usd": take.cost_usd,
    }


async def recognise(take: Take, settings: Settings) -> str:
    """What was said in the take, which knows its engine then; a doubt about it goes to stderr.

    Raises:
        ProblemError: The month's budget is used up, or it fails.
    """
    if refused := await Budget(Ledger(paths.history()), _say).refuses(settings):
        raise ProblemError(attrs.evolve(refused, remedy=UNTIL))
    engine = make_engine(settings, KeyStore().get)
    take.engine = settings.chosen
    line = _Line(take)
    reader = _Counting(take, line.read)
    try:
        await engine.prepare()
        text = await engine.recognise(reader, line.heard)
    finally:
        line.clear()
        await engine.close()
        _count(take)
    account = line.account or account_of(take.engine, reader)
    doubted = await doubt_of(text, reader, account)
    if doubted is None:
        return text
    if take.engine != ON_DEVICE:  # this computer would only say the same again
        _say(attrs.evolve(doubted.problem, remedy=ANOTHER))
    return doubted.text


def _count(take: Take) -> None:
    """Into the sums of today; where that cannot be written it is said, and the words stand."""
    today = dt.datetime.now().astimezone().date()
    try:
        Ledger(paths.history()).count(today, take.usage)
    except ProblemError as error:
        _say(error.problem)


def _say(problem: Problem) -> None:
    sys.stderr.write(f"{problem.sentence}\n")


class _Counting(Reader):
    """A reader that tells how far it has got, for the bar."""

    def __init__(self, take: Take, told: Any) -> None:
        super().__init__(take)
        self._told = told

    async def chunks(self, rate_hz: int) -> Any:
        given = 0
        async for pcm in super().chunks(rate_hz):
            given += len(pcm)
            self._told(given / BYTES_PER_SAMPLE / rate_hz)
            yield pcm


class _Line:
    """One line of a terminal, written over and over; nothing where it is no terminal."""

    def __init__(self, take: Take) -> None:
        self._duration_s = take.duration_s
        self._read_s = 0.0
        self._text = ""
        self.account: Account | None = None
        self._shows = sys.stderr.isatty()

    def read(self, seconds: float) -> None:
        self._read_s = seconds
        self._draw()

    def heard(self, what: Heard) -> None:
        if isinstance(what, Account):
            self.account = what
        elif isinstance(what, Partial):
            self._text = insertable(what.text, newlines=False)
        self._draw()

    def clear(self) -> None:
        self._write("")

    def _draw(self) -> None:
        done = min(1.0, self._read_s / self._duration_s)
        full = round(done * BAR)
        bar = "█" * full + "░" * (BAR - full)
        room = max(0, 78 - BAR - 6)
        self._write(f"{bar} {done:4.0%} {self._text[-room:]}")

    def _write(self, text: str) -> None:
        if self._shows:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
