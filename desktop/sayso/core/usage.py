"""What takes took: seconds of sound, tokens and dollars, by endpoint, day and month. Pure.

It is counted in days, because those outlive the takes: they have no words in them.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeVar

import attrs

from .problems import ProblemError, untyped_problem
from .settings.endpoint import ON_DEVICE as ON_DEVICE

K = TypeVar("K")
BudgetState = Literal["", "near", "over"]
WARNING_SHARE = 0.8
"""Of the budget: from here on the person is warned, once a month."""


@attrs.frozen(kw_only=True)
class UsageRecord:
    """What one endpoint took, for a take or a part of one."""

    endpoint: str
    """As its profile is called, or `ON_DEVICE`."""
    seconds: float = 0.0
    """Of sound: as many as the server says it worked on, else as were sent."""
    tokens: int = 0
    """In and out; 0 where it does not count them."""
    cost_usd: float | None = None
    """None where nobody knows the price."""


@attrs.frozen(kw_only=True)
class UsageTotal:
    """Of several; `takes` is how many times an endpoint was given one."""

    takes: int = 0
    seconds: float = 0.0
    tokens: int = 0
    cost_usd: float | None = None
    """Of those whose price is known; None where none is."""

    def plus(self, other: UsageTotal) -> UsageTotal:
        return UsageTotal(
            takes=self.takes + other.takes,
            seconds=self.seconds + other.seconds,
            tokens=self.tokens + other.tokens,
            cost_usd=add_costs(self.cost_usd, other.cost_usd),
        )

    def as_dict(self) -> dict[str, Any]:
        return {
            "takes": self.takes,
            "seconds": round(self.seconds, 3),
            "tokens": self.tokens,
            "cost_usd": None if self.cost_usd is None else round(self.cost_usd, 6),
        }


@attrs.frozen(kw_only=True)
class DailyUsage:
    """What one endpoint took on one day of the person's calendar."""

    day: dt.date
    endpoint: str
    total: UsageTotal


def add_costs(one: float | None, other: float | None) -> float | None:
    """Two costs; one that nobody knows adds nothing."""
    if one is None or other is None:
        return other if one is None else one
    return one + other


def sum_by_endpoint(records: Iterable[UsageRecord]) -> dict[str, UsageTotal]:
    """What one take took, by endpoint: however often it was asked, that is one take."""
    sums: dict[str, UsageTotal] = {}
    for each in records:
        one = UsageTotal(seconds=each.seconds, tokens=each.tokens, cost_usd=each.cost_usd)
        sums[each.endpoint] = sums.get(each.endpoint, UsageTotal(takes=1)).plus(one)
    return sums


def total_cost_usd(records: Iterable[UsageRecord]) -> float | None:
    """All of it; None where nobody knows any price."""
    total: float | None = None
    for each in records:
        total = add_costs(total, each.cost_usd)
    return total


def sum_days(days: Iterable[DailyUsage]) -> UsageTotal:
    whole = UsageTotal()
    for day in days:
        whole = whole.plus(day.total)
    return whole


def by_endpoint(days: Iterable[DailyUsage]) -> dict[str, UsageTotal]:
    """The dearest first, then the longest."""
    sums = _group(days, lambda day: day.endpoint)
    order = sorted(sums.items(), key=lambda row: (-(row[1].cost_usd or 0), -row[1].seconds, row[0]))
    return dict(order)


def by_day(days: Iterable[DailyUsage]) -> dict[dt.date, UsageTotal]:
    """In order; days without a take are left out."""
    return dict(sorted(_group(days, lambda day: day.day).items()))


def by_month(days: Iterable[DailyUsage]) -> dict[str, UsageTotal]:
    """By '2026-11', the newest first."""
    return dict(sorted(_group(days, lambda day: month_of(day.day)).items(), reverse=True))


def _group(days: Iterable[DailyUsage], key: Callable[[DailyUsage], K]) -> dict[K, UsageTotal]:
    sums: dict[K, UsageTotal] = {}
    for day in days:
        sums[key(day)] = sums.get(key(day), UsageTotal()).plus(day.total)
    return sums


# Months


def month_of(day: dt.date) -> str:
    return f"{day.year:04}-{day.month:02}"


def parse_month(text: str) -> str:
    """A month as a person typed it: '2026-11'.

    Raises:
        ProblemError: It is none.
    """
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise ProblemError(untyped_problem(f"{text!r} is no month.", "Write it so: 2026-11."))
    return text


def days_in_month(month: str) -> list[dt.date]:
    """Every day of '2026-11'."""
    year, number = map(int, month.split("-"))
    return [
        dt.date(year, number, day) for day in range(1, calendar.monthrange(year, number)[1] + 1)
    ]


def month_name(month: str) -> str:
    """'November' of '2026-11', whatever the computer's language."""
    names = "January February March April May June July August September October November December"
    return names.split()[int(month[5:]) - 1]


# Money


def budget_state(spent_usd: float, budget_usd: float) -> BudgetState:
    """'' below 80 % of the budget, or without one (0)."""
    if budget_usd <= 0:
        return ""
    # In millionths: 0.1 + 0.2 of a budget of 0.3 has used it up.
    spent, budget = round(spent_usd * 1e6), round(budget_usd * 1e6)
    if spent >= budget:
        return "over"
    return "near" if spent >= WARNING_SHARE * budget else ""


def format_usd(usd: float | None) -> str:
    """For a person: '$4.02', '$0.0042', '' where nobody knows."""
    if usd is None:
        return ""
    if usd == 0 or usd >= 0.1:
        return f"${usd:,.2f}"
    return "under $0.0001" if usd < 0.0001 else f"${usd:.4f}".rstrip("0")


def format_duration(seconds: float) -> str:
    """For a person: '41 s', '3 min', '2 h 5 min'."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    whole = round(seconds / 60)
    hours, rest = divmod(whole, 60)
    parts = (f"{hours} h" if hours else "", f"{rest} min" if rest else "")
    return " ".join(part for part in parts if part)


def endpoint_title(name: str) -> str:
    return "This computer" if name == ON_DEVICE else name


def format_take_count(count: int) -> str:
    return "1 dictation" if count == 1 else f"{count:,} dictations"


def format_budget_share(total: UsageTotal, budget_usd: float) -> str:
    """Of the budget, rounded down, so that 100 % is not said too early: '79 %'."""
    return f"{int(round((total.cost_usd or 0) * 1e6) * 100 // max(1, round(budget_usd * 1e6)))} %"


def monthly_report(days: Iterable[DailyUsage], month: str) -> Mapping[str, Any]:
    """What `sayso usage --json` prints of a month."""
    days = list(days)
    return {
        "month": month,
        **sum_days(days).as_dict(),
        "endpoints": [{"endpoint": n} | s.as_dict() for n, s in by_endpoint(days).items()],
        "days": [{"day": d.isoformat()} | s.as_dict() for d, s in by_day(days).items()],
    }
