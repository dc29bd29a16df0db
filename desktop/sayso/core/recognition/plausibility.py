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

from ..audio.vad import Speech
from ..problems import Problem
from .hallucinations import invention, plain

Reason = Literal["dropped", "empty", "invented"]

DROPPED_S = 1.0
"""OpenAI rounds up to whole seconds, so that any shortfall is a loss; others round down or to the
nearest, which is up to 1 s."""
DROPPED_SHARE = 0.02
"""And clocks of resamplers and containers differ by so much."""
VOICE_S = 0.2
"""Of a pitch: as much as “yes” has. A cough, a knock or keys have less."""
LETTERS_PER_SOUND_S = 60.0
"""Nobody says more; 15 to 20 is usual. So “Thank you.” needs 0.13 s of any sound at all."""
LETTERS_PER_SIGN = 3.0
"""How much of an alphabet a sign of Chinese, Japanese or Korean stands for."""
MOST_QUOTED_CHARS = 60
KEPT = "Your recording is kept. Try again."


@attrs.frozen
class Account:
    """What is known of one engine's work on one take."""

    engine: str
    """Its host, or the name a person gave it: for sentences."""
    sent_s: float
    """Audio it was given, what was padded included."""
    used_s: float = 0.0
    """Audio it says it worked on; 0 where it does not say."""
    skips_pauses: bool = False
    """It listens for pauses itself and counts only the speech between them (the flat dialect)."""
    told: tuple[str, ...] = ()
    """Prompt and keywords: models repeat them when they hear nothing."""


@attrs.frozen
class Doubt:
    reason: Reason
    problem: Problem
    text: str
    """What may be used where nobody else can be asked."""


def suspect(text: str, account: Account) -> bool:
    """Whether it is worth measuring the speech for `doubt`: without this it has none.

    Takes microseconds, and is False for nearly every take.
    """
    return not text.strip() or _shortfall_s(account) > 0 or invention(text, account.told)


def doubt(text: str, speech: Speech, account: Account) -> Doubt | None:
    """Why not to believe this text, made of the audio that `speech` was measured in.

    None: it can be believed, as far as can be known; '' for silence among it.
    """
    missing_s = _missing_s(speech, account)
    if missing_s:
        what = f"{account.engine} left out {missing_s:.0f} s of what you said."
        detail = f"{account.engine}: {account.used_s:.1f} s used of {account.sent_s:.1f} s sent"
        return _doubt("dropped", what, text.strip(), detail)
    if not text.strip():
        if speech.voice_s < VOICE_S:
            return None
        what = f"{account.engine} gave no words for your speech."
        return _doubt("empty", what, "", _of(speech, account))
    if invention(text, account.told) and speech.sound_s < _needed_s(text):
        said = text.strip()
        if len(said) > MOST_QUOTED_CHARS:
            said = f"{said[: MOST_QUOTED_CHARS - 1]}…"
        what = f"Nobody said “{said}”, but {account.engine} wrote it."
        return _doubt("invented", what, "", _of(speech, account))
    return None


def _missing_s(speech: Speech, account: Account) -> float:
    """Seconds that were dropped and may have had words in them, 0.0 if none."""
    short_s = _shortfall_s(account)
    if short_s <= 0 or not speech.spans:
        return 0.0
    if not account.skips_pauses:
        return short_s
    # The least the speech of it lasts: it may have counted less around each stretch than we do.
    short_s = speech.extent_s - account.used_s
    return short_s if short_s > DROPPED_S + 0.2 * speech.extent_s else 0.0


def _shortfall_s(account: Account) -> float:
    """How much less was used than sent, beyond what rounding explains; 0.0 if it is not."""
    if account.used_s <= 0:
        return 0.0
    short_s = account.sent_s - account.used_s
    return short_s if short_s > DROPPED_S + DROPPED_SHARE * account.sent_s else 0.0


def _needed_s(text: str) -> float:
    """The least time in which somebody could say it."""
    letters = sum(
        LETTERS_PER_SIGN if char > "\u2e80" else 1.0 for char in plain(text) if char != " "
    )
    return letters / LETTERS_PER_SOUND_S


def _of(speech: Speech, account: Account) -> str:
    return (
        f"{account.engine}: {speech.duration_s:.1f} s, {speech.sound_s:.2f} s of sound,"
        f" {speech.voice_s:.2f} s of voice"
    )


def _doubt(reason: Reason, what: str, text: str, detail: str) -> Doubt:
    return Doubt(reason, Problem(what, KEPT, "try-again", detail), text)
