"""Usage: duration of audio, tokens and cost by endpoint, day and month. Pure.

Usage is recorded by day, without text, so that it can outlive the takes.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeVar

import attrs

from .problems import ProblemError
from .problems.storage import INVALID_MONTH
from .settings.endpoint import ON_DEVICE

K = TypeVar("K")
BudgetState = Literal["", "near", "over"]
WARNING_SHARE = 0.8
"""Share of the budget at which the user is warned, once a month."""
MONTHS = "January February March April May June July August September October November December"


@attrs.frozen(kw_only=True)
class UsageRecord:
    endpoint: str
    seconds: float = 0.0
    """Audio that was processed according to the server; otherwise the audio that was sent."""
    tokens: int = 0
    """Input and output tokens; 0 if the server does not count them."""
    cost_usd: float | None = None


@attrs.frozen(kw_only=True)
class UsageTotal:
    """A sum of usage; `takes` counts each take once per endpoint."""

    takes: int = 0
    seconds: float = 0.0
    tokens: int = 0
    cost_usd: float | None = None

    def __add__(self, other: UsageTotal) -> UsageTotal:
        return UsageTotal(
            takes=self.takes + other.takes,
            seconds=self.seconds + other.seconds,
            tokens=self.tokens + other.tokens,
            cost_usd=add_costs((self.cost_usd, other.cost_usd)),
        )

    def as_dict(self) -> dict[str, Any]:
        cost_usd = None if self.cost_usd is None else round(self.cost_usd, 6)
        return attrs.asdict(self) | {"seconds": round(self.seconds, 3), "cost_usd": cost_usd}


@attrs.frozen(kw_only=True)
class DailyUsage:
    day: dt.date
    endpoint: str
    total: UsageTotal


def add_costs(costs: Iterable[float | None]) -> float | None:
    """Return the sum of the known costs; None if none is known."""
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known else None


def total_cost_usd(records: Iterable[UsageRecord]) -> float | None:
    return add_costs(record.cost_usd for record in records)


def sum_by_endpoint(records: Iterable[UsageRecord]) -> dict[str, UsageTotal]:
    totals: dict[str, UsageTotal] = {}
    for each in records:
        one = UsageTotal(seconds=each.seconds, tokens=each.tokens, cost_usd=each.cost_usd)
        totals[each.endpoint] = totals.get(each.endpoint, UsageTotal(takes=1)) + one
    return totals


def sum_days(days: Iterable[DailyUsage]) -> UsageTotal:
    return sum((day.total for day in days), UsageTotal())


def by_endpoint(days: Iterable[DailyUsage]) -> dict[str, UsageTotal]:
    """Return the usage by endpoint, the most expensive first, then the longest."""
    totals = _group(days, lambda day: day.endpoint)
    names = sorted(totals, key=lambda n: (-(totals[n].cost_usd or 0), -totals[n].seconds, n))
    return {name: totals[name] for name in names}


def by_day(days: Iterable[DailyUsage]) -> dict[dt.date, UsageTotal]:
    return dict(sorted(_group(days, lambda day: day.day).items()))


def _group(days: Iterable[DailyUsage], key: Callable[[DailyUsage], K]) -> dict[K, UsageTotal]:
    totals: dict[K, UsageTotal] = {}
    for day in days:
        totals[key(day)] = totals.get(key(day), UsageTotal()) + day.total
    return totals


# Months, as text such as "2026-11"


def month_of(day: dt.date) -> str:
    return f"{day.year:04}-{day.month:02}"


def parse_month(text: str) -> str:
    """Return the month; raise `ProblemError` if it is invalid."""
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise ProblemError(INVALID_MONTH(text=text))
    return text


def days_in_month(month: str) -> list[dt.date]:
    year, number = map(int, month.split("-"))
    count = calendar.monthrange(year, number)[1]
    return [dt.date(year, number, day) for day in range(1, count + 1)]


def month_name(month: str) -> str:
    return MONTHS.split()[int(month[5:]) - 1]


# Text for the user


def budget_state(spent_usd: float, budget_usd: float) -> BudgetState:
    """Compare the cost with the budget; 0 means that there is no budget."""
    if budget_usd <= 0:
        return ""
    spent, budget = round(spent_usd * 1e6), round(budget_usd * 1e6)  # 0.1 + 0.2 exceeds 0.3
    if spent >= budget:
        return "over"
    return "near" if spent >= WARNING_SHARE * budget else ""


def format_budget_share(total: UsageTotal, budget_usd: float) -> str:
    """Format the used share, rounded down so that 100 % is not shown too early."""
    spent, budget = round((total.cost_usd or 0) * 1e6), max(1, round(budget_usd * 1e6))
    return f"{spent * 100 // budget} %"


def format_usd(usd: float | None) -> str:
    """Format as $4.02 or $0.0042; '' if the cost is unknown."""
    if usd is None:
        return ""
    if usd == 0 or usd >= 0.1:
        return f"${usd:,.2f}"
    return "under $0.0001" if usd < 0.0001 else f"${usd:.4f}".rstrip("0")


def format_duration(seconds: float) -> str:
    """Format as 41 s, 3 min or 2 h 5 min."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    parts = (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "")
    return " ".join(part for part in parts if part)


def format_take_count(count: int) -> str:
    return "1 dictation" if count == 1 else f"{count:,} dictations"


def endpoint_title(name: str) -> str:
    return "This computer" if name == ON_DEVICE else name


def monthly_report(days: Iterable[DailyUsage], month: str) -> Mapping[str, Any]:
    days = list(days)
    return {
        "month": month,
        **sum_days(days).as_dict(),
        "endpoints": [{"endpoint": n} | s.as_dict() for n, s in by_endpoint(days).items()],
        "days": [{"day": d.isoformat()} | s.as_dict() for d, s in by_day(days).items()],
    }
