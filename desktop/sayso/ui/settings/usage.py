"""Settings, Usage: what this month took, by endpoint and day, and what it may cost."""

from __future__ import annotations

import datetime as dt

from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from ...core.problems import ProblemError, untyped_problem
from ...core.settings import settings as settings_of
from ...core.settings.settings import Settings
from ...core.usage import (
    ON_DEVICE,
    DailyUsage,
    UsageTotal,
    budget_state,
    by_day,
    by_endpoint,
    days_in_month,
    endpoint_title,
    format_budget_share,
    format_duration,
    format_take_count,
    format_usd,
    month_name,
    month_of,
    sum_days,
)
from ..widgets.bar_chart import DayChart, format_day
from ..widgets.rows import Group, Row, label, scaled
from .page import Page, PageContext

FOOTER = (
    "Counted on this computer: for each day and endpoint how many dictations, minutes and dollars."
    " No words, no programs. It stays when the history is deleted or never kept."
)
BUDGET_HELP = (
    "Sayso tells you at 80 % and asks before it goes beyond. What you say is recorded all the same."
)
BUDGET_KEY = "monthly_budget_usd"


class UsagePage(Page):
    """Looks anew whenever it is shown."""

    def __init__(self, context: PageContext, settings: Settings) -> None:
        super().__init__(context, settings)
        self.days: list[DailyUsage] = []
        self._month = month_of(dt.date.today())
        self._totals = QWidget()
        QVBoxLayout(self._totals).setContentsMargins(0, 0, 0, 0)
        self.endpoint_rows: list[Row] = []
        self.chart = DayChart(context.scheme, "min")
        self.chart.setAccessibleName("Minutes a day")
        self.chart_group = Group(context.scheme, "Minutes a day", [self.chart])
        self.budget_field = QLineEdit()
        self.budget_field.setFixedWidth(scaled(110))
        self.budget_field.setMinimumHeight(scaled(30))
        self.budget_field.setPlaceholderText("None")
        self.budget_field.editingFinished.connect(self._edited)
        self.budget_row = Row(
            context.scheme, "&Monthly budget, in dollars", BUDGET_HELP, self.budget_field
        )
        self.add_row(BUDGET_KEY, self.budget_row)
        self.add_groups(
            self._totals,
            self.chart_group,
            Group(context.scheme, "Budget", [self.budget_row]),
            label(FOOTER, "caption", context.scheme.secondary_text, wrap=True),
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
        self._month = month_of(dt.date.today())
        month = self._month
        self.context.background.run(
            lambda: self.context.actions.history.usage_of_month(month),
            self.show_days,
            self.budget_row.note.show_problem,
        )

    # What there is

    def show_days(self, days: list[DailyUsage]) -> None:
        self.days = days
        title = f"{month_name(self._month)} {self._month[:4]}"
        self.endpoint_rows = [self._row(name, one) for name, one in by_endpoint(days).items()]
        if len(self.endpoint_rows) > 1:
            self.endpoint_rows.append(self._row("Together", sum_days(days)))
        if not self.endpoint_rows:
            self.endpoint_rows = [Row(self.context.scheme, "Nothing dictated yet this month.")]
        place = self._totals.layout()
        assert place is not None
        while item := place.takeAt(0):
            if old := item.widget():
                old.deleteLater()
        place.addWidget(Group(self.context.scheme, title, list(self.endpoint_rows)))
        sums = by_day(days)
        self.chart_group.setVisible(bool(sums))
        self.chart.show_days(
            days_in_month(self._month),
            {day: one.seconds / 60 for day, one in sums.items()},
            dt.date.today(),
            lambda day: describe_day(day, sums.get(day)),
        )
        self.refresh()

    def _row(self, name: str, one: UsageTotal) -> Row:
        cost = "Free" if name == ON_DEVICE else format_usd(one.cost_usd) or "Price unknown"
        shown = endpoint_title(name)
        amount = label(cost, "strong" if one.cost_usd else "body")
        row = Row(
            self.context.scheme,
            "",
            f"{format_take_count(one.takes)}, {format_duration(one.seconds)}",
            amount,
        )
        row.name_label.setText(shown.replace("&", "&&"))
        row.title = shown
        return row

    # The budget

    def _show_budget(self) -> None:
        budget_usd = self.settings.monthly_budget_usd
        self.budget_field.setText(f"{budget_usd:.2f}".removesuffix(".00") if budget_usd else "")

    def _show_budget_used(self) -> None:
        budget_usd, whole = self.settings.monthly_budget_usd, sum_days(self.days)
        state = budget_state(whole.cost_usd or 0.0, budget_usd)
        if not budget_usd:
            self.budget_row.note.show_message("")
        else:
            left = max(0.0, budget_usd - (whole.cost_usd or 0.0))
            words = f"{format_budget_share(whole, budget_usd)} used, {format_usd(left)} left this month."  # noqa: E501
            self.budget_row.note.show_message(words, "bad" if state else "good")

    @Slot()
    def _edited(self) -> None:
        typed = self.budget_field.text().strip()
        try:
            value = settings_of.parse(
                BUDGET_KEY, typed.removeprefix("$").replace(",", ".").strip() or "0"
            )
            settings_of.put(self.settings, BUDGET_KEY, value)
        except ProblemError:
            problem = untyped_problem(f"“{typed}” is no amount.", "Write it as 5 or 2.50.")
            self.budget_row.note.show_problem(problem)
            return
        if value == self.settings.monthly_budget_usd:
            self._show_budget()
            self._show_budget_used()
        elif refused := self.context.actions.settings.change(BUDGET_KEY, value):
            self.budget_row.note.show_problem(refused)


def describe_day(day: dt.date, one: UsageTotal | None) -> str:
    """'Friday 20 November: 12 min, $0.20'."""
    if one is None:
        return f"{format_day(day)}: nothing"
    cost = f", {format_usd(one.cost_usd)}" if one.cost_usd else ""
    return f"{format_day(day)}: {format_duration(one.seconds)}{cost}"
