"""The worker with hand-written edges: from key to text, and what goes wrong on the way."""

import asyncio
import json
import queue
import time

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
from sayso.edges.microphone import NOT_STARTED, ONLY_SILENCE, WENT_AWAY
from sayso.edges.spool import Spool
from sayso.engines import BUG, INSTEAD
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
        self.shown: queue.Queue[Status] = queue.Queue()
        self.levels: list[float] = []
        self.cues: list[str] = []
        self.down: frozenset[str] = frozenset()
        parts = Parts(
            microphone=self.microphone,
            spool=self.spool,
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
    (kept,) = desk.spool.takes()
    take = desk.spool.load(kept["id"])
    assert take.rate_hz == RATE_HZ
    assert take.size_bytes == desk.engine.heard_bytes[0] >= 100 * len(LOUD)
    assert kept["text"] == "Hello."


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
    monkeypatch.setattr("sayso.worker.AFTER_INSERTION_S", 0.0)
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
    assert len(desk.spool.takes()) == 1
    assert desk.typist.typed == []


def test_a_shortcut_leaves_nothing(desk):
    desk = desk("never said")
    desk.hold()
    desk.speak(5)
    desk.worker.key("c", True)
    desk.wait(state="idle")
    assert desk.spool.takes() == []
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
    assert json.loads(next(desk.spool.folder.glob("*.json")).read_text())["text"] == "Now it works."


WITH_FALLBACK = s.put(s.put(Settings(), "engine", "realtime"), "fallback", True)


@pytest.mark.expect_log
def test_a_muted_microphone_is_told_while_recording_goes_on(desk, monkeypatch):
    desk = desk("")
    desk.hold()
    desk.speak()
    later = time.monotonic() * 1000
    for second in range(4):
        monkeypatch.setattr("sayso.capture._now_ms", lambda at=later + second * 1000: at)
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
    assert status.problem.remedy == INSTEAD
    assert desk.worker.last["engine"] == "on-device"
    assert spare.heard_bytes[0] == desk.engine.heard_bytes[0]
    assert spare.closed


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


def test_a_microphone_that_goes_away_leaves_what_was_said(desk):
    desk = desk("Half a")
    desk.hold()
    desk.speak()
    desk.microphone.vanish()
    desk.wait(problem=WENT_AWAY)
    desk.let_go()
    desk.wait_for(lambda status: desk.typist.typed)
    assert desk.typist.typed == ["Half a"]


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
