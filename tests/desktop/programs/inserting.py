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

from sayso.core.insertion import plan
from sayso.core.problems import ProblemError
from sayso.system import this_machine
from sayso.ui.clipboard import Paste

application = QApplication(["inserting"])
machine = this_machine()
typist = machine.typist
paste = Paste(machine.selection_answers)


class Copier(QObject):
    copy = Signal(str)


copier = Copier()
copier.copy.connect(paste.copy)


class Pulse:
    """Counts how long the main thread did not come round."""

    def __init__(self):
        self._last, self.longest = time.monotonic(), 0.0
        self._timer = QTimer()
        self._timer.timeout.connect(self.beat)
        self._timer.start(10)

    def beat(self):
        now = time.monotonic()
        self._last, self.longest = now, max(self.longest, now - self._last)


pulse = Pulse()


def insert(text, method, into=0):
    started = time.time()
    chosen = plan(text, typist.target(), method, typist.spare_characters(text), newlines=True)
    problem = ""
    try:
        if chosen.way == "type":
            typist.type(text, into)
        elif chosen.way == "paste":
            paste.paste(text, lambda: typist.press(chosen.chord, into)).result(10)
        else:
            copier.copy.emit(text)
    except ProblemError as error:
        problem = error.problem.sentence
    return {"way": chosen.way, "problem": problem, "started": started, "done": time.time()}


def answer(question):
    if question == "target":
        found = typist.target()
        return {"window": found.window, "program": found.program}
    if question == "stall":
        longest, pulse.longest = pulse.longest, 0.0
        return longest
    if "spare" in question:
        return typist.spare_characters(question["spare"])
    if "copy" in question:
        copier.copy.emit(question["copy"])
        return True
    return insert(**question)


def tell(done):
    sys.stdout.write(json.dumps(done.result()) + "\n")
    sys.stdout.flush()


def asked():
    line = sys.stdin.readline()
    if line:
        worker.submit(answer, json.loads(line)).add_done_callback(tell)
    else:
        application.quit()


with ThreadPoolExecutor(1) as worker:
    notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(asked)
    application.exec()
