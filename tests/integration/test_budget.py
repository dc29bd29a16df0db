"""Usage is recorded, and the monthly budget asks before it is exceeded."""

import datetime as dt

import attrs
import pytest

from fakes import FakeEngine
from integration.worker_harness import WorkerHarness, leave_recording
from sayso.core.dictation import events as e
from sayso.core.problems import ProblemError, ProblemKind
from sayso.core.settings.settings import Endpoint, Settings
from sayso.core.usage import UsageRecord, month_of
from sayso.storage.usage import UsageStore

TODAY = dt.datetime.now().astimezone().date()
MONTH = month_of(TODAY)
PAID = attrs.evolve(Settings(), engine="realtime", monthly_budget_usd=1.0)
UNPRICED_ENDPOINTS = (Endpoint(name="Attic", url="http://localhost:1/v1"),)
MODEL_MISSING = ProblemKind("test.example", "The model is not downloaded yet.", "Download it.")()


class PaidEngine(FakeEngine):
    """Reports a cost, as a server does."""

    def __init__(self, *texts, cost_usd=0.25):
        super().__init__(*texts)
        self.cost_usd = cost_usd

    async def transcribe(self, audio, on_event):
        text = await super().transcribe(audio, on_event)
        audio.take.usage.append(UsageRecord(endpoint="OpenAI", seconds=1.0, cost_usd=self.cost_usd))
        return text


def dictate_and_count(harness, **wanted):
    status = harness.dictate(**wanted)
    harness.archive.written().result(10)  # the usage has been recorded
    return status


@pytest.fixture
def usage(tmp_path):
    return UsageStore(tmp_path / "history.db")


def add_cost(usage, usd):
    usage.add(TODAY, [UsageRecord(endpoint="OpenAI", seconds=60, cost_usd=usd)])


@pytest.fixture
def start_paid(tmp_path):
    """Start a worker whose server costs money."""
    harnesses = []

    def make(*texts, settings=PAID, on_device_engine=None):
        made = WorkerHarness(
            tmp_path / "takes", settings=settings, on_device_engine=on_device_engine
        )
        harnesses.append(made)
        made.engine = PaidEngine(*texts)
        made.worker.configure(attrs.evolve(settings, language="en"))  # creates the engine again
        return made

    yield make
    for each in harnesses:
        each.worker.stop()


def test_usage_and_cost_of_a_take_are_recorded(start_paid, usage):
    harness = start_paid("One.", "Two.", settings=attrs.evolve(PAID, monthly_budget_usd=0.0))
    dictate_and_count(harness, inserted_words=1)
    assert harness.worker.last_summary["cost_usd"] == 0.25
    dictate_and_count(harness, inserted_words=1)
    (day,) = usage.days()
    assert (day.day, day.endpoint, day.total.takes, day.total.cost_usd) == (TODAY, "OpenAI", 2, 0.5)
    assert [(row.cost_usd, row.usage[0].endpoint) for row in harness.history.entries()] == [
        (0.25, "OpenAI"), (0.25, "OpenAI"),
    ]  # fmt: skip


def test_without_history_usage_is_recorded_without_text(start_paid, usage):
    settings = attrs.evolve(PAID, history=attrs.evolve(PAID.history, keep="never"))
    harness = start_paid("One.", settings=settings)
    dictate_and_count(harness, inserted_words=1)
    assert harness.history.entries() == []
    assert usage.days()[0].total.cost_usd == 0.25
    assert b"One." not in usage.path.read_bytes()


def test_a_recovered_take_is_counted_once(start_paid, usage, tmp_path):
    leave_recording(tmp_path / "takes")
    engine = PaidEngine("Half a sentence")
    harness = start_paid(settings=Settings(), on_device_engine=engine)
    harness.wait_for(offers_held_text=True)
    harness.worker.post(e.InsertHeld())
    harness.wait_for(inserted_words=3)
    harness.worker.stop()
    assert engine.read_bytes
    assert usage.days()[0].total.takes == 1
    assert harness.history.entries()[0].cost_usd == 0.25


@pytest.mark.expect_log
def test_a_nearly_used_up_budget_is_reported_once_a_month(start_paid, usage):
    add_cost(usage, 0.6)
    harness = start_paid("One.", "Two.", "Three.", on_device_engine=FakeEngine())
    harness.engine.cost_usd = 0.2
    assert dictate_and_count(harness, inserted_words=1).problem is None
    harness.engine.cost_usd = 0.05
    warning = dictate_and_count(harness, inserted_words=1).problem
    assert warning.message.endswith(" is nearly used up.")
    assert (warning.remedy, warning.code) == ("$0.20 of $1.00 is left.", "budget.nearly_used_up")
    assert dictate_and_count(harness, inserted_words=1).problem is None
    assert usage.month(TODAY).warned_usd == 1.0


