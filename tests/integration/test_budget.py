"""What dictation took is counted, and a month's budget asks before it is passed."""

import datetime as dt

import attrs
import pytest

from fakes import FakeEngine
from integration.worker_harness import WorkerHarness, leave_recording
from sayso.core.dictation import events as e
from sayso.core.problems import ProblemError, untyped_problem
from sayso.core.settings.settings import Endpoint, Settings
from sayso.core.usage import UsageRecord, month_of
from sayso.storage.usage import UsageStore

TODAY = dt.datetime.now().astimezone().date()
MONTH = month_of(TODAY)
PAID = attrs.evolve(Settings(), engine="realtime", monthly_budget_usd=1.0)
UNPRICED_ENDPOINTS = (Endpoint(name="Attic", url="http://localhost:1/v1"),)
MODEL_MISSING = untyped_problem("The model is not downloaded yet.", "Download it.")


class PaidEngine(FakeEngine):
    """Takes money, as a server does."""

    def __init__(self, *texts, cost_usd=0.25):
        super().__init__(*texts)
        self.cost_usd = cost_usd

    async def transcribe(self, audio, on_event):
        text = await super().transcribe(audio, on_event)
        audio.take.add_usage(UsageRecord(endpoint="OpenAI", seconds=1.0, cost_usd=self.cost_usd))
        return text


def dictate_and_count(desk, **wanted):
    status = desk.dictate(**wanted)
    desk.archive._thread.submit(lambda: None).result(10)  # it has been counted
    return status


@pytest.fixture
def ledger(tmp_path):
    return UsageStore(tmp_path / "history.db")


def add_cost(ledger, usd):
    ledger.count(TODAY, [UsageRecord(endpoint="OpenAI", seconds=60, cost_usd=usd)])


@pytest.fixture
def paid(tmp_path):
    """A desk whose server charges; `spare` is this computer."""
    desks = []

    def make(*texts, settings=PAID, spare=None):
        made = WorkerHarness(tmp_path / "takes", settings=settings, on_device_engine=spare)
        desks.append(made)
        made.engine = PaidEngine(*texts)
        made.worker.configure(attrs.evolve(settings, language="en"))  # which makes it anew
        return made

    yield make
    for each in desks:
        each.worker.stop()


def test_a_take_is_counted_with_what_it_cost(paid, ledger):
    desk = paid("One.", "Two.", settings=attrs.evolve(PAID, monthly_budget_usd=0.0))
    dictate_and_count(desk, words=1)
    assert desk.worker.last["cost_usd"] == 0.25
    dictate_and_count(desk, words=1)
    (day,) = ledger.days()
    assert (day.day, day.endpoint, day.sum.takes, day.sum.cost_usd) == (TODAY, "OpenAI", 2, 0.5)
    assert [(row.cost_usd, row.usage[0].endpoint) for row in desk.history.entries()] == [
        (0.25, "OpenAI"), (0.25, "OpenAI"),
    ]  # fmt: skip


def test_in_private_mode_the_sums_are_right_and_no_words_are_kept(paid, ledger):
    settings = attrs.evolve(PAID, history=attrs.evolve(PAID.history, keep="never"))
    desk = paid("One.", settings=settings)
    dictate_and_count(desk, words=1)
    assert desk.history.entries() == []
    assert ledger.days()[0].sum.cost_usd == 0.25
    assert b"One." not in ledger.path.read_bytes()


def test_words_rescued_and_typed_are_counted_once(paid, ledger, tmp_path):
    leave_recording(tmp_path / "takes")
    desk = paid(settings=Settings(), spare=(made := PaidEngine("Half a sentence")))
    desk.wait(asks=True)
    desk.worker.post(e.InsertHeld())
    desk.wait(words=3)
    desk.worker.stop()
    assert made.read_bytes
    assert ledger.days()[0].sum.takes == 1
    assert desk.history.entries()[0].cost_usd == 0.25


@pytest.mark.expect_log
def test_at_80_percent_it_is_told_once_a_month(paid, ledger):
    add_cost(ledger, 0.6)
    desk = paid("One.", "Two.", "Three.", spare=FakeEngine())
    desk.engine.cost_usd = 0.2
    assert dictate_and_count(desk, words=1).problem is None
    desk.engine.cost_usd = 0.05
    told = dictate_and_count(desk, words=1).problem
    assert told.what.endswith("’s budget is nearly used up.")
    assert (told.remedy, told.action) == ("$0.20 of $1.00 is left.", "usage")
    assert dictate_and_count(desk, words=1).problem is None
    assert ledger.month(TODAY).warned_usd == 1.0


