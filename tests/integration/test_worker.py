"""The worker with hand-written edges, from key to text."""

import asyncio
import queue

from fakes import EDITOR, LOUD, RATE_HZ, FakeEngine
from integration.worker_harness import PASTE_FAILED, TIMEOUT_S
from sayso.core.dictation import events as e
from sayso.core.insertion import Target
from sayso.core.settings import settings as s
from sayso.core.settings.settings import Settings


def test_hold_speak_let_go(desk):
    desk = desk("Hello, world.")
    status = desk.dictate(words=2)
    assert desk.typist.typed == ["Hello, world."]
    assert (status.last_text, status.problem) == ("Hello, world.", None)
    last = desk.worker.last
    assert (last["text"], last["outcome"], last["inserted_by"]) == (
        *("Hello, world.", "inserted", "type"),
    )
    steps = last["timings"]
    assert all(value is not None for value in steps.values())
    assert steps["first_sample"] <= steps["key_up"] <= steps["final"] <= steps["inserted"]


def test_every_sample_is_on_disk_and_with_the_engine(desk):
    desk = desk("Hello.")
    desk.dictate(words=1)
    desk.worker.stop()
    (kept,) = desk.history.entries()
    take = desk.spool.load(kept.id)
    assert take.rate_hz == RATE_HZ
    assert take.size_bytes == desk.engine.heard_bytes[0] >= 100 * len(LOUD)
    assert (kept.text, kept.outcome, kept.program) == ("Hello.", "inserted", "editor")
    assert kept.audio == f"{kept.id}.flac"


def test_the_audio_is_on_disk_while_the_key_is_held(desk):
    desk = desk("Hello.")
    desk.hold()
    desk.speak()
    desk.worker.run(asyncio.sleep(0)).result(TIMEOUT_S)  # what came before it is done
    (path,) = desk.spool.folder.glob("*.wav")
    assert path.stat().st_size > 50 * len(LOUD)
    desk.let_go()
    desk.wait(words=1)


def test_what_does_not_fit_on_the_layout_is_pasted(desk):
    desk = desk("Привет")
    desk.dictate(words=1)
    assert (desk.clipboard.pasted, desk.typist.typed) == (["Привет"], [])
    assert desk.worker.last["inserted_by"] == "paste"


def test_two_dictations_in_the_same_place_have_a_space_between(desk):
    desk = desk("One.", "Two.")
    desk.dictate(words=1)
    desk.dictate(words=1)
    assert desk.typist.typed == ["One.", " Two."]


def test_after_another_window_there_is_no_space(desk):
    desk = desk("One.", "Two.")
    desk.dictate(words=1)
    desk.typist.focus = Target(id=8)
    desk.dictate(words=1)
    assert desk.typist.typed == ["One.", "Two."]


def test_after_a_click_there_is_no_space(desk, monkeypatch):
    monkeypatch.setattr("sayso.dictation.landing.AFTER_INSERTION_S", 0.0)
    desk = desk("One.", "Two.")
    desk.dictate(words=1)
    desk.worker.key("mouse1", True)
    desk.worker.key("mouse1", False)
    desk.dictate(words=1)
    assert desk.typist.typed == ["One.", "Two."]


def test_control_characters_of_a_server_are_not_typed(desk):
    desk = desk("rm\x1b[2J\n-rf\u202e /")
    desk.dictate(words=2)
    assert desk.typist.typed == ["rm[2J -rf /"]


def test_silence_types_nothing(desk):
    desk = desk("")
    assert desk.dictate(nothing_heard=1).state == "idle"
    assert desk.typist.typed == []
    assert desk.worker.last["outcome"] == "nothing"


def test_escape_types_nothing_and_keeps_the_take(desk):
    desk = desk("never mind")
    desk.hold()
    desk.speak()
    desk.worker.key("esc", True)
    desk.wait(state="idle")
    desk.worker.key("esc", False)
    desk.let_go()
    assert desk.worker.last["outcome"] == "cancelled"
    desk.worker.stop()
    (kept,) = desk.history.entries()
    assert (kept.outcome, desk.spool.load(kept.id).size_bytes > 0) == ("cancelled", True)
    assert desk.typist.typed == []


def test_a_shortcut_leaves_nothing(desk):
    desk = desk("never said")
    desk.hold()
    desk.speak(5)
    desk.worker.key("c", True)
    desk.wait(state="idle")
    desk.worker.stop()
    assert desk.spool.recordings() == []
    assert desk.history.entries() == []
    assert desk.worker.last is None


