"""What the history keeps of a take, and how it is written to files. Pure."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import attrs

from ..usage import UsageRecord, total_cost_usd
from .take import Outcome, Take

ExportFormat = Literal["txt", "csv", "json"]


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


def format_entries(entries: Iterable[HistoryEntry], format_: ExportFormat) -> str:
    """Text with a line to each take's time, CSV with a heading, or a list in JSON."""
    entries = list(entries)
    if format_ == "json":
        rows = [entry.as_dict() for entry in entries]
        return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"
    if format_ == "csv":
        pages = _Pages()
        table = csv.writer(pages)
        table.writerow(["time", "program", "seconds", "engine", "cost_usd", "outcome", "text"])
        for e in entries:
            when = e.local_time.isoformat(timespec="seconds")
            program, engine, text = map(_escape_formula, (e.program, e.engine, e.text))
            table.writerow([when, program, e.duration_s, engine, e.cost_usd, e.outcome, text])
        return "".join(pages.written)
    return "\n".join(f"{e.local_time:%Y-%m-%d %H:%M}\n{e.text}\n" for e in entries if e.text)


class _Pages:
    """What csv may write to."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def write(self, text: str) -> None:
        self.written.append(text)


def _escape_formula(text: str) -> str:
    """Spreadsheets take cells that begin so for formulas."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
