"""Inserts as the app does: plan, then the typist or the clipboard, with Qt's loop running.

Questions: {"text": ..., "method": ...} inserts; {"spare": text}; "target"; {"copy": text}.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from PySide6.QtCore import QObject, QSocketNotifier, Signal
from PySide6.QtWidgets import QApplication

from sayso.core.insertion import plan
from sayso.core.problems import ProblemError
from sayso.system import this_machine
from sayso.ui.paste import Paste

application = QApplication(["inserting"])
typist = this_machine().typist
paste = Paste()


class Copier(QObject):
    copy = Signal(str)


copier = Copier()
copier.copy.connect(paste.copy)


def insert(text, method):
    started = time.time()
    chosen = plan(text, typist.target(), method, typist.spare_characters(text), newlines=True)
    problem = ""
    try:
        if chosen.way == "type":
            typist.type(text)
        elif chosen.way == "paste":
            paste.paste(text, lambda: typist.press(chosen.chord)).result(10)
        else:
            copier.copy.emit(text)
    except ProblemError as error:
        problem = error.problem.sentence
    return {"way": chosen.way, "problem": problem, "started": started, "done": time.time()}


def answer(question):
    if question == "target":
        found = typist.target()
        return {"window": found.window, "program": found.program}
    if "spare" in question:
        return typist.spare_characters(question["spare"])
    if "copy" in question:
        copier.copy.emit(question["copy"])
        return True
    return insert(question["text"], question["method"])


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
