"""The worker with fakes of all devices, from the key press to the inserted text."""

import asyncio
import queue
import time

from fakes import EDITOR, LOUD, RATE_HZ, FakeEngine
from integration.worker_harness import PASTE_FAILED, TIMEOUT_S
from sayso.core.dictation import events as e
from sayso.core.insertion import Target
from sayso.core.settings import settings as s
from sayso.core.settings.settings import Settings
from sayso.dictation.insertion import OWN_KEYS_S


def test_speech_is_inserted_after_the_key_is_released(start_harness):
    harness = start_harness("Hello, world.")
    status = harness.dictate(inserted_words=2)
    assert harness.typist.typed == ["Hello, world."]
    assert (status.last_text, status.problem) == ("Hello, world.", None)
    last = harness.worker.last_summary
    assert (last["text"], last["outcome"], last["inserted_by"]) == (
        *("Hello, world.", "inserted", "type"),
    )
    steps = last["timings"]
    assert all(value is not None for value in steps.values())
    assert steps["first_sample"] <= steps["key_up"] <= steps["final"] <= steps["inserted"]


def test_all_audio_is_recorded_and_reaches_the_engine(start_harness):
    harness = start_harness("Hello.")
    harness.dictate(inserted_words=1)
    harness.worker.stop()
    (kept,) = harness.history.entries()
    take = harness.recordings.load(kept.id)
    assert take.rate_hz == RATE_HZ
    assert take.size_bytes == harness.engine.read_bytes[0] >= 100 * len(LOUD)
    assert (kept.text, kept.outcome, kept.program) == ("Hello.", "inserted", "editor")
    assert kept.audio == f"{kept.id}.flac"


def test_audio_is_written_while_the_key_is_held(start_harness):
    harness = start_harness("Hello.")
    harness.hold_key()
    harness.speak()
    harness.worker.submit(asyncio.sleep(0)).result(TIMEOUT_S)  # the earlier blocks are processed
    (path,) = harness.recordings.folder.glob("*.wav")
    assert path.stat().st_size > 50 * len(LOUD)
    harness.release_key()
    harness.wait_for(inserted_words=1)


def test_text_that_cannot_be_typed_is_pasted(start_harness):
    harness = start_harness("Привет")
    harness.dictate(inserted_words=1)
    assert (harness.clipboard.pasted, harness.typist.typed) == (["Привет"], [])
    assert harness.worker.last_summary["inserted_by"] == "paste"


def test_a_space_separates_two_dictations_in_the_same_window(start_harness):
    harness = start_harness("One.", "Two.")
    harness.dictate(inserted_words=1)
    harness.dictate(inserted_words=1)
    assert harness.typist.typed == ["One.", " Two."]


def test_no_space_is_inserted_in_another_window(start_harness):
    harness = start_harness("One.", "Two.")
    harness.dictate(inserted_words=1)
    harness.focus.focused = Target(id=8)
    harness.dictate(inserted_words=1)
    assert harness.typist.typed == ["One.", "Two."]


def test_no_space_is_inserted_after_a_click(start_harness):
    harness = start_harness("One.", "Two.")
    harness.dictate(inserted_words=1)
    time.sleep(OWN_KEYS_S)
    harness.hotkey.key("mouse1", True)
    harness.hotkey.key("mouse1", False)
    harness.dictate(inserted_words=1)
    assert harness.typist.typed == ["One.", "Two."]


def test_control_characters_from_a_server_are_not_typed(start_harness):
    harness = start_harness("rm\x1b[2J\n-rf\u202e /")
    harness.dictate(inserted_words=2)
    assert harness.typist.typed == ["rm[2J -rf /"]


def test_silence_inserts_nothing(start_harness):
    harness = start_harness("")
    assert harness.dictate(empty_takes=1).state == "idle"
    assert harness.typist.typed == []
    assert harness.worker.last_summary["outcome"] == "nothing"


def test_escape_inserts_nothing_and_archives_the_take(start_harness):
    harness = start_harness("never mind")
    harness.hold_key()
    harness.speak()
    harness.hotkey.key("esc", True)
    harness.wait_for(state="idle")
    harness.hotkey.key("esc", False)
    harness.release_key()
    assert harness.worker.last_summary["outcome"] == "cancelled"
    harness.worker.stop()
    (kept,) = harness.history.entries()
    assert (kept.outcome, harness.recordings.load(kept.id).size_bytes > 0) == ("cancelled", True)
    assert harness.typist.typed == []


def test_a_shortcut_deletes_the_take(start_harness):
    harness = start_harness("never said")
    harness.hold_key()
    harness.speak(5)
    harness.hotkey.key("c", True)
    harness.wait_for(state="idle")
    harness.worker.stop()
    assert harness.recordings.wav_ids() == []
    assert harness.history.entries() == []
    assert harness.worker.last_summary is None


