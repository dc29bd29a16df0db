"""The record of a finished take in the history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import attrs

from ..usage import UsageRecord, total_cost_usd
from .take import Outcome, Take


@attrs.frozen(kw_only=True)
class HistoryEntry:
    """One take that is over."""

    id: str
    started: str
    """UTC, ISO 8601 with ms."""
    offset_min: int = 0
    """Of local time then, in minutes east of UTC."""
    text: str = ""
    outcome: Outcome = ""
    engine: str = ""
    inserted_by: str = ""
    duration_s: float = 0.0
    timings: Mapping[str, float] = attrs.field(factory=dict)
    """ms since key down."""
    error: str = ""
    program: str = ""
    """That had the focus at key down."""
    audio: str = ""
    """Name of the file in the folder of takes; '' where the sound is gone."""
    usage: tuple[UsageRecord, ...] = ()
    """What each engine took for it, in order; one that was tried again is in it twice."""

    @property
    def cost_usd(self) -> float | None:
        """None where nobody knows."""
        return total_cost_usd(self.usage)

    @property
    def local_time(self) -> dt.datetime:
        """When it began, as the clock on the wall said."""
        zone = dt.timezone(dt.timedelta(minutes=self.offset_min))
        return dt.datetime.fromisoformat(self.started).astimezone(zone)

    @property
    def display_text(self) -> str:
        """Its words, or why there are none."""
        if self.text:
            return self.text
        silent = {"nothing": "Nothing heard", "cancelled": "Cancelled"}
        return silent.get(self.outcome, "Not recognised yet")

    def as_dict(self) -> dict[str, Any]:
        usage = [attrs.asdict(used) for used in self.usage]
        more = {"timings": dict(self.timings), "usage": usage, "cost_usd": self.cost_usd}
        return attrs.asdict(self, recurse=False) | more


def entry_from_take(take: Take, *, started_s: float, offset_min: int, program: str) -> HistoryEntry:
    """`started_s`: seconds since 1970 at key down."""
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
        timings={str(step): ms for step, ms in take.timings.items()},
        error=take.problem.sentence if take.problem else "",
        program=program,
        usage=tuple(take.usage),
    )


def with_retry(entry: HistoryEntry, take: Take, text: str) -> HistoryEntry:
    """With what was recognised now, from `take`; no words take none away."""
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
