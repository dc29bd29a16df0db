"""Daily usage totals, and what the user decided about each month's budget.

They are in the same file as the history, and are kept when takes are deleted or not stored at all.
They contain no text, no programs and no times of day.
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
    month: str
    spent_usd: float
    warned_usd: float = 0.0
    """Budget for which the user was warned; 0: none."""
    approved_usd: float = 0.0
    """Budget that the user allowed to be exceeded; 0: none."""


class UsageStore(Database):
    """Methods raise ProblemError if the file cannot be read or written."""

    def add(self, day: dt.date, records: Iterable[UsageRecord]) -> None:
        """Add the usage of one take to a day of the user's calendar."""
        totals = sum_by_endpoint(records)
        if totals:
            self.write(lambda db: _add_totals(db, day, totals))

    def days(self, month: str = "") -> list[DailyUsage]:
        """Return the days of a month ('2026-11') or all days, in order."""
        query = "SELECT * FROM days WHERE substr(day, 1, ?) = ? ORDER BY day, endpoint"
        values = [len(month), month]
        return self.read(lambda db: [_day_from_row(row) for row in db.execute(query, values)])

    def month(self, day: dt.date) -> MonthBudget:
        name = month_of(day)
        query = "SELECT warned_usd, allowed_usd FROM budgets WHERE month = ?"
        marks = self.read(lambda db: db.execute(query, [name]).fetchone())
        spent_usd = sum_days(self.days(name)).cost_usd or 0.0
        return MonthBudget(name, spent_usd, *(marks or ()))

    def mark_warned(self, month: str, budget_usd: float) -> None:
        self._set_budget_mark("warned_usd", month, budget_usd)

    def approve(self, month: str, budget_usd: float) -> None:
        """Allow this budget to be exceeded."""
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
    columns = ("takes", "seconds", "tokens", "cost_usd")
    return DailyUsage(
        day=dt.date.fromisoformat(row["day"]),
        endpoint=row["endpoint"],
        total=UsageTotal(**{name: row[name] for name in columns}),
    )
