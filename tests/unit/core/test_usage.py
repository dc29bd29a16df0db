import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.dictation.take import Take
from sayso.core.problems import ProblemError
from sayso.core.usage import (
    DailyUsage,
    UsageRecord,
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
    monthly_report,
    parse_month,
    sum_by_endpoint,
    sum_days,
    total_cost_usd,
)

OPENAI = UsageRecord(endpoint="OpenAI", seconds=60, cost_usd=0.017)
OWN = UsageRecord(endpoint="Attic", seconds=30, tokens=12)


def day(number, endpoint, seconds, cost=None):
    total = UsageTotal(takes=1, seconds=seconds, tokens=5, cost_usd=cost)
    return DailyUsage(day=dt.date(2026, 11, number), endpoint=endpoint, total=total)


DAYS = [
    day(2, "Attic", 600),
    day(1, "OpenAI", 60, 0.017),
    day(2, "OpenAI", 30, 0.0085),
    day(2, "on-device", 700, 0.0),
]


def test_a_take_has_a_usage_and_a_cost():
    take = Take(number=1, id="a")
    assert take.cost_usd is None
    take.usage.append(OWN)
    assert take.cost_usd is None  # the price of the user's own server is unknown
    take.usage.append(OPENAI)
    take.usage.append(OPENAI)
    assert take.usage == [OWN, OPENAI, OPENAI]
    assert take.cost_usd == pytest.approx(0.034)
    assert take.summary()["cost_usd"] == 0.034


def test_a_take_counts_once_per_endpoint():
    totals = sum_by_endpoint([OPENAI, OWN, OPENAI])
    assert totals["OpenAI"] == UsageTotal(takes=1, seconds=120, cost_usd=0.034)
    assert totals["Attic"] == UsageTotal(takes=1, seconds=30, tokens=12)
    assert total_cost_usd([]) is None
    assert total_cost_usd([OWN, OPENAI]) == 0.017


def test_endpoints_are_sorted_by_cost_and_then_by_duration():
    totals = by_endpoint(DAYS)
    assert list(totals) == ["OpenAI", "on-device", "Attic"]
    assert totals["OpenAI"] == UsageTotal(
        takes=2, seconds=90, tokens=10, cost_usd=pytest.approx(0.0255)
    )
    assert totals["Attic"].cost_usd is None


def test_days_are_in_order():
    totals = by_day(DAYS)
    assert list(totals) == [dt.date(2026, 11, 1), dt.date(2026, 11, 2)]
    assert totals[dt.date(2026, 11, 2)].seconds == 1330


def test_the_monthly_report_contains_everything():
    report = monthly_report(DAYS, "2026-11")
    assert (report["month"], report["takes"], report["seconds"]) == ("2026-11", 4, 1390)
    assert report["cost_usd"] == 0.0255
    attic = {"endpoint": "Attic", "takes": 1, "seconds": 600, "tokens": 5, "cost_usd": None}
    assert report["endpoints"][2] == attic
    assert [row["day"] for row in report["days"]] == ["2026-11-01", "2026-11-02"]


amounts = st.floats(0, 1e5)
daily_usage = st.builds(
    DailyUsage,
    day=st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31)),
    endpoint=st.sampled_from(["a", "b", "on-device"]),
    total=st.builds(
        UsageTotal, takes=st.integers(0, 9), seconds=amounts, cost_usd=st.none() | amounts
    ),
)


@given(st.lists(daily_usage, max_size=12))
def test_every_grouping_has_the_same_sum(days):
    whole = sum_days(days)
    for totals in (by_endpoint(days), by_day(days)):
        parts = sum(totals.values(), UsageTotal())
        assert parts.takes == whole.takes
        assert parts.seconds == pytest.approx(whole.seconds)
        assert (parts.cost_usd is None) == (whole.cost_usd is None)
        assert parts.cost_usd == pytest.approx(whole.cost_usd)


STATES = {
    # spent, budget, state
    "no budget": (100.0, 0.0, ""),
    "below": (3.99, 5.0, ""),
    "80 %": (4.0, 5.0, "near"),
    "almost used up": (4.999, 5.0, "near"),
    "used up": (5.0, 5.0, "over"),
    "over": (9.0, 5.0, "over"),
    "a sum of floats": (0.1 + 0.2, 0.3, "over"),
    "nothing spent": (0.0, 5.0, ""),
}


@pytest.mark.parametrize(("spent", "budget", "state"), STATES.values(), ids=STATES)
def test_the_budget_state_depends_on_the_cost(spent, budget, state):
    assert budget_state(spent, budget) == state


@pytest.mark.parametrize(
    ("usd", "text"),
    [(None, ""), (0.0, "$0.00"), (0.0042, "$0.0042"), (0.01, "$0.01"),
     (0.00001, "under $0.0001"), (4.0249, "$4.02"), (1234.5, "$1,234.50")],
)  # fmt: skip
def test_costs_are_formatted(usd, text):
    assert format_usd(usd) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (41.4, "41 s"), (60, "1 min"), (3540, "59 min"), (3600, "1 h"),
     (7500, "2 h 5 min")],
)  # fmt: skip
def test_durations_are_formatted(seconds, text):
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("spent", "budget", "text"),
    [(None, 5.0, "0 %"), (3.999, 5.0, "79 %"), (4.0, 5.0, "80 %"), (4.9999, 5.0, "99 %"),
     (0.1 + 0.2, 0.3, "100 %"), (10.0, 5.0, "200 %")],
)  # fmt: skip
def test_the_share_of_a_budget_is_rounded_down(spent, budget, text):
    assert format_budget_share(UsageTotal(cost_usd=spent), budget) == text


def test_months_are_named_parsed_and_divided_into_days():
    assert month_of(dt.date(2026, 1, 31)) == "2026-01"
    assert month_name("2026-11") == "November"
    assert len(days_in_month("2026-02")) == 28
    assert days_in_month("2026-11")[-1] == dt.date(2026, 11, 30)
    assert parse_month("2026-11") == "2026-11"


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-00", "11-2026", "2026-1"])
def test_an_invalid_month_is_refused(text):
    with pytest.raises(ProblemError, match="Use YYYY-MM, for example 2026-11"):
        parse_month(text)


def test_titles_and_counts_are_formatted():
    assert (endpoint_title("on-device"), endpoint_title("Attic")) == ("This computer", "Attic")
    counts = [format_take_count(count) for count in (1, 2, 1200)]
    assert counts == ["1 dictation", "2 dictations", "1,200 dictations"]