def test_overlapping_takes_are_inserted_in_order(start_harness):
    harness = start_harness("One.", "Two.")
    harness.engine.may_return.clear()
    harness.dictate(state="finishing")
    harness.hold_key()
    harness.speak()
    harness.release_key()
    harness.wait_for(state="finishing", take=2)
    harness.engine.may_return.set()
    harness.wait_until(lambda status: status.state == "idle" and len(harness.typist.typed) == 2)
    assert harness.typist.typed == ["One.", " Two."]


def test_a_missed_key_release_is_detected(start_harness):
    harness = start_harness("Hello.")
    harness.hold_key()
    harness.speak()
    harness.hotkey.pressed = frozenset()
    harness.wait_for(inserted_words=1)
    assert harness.typist.typed == ["Hello."]


def test_text_is_held_when_the_focus_changes(start_harness):
    harness = start_harness("Secret.")
    harness.hold_key()
    harness.speak()
    harness.focus.focused = Target(id=8, program="chat")
    harness.release_key()
    status = harness.wait_for(offers_held_text=True)
    assert (status.held_text, harness.typist.typed) == ("Secret.", [])
    harness.worker.post(e.InsertHeld())
    harness.wait_for(inserted_words=1)
    assert harness.typist.typed == ["Secret."]


def test_text_is_held_when_a_paste_fails(start_harness):
    harness = start_harness("Привет")
    harness.clipboard.problem = PASTE_FAILED
    status = harness.dictate(problem=PASTE_FAILED, offers_held_text=True)
    assert status.held_text == "Привет"
    assert harness.worker.last_summary["outcome"] == "held"


def test_a_take_starts_with_the_pre_roll(start_harness):
    harness = start_harness("One.", "Two.")
    harness.dictate(inserted_words=1)
    for _ in range(200):  # one second; the last 300 ms are kept
        harness.microphone.deliver(LOUD)
    harness.hold_key()
    harness.speak(1)
    harness.release_key()
    harness.wait_for(inserted_words=1)
    preroll = 0.3 * RATE_HZ * 2
    assert harness.engine.read_bytes[1] >= preroll


def test_the_microphone_is_closed_at_once_if_set(start_harness):
    harness = start_harness("One.", settings=s.put(Settings(), "microphone.keep_warm", "held"))
    harness.dictate(inserted_words=1)
    assert not harness.microphone.is_open.wait(0)


def test_a_new_engine_is_used_from_the_next_take_on(start_harness):
    harness = start_harness("One.", "Two.")
    first = harness.engine
    harness.dictate(inserted_words=1)
    harness.engine = FakeEngine("Deux.")
    harness.worker.configure(s.put(Settings(), "language", "fr"))
    harness.dictate(inserted_words=1)
    assert harness.typist.typed == ["One.", " Deux."]
    assert first.closed


def test_recording_a_hotkey_does_not_start_a_take(start_harness):
    harness, chords = start_harness(), queue.Queue()
    harness.worker.record_hotkey(chords.put)
    for key in ("ctrl_l", "alt_l", "space"):
        harness.hotkey.key(key, True)
    harness.hotkey.key("space", False)
    assert chords.get(timeout=TIMEOUT_S) == "ctrl_l+alt_l+space"
    assert harness.worker.status.state == "idle"
    assert harness.focus.focused == EDITOR


def test_quitting_while_speaking_archives_the_take(start_harness):
    harness = start_harness("never typed")
    harness.hold_key()
    harness.speak()
    harness.worker.stop()
    assert harness.worker.last_summary["outcome"] == "cancelled"
    assert harness.recordings.load(harness.worker.last_summary["id"]).size_bytes


def test_without_history_nothing_remains_of_an_inserted_take(start_harness):
    harness = start_harness("Secret.", settings=s.put(Settings(), "history.keep", "never"))
    harness.dictate(inserted_words=1)
    harness.worker.stop()
    assert harness.history.entries() == []
    assert list(harness.recordings.folder.iterdir()) == []


def test_text_from_the_history_is_inserted_once_another_window_has_focus(start_harness):
    harness = start_harness("Hello.")
    harness.dictate(inserted_words=1)
    harness.wait_until_archived()
    (entry,) = harness.history.entries()
    harness.focus.focused = Target(id=99)
    harness.worker.reinsert(entry, Target(id=99))
    for _ in range(2):
        harness.focus.target_queried.clear()
        assert harness.focus.target_queried.wait(TIMEOUT_S)
    assert harness.typist.typed == ["Hello."]
    harness.focus.focused = Target(id=8)
    harness.wait_until(lambda status: len(harness.typist.typed) == 2)
    assert harness.typist.typed == ["Hello.", "Hello."]
