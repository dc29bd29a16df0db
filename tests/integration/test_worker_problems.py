"""The worker with engines and microphones that fail during a dictation."""

import asyncio
import time

import attrs
import pytest

from fakes import LOUD, QUIET, RATE_HZ, FakeEngine, FakeMicrophone
from integration.worker_harness import API_KEY_REFUSED, PASTE_FAILED, TIMEOUT_S
from sayso.core.audio.watchdog import MicTimeouts
from sayso.core.dictation import events as e
from sayso.core.problems import audio as audio_problems
from sayso.core.problems.dictation import RECOGNITION_INTERNAL_ERROR, TEXT_NOT_TRUSTED
from sayso.core.problems.insertion import HOTKEY_LOST, NO_DISPLAY
from sayso.core.settings import settings as s
from sayso.core.settings.settings import Settings


def test_a_refused_key_is_reported_while_speaking_and_the_take_is_kept(start_harness):
    harness = start_harness(API_KEY_REFUSED, "Now it works.")
    harness.dictate(state="failed", problem=API_KEY_REFUSED)
    assert harness.worker.last_summary["error"] == API_KEY_REFUSED.sentence
    assert harness.recordings.load(harness.worker.last_summary["id"]).size_bytes
    assert "error" in harness.cues
    harness.worker.post(e.Retry())
    harness.wait_for(inserted_words=3)
    assert harness.typist.typed == ["Now it works."]
    harness.worker.stop()
    (kept,) = harness.history.entries()
    assert (kept.text, kept.outcome, kept.error) == ("Now it works.", "inserted", "")


WITH_FALLBACK = s.put(s.put(Settings(), "engine", "realtime"), "fallback", ("on-device",))


@pytest.mark.expect_log
def test_a_muted_microphone_is_reported_while_recording_continues(start_harness):
    harness = start_harness("", mic_timeouts=MicTimeouts(silence_ms=5))
    harness.hold_key()
    harness.speak()
    for _ in range(4):
        harness.microphone.deliver(bytes(160))
        harness.worker.submit(asyncio.sleep(0.01)).result(TIMEOUT_S)
    assert harness.wait_for(problem=audio_problems.SILENT()).state == "listening"
    harness.release_key()
    harness.wait_until(lambda status: status.empty_takes)
    assert harness.recordings.load(harness.worker.last_summary["id"]).size_bytes


@pytest.mark.expect_log
def test_the_on_device_fallback_is_used_when_the_server_fails(start_harness):
    spare = FakeEngine("Hello.")
    harness = start_harness(on_device_engine=spare, settings=WITH_FALLBACK)
    harness.engine.texts.append(API_KEY_REFUSED)
    harness.engine.name = "realtime"
    status = harness.dictate(inserted_words=1)
    assert harness.typist.typed == ["Hello."]
    assert status.problem.message == API_KEY_REFUSED.message
    assert status.problem.remedy == "This computer transcribes your dictation instead."
    assert harness.worker.last_summary["engine"] == "on-device"
    assert spare.read_bytes[0] == harness.engine.read_bytes[0]
    assert spare.closed


def test_a_lost_connection_is_retried_and_reported_meanwhile(start_harness):
    lost = attrs.evolve(PASTE_FAILED, retry_after_s=0.0)
    harness = start_harness(lost, lost, "Hello.", settings=s.put(Settings(), "engine", "realtime"))
    harness.hold_key()
    harness.speak()
    harness.release_key()
    retrying = harness.wait_until(lambda status: status.retrying).retrying
    assert (retrying.problem, retrying.requested_by_server) == (lost, False)
    status = harness.wait_for(inserted_words=1)
    assert (status.retrying, status.fallback_engine, status.problem) == (None, "", None)
    assert harness.typist.typed == ["Hello."]
    assert harness.worker.last_summary["engine"] == "OpenAI"


def test_the_status_names_the_fallback_engine(start_harness):
    lost = attrs.evolve(PASTE_FAILED, retry_after_s=60.0)
    harness = start_harness(
        lost, "Then.", on_device_engine=FakeEngine("Hello."), settings=WITH_FALLBACK
    )
    status = harness.dictate(inserted_words=1)
    assert (status.fallback_engine, status.problem) == ("on-device", None)
    assert harness.worker.last_summary["engine"] == "on-device"
    harness.hold_key()
    assert harness.worker.status.fallback_engine == ""


def test_a_take_can_be_canceled_while_it_is_retried(start_harness):
    busy = attrs.evolve(PASTE_FAILED, retry_after_s=30.0)
    harness = start_harness(busy, settings=s.put(Settings(), "engine", "realtime"))
    harness.hold_key()
    harness.speak()
    harness.release_key()
    assert harness.wait_until(lambda status: status.retrying).retrying.requested_by_server
    harness.worker.post(e.Cancel())
    assert harness.wait_for(state="idle").retrying is None