@pytest.mark.expect_log
def test_when_it_is_used_up_this_computer_recognises_and_the_person_is_asked(paid, ledger):
    add_cost(ledger, 1.0)
    here = FakeEngine("Here.")
    desk = paid("There.", spare=here)
    status = dictate_and_count(desk, words=1)
    assert desk.typist.typed == ["Here."]
    assert (status.problem.action, status.problem.remedy) == (
        "budget", "Nothing is sent until you choose.",
    )  # fmt: skip
    assert desk.engine.heard_bytes == []
    assert desk.history.entries()[0].engine == "on-device"
    ledger.allow(MONTH, 1.0)
    assert dictate_and_count(desk, words=1).problem is None
    assert desk.typist.typed == ["Here.", " There."]


@pytest.mark.expect_log
def test_where_this_computer_cannot_the_take_waits_for_the_answer(paid, ledger):
    add_cost(ledger, 1.0)
    desk = paid("There.", spare=FakeEngine(MODEL_MISSING))
    status = dictate_and_count(desk, state="failed")
    assert status.problem.action == "budget"
    assert desk.typist.typed == []
    (waiting,) = desk.history.entries()
    assert (waiting.outcome, waiting.duration_s > 0.4) == ("failed", True)
    ledger.allow(MONTH, 1.0)
    desk.worker.post(e.Retry())
    desk.wait(words=1)
    assert desk.typist.typed == ["There."]


@pytest.mark.expect_log
def test_use_this_computer_is_another_engine_and_the_take_is_read_again(paid, ledger):
    add_cost(ledger, 1.0)
    desk = paid("There.", spare=FakeEngine(MODEL_MISSING, "Here."))
    dictate_and_count(desk, state="failed")
    desk.worker.configure(attrs.evolve(PAID, engine="on-device"))
    desk.worker.post(e.Retry())
    desk.wait(words=1)
    assert desk.typist.typed == ["Here."]


SETTINGS_WITHOUT_BUDGET_CHECK = {
    "no budget": attrs.evolve(PAID, monthly_budget_usd=0.0),
    "a price nobody knows": attrs.evolve(PAID, endpoints=UNPRICED_ENDPOINTS, profile="Attic"),
    "no address yet": attrs.evolve(
        PAID, endpoints=(Endpoint(name="Attic", url=""),), profile="Attic"
    ),
}


@pytest.mark.parametrize(
    "settings", SETTINGS_WITHOUT_BUDGET_CHECK.values(), ids=SETTINGS_WITHOUT_BUDGET_CHECK
)
def test_nobody_is_asked_about(paid, ledger, settings):
    add_cost(ledger, 100.0)
    desk = paid("There.", settings=settings)
    assert dictate_and_count(desk, words=1).problem is None
    assert desk.typist.typed == ["There."]


def test_a_larger_budget_needs_no_answer(paid, ledger):
    add_cost(ledger, 1.0)
    desk = paid("There.", settings=attrs.evolve(PAID, monthly_budget_usd=5.0))
    assert dictate_and_count(desk, words=1).problem is None


@pytest.mark.expect_log
def test_a_ledger_that_cannot_be_read_stops_nobody(paid, ledger):
    ledger.count(TODAY, [UsageRecord(endpoint="OpenAI", seconds=60, cost_usd=9)])
    newer = attrs.evolve(ledger, migrations=(*ledger.migrations, "SELECT 1"))
    newer.days()
    desk = paid("There.")
    desk.dictate(words=1)
    assert desk.typist.typed == ["There."]


@pytest.mark.expect_log
def test_an_engine_chosen_for_a_take_of_the_history_waits_for_the_answer_too(paid, ledger):
    add_cost(ledger, 1.0)
    desk = paid("There.", spare=FakeEngine("Here."))
    dictate_and_count(desk, words=1)
    desk.worker.post(e.Dismiss())
    desk.wait(problem=None)
    (kept,) = desk.history.entries()
    with pytest.raises(ProblemError, match="Nothing is sent until you choose") as refused:
        desk.worker.recognise_again(kept.id, "OpenAI")
    assert desk.engine.heard_bytes == []
    assert desk.wait(state="failed").problem == refused.value.problem  # the pill asks
    ledger.allow(MONTH, 1.0)
    assert desk.worker.recognise_again(kept.id, "OpenAI") == "There."
    desk.worker.stop()
    (again,) = desk.history.entries()
    assert (again.text, again.engine, again.outcome) == ("There.", "OpenAI", "inserted")
    assert again.cost_usd == 0.25
    assert ledger.month(TODAY).spent_usd == 1.25
