"""Settings page "Usage": this month's dictations and costs, and the monthly budget."""

from __future__ import annotations

import datetime as dt

from PySide6.QtGui import QShowEvent

from ...core import usage as u
from ...core.problems import ProblemError
from ...core.problems.settings import INVALID_AMOUNT
from ...core.settings import settings as s
from ...core.settings.endpoint import ON_DEVICE
from ...core.settings.settings import Settings
from ..translate import tr
from ..widgets.bar_chart import DayChart, format_day
from ..widgets.controls import label, line_edit
from ..widgets.rows import Group, Row
from .page import Page, PageContext

BUDGET_KEY = "monthly_budget_usd"


class UsagePage(Page):
    """Loads the usage again whenever it is shown."""

    def __init__(self, context: PageContext, settings: Settings) -> None:
        super().__init__(context, settings)
        self.days: list[u.DailyUsage] = []
        self._month = u.month_of(dt.date.today())
        self.endpoint_rows: list[Row] = []
        self._totals = Group(context.scheme, "", [])
        self.chart = DayChart(context.scheme)
        self.chart.setAccessibleName(tr("Minutes a day"))
        self.chart_group = Group(context.scheme, tr("Minutes a day"), [self.chart])
        self.budget_field = line_edit(110)
        self.budget_field.setPlaceholderText(tr("None"))
        self.budget_field.editingFinished.connect(self._on_budget_edited)
        self.budget_row = self.add_row(BUDGET_KEY, self.budget_field)
        footer = tr(
            "Sayso counts dictations, minutes and cost per day and service, on this computer."
            " No text. Deleting the history does not delete these figures."
        )
        self.add_groups(
            self._totals,
            self.chart_group,
            Group(context.scheme, tr("Budget"), [self.budget_row]),
            label(footer, "caption", context.scheme.secondary_text, wrap=True),
        )
        self.show_days([])

    def refresh(self) -> None:
        if not self.budget_field.hasFocus():
            self._show_budget()
        self._show_budget_used()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.reload()

    def reload(self) -> None:
        self._month = month = u.month_of(dt.date.today())
        self.context.background.run(
            lambda: self.context.actions.history.usage_of_month(month),
            self.show_days,
            self.budget_row.note.show_problem,
        )

    def show_days(self, days: list[u.DailyUsage]) -> None:
        self.days = days
        rows = [self._endpoint_row(name, total) for name, total in u.by_endpoint(days).items()]
        if len(rows) > 1:
            rows.append(self._endpoint_row(tr("Total"), u.sum_days(days)))
        self.endpoint_rows = rows or [Row(self.context.scheme, tr("No dictations yet this month."))]
        self._totals.set_title(f"{u.month_name(self._month)} {self._month[:4]}")
        self._totals.set_rows(self.endpoint_rows)
        totals = u.by_day(days)
        self.chart_group.setVisible(bool(totals))
        self.chart.show_days(
            u.days_in_month(self._month),
            {day: total.seconds / 60 for day, total in totals.items()},
            lambda day: describe_day(day, totals.get(day)),
        )
        self.refresh()

    def _endpoint_row(self, name: str, total: u.UsageTotal) -> Row:
        cost = u.format_usd(total.cost_usd) or tr("Price unknown")
        if name == ON_DEVICE:
            cost = tr("Free")
        amount = label(cost, "strong" if total.cost_usd else "body")
        details = f"{u.format_take_count(total.takes)}, {u.format_duration(total.seconds)}"
        title = u.endpoint_title(name)
        return Row(self.context.scheme, title.replace("&", "&&"), details, amount)

    def _show_budget(self) -> None:
        budget_usd = self.settings.monthly_budget_usd
        self.budget_field.setText(f"{budget_usd:.2f}".removesuffix(".00") if budget_usd else "")

    def _show_budget_used(self) -> None:
        budget_usd, total = self.settings.monthly_budget_usd, u.sum_days(self.days)
        if not budget_usd:
            self.budget_row.note.show_message("")
            return
        spent_usd = total.cost_usd or 0.0
        text = tr("{share} used, {amount} left this month.").format(
            share=u.format_budget_share(total, budget_usd),
            amount=u.format_usd(max(0.0, budget_usd - spent_usd)),
        )
        is_near_budget = bool(u.budget_state(spent_usd, budget_usd))
        self.budget_row.note.show_message(text, "bad" if is_near_budget else "good")

    def _on_budget_edited(self) -> None:
        text = self.budget_field.text().strip()
        amount = text.removeprefix("$").replace(",", ".").strip() or "0"
        try:
            value = s.parse(BUDGET_KEY, amount)
            s.put(self.settings, BUDGET_KEY, value)
        except ProblemError:
            self.budget_row.note.show_problem(INVALID_AMOUNT(text=text))
            return
        if value == self.settings.monthly_budget_usd:
            self._show_budget()
            self._show_budget_used()
        elif problem := self.context.actions.settings.change(BUDGET_KEY, value):
            self.budget_row.note.show_problem(problem)


def describe_day(day: dt.date, total: u.UsageTotal | None) -> str:
    """Return 'Friday 20 November, 12 min, $0.20'."""
    if total is None:
        return tr("{day}, nothing").format(day=format_day(day))
    cost = f", {u.format_usd(total.cost_usd)}" if total.cost_usd else ""
    return f"{format_day(day)}, {u.format_duration(total.seconds)}{cost}"
