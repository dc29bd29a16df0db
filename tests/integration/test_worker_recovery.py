"""The worker rescues what an earlier run left behind."""

import os
import time

import pytest

from fakes import LOUD
from integration.worker_harness import API_KEY_REFUSED, TIMEOUT_S, leave_recording
from sayso.core.dictation import events as e


def test_words_that_a_crash_cut_off_are_back_and_typed_where_the_user_wants_them(desk, tmp_path):
    path = leave_recording(tmp_path / "takes")
    since = time.strftime("%H:%M", time.localtime(path.stat().st_mtime - 1))
    desk = desk("Half a sentence", "Next.")
    status = desk.wait(asks=True)
    assert (status.held, status.rescued, desk.typist.typed) == ("Half a sentence", since, [])
    desk.worker.post(e.InsertHeld())
    assert desk.wait(words=3).rescued == ""
    assert desk.typist.typed == ["Half a sentence"]
    desk.dictate(words=1)
    desk.worker.stop()
    new, old = desk.history.entries()
    assert (old.text, old.outcome, old.duration_s) == ("Half a sentence", "inserted", 1.0)
    assert (old.audio, new.text) == (f"{path.stem}.flac", "Next.")
    assert not path.exists()


def test_rescued_words_that_nobody_wants_now_stay_in_the_history(desk, tmp_path):
    leave_recording(tmp_path / "takes")
    desk = desk("Half a sentence")
    desk.wait(asks=True)
    desk.worker.stop()
    (kept,) = desk.history.entries()
    assert (kept.text, kept.outcome, kept.engine) == ("Half a sentence", "rescued", "on-device")


def test_a_rescue_is_done_once(desk, tmp_path):
    leave_recording(tmp_path / "takes")
    first = desk("Half a sentence")
    first.wait(asks=True)
    first.worker.stop()
    second = desk("Next.")
    second.dictate(words=1)
    assert second.worker.status.held == ""


def test_several_are_rescued_and_the_newest_is_offered(desk, tmp_path):
    for hour, age_s in ((12, 7200), (13, 3600), (14, 60)):
        leave_recording(tmp_path / "takes", f"20261121-{hour}0000-aaaaaa", age_s=age_s)
    desk = desk("one", "two", "three")
    status = desk.wait(asks=True)
    assert (status.held, status.rescued_count) == ("three", 3)
    desk.worker.stop()
    assert [entry.text for entry in desk.history.entries()] == ["three", "two", "one"]


@pytest.mark.expect_log
def test_one_that_cannot_be_recognised_is_told_and_can_be_tried_again(desk, tmp_path):
    path = leave_recording(tmp_path / "takes")
    desk = desk(API_KEY_REFUSED, "Now it works.")
    assert desk.wait(state="failed").problem.what == API_KEY_REFUSED.message
    assert desk.worker.recognise_again(path.stem) == "Now it works."
    desk.worker.stop()
    (kept,) = desk.history.entries()
    assert (kept.text, kept.error, kept.outcome) == ("Now it works.", "", "rescued")


RECORDINGS_WITHOUT_SPEECH = {
    "less than a tenth of a second": (LOUD, 16),
    "no sample": (LOUD, 0),
    "silence": (bytes(len(LOUD)), 400),
}


@pytest.mark.parametrize(
    ("block", "blocks"), RECORDINGS_WITHOUT_SPEECH.values(), ids=RECORDINGS_WITHOUT_SPEECH
)
def test_what_holds_no_speech_just_goes(desk, tmp_path, block, blocks):
    path = leave_recording(tmp_path / "takes", block=block, blocks=blocks)
    desk = desk("Hello.")
    desk.settle()
    assert not path.exists()
    desk.dictate(words=1)
    desk.worker.stop()
    assert [entry.text for entry in desk.history.entries()] == ["Hello."]


@pytest.mark.expect_log
def test_a_recording_of_another_version_is_set_aside_and_told(desk, tmp_path):
    path = leave_recording(tmp_path / "takes")
    path.write_bytes(b"SAYSO2" + bytes(100_000))
    os.utime(path, (time.time() - 60, time.time() - 60))
    desk = desk("Hello.")
    assert "damaged" in desk.wait(state="failed").problem.what
    desk.dictate(words=1)
    desk.worker.stop()
    assert not path.exists()
    assert path.with_suffix(".unreadable").exists()


def test_quitting_in_a_rescue_leaves_it_to_the_next_start(desk, tmp_path):
    path = leave_recording(tmp_path / "takes")
    first = desk("never")
    first.engine.may_answer.clear()
    assert first.engine.has_heard.wait(TIMEOUT_S)
    first.worker._soon(lambda: [task.cancel() for task in first.worker._tasks])
    first.engine.may_answer.set()
    first.worker.stop()
    second = desk("Half a sentence")
    assert second.wait(asks=True).held == "Half a sentence"
    second.worker.stop()
    (kept,) = second.history.entries()
    assert (kept.id, kept.text) == (path.stem, "Half a sentence")
