"""`sayso usage`: minutes and costs of a month by endpoint."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import click

from ..core.settings.endpoint import ON_DEVICE
from ..core.usage import (
    DailyUsage,
    by_endpoint,
    endpoint_title,
    format_budget_share,
    format_duration,
    format_take_count,
    format_usd,
    month_name,
    month_of,
    monthly_report,
    parse_month,
    sum_days,
)
from ..storage import paths
from ..storage.usage import UsageStore
from .common import json_option, load_settings, output, print_problem


@click.command()
@click.option("--month", help="Another month, such as 2026-10.")
@json_option
def usage(month: str | None, as_json: bool) -> None:
    """Print the dictated minutes of this month and their cost.

    Sayso records daily totals on this computer, without text and independently of the history.
    Costs are calculated from OpenAI's price list; the prices of other servers are unknown.
    """
    current = month_of(dt.date.today())
    month = parse_month(month) if month else current
    days = UsageStore(paths.database(), print_problem).days(month)
    budget_usd = load_settings().monthly_budget_usd
    lines = _format(days, month)
    if budget_usd and month == current:
        share = format_budget_share(sum_days(days), budget_usd)
        lines.append(f"Budget: {format_usd(budget_usd)} a month, {share} used")
    report = {**monthly_report(days, month), "monthly_budget_usd": budget_usd or None}
    output(as_json, report, "\n".join(lines))


def _format(days: Sequence[DailyUsage], month: str) -> list[str]:
    total = sum_days(days)
    name = f"{month_name(month)} {month[:4]}"
    if not total.takes:
        return [f"{name}: no dictations"]
    cost = f", {format_usd(total.cost_usd)}" if total.cost_usd is not None else ""
    lines = [f"{name}: {format_take_count(total.takes)}, {format_duration(total.seconds)}{cost}"]
    for endpoint, one in by_endpoint(days).items():
        cost = "free" if endpoint == ON_DEVICE else format_usd(one.cost_usd) or "price unknown"
        count, duration = format_take_count(one.takes), format_duration(one.seconds)
        lines.append(f"  {endpoint_title(endpoint):24} {count:>16} {duration:>11}  {cost}")
    return lines
