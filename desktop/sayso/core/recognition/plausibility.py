"""Whether to believe what an engine made of a take: nothing left out, nothing invented. Pure.

Servers lose words without a word about it: OpenAI's drops audio that comes too fast, others end
an item too early, and models that hear nothing write what films end with. What is doubted here
is read by the next engine, and never shortened in silence. How to ask:

    if suspect(text, account):
        speech = await asyncio.to_thread(speech_in, take.read(start_bytes), take.rate_hz)
        if doubted := doubt(text, speech, account):
            ...  # as after a ProblemError: the next engine reads the same audio

Where nobody is left to ask: `doubted.text` is what may be used, with `doubted.problem` shown
beside it; a text that was only invented leaves ''. If the next engine's text is doubted for the
same reason ("empty" twice, "invented" twice), two have agreed, and it stays with `doubted.text`.
"""

from __future__ import annotations

from typing import Literal

import attrs

from ..audio.vad import SpeechActivity
from ..problems import Problem, untyped_problem
from .hallucinations import is_hallucination, normalize

Reason = Literal["dropped", "empty", "invented"]

MIN_SHORTFALL_S = 1.0
"""OpenAI rounds up to whole seconds, so that any shortfall is a loss; others round down or to the
nearest, which is up to 1 s."""
MIN_SHORTFALL_SHARE = 0.02
"""And clocks of resamplers and containers differ by so much."""
MIN_VOICED_S = 0.2
"""Of a pitch: as much as “yes” has. A cough, a knock or keys have less."""
MAX_LETTERS_PER_S = 60.0
"""Nobody says more; 15 to 20 is usual. So “Thank you.” needs 0.13 s of any sound at all."""
LETTERS_PER_IDEOGRAPH = 3.0
"""How much of an alphabet a sign of Chinese, Japanese or Korean stands for."""
MAX_QUOTE_CHARS = 60
REMEDY = "Your recording is kept. Try again."


@attrs.frozen
class EngineReport:
    """What is known of one engine's work on one take."""

    engine: str
    """Its host, or the name a person gave it: for sentences."""
    sent_s: float
    """Audio it was given, what was padded included."""
    processed_s: float = 0.0
    """Audio it says it worked on; 0 where it does not say."""
    skips_pauses: bool = False
    """It listens for pauses itself and counts only the speech between them (the flat dialect)."""
    prompt_terms: tuple[str, ...] = ()
    """Prompt and keywords: models repeat them when they hear nothing."""


@attrs.frozen
class Suspicion:
    reason: Reason
    problem: Problem
    text: str
    """What may be used where nobody else can be asked."""


def needs_check(text: str, report: EngineReport) -> bool:
    """Whether it is worth measuring the speech for `doubt`: without this it has none.

    Takes microseconds, and is False for nearly every take.
    """
    return (
        not text.strip() or _shortfall_s(report) > 0 or is_hallucination(text, report.prompt_terms)
    )


def check_text(text: str, speech: SpeechActivity, report: EngineReport) -> Suspicion | None:
    """Why not to believe this text, made of the audio that `speech` was measured in.

    None: it can be believed, as far as can be known; '' for silence among it.
    """
    missing_s = _missing_s(speech, report)
    if missing_s:
        what = f"{report.engine} left out {missing_s:.0f} s of what you said."
        detail = f"{report.engine}: {report.processed_s:.1f} s used of {report.sent_s:.1f} s sent"
        return _suspicion("dropped", what, text.strip(), detail)
    if not text.strip():
        if speech.voiced_s < MIN_VOICED_S:
            return None
        what = f"{report.engine} gave no words for your speech."
        return _suspicion("empty", what, "", _detail(speech, report))
    if is_hallucination(text, report.prompt_terms) and speech.activity_s < _min_duration_s(text):
        said = text.strip()
        if len(said) > MAX_QUOTE_CHARS:
            said = f"{said[: MAX_QUOTE_CHARS - 1]}…"
        what = f"Nobody said “{said}”, but {report.engine} wrote it."
        return _suspicion("invented", what, "", _detail(speech, report))
    return None


def _missing_s(speech: SpeechActivity, report: EngineReport) -> float:
    """Seconds that were dropped and may have had words in them, 0.0 if none."""
    short_s = _shortfall_s(report)
    if short_s <= 0 or not speech.spans:
        return 0.0
    if not report.skips_pauses:
        return short_s
    # The least the speech of it lasts: it may have counted less around each stretch than we do.
    short_s = speech.total_span_s - report.processed_s
    return short_s if short_s > MIN_SHORTFALL_S + 0.2 * speech.total_span_s else 0.0


def _shortfall_s(report: EngineReport) -> float:
    """How much less was used than sent, beyond what rounding explains; 0.0 if it is not."""
    if report.processed_s <= 0:
        return 0.0
    short_s = report.sent_s - report.processed_s
    return short_s if short_s > MIN_SHORTFALL_S + MIN_SHORTFALL_SHARE * report.sent_s else 0.0


def _min_duration_s(text: str) -> float:
    """The least time in which somebody could say it."""
    letters = sum(
        LETTERS_PER_IDEOGRAPH if char > "\u2e80" else 1.0 for char in normalize(text) if char != " "
    )
    return letters / MAX_LETTERS_PER_S


def _detail(speech: SpeechActivity, report: EngineReport) -> str:
    return (
        f"{report.engine}: {speech.duration_s:.1f} s, {speech.activity_s:.2f} s of sound,"
        f" {speech.voiced_s:.2f} s of voice"
    )


def _suspicion(reason: Reason, what: str, text: str, detail: str) -> Suspicion:
    return Suspicion(reason, untyped_problem(what, REMEDY, "try-again", detail), text)
