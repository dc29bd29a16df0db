"""The worker with hand-written edges: from key to text, and what goes wrong on the way."""

import asyncio
import os
import queue
import time

import attrs
import pytest

from fakes import (
    EDITOR,
    LOUD,
    QUIET,
    RATE_HZ,
    FakeClipboard,
    FakeEngine,
    FakeMicrophone,
    FakeTypist,
)
from sayso.core import events as e
from sayso.core import settings as s
from sayso.core.insertion import Target
from sayso.core.problems import Problem
from sayso.core.settings import Settings
from sayso.core.status import Status
from sayso.edges.archive import Archive
from sayso.edges.history import History
from sayso.edges.microphone import NOT_STARTED, ONLY_SILENCE, WENT_AWAY
from sayso.edges.spool import Spool, wav_header
from sayso.engines import BUG, IN_HISTORY, INSTEAD
from sayso.inserter import Clipboard
from sayso.worker import Parts, Worker

REFUSED = Problem("Your API key was refused by api.openai.com.", "Change it.", "recognition")
UNFETCHED = Problem("This window does not take typed text.", "Press Ctrl+V.", "copy")
WAIT_S = 5.0


class Desk:
    """A worker with everything around it."""

    def __init__(self, folder, *texts, microphone=None, settings=None, spare=None):
        self.microphone = microphone or FakeMicrophone()
        self.engine = FakeEngine(*texts)
        self.typist, self.clipboard = FakeTypist(), FakeClipboard()
        self.spool = Spool(folder)
        self.history = History(folder.parent / "history.db")
        self.archive = Archive(
            self.spool, self.history, warned=lambda problem: self.worker.tell(problem)
        )
        self.shown: queue.Queue[Status] = queue.Queue()
        self.levels: list[float] = []
        self.cues: list[str] = []
        self.down: frozenset[str] = frozenset()
        parts = Parts(
            microphone=self.microphone,
            archive=self.archive,
            make_engine=lambda s: spare if spare and s.engine == "on-device" else self.engine,
            typist=self.typist,
            clipboard=Clipboard(self.clipboard.paste, self.clipboard.copy),
            keys_down=lambda: self.down,
            cue=self.cues.append,
            show=self.shown.put,
            level=self.levels.append,
        )
        self.worker = Worker(parts, settings or Settings())
        self.worker.start()

    def wait(self, **wanted):
        while True:
            status = self.shown.get(timeout=WAIT_S)
            if all(getattr(status, name) == value for name, value in wanted.items()):
                return status

    def wait_for(self, condition):
        while not condition(status := self.shown.get(timeout=WAIT_S)):
            pass
        return status

    def hold(self):
        self.worker.key("ctrl_r", True)
        self.down = frozenset({"ctrl_r"})
        self.wait(state="listening")
        assert self.microphone.is_open.wait(WAIT_S)

    def speak(self, blocks=100):
        for _ in range(blocks):
            self.microphone.speak(LOUD)
        self.wait(sound_arrived=True)

    def let_go(self):
        self.microphone.speak(QUIET * 40)
        self.worker.key("ctrl_r", False)
        self.down = frozenset()

    def dictate(self, **wanted):
        self.hold()
        self.speak()
        self.let_go()
        return self.wait(**(wanted or {"state": "idle"}))


@pytest.fixture
def desk(tmp_path):
    desks = []

    def make(*texts, **options):
        desks.append(Desk(tmp_path / "takes", *texts, **options))
        return desks[-1]

    yield make
    for each in desks:
        each.worker.stop()
        assert not each.worker._thread.is_alive()
        assert not each.microphone.is_open.is_set()


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
    desk.worker.run(asyncio.sleep(0)).result(WAIT_S)  # what came before it is done
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
    desk.typist.focus = Target(window=8)
    desk.dictate(words=1)
    assert desk.typist.typed == ["One.", "Two."]


def test_after_a_click_there_is_no_space(desk, monkeypatch):
    monkeypatch.setattr("sayso.landing.AFTER_INSERTION_S", 0.0)
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
    desk.typist.focus = Target(window=8, program="chat")
    desk.let_go()
    status = desk.wait(asks=True)
    assert (status.held, desk.typist.typed) == ("Secret.", [])
    desk.worker.post(e.InsertHeld())
    desk.wait(words=1)
    assert desk.typist.typed == ["Secret."]


def test_what_is_not_fetched_is_held_and_told(desk):
    desk = desk("Привет")
    desk.clipboard.problem = UNFETCHED
    status = desk.dictate(problem=UNFETCHED, asks=True)
    assert status.held == "Привет"
    assert desk.worker.last["outcome"] == "held"


def test_a_refused_key_is_told_while_speaking_and_the_take_is_kept(desk):
    desk = desk(REFUSED, "Now it works.")
    desk.dictate(state="failed", problem=REFUSED)
    assert desk.worker.last["error"] == REFUSED.sentence
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
        monkeypatch.setattr("sayso.stream._now_ms", lambda at=later + second * 1000: at)
        desk.microphone.speak(bytes(160))
        desk.worker.run(asyncio.sleep(0)).result(WAIT_S)
    assert desk.wait(problem=ONLY_SILENCE).state == "listening"
    desk.let_go()
    desk.wait_for(lambda status: status.nothing_heard)
    assert desk.spool.load(desk.worker.last["id"]).size_bytes


