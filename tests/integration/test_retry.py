"""A take of the history is transcribed again by an engine that is selected by its name."""

import attrs
import pytest

from fakes import LOUD, QUIET, FakeEngine
from integration.worker_harness import WorkerHarness, leave_recording
from sayso.core.problems import ProblemError, ProblemKind
from sayso.core.recognition.plausibility import EngineReport
from sayso.core.settings.settings import Endpoint, Settings

ID = "20261121-143200-aaaaaa"
SERVERS = (Endpoint(name="Attic", url="http://localhost:1/v1"),)
SETTINGS = Settings(endpoints=SERVERS, profile="Attic")
"""The on-device engine is selected."""
SERVER_DOWN = ProblemKind("test.example", "It is down for good.", "Choose another.")()


class DroppingEngine(FakeEngine):
    """Reports that it processed a tenth of the audio."""

    async def transcribe(self, audio, on_event):
        text = await super().transcribe(audio, on_event)
        on_event(EngineReport(engine="Attic", sent_s=30.0, processed_s=3.0))
        return text


@pytest.fixture
def past(tmp_path):
    """Start a worker whose history has one take with this text."""
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


def test_the_new_text_replaces_the_old(past):
    harness = past("Here.", FakeEngine("There."))
    assert harness.worker.transcribe_again(ID, "Attic") == "There."
    assert harness.engine.closed
    assert (archived_entry(harness).text, archived_entry(harness).engine) == ("There.", "Attic")


@pytest.mark.expect_log
def test_suspicious_text_is_returned_and_reported(past):
    harness = past("Here.", DroppingEngine("Half.", "Half."))
    assert harness.worker.transcribe_again(ID, "Attic") == "Half."
    shown = harness.wait_for(state="failed").problem
    assert (shown.message, shown.remedy) == (
        "Attic skipped 27 s of your speech.", "You can transcribe it again in the history.",
    )  # fmt: skip
    assert archived_entry(harness).text == "Half."


@pytest.mark.expect_log
def test_an_empty_text_does_not_replace_the_old_and_is_reported(past):
    harness = past("Here.", FakeEngine("", ""))
    assert harness.worker.transcribe_again(ID, "Attic") == "Here."
    assert "returned no text for your speech" in harness.wait_for(state="failed").problem.message
    assert len(harness.engine.read_bytes) == 2  # it was tried twice
    assert archived_entry(harness).text == "Here."


def test_a_named_engine_has_no_fallback(past):
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


def test_the_selected_engine_is_not_created_twice(past):
    harness = past("Here.", FakeEngine(), here=["Here again."])
    assert harness.worker.transcribe_again(ID, "on-device") == "Here again."
    assert not harness.here.closed
    assert archived_entry(harness).engine == "on-device"


def test_an_unknown_engine_is_reported(past):
    harness = past("Here.", FakeEngine())
    with pytest.raises(ProblemError, match="There is no engine named 'Cellar'"):
        harness.worker.transcribe_again(ID, "Cellar")
    assert archived_entry(harness).text == "Here."