@pytest.mark.expect_log
def test_a_used_up_budget_asks_the_user_and_uses_the_on_device_engine(start_paid, usage):
    add_cost(usage, 1.0)
    here = FakeEngine("Here.")
    harness = start_paid("There.", on_device_engine=here)
    status = dictate_and_count(harness, inserted_words=1)
    assert harness.typist.typed == ["Here."]
    assert (status.problem.code, status.problem.remedy) == (
        "budget.used_up", "Nothing is sent until you choose.",
    )  # fmt: skip
    assert harness.engine.read_bytes == []
    assert harness.history.entries()[0].engine == "on-device"
    usage.approve(MONTH, 1.0)
    assert dictate_and_count(harness, inserted_words=1).problem is None
    assert harness.typist.typed == ["Here.", " There."]


@pytest.mark.expect_log
def test_without_the_on_device_engine_the_take_waits_for_the_answer(start_paid, usage):
    add_cost(usage, 1.0)
    harness = start_paid("There.", on_device_engine=FakeEngine(MODEL_MISSING))
    status = dictate_and_count(harness, state="failed")
    assert status.problem.code == "budget.used_up"
    assert harness.typist.typed == []
    (waiting,) = harness.history.entries()
    assert (waiting.outcome, waiting.duration_s > 0.4) == ("failed", True)
    usage.approve(MONTH, 1.0)
    harness.worker.post(e.Retry())
    harness.wait_for(inserted_words=1)
    assert harness.typist.typed == ["There."]


@pytest.mark.expect_log
def test_selecting_the_on_device_engine_retries_the_waiting_take(start_paid, usage):
    add_cost(usage, 1.0)
    harness = start_paid("There.", on_device_engine=FakeEngine(MODEL_MISSING, "Here."))
    dictate_and_count(harness, state="failed")
    harness.worker.configure(attrs.evolve(PAID, engine="on-device"))
    harness.worker.post(e.Retry())
    harness.wait_for(inserted_words=1)
    assert harness.typist.typed == ["Here."]


SETTINGS_WITHOUT_BUDGET_CHECK = {
    "a budget": attrs.evolve(PAID, monthly_budget_usd=0.0),
    "a known price": attrs.evolve(PAID, endpoints=UNPRICED_ENDPOINTS, profile="Attic"),
    "an address": attrs.evolve(PAID, endpoints=(Endpoint(name="Attic", url=""),), profile="Attic"),
}


@pytest.mark.parametrize(
    "settings", SETTINGS_WITHOUT_BUDGET_CHECK.values(), ids=SETTINGS_WITHOUT_BUDGET_CHECK
)
def test_the_budget_is_not_checked_without(start_paid, usage, settings):
    add_cost(usage, 100.0)
    harness = start_paid("There.", settings=settings)
    assert dictate_and_count(harness, inserted_words=1).problem is None
    assert harness.typist.typed == ["There."]


def test_a_larger_budget_does_not_ask(start_paid, usage):
    add_cost(usage, 1.0)
    harness = start_paid("There.", settings=attrs.evolve(PAID, monthly_budget_usd=5.0))
    assert dictate_and_count(harness, inserted_words=1).problem is None


@pytest.mark.expect_log
def test_unreadable_usage_does_not_prevent_dictation(start_paid, usage):
    usage.add(TODAY, [UsageRecord(endpoint="OpenAI", seconds=60, cost_usd=9)])
    newer = attrs.evolve(usage, migrations=(*usage.migrations, "SELECT 1"))
    newer.days()
    harness = start_paid("There.")
    harness.dictate(inserted_words=1)
    assert harness.typist.typed == ["There."]


@pytest.mark.expect_log
def test_transcribing_again_respects_the_budget(start_paid, usage):
    add_cost(usage, 1.0)
    harness = start_paid("There.", on_device_engine=FakeEngine("Here."))
    dictate_and_count(harness, inserted_words=1)
    harness.worker.post(e.Dismiss())
    harness.wait_for(problem=None)
    (kept,) = harness.history.entries()
    with pytest.raises(ProblemError, match="Nothing is sent until you choose") as refused:
        harness.worker.transcribe_again(kept.id, "OpenAI")
    assert harness.engine.read_bytes == []
    assert harness.wait_for(state="failed").problem == refused.value.problem  # the indicator asks
    usage.approve(MONTH, 1.0)
    assert harness.worker.transcribe_again(kept.id, "OpenAI") == "There."
    harness.worker.stop()
    (again,) = harness.history.entries()
    assert (again.text, again.engine, again.outcome) == ("There.", "OpenAI", "inserted")
    assert again.cost_usd == 0.25
    assert usage.month(TODAY).spent_usd == 1.25
