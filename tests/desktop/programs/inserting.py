"""Inserts as the app does: plan, then the typist or the clipboard, with Qt's loop running.

Questions: {"text": ..., "method": ..., "into": window} inserts; {"spare": text}; "target";
{"copy": text}; "stall": how long the main thread was busy at most, in s, since the last time.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from PySide6.QtCore import QObject, QSocketNotifier, QTimer, Signal
from PySide6.QtWidgets import QApplication

from sayso.core.insertion import choose_method
from sayso.core.problems import ProblemError
from sayso.system import current_platform
from sayso.ui.clipboard import QtClipboard

application = QApplication(["inserting"])
machine = current_platform()
typist = machine.typist
paste = QtClipboard(machine.selection_owner_responds)


class Copier(QObject):
    copy = Signal(str)


copier = Copier()
copier.copy.connect(paste.copy)


class StallMeter:
    """Counts how long the main thread did not come round."""

    def __init__(self):
        self._last, self.longest = time.monotonic(), 0.0
        self._timer = QTimer()
        self._timer.timeout.connect(self.on_timer)
        self._timer.start(10)

    def on_timer(self):
        now = time.monotonic()
        self._last, self.longest = now, max(self.longest, now - self._last)


stall_meter = StallMeter()


def insert(text, method, into=0):
    started = time.time()
    chosen = choose_method(text, typist.target(), method, typist.can_type(text), newlines=True)
    problem = ""
    try:
        if chosen.way == "type":
            typist.type(text, into)
        elif chosen.way == "paste":
            paste.paste(text, lambda: typist.press_paste(chosen.chord, into)).result(10)
        else:
            copier.copy.emit(text)
    except ProblemError as error:
        problem = error.problem.sentence
    return {"way": chosen.way, "problem": problem, "started": started, "done": time.time()}


def answer(question):
    if question == "target":
        found = typist.target()
        return {"window": found.id, "program": found.program}
    if question == "stall":
        longest, stall_meter.longest = stall_meter.longest, 0.0
        return longest
    if "spare" in question:
        return typist.can_type(question["spare"])
    if "copy" in question:
        copier.copy.emit(question["copy"])
        return True
    return insert(**question)


def write_answer(done):
    sys.stdout.write(json.dumps(done.result()) + "\n")
    sys.stdout.flush()


def on_question():
    line = sys.stdin.readline()
    if line:
        worker.submit(answer, json.loads(line)).add_done_callback(write_answer)
    else:
        application.quit()


with ThreadPoolExecutor(1) as worker:
    notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(on_question)
    application.exec()
