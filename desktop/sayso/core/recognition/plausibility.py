"""Checks whether the text that an engine returned is plausible for the audio. Pure.

Engines lose text without an error: OpenAI's server drops audio that arrives too fast, others end a
segment too early, and models hallucinate in silence. After a suspicion the next engine transcribes
the same audio. If no other engine is left, `Suspicion.text` is used and `Suspicion.problem` shown.
"""

from __future__ import annotations

from typing import Literal

import attrs

from ..audio.vad import SpeechActivity
from ..problems import Problem
from ..problems import recognition as problems
from .hallucinations import is_hallucination, normalize

Reason = Literal["dropped", "empty", "hallucinated"]

MIN_SHORTFALL_S = 1.0
"""Servers round the duration of processed audio by up to 1 s. (OpenAI rounds up.)"""
MIN_SHORTFALL_SHARE = 0.02
"""The clocks of resamplers and containers differ by up to this share."""
MIN_VOICED_S = 0.2
"""Voiced duration of “yes”. Coughs, knocks and keys have less."""
MAX_LETTERS_PER_S = 60.0
"""Upper limit of speech; 15 to 20 is usual. “Thank you.” needs 0.13 s of audio."""
LETTERS_PER_IDEOGRAPH = 3.0
"""Number of letters that one Chinese, Japanese or Korean character counts for."""
MAX_QUOTE_CHARS = 60


@attrs.frozen
class EngineReport:
    engine: str
    sent_s: float
    """Audio that was sent, including padding."""
    processed_s: float = 0.0
    """Audio that was processed according to the engine; 0 if it does not say."""
    skips_pauses: bool = False
    """The engine detects pauses itself and counts only the speech between them."""
    prompt_terms: tuple[str, ...] = ()
    """Prompt and keywords; models repeat them in silence."""


@attrs.frozen
class Suspicion:
    reason: Reason
    problem: Problem
    text: str


def needs_check(text: str, report: EngineReport) -> bool:
    """Return whether `check_text` may find a suspicion; takes microseconds."""
    return (
        not text.strip() or _shortfall_s(report) > 0 or is_hallucination(text, report.prompt_terms)
    )


def check_text(text: str, activity: SpeechActivity, report: EngineReport) -> Suspicion | None:
    """Check a text against the speech activity of its audio; None: it is plausible."""
    if missing_s := _missing_s(activity, report):
        detail = f"{report.engine}: {report.processed_s:.1f} s used of {report.sent_s:.1f} s sent"
        problem = problems.INCOMPLETE(engine=report.engine, seconds=missing_s, detail=detail)
        return Suspicion("dropped", problem, text.strip())
    detail = (
        f"{report.engine}: {activity.duration_s:.1f} s, {activity.activity_s:.2f} s of activity,"
        f" {activity.voiced_s:.2f} s voiced"
    )
    if not text.strip():
        if activity.voiced_s < MIN_VOICED_S:
            return None
        return Suspicion("empty", problems.EMPTY(engine=report.engine, detail=detail), "")
    if is_hallucination(text, report.prompt_terms) and activity.activity_s < _min_duration_s(text):
        quote = text.strip()
        if len(quote) > MAX_QUOTE_CHARS:
            quote = f"{quote[: MAX_QUOTE_CHARS - 1]}…"
        problem = problems.HALLUCINATED(engine=report.engine, text=quote, detail=detail)
        return Suspicion("hallucinated", problem, "")
    return None


def _missing_s(activity: SpeechActivity, report: EngineReport) -> float:
    """Return the seconds of dropped audio that may have contained speech; 0.0 if none."""
    shortfall_s = _shortfall_s(report)
    if shortfall_s <= 0 or not activity.spans:
        return 0.0
    if not report.skips_pauses:
        return shortfall_s
    # An engine may count less audio around each span than we do.
    shortfall_s = activity.total_span_s - report.processed_s
    return shortfall_s if shortfall_s > MIN_SHORTFALL_S + 0.2 * activity.total_span_s else 0.0


def _shortfall_s(report: EngineReport) -> float:
    if report.processed_s <= 0:
        return 0.0
    shortfall_s = report.sent_s - report.processed_s
    tolerance_s = MIN_SHORTFALL_S + MIN_SHORTFALL_SHARE * report.sent_s
    return shortfall_s if shortfall_s > tolerance_s else 0.0


def _min_duration_s(text: str) -> float:
    letters = sum(
        LETTERS_PER_IDEOGRAPH if char > "\u2e80" else 1.0 for char in normalize(text) if char != " "
    )
    return letters / MAX_LETTERS_PER_S
