"""The worker with hand-written edges: engines and microphones that fail in a dictation."""

import asyncio
import time

import pytest

from fakes import LOUD, QUIET, RATE_HZ, FakeEngine, FakeMicrophone
from integration.worker_harness import API_KEY_REFUSED, PASTE_FAILED, TIMEOUT_S
from sayso.audio.microphone import DISCONNECTED, ONLY_SILENCE, START_FAILED
from sayso.core.dictation import events as e
from sayso.core.problems import replaced
from sayso.core.settings import settings as s
from sayso.core.settings.settings import Settings
from sayso.dictation.recognition import IN_HISTORY, INSTEAD, INTERNAL_ERROR


def test_a_refused_key_is_told_while_speaking_and_the_take_is_kept(desk):
    desk = desk(API_KEY_REFUSED, "Now it works.")
    desk.dictate(state="failed", problem=API_KEY_REFUSED)
    assert desk.worker.last["error"] == API_KEY_REFUSED.sentence
    assert desk.spool.load(desk.worker.last["id"]).size_bytes
    assert "error" in desk.cues
    desk.worker.post(e.Retry())
    desk.wait(words=3)
    assert desk.typist.typed == ["Now it works."]
    desk.worker.stop()
    (kept,) = desk.history.entries()
    assert (kept.text, kept.outcome, kept.error) == ("Now it works.", "inserted", "")


WITH_FALLBACK = s.put(s.put(Settings(), "engine", "realtime"), "fallback", ("on-device",))


@pytest.mark.expect_log
def test_a_muted_microphone_is_told_while_recording_goes_on(desk, monkeypatch):
    desk = desk("")
    desk.hold()
    desk.speak()
    later = time.monotonic() * 1000
    for second in range(4):
        monkeypatch.setattr("sayso.audio.input_stream._now_ms", lambda at=later + second * 1000: at)
        desk.microphone.speak(bytes(160))
        desk.worker.run(asyncio.sleep(0)).result(TIMEOUT_S)
    assert desk.wait(problem=ONLY_SILENCE).state == "listening"
    desk.let_go()
    desk.wait_for(lambda status: status.nothing_heard)
    assert desk.spool.load(desk.worker.last["id"]).size_bytes


@pytest.mark.expect_log
def test_when_the_server_fails_this_computer_recognises_the_take_where_that_is_wanted(desk):
    spare = FakeEngine("Hello.")
    desk = desk(spare=spare, settings=WITH_FALLBACK)
    desk.engine._texts.append(API_KEY_REFUSED)
    desk.engine.name = "realtime"
    status = desk.dictate(words=1)
    assert desk.typist.typed == ["Hello."]
    assert status.problem.what == API_KEY_REFUSED.message
    assert status.problem.remedy == INSTEAD.format("This computer")
    assert desk.worker.last["engine"] == "on-device"
    assert spare.read_bytes[0] == desk.engine.heard_bytes[0]
    assert spare.closed


def test_a_connection_that_is_lost_is_tried_again_and_told_meanwhile(desk):
    lost = replaced(PASTE_FAILED, retry_after_s=0.0)
    desk = desk(lost, lost, "Hello.", settings=s.put(Settings(), "engine", "realtime"))
    desk.hold()
    desk.speak()
    desk.let_go()
    retrying = desk.wait_for(lambda status: status.retrying).retrying
    assert (retrying.problem, retrying.asked) == (lost, False)
    status = desk.wait(words=1)
    assert (status.retrying, status.by, status.problem) == (None, "", None)
    assert desk.typist.typed == ["Hello."]
    assert desk.worker.last["engine"] == "OpenAI"


def test_words_of_another_engine_say_so(desk):
    lost = replaced(PASTE_FAILED, retry_after_s=60.0)
    desk = desk(lost, "Then.", spare=FakeEngine("Hello."), settings=WITH_FALLBACK)
    status = desk.dictate(words=1)
    assert (status.by, status.problem) == ("on-device", None)
    assert desk.worker.last["engine"] == "on-device"
    desk.hold()
    assert desk.worker.status.by == ""


def test_a_take_that_is_tried_again_can_be_cancelled(desk):
    busy = replaced(PASTE_FAILED, retry_after_s=30.0)
    desk = desk(busy, settings=s.put(Settings(), "engine", "realtime"))
    desk.hold()
    desk.speak()
    desk.let_go()
    assert desk.wait_for(lambda status: status.retrying).retrying.asked
    desk.worker.post(e.Cancel())
    assert desk.wait(state="idle").retrying is None


