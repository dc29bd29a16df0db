"""Transcription of an audio file or a kept recording with the engines of a dictation."""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

from ..audio import files
from ..core.dictation.take import BYTES_PER_SAMPLE, Take
from ..core.problems import ProblemError
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
from .common import print_problem

BAR_CHARACTERS = 24
LINE_CHARACTERS = 78


def transcribe_file(file: Path, settings: Settings) -> dict[str, Any]:
    """Return the text, and the engine, duration, time taken and cost."""
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
    """Return the text, set the take's engine, and print a warning if the text is implausible.

    Raises:
        ProblemError: The month's budget is used up, or transcription fails.
    """
    usage = UsageStore(paths.database())
    if refusal := await Budget(usage, print_problem).refusal(settings):
        raise ProblemError(refusal)
    engine = create_engine(settings, ApiKeyStore().get, paths.models(), paths.cache())
    take.engine = settings.selected_engine
    progress = _Progress(take)
    reader = _ProgressReader(take, progress.show_position)
    try:
        await engine.prepare()
        text = await engine.transcribe(reader, progress.handle)
    finally:
        progress.clear()
        await engine.close()
        try:
            usage.add(dt.datetime.now().astimezone().date(), take.usage)
        except ProblemError as error:
            print_problem(error.problem)
    report = progress.report or default_report(take.engine, reader)
    suspicion = await find_suspicion(text, reader, report)
    if suspicion is None:
        return text
    if take.engine != ON_DEVICE:
        print_problem(suspicion.problem, "Another engine may do better: --engine.")
    return suspicion.text


class _ProgressReader(Reader):
    """A reader that reports its position in seconds."""

    def __init__(self, take: Take, on_position: Callable[[float], None]) -> None:
        super().__init__(take)
        self._on_position = on_position

    async def chunks(self, rate_hz: int) -> AsyncGenerator[bytes, None]:
        read_bytes = 0
        async for pcm in super().chunks(rate_hz):
            read_bytes += len(pcm)
            self._on_position(read_bytes / BYTES_PER_SAMPLE / rate_hz)
            yield pcm


class _Progress:
    """A line on the terminal with a progress bar and the end of the partial text."""

    def __init__(self, take: Take) -> None:
        self._duration_s = take.duration_s
        self._position_s = 0.0
        self._text = ""
        self.report: EngineReport | None = None

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
        share = min(1.0, self._position_s / self._duration_s)
        full = round(share * BAR_CHARACTERS)
        bar = f"{'█' * full}{'░' * (BAR_CHARACTERS - full)} {share:4.0%} "
        self._write(bar + self._text[len(bar) - LINE_CHARACTERS :])

    def _write(self, text: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
