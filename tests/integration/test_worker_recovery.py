"""The worker recovers the takes of an interrupted run."""

import os
import time

import pytest

from fakes import LOUD
from integration.worker_harness import API_KEY_REFUSED, TIMEOUT_S, leave_recording
from sayso.core.dictation import events as e


def test_text_recovered_after_a_crash_is_offered_and_inserted(start_harness, tmp_path):
    path = leave_recording(tmp_path / "takes")
    since = time.strftime("%H:%M", time.localtime(path.stat().st_mtime - 1))
    harness = start_harness("Half a sentence", "Next.")
    status = harness.wait_for(offers_held_text=True)
    assert (status.held_text, status.recovered_spoken_at, harness.typist.typed) == (
        "Half a sentence",
        since,
        [],
    )
    harness.worker.post(e.InsertHeld())
    assert harness.wait_for(inserted_words=3).recovered_spoken_at == ""
    assert harness.typist.typed == ["Half a sentence"]
    harness.dictate(inserted_words=1)
    harness.worker.stop()
    new, old = harness.history.entries()
    assert (old.text, old.outcome, old.duration_s) == ("Half a sentence", "inserted", 1.0)
    assert (old.audio, new.text) == (f"{path.stem}.flac", "Next.")
    assert not path.exists()


def test_recovered_text_that_is_not_inserted_stays_in_the_history(start_harness, tmp_path):
    leave_recording(tmp_path / "takes")
    harness = start_harness("Half a sentence")
    harness.wait_for(offers_held_text=True)
    harness.worker.stop()
    (kept,) = harness.history.entries()
    assert (kept.text, kept.outcome, kept.engine) == ("Half a sentence", "rescued", "on-device")


def test_a_take_is_recovered_once(start_harness, tmp_path):
    leave_recording(tmp_path / "takes")
    first = start_harness("Half a sentence")
    first.wait_for(offers_held_text=True)
    first.worker.stop()
    second = start_harness("Next.")
    second.dictate(inserted_words=1)
    assert second.worker.status.held_text == ""


def test_the_newest_of_several_recovered_takes_is_offered(start_harness, tmp_path):
    for hour, age_s in ((12, 7200), (13, 3600), (14, 60)):
        leave_recording(tmp_path / "takes", f"20261121-{hour}0000-aaaaaa", age_s=age_s)
    harness = start_harness("one", "two", "three")
    status = harness.wait_for(offers_held_text=True)
    assert (status.held_text, status.recovered_count) == ("three", 3)
    harness.worker.stop()
    assert [entry.text for entry in harness.history.entries()] == ["three", "two", "one"]


@pytest.mark.expect_log
def test_a_take_that_cannot_be_recovered_is_reported_and_can_be_retried(start_harness, tmp_path):
    path = leave_recording(tmp_path / "takes")
    harness = start_harness(API_KEY_REFUSED, "Now it works.")
    assert harness.wait_for(state="failed").problem.message == API_KEY_REFUSED.message
    assert harness.worker.transcribe_again(path.stem) == "Now it works."
    harness.worker.stop()
    (kept,) = harness.history.entries()
    assert (kept.text, kept.error, kept.outcome) == ("Now it works.", "", "rescued")


RECORDINGS_WITHOUT_SPEECH = {
    "less than a tenth of a second": (LOUD, 16),
    "no sample": (LOUD, 0),
    "silence": (bytes(len(LOUD)), 400),
}


@pytest.mark.parametrize(
    ("block", "blocks"), RECORDINGS_WITHOUT_SPEECH.values(), ids=RECORDINGS_WITHOUT_SPEECH
)
def test_recordings_without_speech_are_deleted(start_harness, tmp_path, block, blocks):
    path = leave_recording(tmp_path / "takes", block=block, blocks=blocks)
    harness = start_harness("Hello.")
    harness.wait_until_archived()
    assert not path.exists()
    harness.dictate(inserted_words=1)
    harness.worker.stop()
    assert [entry.text for entry in harness.history.entries()] == ["Hello."]


@pytest.mark.expect_log
def test_an_unreadable_recording_is_quarantined_and_reported(start_harness, tmp_path):
    path = leave_recording(tmp_path / "takes")
    path.write_bytes(b"SAYSO2" + bytes(100_000))
    os.utime(path, (time.time() - 60, time.time() - 60))
    harness = start_harness("Hello.")
    assert "damaged" in harness.wait_for(state="failed").problem.message
    harness.dictate(inserted_words=1)
    harness.worker.stop()
    assert not path.exists()
    assert path.with_suffix(".unreadable").exists()


def test_a_recovery_interrupted_by_quitting_is_repeated_at_the_next_start(start_harness, tmp_path):
    path = leave_recording(tmp_path / "takes")
    first = start_harness("never")
    first.engine.may_return.clear()
    assert first.engine.has_read_take.wait(TIMEOUT_S)
    first.worker.stop(timeout_s=0.2)
    first.engine.may_return.set()
    first.worker.stop()
    second = start_harness("Half a sentence")
    assert second.wait_for(offers_held_text=True).held_text == "Half a sentence"
    second.worker.stop()
    (kept,) = second.history.entries()
    assert (kept.id, kept.text) == (path.stem, "Half a sentence")
