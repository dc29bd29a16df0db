"""A worker with hand-written edges, and what an earlier one left behind."""

import asyncio
import os
import queue
import time

from fakes import LOUD, QUIET, RATE_HZ, FakeClipboard, FakeEngine, FakeMicrophone, FakeTypist
from sayso.core.dictation.status import Status
from sayso.core.problems import Problem
from sayso.core.settings.settings import Settings
from sayso.dictation.insertion import Clipboard
from sayso.dictation.worker import Parts, Worker
from sayso.storage.archive import Archive
from sayso.storage.history import History
from sayso.storage.recordings import Spool, wav_header

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

    def settle(self):
        """Until what an earlier run left was looked at, and all is written that is to be."""

        async def over():
            if self.worker._tasks:
                await asyncio.wait(self.worker._tasks)

        self.worker.run(over()).result(WAIT_S)
        self.archive._thread.submit(int).result(WAIT_S)

    def hold(self):
        self.worker.key("ctrl_r", True)
        self.down = frozenset({"ctrl_r"})
        self.wait(state="listening")
        assert self.microphone.is_open.wait(WAIT_S)

    def speak(self, blocks=100):
        for _ in range(blocks):
            self.microphone.speak(LOUD)
        self.wait(sound_arrived=True)

    def change_microphone(self, rate_hz):
        """The one that listens goes, and one of this rate takes its place."""
        self.microphone.is_open.clear()
        self.microphone.rate_hz = rate_hz
        self.microphone.vanish()
        assert self.microphone.is_open.wait(WAIT_S)

    def let_go(self):
        self.microphone.speak(QUIET * 40)
        self.worker.key("ctrl_r", False)
        self.down = frozenset()

    def dictate(self, **wanted):
        self.hold()
        self.speak()
        self.let_go()
        return self.wait(**(wanted or {"state": "idle"}))


def left_behind(folder, id_="20261121-143200-aaaaaa", block=LOUD, blocks=200, age_s=60):
    """A recording of a Sayso that was killed: no row, no length in its header."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{id_}.wav"
    path.write_bytes(wav_header(RATE_HZ, None) + block * blocks)
    os.utime(path, (time.time() - age_s, time.time() - age_s))
    return path
