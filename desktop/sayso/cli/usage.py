"""`sayso usage`: what a month's dictation took, by endpoint."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

import click

from ..core.settings.settings import Settings
from ..core.usage import (
    ON_DEVICE,
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
from ..storage import paths, settings_file
from ..storage.usage import UsageStore


@click.command()
@click.option("--month", help="Not this one: 2026-10.")
@click.option("--json", "json_", is_flag=True, help="As JSON, with every day.")
def usage(month: str | None, json_: bool) -> None:
    """How many minutes were dictated this month, and what they cost.

    Counted in days on this computer, without words, whatever the history keeps. The price is of
    OpenAI's list; what another server costs nobody tells Sayso.
    """
    now = month_of(dt.date.today())
    month = parse_month(month) if month else now
    ledger = UsageStore(paths.database(), lambda problem: click.echo(problem.sentence, err=True))
    days, settings = ledger.days(month), _settings()
    if json_:
        made = {
            **monthly_report(days, month),
            "monthly_budget_usd": settings.monthly_budget_usd or None,
        }
        click.echo(json.dumps(made, ensure_ascii=False))
        return
    lines = _lines(days, month)
    if (budget_usd := settings.monthly_budget_usd) and month == now:
        used = format_budget_share(sum_days(days), budget_usd)
        lines.append(f"Budget: {format_usd(budget_usd)} a month, {used} used")
    click.echo("\n".join(lines))


def _lines(days: Sequence[DailyUsage], month: str) -> list[str]:
    whole = sum_days(days)
    name = f"{month_name(month)} {month[:4]}"
    if not whole.takes:
        lines = [f"{name}: nothing was dictated."]
    else:
        cost = f", {format_usd(whole.cost_usd)}" if whole.cost_usd is not None else ""
        lines = [
            f"{name}: {format_take_count(whole.takes)}, {format_duration(whole.seconds)}{cost}"
        ]
    for endpoint, one in by_endpoint(days).items():
        shown = endpoint_title(endpoint)
        cost = "free" if endpoint == ON_DEVICE else format_usd(one.cost_usd) or "price unknown"
        lines.append(
            f"  {shown:24} {format_take_count(one.takes):>16} {format_duration(one.seconds):>11}  {cost}"  # noqa: E501
        )
    return lines


def _settings() -> Settings:
    settings, problems = settings_file.load(paths.settings_file())
    for problem in problems:
        click.echo(problem.sentence, err=True)
    return settings