@pytest.mark.expect_log
def test_when_the_server_fails_this_computer_recognises_the_take_where_that_is_wanted(desk):
    spare = FakeEngine("Hello.")
    desk = desk(spare=spare, settings=WITH_FALLBACK)
    desk.engine._texts.append(REFUSED)
    desk.engine.name = "realtime"
    status = desk.dictate(words=1)
    assert desk.typist.typed == ["Hello."]
    assert status.problem.what == REFUSED.what
    assert status.problem.remedy == INSTEAD.format("This computer")
    assert desk.worker.last["engine"] == "on-device"
    assert spare.heard_bytes[0] == desk.engine.heard_bytes[0]
    assert spare.closed


def test_a_connection_that_is_lost_is_tried_again_and_told_meanwhile(desk):
    lost = attrs.evolve(UNFETCHED, again_s=0.0)
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
    lost = attrs.evolve(UNFETCHED, again_s=60.0)
    desk = desk(lost, "Then.", spare=FakeEngine("Hello."), settings=WITH_FALLBACK)
    status = desk.dictate(words=1)
    assert (status.by, status.problem) == ("on-device", None)
    assert desk.worker.last["engine"] == "on-device"
    desk.hold()
    assert desk.worker.status.by == ""


def test_a_take_that_is_tried_again_can_be_cancelled(desk):
    busy = attrs.evolve(UNFETCHED, again_s=30.0)
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
    desk.engine._texts += ["Thank you.", UNFETCHED]
    desk.hold()
    for _ in range(100):
        desk.microphone.speak(QUIET)
    desk.let_go()
    problem = desk.wait(nothing_heard=2).problem
    assert problem.what == "Nobody said “Thank you.”, but OpenAI wrote it."


@pytest.mark.expect_log
def test_when_both_fail_the_servers_problem_is_told(desk):
    desk = desk(REFUSED, spare=FakeEngine(UNFETCHED), settings=WITH_FALLBACK)
    desk.engine.name = "realtime"
    status = desk.dictate(state="failed")
    assert status.problem.what == REFUSED.what
    assert desk.worker.last["error"] == REFUSED.sentence


@pytest.mark.expect_log
def test_a_fault_in_an_engine_fails_the_take_and_is_told(desk):
    desk = desk()  # it has no text to give, and breaks
    desk.dictate(state="failed", problem=BUG)
    assert desk.worker.last["outcome"] == "failed"


def test_no_microphone_is_told(desk):
    desk = desk("never", microphone=FakeMicrophone(NOT_STARTED))
    desk.worker.key("ctrl_r", True)
    assert desk.wait(problem=NOT_STARTED).state == "failed"


def test_a_microphone_that_stays_away_leaves_what_was_said(desk, monkeypatch):
    desk = desk("Half a")
    desk.hold()
    desk.speak()
    desk.microphone.gone.set()
    monkeypatch.setattr("sayso.stream.LONGEST_AWAY_S", 0.3)
    desk.microphone.vanish()
    assert desk.wait(waiting=True).state == "listening"
    desk.wait(problem=WENT_AWAY)
    desk.let_go()
    desk.wait_for(lambda status: desk.typist.typed)
    assert desk.typist.typed == ["Half a"]


@pytest.mark.expect_log
def test_a_microphone_of_another_rate_goes_on_with_the_take_at_the_takes_rate(desk, monkeypatch):
    monkeypatch.setattr("sayso.core.gaps.LEAST_MS", 0.0)
    desk = desk("One.")
    desk.hold()
    desk.speak()
    desk.microphone.is_open.clear()
    desk.microphone.rate_hz = RATE_HZ * 3
    desk.microphone.vanish()
    assert desk.microphone.is_open.wait(WAIT_S)
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
    desk.microphone.is_open.clear()
    desk.microphone.rate_hz = RATE_HZ * 3
    desk.microphone.vanish()
    assert desk.microphone.is_open.wait(WAIT_S)
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
    assert chords.get(timeout=WAIT_S) == "ctrl_l+alt_l+space"
    assert desk.worker.status.state == "idle"
    assert desk.typist.focus == EDITOR


def test_quitting_while_speaking_keeps_the_take(desk):
    desk = desk("never typed")
    desk.hold()
    desk.speak()
    desk.worker.stop()
    assert desk.worker.last["outcome"] == "cancelled"
    assert desk.spool.load(desk.worker.last["id"]).size_bytes


# What an earlier run left behind


