"""Settings, Usage: what this month took, by endpoint and day, and what it may cost."""

from __future__ import annotations

import datetime as dt

from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from ...core.problems import Problem, ProblemError
from ...core.settings import settings as settings_of
from ...core.settings.settings import Settings
from ...core.usage import (
    ON_DEVICE,
    Day,
    Sum,
    budget_state,
    by_day,
    by_endpoint,
    days_of,
    endpoint_title,
    minutes,
    money,
    month_name,
    month_of,
    share,
    takes,
    total,
)
from ..widgets.bar_chart import DayChart, day_words
from ..widgets.rows import Group, Row, label, scaled
from .page import Context, Page

FOOTER = (
    "Counted on this computer: for each day and endpoint how many dictations, minutes and dollars."
    " No words, no programs. It stays when the history is deleted or never kept."
)
BUDGET_HELP = (
    "Sayso tells you at 80 % and asks before it goes beyond. What you say is recorded all the same."
)
KEY = "monthly_budget_usd"


class UsagePage(Page):
    """Looks anew whenever it is shown."""

    def __init__(self, context: Context, settings: Settings) -> None:
        super().__init__(context, settings)
        self.days: list[Day] = []
        self._month = month_of(dt.date.today())
        self._place = QWidget()
        QVBoxLayout(self._place).setContentsMargins(0, 0, 0, 0)
        self.endpoints: list[Row] = []
        self.chart = DayChart(context.scheme, "min")
        self.chart.setAccessibleName("Minutes a day")
        self.chart_group = Group(context.scheme, "Minutes a day", [self.chart])
        self.field = QLineEdit()
        self.field.setFixedWidth(scaled(110))
        self.field.setMinimumHeight(scaled(30))
        self.field.setPlaceholderText("None")
        self.field.editingFinished.connect(self._edited)
        self.budget = Row(context.scheme, "&Monthly budget, in dollars", BUDGET_HELP, self.field)
        self.keep(KEY, self.budget)
        self.finish(
            self._place,
            self.chart_group,
            Group(context.scheme, "Budget", [self.budget]),
            label(FOOTER, "caption", context.scheme.ink2, wrap=True),
        )
        self.show_days([])

    def refresh(self) -> None:
        if not self.field.hasFocus():
            self._show_budget()
        self._show_share()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.look()

    def look(self) -> None:
        self._month = month_of(dt.date.today())
        month = self._month
        self.context.background.run(
            lambda: self.context.actions.usage(month), self.show_days, self.budget.note.problem
        )

    # What there is

    def show_days(self, days: list[Day]) -> None:
        self.days = days
        title = f"{month_name(self._month)} {self._month[:4]}"
        self.endpoints = [self._row(name, one) for name, one in by_endpoint(days).items()]
        if len(self.endpoints) > 1:
            self.endpoints.append(self._row("Together", total(days)))
        if not self.endpoints:
            self.endpoints = [Row(self.context.scheme, "Nothing dictated yet this month.")]
        place = self._place.layout()
        assert place is not None
        while item := place.takeAt(0):
            if old := item.widget():
                old.deleteLater()
        place.addWidget(Group(self.context.scheme, title, list(self.endpoints)))
        sums = by_day(days)
        self.chart_group.setVisible(bool(sums))
        self.chart.show_days(
            days_of(self._month),
            {day: one.seconds / 60 for day, one in sums.items()},
            dt.date.today(),
            lambda day: told(day, sums.get(day)),
        )
        self.refresh()

    def _row(self, name: str, one: Sum) -> Row:
        cost = "Free" if name == ON_DEVICE else money(one.cost_usd) or "Price unknown"
        shown = endpoint_title(name)
        amount = label(cost, "strong" if one.cost_usd else "body")
        row = Row(self.context.scheme, "", f"{takes(one.takes)}, {minutes(one.seconds)}", amount)
        row.name.setText(shown.replace("&", "&&"))
        row.title = shown
        return row

    # The budget

    def _show_budget(self) -> None:
        budget_usd = self.settings.monthly_budget_usd
        self.field.setText(f"{budget_usd:.2f}".removesuffix(".00") if budget_usd else "")

    def _show_share(self) -> None:
        budget_usd, whole = self.settings.monthly_budget_usd, total(self.days)
        state = budget_state(whole.cost_usd or 0.0, budget_usd)
        if not budget_usd:
            self.budget.note.say("")
        else:
            left = max(0.0, budget_usd - (whole.cost_usd or 0.0))
            words = f"{share(whole, budget_usd)} used, {money(left)} left this month."
            self.budget.note.say(words, "bad" if state else "good")

    @Slot()
    def _edited(self) -> None:
        typed = self.field.text().strip()
        try:
            value = settings_of.parse(KEY, typed.removeprefix("$").replace(",", ".").strip() or "0")
            settings_of.put(self.settings, KEY, value)
        except ProblemError:
            problem = Problem(f"“{typed}” is no amount.", "Write it as 5 or 2.50.")
            self.budget.note.problem(problem)
            return
        if value == self.settings.monthly_budget_usd:
            self._show_budget()
            self._show_share()
        elif refused := self.context.actions.change(KEY, value):
            self.budget.note.problem(refused)


def told(day: dt.date, one: Sum | None) -> str:
    """'Friday 20 November: 12 min, $0.20'."""
    if one is None:
        return f"{day_words(day)}: nothing"
    cost = f", {money(one.cost_usd)}" if one.cost_usd else ""
    return f"{day_words(day)}: {minutes(one.seconds)}{cost}"
