"""How long what of a take is kept. Pure: the age is handed in, in days.

Failed, held and rescued takes are unresolved: their words have not arrived. They outlast
every setting by a day, so that nothing said is lost.
"""

from __future__ import annotations

from ..settings.settings import HistorySettings
from .take import Outcome

RETENTION_DAYS: dict[str, float | None] = {
    "never": 0.0,
    "7d": 7.0,
    "30d": 30.0,
    "1y": 365.0,
    "always": None,
}
"""Of the words; None: until the user deletes them."""
ORPHAN_DAYS = 7.0
"""Of a recording that nothing is known of, or that cannot be read."""
UNRESOLVED_DAYS = 1.0
UNRESOLVED: tuple[Outcome, ...] = ("failed", "held", "rescued")


def text_days(settings: HistorySettings, outcome: Outcome) -> float | None:
    """For how long the entry stays; None: until it is deleted, 0: it is never written."""
    days = RETENTION_DAYS[settings.keep]
    if days is not None and outcome in UNRESOLVED:
        return max(days, UNRESOLVED_DAYS)
    return days


def audio_days(settings: HistorySettings, outcome: Outcome) -> float:
    """For how long the sound stays: never longer than its words."""
    words = text_days(settings, outcome)
    days = 0.0 if settings.keep == "never" else float(settings.sound_days)
    days = days if words is None else min(days, words)
    return max(days, UNRESOLVED_DAYS) if outcome in UNRESOLVED else days


def describe_retention(settings: HistorySettings) -> str:
    """The sentence below the history."""
    long = {"7d": "for 7 days", "30d": "for 30 days", "1y": "for 1 year"}
    if settings.keep == "never":
        return "Nothing is kept, but for a day what has not arrived."
    return f"Kept {long.get(settings.keep, 'until you delete it')}, only on this computer."