@pytest.mark.expect_log
def test_suspicious_text_is_reported_if_no_engine_does_better(start_harness):
    harness = start_harness("", "", settings=s.put(Settings(), "engine", "realtime"))
    problem = harness.dictate(empty_takes=1).problem  # the engine is tried twice
    assert problem.message == "OpenAI returned no text for your speech."
    assert problem.remedy == TEXT_NOT_TRUSTED.remedy
    harness.engine.texts += ["Thank you.", PASTE_FAILED]
    harness.hold_key()
    for _ in range(100):
        harness.microphone.deliver(QUIET)
    harness.release_key()
    problem = harness.wait_for(empty_takes=2).problem
    assert problem.message == "OpenAI made up “Thank you.”, so nothing was inserted."


@pytest.mark.expect_log
def test_when_both_engines_fail_the_problem_of_the_server_is_reported(start_harness):
    harness = start_harness(
        API_KEY_REFUSED, on_device_engine=FakeEngine(PASTE_FAILED), settings=WITH_FALLBACK
    )
    harness.engine.name = "realtime"
    status = harness.dictate(state="failed")
    assert status.problem.message == API_KEY_REFUSED.message
    assert harness.worker.last_summary["error"] == API_KEY_REFUSED.sentence


@pytest.mark.expect_log
def test_an_unexpected_error_in_an_engine_fails_the_take(start_harness):
    harness = start_harness()  # an engine without a text raises an IndexError
    harness.dictate(state="failed", problem=RECOGNITION_INTERNAL_ERROR())
    assert harness.worker.last_summary["outcome"] == "failed"


def test_a_missing_microphone_is_reported(start_harness):
    harness = start_harness("never", microphone=FakeMicrophone(audio_problems.NOT_STARTED()))
    harness.hotkey.key("ctrl_r", True)
    assert harness.wait_for(problem=audio_problems.NOT_STARTED()).state == "failed"


def test_the_audio_before_the_microphone_was_lost_is_transcribed(start_harness):
    harness = start_harness("Half a", mic_timeouts=MicTimeouts(interruption_ms=300))
    harness.hold_key()
    harness.speak()
    harness.microphone.unavailable.set()
    harness.microphone.disconnect()
    assert harness.wait_for(microphone_lost=True).state == "listening"
    harness.wait_for(problem=audio_problems.DISCONNECTED())
    harness.release_key()
    harness.wait_for(inserted_words=2)
    assert harness.typist.typed == ["Half a"]


@pytest.mark.expect_log
def test_a_microphone_with_another_rate_continues_the_take_at_its_rate(start_harness):
    harness = start_harness("One.")
    harness.hold_key()
    harness.speak()
    harness.change_microphone(RATE_HZ * 3)
    time.sleep(0.4)  # longer than the shortest dropout that is reported
    for _ in range(100):
        harness.microphone.deliver(LOUD * 3)
    status = harness.wait_until(lambda status: status.problem)
    assert status.state == "listening"
    assert status.problem.code == audio_problems.DROPOUT.code
    harness.release_key()
    harness.wait_for(inserted_words=1)
    take = harness.recordings.load(harness.worker.last_summary["id"])
    assert take.rate_hz == RATE_HZ
    assert take.duration_s == pytest.approx(1.0, abs=0.35)  # including the tail


def test_the_next_take_has_the_rate_of_the_new_microphone(start_harness):
    harness = start_harness("One.", "Two.")
    harness.hold_key()
    harness.speak()
    harness.change_microphone(RATE_HZ * 3)
    harness.release_key()
    harness.wait_for(inserted_words=1)
    harness.dictate(inserted_words=1)
    assert harness.recordings.load(harness.worker.last_summary["id"]).rate_hz == RATE_HZ * 3


def test_audio_from_before_the_microphone_is_open_belongs_to_the_take(start_harness):
    harness = start_harness("One.")
    harness.microphone.may_finish_opening.clear()
    harness.hold_key()
    for _ in range(100):
        harness.microphone.deliver(LOUD)
    harness.release_key()
    harness.wait_for(state="finishing")
    harness.microphone.may_finish_opening.set()
    harness.wait_for(inserted_words=1)
    assert harness.recordings.load(harness.worker.last_summary["id"]).duration_s >= 0.5


@pytest.mark.expect_log
def test_the_loss_of_the_hotkey_is_reported_until_it_is_restored(start_harness):
    harness = start_harness()
    harness.hotkey.listener.lost(HOTKEY_LOST())
    harness.wait_for(problem=HOTKEY_LOST())
    harness.hotkey.listener.restored()
    harness.wait_for(problem=None)


@pytest.mark.expect_log
def test_a_hotkey_that_cannot_be_detected_is_reported(start_harness):
    harness = start_harness(hotkey_problem=NO_DISPLAY())
    harness.wait_for(problem=NO_DISPLAY())
