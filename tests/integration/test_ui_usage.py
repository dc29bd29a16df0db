"""The usage page."""

import datetime as dt

import attrs
import pytest
from PySide6.QtCore import QPoint, Qt

from integration.ui_fakes import example_problem
from sayso.core.settings.settings import Settings
from sayso.core.usage import DailyUsage, UsageTotal, days_in_month, month_name, month_of
from sayso.ui.widgets.bar_chart import axis_maximum

TODAY = dt.date.today()
FIRST = TODAY.replace(day=1)


def day(date, endpoint, seconds, cost=None):
    total = UsageTotal(takes=1, seconds=seconds, cost_usd=cost)
    return DailyUsage(day=date, endpoint=endpoint, total=total)


DAYS = [
    day(FIRST, "OpenAI", 600, 0.17),
    day(FIRST, "on-device", 60, 0.0),
    day(TODAY, "Attic & more", 90),
]


@pytest.fixture
def fake(app):
    app.usage_days = list(DAYS)
    return app


@pytest.fixture
def page(qtbot, window, fake):
    window.open("usage")
    page = window.pages["usage"]
    qtbot.waitUntil(lambda: page.days == DAYS)
    return page


def shown_rows(page):
    return [(row.title, row.help_label.text(), row.control.text()) for row in page.endpoint_rows]


def test_usage_is_shown_by_endpoint(page):
    assert shown_rows(page) == [
        ("OpenAI", "1 dictation, 10 min", "$0.17"),
        ("Attic & more", "1 dictation, 2 min", "Price unknown"),
        ("This computer", "1 dictation, 1 min", "Free"),
        ("Total", "3 dictations, 12 min", "$0.17"),
    ]
    assert page.chart.isVisible()
    assert not page.budget_row.note.text.text()


def test_showing_the_page_loads_the_usage_again(qtbot, window, fake, page):
    fake.usage_days = DAYS[:1]
    window.open("general")
    window.open("usage")
    qtbot.waitUntil(lambda: len(page.endpoint_rows) == 1)
    assert page.endpoint_rows[0].title == "OpenAI"


def test_the_visible_page_is_updated_after_a_take(qtbot, window, fake, page):
    fake.usage_days = DAYS[:1]
    window.refresh_usage()
    qtbot.waitUntil(lambda: len(page.endpoint_rows) == 1)
    window.open("general")
    fake.usage_days = DAYS
    window.refresh_usage()
    assert len(page.endpoint_rows) == 1


def test_a_month_without_dictations_is_explained(qtbot, window, fake):
    fake.usage_days = []
    window.open("usage")
    page = window.pages["usage"]
    assert [row.title for row in page.endpoint_rows] == ["No dictations yet this month."]
    assert not page.chart.isVisible()


def enter_budget(qtbot, page, text):
    page.budget_field.setFocus()
    page.budget_field.clear()
    qtbot.keyClicks(page.budget_field, text)
    page.budget_field.editingFinished.emit()


BUDGETS = {
    "whole": ("2", 2.0, "8 % used, $1.83 left this month."),
    "with cents": ("$0.20", 0.2, "85 % used, $0.03 left this month."),
    "with a comma": ("0,17", 0.17, "100 % used, $0.00 left this month."),
}


@pytest.mark.parametrize(("typed", "set_to", "note"), BUDGETS.values(), ids=BUDGETS)
def test_an_edited_budget_takes_effect_at_once(qtbot, page, fake, typed, set_to, note):
    enter_budget(qtbot, page, typed)
    assert fake.settings.monthly_budget_usd == set_to
    assert page.budget_row.note.text.text() == note


def test_an_empty_field_removes_the_budget(qtbot, page, fake):
    enter_budget(qtbot, page, "2")
    enter_budget(qtbot, page, "")
    assert fake.settings.monthly_budget_usd == 0.0
    assert not page.budget_row.note.text.text()


def test_an_invalid_budget_is_explained_and_stays_in_the_field(qtbot, page, fake):
    enter_budget(qtbot, page, "much")
    assert (
        page.budget_row.note.text.text()
        == "“much” is not an amount. Enter an amount such as 5 or 2.50."
    )
    assert (page.budget_field.text(), fake.calls) == ("much", [])
    enter_budget(qtbot, page, "-1")
    assert page.budget_row.note.text.text().startswith("“-1” is not an amount.")
    fake.next_problem = example_problem("The settings cannot be saved.", "Make some space.")
    enter_budget(qtbot, page, "3")
    assert page.budget_row.note.text.text() == fake.next_problem.sentence


def test_a_budget_changed_elsewhere_is_shown(window, page):
    window.show_settings(attrs.evolve(Settings(), monthly_budget_usd=12.5))
    assert page.budget_field.text() == "12.50"
    window.show_settings(Settings())
    assert page.budget_field.text() == ""


def day_title(date):
    return f"{date:%A} {date.day} {month_name(month_of(date))}"


def test_the_arrow_keys_select_a_day(qtbot, page):
    chart = page.chart
    busiest = f"Busiest day: {day_title(FIRST)}, 11 min, $0.17"
    assert chart.accessibleName() == "Minutes a day"
    if TODAY != FIRST:
        assert chart.caption == busiest
        assert chart.accessibleDescription() == f"{busiest}. Latest: {day_title(TODAY)}, 2 min"
    qtbot.keyClick(chart, Qt.Key.Key_Left)
    last = days_in_month(month_of(TODAY))[-1]
    assert chart.accessibleDescription().startswith(day_title(last))
    qtbot.keyClick(chart, Qt.Key.Key_Home)
    assert chart.caption.startswith(day_title(FIRST))
    qtbot.keyClick(chart, Qt.Key.Key_Right)
    assert chart.caption.startswith(day_title(FIRST + dt.timedelta(days=1)))
    qtbot.keyClick(chart, Qt.Key.Key_End)
    qtbot.keyClick(chart, Qt.Key.Key_Right)
    assert chart.caption.startswith(day_title(last))
    qtbot.keyClick(chart, Qt.Key.Key_Up)
    assert chart.caption.startswith(day_title(last))


def test_the_pointer_selects_a_day(qtbot, page):
    chart = page.chart
    qtbot.mouseMove(chart, QPoint(round(chart.plot_left + 2), 80))
    assert chart.caption.startswith(day_title(FIRST))
    qtbot.mouseMove(chart, QPoint(3, 80))
    assert chart.caption.startswith("Busiest day")


@pytest.mark.parametrize(
    ("highest", "top"), [(0, 1), (0.4, 1), (4, 5), (11, 15), (1000, 1200), (1201, 1500)]
)
def test_the_axis_ends_at_a_round_number(highest, top):
    assert axis_maximum(highest) == top