def test_a_press_while_finishing_starts_the_next_and_both_land_in_order(desk):
    desk = desk("One.", "Two.")
    desk.engine.may_answer.clear()
    desk.dictate(state="finishing")
    desk.hold()
    desk.speak()
    desk.let_go()
    desk.wait(state="finishing", take=2)
    desk.engine.may_answer.set()
    desk.wait_for(lambda status: status.state == "idle" and len(desk.typist.typed) == 2)
    assert desk.typist.typed == ["One.", " Two."]


def test_a_missed_release_ends_the_hold(desk):
    desk = desk("Hello.")
    desk.hold()
    desk.speak()
    desk.down = frozenset()
    desk.wait(words=1)
    assert desk.typist.typed == ["Hello."]


def test_another_window_is_not_typed_into(desk):
    desk = desk("Secret.")
    desk.hold()
    desk.speak()
    desk.typist.focus = Target(id=8, program="chat")
    desk.let_go()
    status = desk.wait(asks=True)
    assert (status.held, desk.typist.typed) == ("Secret.", [])
    desk.worker.post(e.InsertHeld())
    desk.wait(words=1)
    assert desk.typist.typed == ["Secret."]


def test_what_is_not_fetched_is_held_and_told(desk):
    desk = desk("Привет")
    desk.clipboard.problem = PASTE_FAILED
    status = desk.dictate(problem=PASTE_FAILED, asks=True)
    assert status.held == "Привет"
    assert desk.worker.last["outcome"] == "held"


def test_the_pre_roll_comes_before_the_key(desk):
    desk = desk("One.", "Two.")
    desk.dictate(words=1)
    for _ in range(200):  # a second; 300 ms of it are kept
        desk.microphone.speak(LOUD)
    desk.hold()
    desk.speak(1)
    desk.let_go()
    desk.wait(words=1)
    preroll = 0.3 * RATE_HZ * 2
    assert desk.engine.heard_bytes[1] >= preroll


def test_the_microphone_is_shut_at_once_where_the_setting_says_so(desk):
    desk = desk("One.", settings=s.put(Settings(), "microphone.keep_warm", "held"))
    desk.dictate(words=1)
    assert not desk.microphone.is_open.wait(0)


def test_another_engine_is_used_from_the_next_take_on(desk):
    desk = desk("One.", "Two.")
    first = desk.engine
    desk.dictate(words=1)
    desk.engine = FakeEngine("Deux.")
    desk.worker.configure(s.put(Settings(), "language", "fr"))
    desk.dictate(words=1)
    assert desk.typist.typed == ["One.", " Deux."]
    assert first.closed


def test_a_hotkey_is_recorded_and_does_not_start(desk):
    desk, chords = desk(), queue.Queue()
    desk.worker.record_hotkey(chords.put)
    for key in ("ctrl_l", "alt_l", "space"):
        desk.worker.key(key, True)
    desk.worker.key("space", False)
    assert chords.get(timeout=TIMEOUT_S) == "ctrl_l+alt_l+space"
    assert desk.worker.status.state == "idle"
    assert desk.typist.focus == EDITOR


def test_quitting_while_speaking_keeps_the_take(desk):
    desk = desk("never typed")
    desk.hold()
    desk.speak()
    desk.worker.stop()
    assert desk.worker.last["outcome"] == "cancelled"
    assert desk.spool.load(desk.worker.last["id"]).size_bytes


def test_in_private_nothing_stays_of_what_has_landed(desk):
    desk = desk("Secret.", settings=s.put(Settings(), "history.keep", "never"))
    desk.dictate(words=1)
    desk.worker.stop()
    assert desk.history.entries() == []
    assert list(desk.spool.folder.iterdir()) == []


def test_words_of_the_history_are_typed_once_another_window_has_the_focus(desk):
    desk = desk("Hello.")
    desk.dictate(words=1)
    desk.settle()
    (entry,) = desk.history.entries()
    desk.typist.focus = Target(id=99)
    desk.worker.type_again(entry, 99)
    for _ in range(2):
        desk.typist.was_asked.clear()
        assert desk.typist.was_asked.wait(TIMEOUT_S)
    assert desk.typist.typed == ["Hello."]
    desk.typist.focus = Target(id=8)
    desk.wait_for(lambda status: len(desk.typist.typed) == 2)
    assert desk.typist.typed == ["Hello.", "Hello."]