def left_behind(folder, id_="20261121-143200-aaaaaa", block=LOUD, blocks=200, age_s=60):
    """A recording of a Sayso that was killed: no row, no length in its header."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{id_}.wav"
    path.write_bytes(wav_header(RATE_HZ, None) + block * blocks)
    os.utime(path, (time.time() - age_s, time.time() - age_s))
    return path


def test_words_that_a_crash_cut_off_are_back_and_typed_where_the_user_wants_them(desk, tmp_path):
    path = left_behind(tmp_path / "takes")
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
    left_behind(tmp_path / "takes")
    desk = desk("Half a sentence")
    desk.wait(asks=True)
    desk.worker.stop()
    (kept,) = desk.history.entries()
    assert (kept.text, kept.outcome, kept.engine) == ("Half a sentence", "rescued", "on-device")


def test_a_rescue_is_done_once(desk, tmp_path):
    left_behind(tmp_path / "takes")
    first = desk("Half a sentence")
    first.wait(asks=True)
    first.worker.stop()
    second = desk("Next.")
    second.dictate(words=1)
    assert second.worker.status.held == ""


def test_several_are_rescued_and_the_newest_is_offered(desk, tmp_path):
    for hour, age_s in ((12, 7200), (13, 3600), (14, 60)):
        left_behind(tmp_path / "takes", f"20261121-{hour}0000-aaaaaa", age_s=age_s)
    desk = desk("one", "two", "three")
    status = desk.wait(asks=True)
    assert (status.held, status.rescued_count) == ("three", 3)
    desk.worker.stop()
    assert [entry.text for entry in desk.history.entries()] == ["three", "two", "one"]


@pytest.mark.expect_log
def test_one_that_cannot_be_recognised_is_told_and_can_be_tried_again(desk, tmp_path):
    path = left_behind(tmp_path / "takes")
    desk = desk(REFUSED, "Now it works.")
    assert desk.wait(state="failed").problem.what == REFUSED.what
    assert desk.worker.recognise_again(path.stem) == "Now it works."
    desk.worker.stop()
    (kept,) = desk.history.entries()
    assert (kept.text, kept.error, kept.outcome) == ("Now it works.", "", "rescued")


LITTLE = {
    "less than a tenth of a second": (LOUD, 16),
    "no sample": (LOUD, 0),
    "silence": (bytes(len(LOUD)), 400),
}


@pytest.mark.parametrize(("block", "blocks"), LITTLE.values(), ids=LITTLE)
def test_what_holds_no_speech_just_goes(desk, tmp_path, block, blocks):
    path = left_behind(tmp_path / "takes", block=block, blocks=blocks)
    desk = desk("Hello.")
    deadline_s = time.monotonic() + WAIT_S
    while path.exists() and time.monotonic() < deadline_s:
        desk.worker.run(asyncio.sleep(0.01)).result(WAIT_S)
    assert not path.exists()
    desk.dictate(words=1)
    desk.worker.stop()
    assert [entry.text for entry in desk.history.entries()] == ["Hello."]


@pytest.mark.expect_log
def test_a_recording_of_another_version_is_set_aside_and_told(desk, tmp_path):
    path = left_behind(tmp_path / "takes")
    path.write_bytes(b"SAYSO2" + bytes(100_000))
    os.utime(path, (time.time() - 60, time.time() - 60))
    desk = desk("Hello.")
    assert "damaged" in desk.wait(state="failed").problem.what
    desk.dictate(words=1)
    desk.worker.stop()
    assert not path.exists()
    assert path.with_suffix(".unreadable").exists()


def test_quitting_in_a_rescue_leaves_it_to_the_next_start(desk, tmp_path):
    path = left_behind(tmp_path / "takes")
    first = desk("never")
    first.engine.may_answer.clear()
    deadline_s = time.monotonic() + WAIT_S
    while not first.engine.heard_bytes and time.monotonic() < deadline_s:
        first.worker.run(asyncio.sleep(0.01)).result(WAIT_S)
    first.engine.may_answer.set()
    first.worker._soon(lambda: [task.cancel() for task in first.worker._tasks])
    first.worker.stop()
    second = desk("Half a sentence")
    assert second.wait(asks=True).held == "Half a sentence"
    assert path.stem


def test_in_private_nothing_stays_of_what_has_landed(desk):
    desk = desk("Secret.", settings=s.put(Settings(), "history.keep", "never"))
    desk.dictate(words=1)
    desk.worker.stop()
    assert desk.history.entries() == []
    assert list(desk.spool.folder.iterdir()) == []


def test_words_of_the_history_are_typed_once_another_window_has_the_focus(desk):
    desk = desk("Hello.")
    desk.dictate(words=1)
    desk.worker.run(asyncio.to_thread(desk.archive._thread.submit(int).result)).result(WAIT_S)
    (entry,) = desk.history.entries()
    desk.typist.focus = Target(window=99)
    desk.worker.type_again(entry, 99)
    desk.worker.run(asyncio.sleep(0.02)).result(WAIT_S)
    assert desk.typist.typed == ["Hello."]
    desk.typist.focus = Target(window=8)
    desk.wait_for(lambda status: len(desk.typist.typed) == 2)
    assert desk.typist.typed == ["Hello.", "Hello."]
