"""The command `sayso usage`."""

import datetime as dt
import json

import pytest

from sayso.core.usage import UsageRecord, month_name, month_of
from sayso.storage.usage import UsageStore

TODAY = dt.date.today()


@pytest.fixture
def usage_store(home):
    """Usage of October 2026."""
    usage_store = UsageStore(home / "state" / "sayso" / "history.db")
    for day in (1, 31):
        usage_store.add(
            dt.date(2026, 10, day),
            [
                UsageRecord(endpoint="OpenAI", seconds=600, tokens=3, cost_usd=0.17),
                UsageRecord(endpoint="on-device", seconds=45, cost_usd=0.0),
                UsageRecord(endpoint="Attic", seconds=4000),
            ],
        )
    return usage_store


def test_a_month_is_printed_as_text(usage_store, sayso):
    assert sayso("usage", "--month", "2026-10").stdout.splitlines() == [
        "October 2026: 6 dictations, 2 h 35 min, $0.34",
        "  OpenAI                       2 dictations      20 min  $0.34",
        "  Attic                        2 dictations  2 h 13 min  price unknown",
        "  This computer                2 dictations       2 min  free",
    ]


def test_a_month_is_printed_as_json(usage_store, sayso):
    made = json.loads(sayso("usage", "--month", "2026-10", "--json").stdout)
    assert (made["month"], made["takes"], made["cost_usd"]) == ("2026-10", 6, 0.34)
    assert made["endpoints"][0] == {
        "endpoint": "OpenAI", "takes": 2, "seconds": 1200, "tokens": 6, "cost_usd": 0.34,
    }  # fmt: skip
    assert [day["day"] for day in made["days"]] == ["2026-10-01", "2026-10-31"]
    assert made["monthly_budget_usd"] is None


def test_the_current_month_shows_its_budget(usage_store, sayso):
    assert sayso("config", "set", "monthly_budget_usd", "2").returncode == 0
    name = f"{month_name(month_of(TODAY))} {TODAY.year}"
    assert sayso("usage").stdout.splitlines() == [
        f"{name}: no dictations",
        "Budget: $2.00 a month, 0 % used",
    ]
    usage_store.add(TODAY, [UsageRecord(endpoint="OpenAI", seconds=60, cost_usd=1.999)])
    assert sayso("usage").stdout.splitlines()[-1] == "Budget: $2.00 a month, 99 % used"


def test_an_invalid_month_is_reported_and_no_file_created(home, sayso):
    wrong = sayso("usage", "--month", "May")
    assert (wrong.returncode, wrong.stderr.strip()) == (
        2, "“May” is not a valid month. Use YYYY-MM, for example 2026-11.",
    )  # fmt: skip
    assert sayso("usage").returncode == 0
    assert not (home / "state").exists()
