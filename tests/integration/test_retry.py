"""A take of the history is recognised again by an engine that is chosen for it, by its name."""

import attrs
import pytest

from fakes import LOUD, QUIET, FakeEngine
from integration.worker_harness import WorkerHarness, leave_recording
from sayso.core.problems import ProblemError, untyped_problem
from sayso.core.recognition.plausibility import EngineReport
from sayso.core.settings.settings import Endpoint, Settings

ID = "20261121-143200-aaaaaa"
SERVERS = (Endpoint(name="Attic", url="http://localhost:1/v1"),)
SETTINGS = Settings(endpoints=SERVERS, profile="Attic")
"""This computer is chosen."""
SERVER_DOWN = untyped_problem("It is down for good.", "Choose another.")


class DroppingEngine(FakeEngine):
    """Says that it worked on a tenth of what it was sent."""

    async def transcribe(self, audio, on_event):
        text = await super().transcribe(audio, on_event)
        on_event(EngineReport(engine="Attic", sent_s=30.0, processed_s=3.0))
        return text


@pytest.fixture
def past(tmp_path):
    """A worker whose history has one take, with these words by the chosen engine."""
    harnesses = []

    def make(words, attic, here=()):
        leave_recording(tmp_path / "takes", ID, block=LOUD * 60 + QUIET * 40, blocks=2)
        spare = FakeEngine(words, *here)
        made = WorkerHarness(tmp_path / "takes", settings=SETTINGS, on_device_engine=spare)
        harnesses.append(made)
        made.here, made.engine = spare, attic
        made.wait_for(offers_held_text=True)
        return made

    yield make
    for each in harnesses:
        each.worker.stop()


def archived_entry(harness):
    harness.worker.stop()
    (entry,) = harness.history.entries()
    return entry


def test_its_words_take_the_place_of_the_old(past):
    harness = past("Here.", FakeEngine("There."))
    assert harness.worker.transcribe_again(ID, "Attic") == "There."
    assert harness.engine.closed
    assert (archived_entry(harness).text, archived_entry(harness).engine) == ("There.", "Attic")


@pytest.mark.expect_log
def test_words_that_are_doubted_are_given_and_it_is_said(past):
    harness = past("Here.", DroppingEngine("Half.", "Half."))
    assert harness.worker.transcribe_again(ID, "Attic") == "Half."
    told = harness.wait_for(state="failed").problem
    assert (told.message, told.remedy) == (
        "Attic left out 27 s of what you said.", "You can transcribe it again in the history.",
    )  # fmt: skip
    assert archived_entry(harness).text == "Half."


@pytest.mark.expect_log
def test_no_words_for_speech_take_none_away_and_it_is_said(past):
    harness = past("Here.", FakeEngine("", ""))
    assert harness.worker.transcribe_again(ID, "Attic") == "Here."
    assert "gave no words for your speech" in harness.wait_for(state="failed").problem.message
    assert len(harness.engine.read_bytes) == 2  # it was asked once more
    assert archived_entry(harness).text == "Here."


def test_nobody_helps_the_one_that_was_named(past):
    harness = past("Here.", FakeEngine(SERVER_DOWN), here=["Here again."])
    helped = attrs.evolve(SETTINGS, engine="realtime", fallback=("on-device",))
    harness.worker.configure(helped)
    with pytest.raises(ProblemError, match="It is down for good"):
        harness.worker.transcribe_again(ID, "Attic")
    assert len(harness.here.read_bytes) == 1
    assert (archived_entry(harness).text, archived_entry(harness).error) == (
        "Here.",
        SERVER_DOWN.sentence,
    )


def test_the_chosen_engine_is_not_made_twice_for_it(past):
    harness = past("Here.", FakeEngine(), here=["Here again."])
    assert harness.worker.transcribe_again(ID, "on-device") == "Here again."
    assert not harness.here.closed
    assert archived_entry(harness).engine == "on-device"


def test_a_name_nobody_has_is_told(past):
    harness = past("Here.", FakeEngine())
    with pytest.raises(ProblemError, match="There is no engine named 'Cellar'"):
        harness.worker.transcribe_again(ID, "Cellar")
    assert archived_entry(harness).text == "Here."