@pytest.mark.expect_log
def test_a_text_that_is_doubted_is_typed_and_told_if_nobody_does_better(desk):
    desk = desk("", "", settings=s.put(Settings(), "engine", "realtime"))
    problem = desk.dictate(nothing_heard=1).problem  # asked twice, it says the same
    assert problem.what == "OpenAI gave no words for your speech."
    assert problem.remedy == IN_HISTORY
    desk.engine._texts += ["Thank you.", PASTE_FAILED]
    desk.hold()
    for _ in range(100):
        desk.microphone.speak(QUIET)
    desk.let_go()
    problem = desk.wait(nothing_heard=2).problem
    assert problem.what == "Nobody said “Thank you.”, but OpenAI wrote it."


@pytest.mark.expect_log
def test_when_both_fail_the_servers_problem_is_told(desk):
    desk = desk(API_KEY_REFUSED, spare=FakeEngine(PASTE_FAILED), settings=WITH_FALLBACK)
    desk.engine.name = "realtime"
    status = desk.dictate(state="failed")
    assert status.problem.what == API_KEY_REFUSED.message
    assert desk.worker.last["error"] == API_KEY_REFUSED.sentence


@pytest.mark.expect_log
def test_a_fault_in_an_engine_fails_the_take_and_is_told(desk):
    desk = desk()  # it has no text to give, and breaks
    desk.dictate(state="failed", problem=INTERNAL_ERROR)
    assert desk.worker.last["outcome"] == "failed"


def test_no_microphone_is_told(desk):
    desk = desk("never", microphone=FakeMicrophone(START_FAILED))
    desk.worker.key("ctrl_r", True)
    assert desk.wait(problem=START_FAILED).state == "failed"


def test_a_microphone_that_stays_away_leaves_what_was_said(desk, monkeypatch):
    desk = desk("Half a")
    desk.hold()
    desk.speak()
    desk.microphone.gone.set()
    monkeypatch.setattr("sayso.audio.input_stream.LONGEST_AWAY_S", 0.3)
    desk.microphone.vanish()
    assert desk.wait(waiting=True).state == "listening"
    desk.wait(problem=DISCONNECTED)
    desk.let_go()
    desk.wait_for(lambda status: desk.typist.typed)
    assert desk.typist.typed == ["Half a"]


@pytest.mark.expect_log
def test_a_microphone_of_another_rate_goes_on_with_the_take_at_the_takes_rate(desk, monkeypatch):
    monkeypatch.setattr("sayso.core.audio.dropouts.LEAST_MS", 0.0)
    desk = desk("One.")
    desk.hold()
    desk.speak()
    desk.change_microphone(RATE_HZ * 3)
    for _ in range(100):
        desk.microphone.speak(LOUD * 3)
    status = desk.wait_for(lambda status: status.problem)
    assert status.state == "listening"
    assert status.problem.what == "0.0 s were not heard when the microphone changed."
    desk.let_go()
    desk.wait_for(lambda status: desk.typist.typed)
    take = desk.spool.load(desk.worker.last["id"])
    assert take.rate_hz == RATE_HZ
    assert take.duration_s == pytest.approx(1.0, abs=0.35)  # and the tail


def test_after_a_change_of_rate_the_next_take_has_the_new_one(desk):
    desk = desk("One.", "Two.")
    desk.hold()
    desk.speak()
    desk.change_microphone(RATE_HZ * 3)
    desk.let_go()
    desk.wait_for(lambda status: len(desk.typist.typed) == 1)
    desk.dictate(words=1)
    assert desk.spool.load(desk.worker.last["id"]).rate_hz == RATE_HZ * 3


def test_words_before_the_opening_is_over_belong_to_the_take_though_the_key_is_up_again(desk):
    desk = desk("One.")
    desk.microphone.may_return.clear()
    desk.hold()
    for _ in range(100):
        desk.microphone.speak(LOUD)
    desk.let_go()
    desk.wait(state="finishing")
    desk.microphone.may_return.set()
    desk.wait(words=1)
    assert desk.spool.load(desk.worker.last["id"]).duration_s >= 0.5
