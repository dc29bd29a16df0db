"""What dictation took, day by day, and what was answered about a month's budget.

It stands in the same file as the history, and stays when takes are deleted or were never kept:
there are no words in it, no programs and no times of day.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable

import attrs

from ..core.usage import Day, Sum, Used, month_of, together, total
from .database import Database


@attrs.frozen
class Month:
    """How a month's budget stands."""

    month: str
    spent_usd: float
    warned_usd: float = 0.0
    """The budget that was nearly used up when the person was warned; 0: not yet."""
    allowed_usd: float = 0.0
    """The budget that was used up when the person chose to go on; 0: not yet."""


class Ledger(Database):
    """Each raises ProblemError where the file cannot be read or written."""

    def count(self, day: dt.date, used: Iterable[Used]) -> None:
        """Add what one take took, on the day of the person's calendar."""
        sums = together(used)
        if sums:
            self.change(lambda db: _count(db, day, sums))

    def days(self, month: str = "") -> list[Day]:
        """Of '2026-11', or all there are, in order."""
        query = "SELECT * FROM days WHERE substr(day, 1, ?) = ? ORDER BY day, endpoint"
        return self.read(lambda db: [_day(row) for row in db.execute(query, [len(month), month])])

    def month(self, day: dt.date) -> Month:
        """The month that day is in."""
        name = month_of(day)
        query = "SELECT warned_usd, allowed_usd FROM budgets WHERE month = ?"
        answers = self.read(lambda db: db.execute(query, [name]).fetchone())
        spent_usd = total(self.days(name)).cost_usd or 0.0
        return Month(name, spent_usd, *(answers or ()))

    def warned(self, month: str, budget_usd: float) -> None:
        """The person knows that this budget is nearly used up."""
        self._answer("warned_usd", month, budget_usd)

    def allow(self, month: str, budget_usd: float) -> None:
        """The person goes on although this budget is used up."""
        self._answer("allowed_usd", month, budget_usd)

    def _answer(self, what: str, month: str, budget_usd: float) -> None:
        query = (
            f"INSERT INTO budgets (month, {what}) VALUES (?, ?)"
            f" ON CONFLICT (month) DO UPDATE SET {what} = excluded.{what}"
        )
        self.change(lambda db: db.execute(query, [month, budget_usd]))


def _count(db: sqlite3.Connection, day: dt.date, sums: dict[str, Sum]) -> None:
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
    for endpoint, one in sums.items():
        values = (one.takes, one.seconds, one.tokens, one.cost_usd)
        db.execute(query, [day.isoformat(), endpoint, *values])


def _day(row: sqlite3.Row) -> Day:
    one = Sum(
        takes=row["takes"], seconds=row["seconds"], tokens=row["tokens"], cost_usd=row["cost_usd"]
    )
    return Day(day=dt.date.fromisoformat(row["day"]), endpoint=row["endpoint"], sum=one)
