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
    by_month,
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


def day(number, endpoint, seconds, cost=None, month=11):
    one = UsageTotal(takes=1, seconds=seconds, tokens=5, cost_usd=cost)
    return DailyUsage(day=dt.date(2026, month, number), endpoint=endpoint, total=one)


DAYS = [
    day(2, "Attic", 600),
    day(1, "OpenAI", 60, 0.017),
    day(2, "OpenAI", 30, 0.0085),
    day(2, "on-device", 700, 0.0),
]


def test_a_take_knows_what_it_took_and_cost():
    take = Take(number=1, id="a")
    assert take.cost_usd is None
    take.add_usage(OWN)
    assert take.cost_usd is None  # nobody knows what one's own server costs
    take.add_usage(OPENAI)
    take.add_usage(OPENAI)
    assert take.usage == [OWN, OPENAI, OPENAI]
    assert take.cost_usd == pytest.approx(0.034)
    assert take.summary()["cost_usd"] == 0.034


def test_one_take_counts_once_for_each_endpoint_however_often_it_was_asked():
    sums = sum_by_endpoint([OPENAI, OWN, OPENAI])
    assert sums["OpenAI"] == UsageTotal(takes=1, seconds=120, cost_usd=0.034)
    assert sums["Attic"] == UsageTotal(takes=1, seconds=30, tokens=12)
    assert total_cost_usd([]) is None
    assert total_cost_usd([OWN, OPENAI]) == 0.017


def test_sums_by_endpoint_have_the_dearest_first_then_the_longest():
    sums = by_endpoint(DAYS)
    assert list(sums) == ["OpenAI", "on-device", "Attic"]
    assert sums["OpenAI"] == UsageTotal(
        takes=2, seconds=90, tokens=10, cost_usd=pytest.approx(0.0255)
    )
    assert sums["Attic"].cost_usd is None


def test_sums_by_day_are_in_order():
    sums = by_day(DAYS)
    assert list(sums) == [dt.date(2026, 11, 1), dt.date(2026, 11, 2)]
    assert sums[dt.date(2026, 11, 2)].seconds == 1330


def test_sums_by_month_have_the_newest_first():
    sums = by_month([day(30, "a", 1, month=10), *DAYS])
    assert list(sums) == ["2026-11", "2026-10"]
    assert sums["2026-11"] == sum_days(DAYS)


def test_the_json_of_a_month_has_everything():
    made = monthly_report(DAYS, "2026-11")
    assert (made["month"], made["takes"], made["seconds"]) == ("2026-11", 4, 1390)
    assert made["cost_usd"] == 0.0255
    assert made["endpoints"][2] == {
        "endpoint": "Attic", "takes": 1, "seconds": 600, "tokens": 5, "cost_usd": None,
    }  # fmt: skip
    assert [row["day"] for row in made["days"]] == ["2026-11-01", "2026-11-02"]


amounts = st.floats(0, 1e5)
sums = st.builds(
    UsageTotal, takes=st.integers(0, 9), seconds=amounts, cost_usd=st.none() | amounts
)  # fmt: skip
some_days = st.lists(
    st.builds(
        DailyUsage,
        day=st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31)),
        endpoint=st.sampled_from(["a", "b", "on-device"]),
        total=sums,
    ),
    max_size=12,
)


@given(some_days)
def test_however_it_is_summed_it_is_the_same_whole(days):
    whole = sum_days(days)
    for sums in (by_endpoint(days), by_day(days), by_month(days)):
        parts = UsageTotal()
        for each in sums.values():
            parts = parts.plus(each)
        assert parts.takes == whole.takes
        assert parts.seconds == pytest.approx(whole.seconds)
        assert (parts.cost_usd is None) == (whole.cost_usd is None)
        assert parts.cost_usd == pytest.approx(whole.cost_usd)


STATES = {
    # spent, budget: state
    "none": (100.0, 0.0, ""),
    "below": (3.99, 5.0, ""),
    "80 %": (4.0, 5.0, "near"),
    "just not": (4.999, 5.0, "near"),
    "used up": (5.0, 5.0, "over"),
    "over": (9.0, 5.0, "over"),
    "sums of floats": (0.1 + 0.2, 0.3, "over"),
    "nothing spent": (0.0, 5.0, ""),
}


@pytest.mark.parametrize(("spent", "budget", "state"), STATES.values(), ids=STATES)
def test_the_states_of_a_budget(spent, budget, state):
    assert budget_state(spent, budget) == state


AMOUNTS = {
    "unknown": (None, ""),
    "free": (0.0, "$0.00"),
    "a sentence": (0.0042, "$0.0042"),
    "a cent": (0.01, "$0.01"),
    "next to nothing": (0.00001, "under $0.0001"),
    "dollars": (4.0249, "$4.02"),
    "thousands": (1234.5, "$1,234.50"),
}


@pytest.mark.parametrize(("usd", "shown"), AMOUNTS.values(), ids=AMOUNTS)
def test_money_as_a_person_reads_it(usd, shown):
    assert format_usd(usd) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (41.4, "41 s"),
        (60, "1 min"),
        (3540, "59 min"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
    ],
)
def test_minutes_as_a_person_reads_them(seconds, shown):
    assert format_duration(seconds) == shown


def test_months():
    assert month_of(dt.date(2026, 1, 31)) == "2026-01"
    assert month_name("2026-11") == "November"
    assert len(days_in_month("2026-02")) == 28
    assert days_in_month("2026-11")[-1] == dt.date(2026, 11, 30)
    assert parse_month("2026-11") == "2026-11"


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-00", "11-2026", "2026-1"])
def test_what_is_no_month_is_told(text):
    with pytest.raises(ProblemError, match="Write it so: 2026-11"):
        parse_month(text)


@pytest.mark.parametrize(
    ("spent", "budget", "shown"),
    [(None, 5.0, "0 %"), (3.999, 5.0, "79 %"), (4.0, 5.0, "80 %"), (4.9999, 5.0, "99 %"),
     (0.1 + 0.2, 0.3, "100 %"), (10.0, 5.0, "200 %")],
)  # fmt: skip
def test_the_share_of_a_budget_is_never_rounded_up(spent, budget, shown):
    assert format_budget_share(UsageTotal(cost_usd=spent), budget) == shown


def test_names():
    assert (endpoint_title("on-device"), endpoint_title("Attic")) == ("This computer", "Attic")
    assert [format_take_count(count) for count in (1, 2, 1200)] == [
        "1 dictation", "2 dictations", "1,200 dictations",
    ]  # fmt: skip
