"""A worker with fakes of everything around it, and recordings of an interrupted run."""

import os
import queue
import time

from fakes import LOUD, QUIET, RATE_HZ, FakeEngine, FakeMicrophone, FakePlatform
from sayso.core.audio.watchdog import MicTimeouts
from sayso.core.dictation.status import Status
from sayso.core.problems import ProblemKind
from sayso.core.settings.settings import Settings
from sayso.dictation.worker import Worker, WorkerDeps
from sayso.storage.archive import Archive
from sayso.storage.history import HistoryStore
from sayso.storage.recordings import Recordings, wav_header

API_KEY_REFUSED = ProblemKind("test.api_key", "OpenAI refused the API key.", "Change it.")()
PASTE_FAILED = ProblemKind("test.paste", "The window does not accept text.", "Press Ctrl+V.")()
TIMEOUT_S = 5.0


class WorkerHarness:
    def __init__(
        self,
        folder,
        *texts,
        microphone=None,
        settings=None,
        on_device_engine=None,
        mic_timeouts=None,
        hotkey_problem=None,
    ):
        self.microphone = microphone or FakeMicrophone()
        self.engine = FakeEngine(*texts)
        platform = FakePlatform()
        self.hotkey, self.focus = platform.hotkey, platform.focus
        self.hotkey.problem = hotkey_problem
        self.typist, self.clipboard = platform.typist, platform.clipboard
        self.recordings = Recordings(folder)
        self.history = HistoryStore(folder.parent / "history.db")
        self.archive = Archive(
            self.recordings,
            self.history,
            on_problem=lambda problem: self.worker.report_problem(problem),
        )
        self.statuses: queue.Queue[Status] = queue.Queue()
        self.levels: list[float] = []
        self.cues: list[str] = []
        deps = WorkerDeps(
            microphone=self.microphone,
            archive=self.archive,
            create_engine=lambda s: (
                on_device_engine if on_device_engine and s.engine == "on-device" else self.engine
            ),
            **platform.deps(),
            play_cue=self.cues.append,
            on_status=self.statuses.put,
            on_level=self.levels.append,
            mic_timeouts=mic_timeouts or MicTimeouts(),
        )
        self.worker = Worker(deps, settings or Settings())
        self.worker.start()

    def wait_for(self, **fields):
        """Wait for a status with these fields and return it."""
        return self.wait_until(
            lambda status: all(getattr(status, name) == fields[name] for name in fields)
        )

    def wait_until(self, condition):
        """Wait for a status that fulfills the condition and return it."""
        while not condition(status := self.statuses.get(timeout=TIMEOUT_S)):
            pass
        return status

    def wait_until_archived(self):
        """Wait until recovery is finished and everything is written."""
        self.worker.submit(self.worker.wait_for_tasks()).result(TIMEOUT_S)
        self.archive.written().result(TIMEOUT_S)

    def hold_key(self):
        self.hotkey.key("ctrl_r", True)
        self.hotkey.pressed = frozenset({"ctrl_r"})
        self.wait_for(state="listening")
        assert self.microphone.is_open.wait(TIMEOUT_S)

    def speak(self, block_count=100):
        for _ in range(block_count):
            self.microphone.deliver(LOUD)
        self.wait_for(has_audio=True)

    def change_microphone(self, rate_hz):
        """Disconnect the microphone and replace it by one with another rate."""
        self.microphone.is_open.clear()
        self.microphone.rate_hz = rate_hz
        self.microphone.disconnect()
        assert self.microphone.is_open.wait(TIMEOUT_S)

    def release_key(self):
        self.microphone.deliver(QUIET * 40)
        self.hotkey.key("ctrl_r", False)
        self.hotkey.pressed = frozenset()

    def dictate(self, **fields):
        self.hold_key()
        self.speak()
        self.release_key()
        return self.wait_for(**(fields or {"state": "idle"}))


def leave_recording(folder, id_="20261121-143200-aaaaaa", block=LOUD, blocks=200, age_s=60):
    """Write a recording as a crash leaves it: no history entry, no length in its header."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{id_}.wav"
    path.write_bytes(wav_header(RATE_HZ, None) + block * blocks)
    os.utime(path, (time.time() - age_s, time.time() - age_s))
    return path
