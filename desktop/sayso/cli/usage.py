"""`sayso usage`: minutes and costs of a month by endpoint."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import click

from ..core import usage as u
from ..core.settings.endpoint import ON_DEVICE
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
    current = u.month_of(dt.date.today())
    month = u.parse_month(month) if month else current
    days = UsageStore(paths.database(), print_problem).days(month)
    budget_usd = load_settings().monthly_budget_usd
    lines = _format(days, month)
    if budget_usd and month == current:
        share = u.format_budget_share(u.sum_days(days), budget_usd)
        lines.append(f"Budget: {u.format_usd(budget_usd)} a month, {share} used")
    report = {**u.monthly_report(days, month), "monthly_budget_usd": budget_usd or None}
    output(as_json, report, "\n".join(lines))


def _format(days: Sequence[u.DailyUsage], month: str) -> list[str]:
    total = u.sum_days(days)
    name = f"{u.month_name(month)} {month[:4]}"
    if not total.takes:
        return [f"{name}: no dictations"]
    cost = f", {u.format_usd(total.cost_usd)}" if total.cost_usd is not None else ""
    count, duration = u.format_take_count(total.takes), u.format_duration(total.seconds)
    lines = [f"{name}: {count}, {duration}{cost}"]
    for endpoint, one in u.by_endpoint(days).items():
        cost = "free" if endpoint == ON_DEVICE else u.format_usd(one.cost_usd) or "price unknown"
        count, duration = u.format_take_count(one.takes), u.format_duration(one.seconds)
        lines.append(f"  {u.endpoint_title(endpoint):24} {count:>16} {duration:>11}  {cost}")
    return lines
