"""What dictation took, day by day, and what was answered about a month's budget.

It stands in the same file as the history, and stays when takes are deleted or were never kept:
there are no words in it, no programs and no times of day.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable

import attrs

from ..core.usage import DailyUsage, UsageRecord, UsageTotal, month_of, sum_by_endpoint, sum_days
from .database import Database


@attrs.frozen
class MonthBudget:
    """How a month's budget stands."""

    month: str
    spent_usd: float
    warned_usd: float = 0.0
    """The budget that was nearly used up when the person was warned; 0: not yet."""
    approved_usd: float = 0.0
    """The budget that was used up when the person chose to go on; 0: not yet."""


class UsageStore(Database):
    """Each raises ProblemError where the file cannot be read or written."""

    def add(self, day: dt.date, records: Iterable[UsageRecord]) -> None:
        """Add what one take took, on the day of the person's calendar."""
        sums = sum_by_endpoint(records)
        if sums:
            self.write(lambda db: _add_totals(db, day, sums))

    def days(self, month: str = "") -> list[DailyUsage]:
        """Of '2026-11', or all there are, in order."""
        query = "SELECT * FROM days WHERE substr(day, 1, ?) = ? ORDER BY day, endpoint"
        return self.read(
            lambda db: [_day_from_row(row) for row in db.execute(query, [len(month), month])]
        )

    def month(self, day: dt.date) -> MonthBudget:
        """The month that day is in."""
        name = month_of(day)
        query = "SELECT warned_usd, allowed_usd FROM budgets WHERE month = ?"
        answers = self.read(lambda db: db.execute(query, [name]).fetchone())
        spent_usd = sum_days(self.days(name)).cost_usd or 0.0
        return MonthBudget(name, spent_usd, *(answers or ()))

    def mark_warned(self, month: str, budget_usd: float) -> None:
        """The person knows that this budget is nearly used up."""
        self._set_budget_mark("warned_usd", month, budget_usd)

    def approve(self, month: str, budget_usd: float) -> None:
        """The person goes on although this budget is used up."""
        self._set_budget_mark("allowed_usd", month, budget_usd)

    def _set_budget_mark(self, column: str, month: str, budget_usd: float) -> None:
        query = (
            f"INSERT INTO budgets (month, {column}) VALUES (?, ?)"
            f" ON CONFLICT (month) DO UPDATE SET {column} = excluded.{column}"
        )
        self.write(lambda db: db.execute(query, [month, budget_usd]))


def _add_totals(db: sqlite3.Connection, day: dt.date, totals: dict[str, UsageTotal]) -> None:
    query = """
        INSERT INTO days VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (day, endpoint) DO UPDATE SET
            takes = takes + excluded.takes,
            seconds = seconds + excluded.seconds,
            tokens = tokens + excluded.tokens,
            cost_usd = CASE
                WHEN excluded.cost_usd IS NULL THEN cost_usd
                ELSE coalesce(cost_usd, 0) + excluded.cost_usd
            END
    """
    for endpoint, one in totals.items():
        values = (one.takes, one.seconds, one.tokens, one.cost_usd)
        db.execute(query, [day.isoformat(), endpoint, *values])


def _day_from_row(row: sqlite3.Row) -> DailyUsage:
    one = UsageTotal(
        takes=row["takes"], seconds=row["seconds"], tokens=row["tokens"], cost_usd=row["cost_usd"]
    )
    return DailyUsage(day=dt.date.fromisoformat(row["day"]), endpoint=row["endpoint"], total=one)
