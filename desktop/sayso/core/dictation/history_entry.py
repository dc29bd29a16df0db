"""The record of a finished take in the history, and how long it is kept. Pure.

Failed, held and recovered takes are unresolved: their text was not inserted. They are kept for at
least a day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import attrs

from ..settings.settings import HistorySettings
from ..usage import UsageRecord, total_cost_usd
from .take import Outcome, Take

RETENTION_DAYS: dict[str, float | None] = {
    "never": 0.0,
    "7d": 7.0,
    "30d": 30.0,
    "1y": 365.0,
    "always": None,
}
ORPHAN_DAYS = 7.0
"""Retention of recordings that are unreadable or not in the history."""
UNRESOLVED_DAYS = 1.0
UNRESOLVED: tuple[Outcome, ...] = ("failed", "held", "rescued")


@attrs.frozen(kw_only=True)
class HistoryEntry:
    id: str
    started: str
    """Time of key down: UTC, ISO 8601 with ms."""
    offset_min: int = 0
    """Offset of the local time from UTC."""
    text: str = ""
    outcome: Outcome = ""
    engine: str = ""
    inserted_by: str = ""
    duration_s: float = 0.0
    timings: Mapping[str, float] = attrs.field(factory=dict)
    error: str = ""
    program: str = ""
    audio: str = ""
    """File name of the recording; '' if it has been deleted."""
    usage: tuple[UsageRecord, ...] = ()

    @property
    def cost_usd(self) -> float | None:
        return total_cost_usd(self.usage)

    @property
    def local_time(self) -> dt.datetime:
        zone = dt.timezone(dt.timedelta(minutes=self.offset_min))
        return dt.datetime.fromisoformat(self.started).astimezone(zone)

    @property
    def display_text(self) -> str:
        if self.text:
            return self.text
        reasons = {"nothing": "Nothing heard", "cancelled": "Canceled"}
        return reasons.get(self.outcome, "Not transcribed yet")

    def as_dict(self) -> dict[str, Any]:
        usage = [attrs.asdict(record) for record in self.usage]
        more = {"timings": dict(self.timings), "usage": usage, "cost_usd": self.cost_usd}
        return attrs.asdict(self, recurse=False) | more


def entry_from_take(take: Take, *, started_s: float, offset_min: int, program: str) -> HistoryEntry:
    """Return the entry of a take that started `started_s` seconds after 1970."""
    started = dt.datetime.fromtimestamp(started_s, dt.UTC)
    return HistoryEntry(
        id=take.id,
        started=started.isoformat(timespec="milliseconds"),
        offset_min=offset_min,
        text=take.text,
        outcome=take.outcome,
        engine=take.engine,
        inserted_by=take.inserted_by,
        duration_s=round(take.duration_s, 3),
        timings={str(name): ms for name, ms in take.timings.items()},
        error=take.problem.sentence if take.problem else "",
        program=program,
        usage=tuple(take.usage),
    )


def with_retry(entry: HistoryEntry, take: Take, text: str) -> HistoryEntry:
    """Return the entry with the text of another attempt; an empty text does not replace one."""
    outcome = entry.outcome
    if outcome != "inserted" and (text or not entry.text):
        outcome = "rescued" if text else "nothing"
    return attrs.evolve(
        entry,
        text=text or entry.text,
        outcome=outcome,
        engine=take.engine,
        usage=(*entry.usage, *take.usage),
        error="",
    )


def text_days(settings: HistorySettings, outcome: Outcome) -> float | None:
    """Return the retention of an entry; None: until it is deleted, 0: it is not kept at all."""
    days = RETENTION_DAYS[settings.keep]
    if days is not None and outcome in UNRESOLVED:
        return max(days, UNRESOLVED_DAYS)
    return days


def audio_days(settings: HistorySettings, outcome: Outcome) -> float:
    """Return the retention of a recording; never longer than that of its entry."""
    entry_days = text_days(settings, outcome)
    days = 0.0 if settings.keep == "never" else float(settings.sound_days)
    days = days if entry_days is None else min(days, entry_days)
    return max(days, UNRESOLVED_DAYS) if outcome in UNRESOLVED else days


def describe_retention(settings: HistorySettings) -> str:
    if settings.keep == "never":
        return "Nothing is kept, except failed recordings for one day."
    durations = {"7d": "for 7 days", "30d": "for 30 days", "1y": "for 1 year"}
    return f"Kept {durations.get(settings.keep, 'until you delete it')}, only on this computer."
