"""Inserts text as the app does, with Qt's event loop and a worker thread.

Questions, one JSON value per line: {"text": ..., "method": ..., "into": window} inserts; with
"into", that window is reported as focused. {"can_type": text}; "target"; {"copy": text}; "stall"
returns for how many seconds at most the main thread was blocked since the last such question.
"""

import asyncio
import json
import sys
import threading
import time

from PySide6.QtCore import QSocketNotifier, QTimer
from PySide6.QtWidgets import QApplication

from sayso.core.dictation import events as e
from sayso.core.dictation.take import Take
from sayso.core.insertion import UNKNOWN_TARGET, Target
from sayso.core.settings.settings import InsertionSettings, Settings
from sayso.dictation import insertion
from sayso.dictation.active_takes import ActiveTake
from sayso.dictation.insertion import TextInserter
from sayso.system import current_platform
from sayso.ui.clipboard import QtClipboard

insertion.sanitize = lambda text, keep_newlines: text  # the texts are inserted exactly
application = QApplication(["inserting"])
platform = current_platform()
clipboard = QtClipboard(platform.selection_responds)


class Focus:
    reported = None

    def target(self):
        return self.reported or platform.focus.target()


class StallMeter:
    """Measures for how long the main thread does not process events."""

    def __init__(self):
        self._last, self.longest = time.monotonic(), 0.0
        self._timer = QTimer()
        self._timer.timeout.connect(self.on_timer)
        self._timer.start(10)

    def on_timer(self):
        now = time.monotonic()
        self._last, self.longest = now, max(self.longest, now - self._last)


stall_meter = StallMeter()
focus = Focus()


async def insert(text, method, into=None):
    started = time.time()
    take = Take(number=1, id="1")
    settings = Settings(insertion=InsertionSettings(method=method, newlines=True))
    focus.reported = Target(into) if into else None
    inserter.on_user_input(time.monotonic() + 1)  # no space before the text
    event = await inserter.insert(ActiveTake(take, key_down_s=0.0), text, True, settings)
    problem = ""
    if isinstance(event, e.FocusChanged):
        problem = "Another window has the focus."
    elif isinstance(event, e.InsertFailed):
        problem = event.problem.sentence
    return {"way": take.inserted_by, "problem": problem, "started": started, "done": time.time()}


async def answer(question):
    if question == "target":
        found = platform.focus.target()
        return {"window": found.id, "program": found.program}
    if question == "stall":
        longest, stall_meter.longest = stall_meter.longest, 0.0
        return longest
    if "can_type" in question:
        return platform.typist.can_type(question["can_type"], UNKNOWN_TARGET)
    if "copy" in question:
        clipboard.copy(question["copy"])
        return True
    return await insert(**question)


def write_answer(done):
    sys.stdout.write(json.dumps(done.result()) + "\n")
    sys.stdout.flush()


def on_question():
    line = sys.stdin.readline()
    if line:
        future = asyncio.run_coroutine_threadsafe(answer(json.loads(line)), loop)
        future.add_done_callback(write_answer)
    else:
        application.quit()


async def create_inserter():
    return TextInserter(platform.typist, focus, clipboard)


loop = asyncio.new_event_loop()
worker = threading.Thread(target=loop.run_forever)
worker.start()
inserter = asyncio.run_coroutine_threadsafe(create_inserter(), loop).result()
notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
notifier.activated.connect(on_question)
application.exec()
asyncio.run_coroutine_threadsafe(inserter.close(), loop).result()
loop.call_soon_threadsafe(loop.stop)
worker.join()
