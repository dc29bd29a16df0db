"""A QPlainTextEdit. Answers text, clear, focused and changed_at on standard input."""

import json
import sys
import time

from PySide6.QtCore import QSocketNotifier
from PySide6.QtWidgets import QApplication, QPlainTextEdit

application = QApplication(["qt-editor"])
edit = QPlainTextEdit()
edit.resize(800, 500)
changed_at = [0.0]


def changed() -> None:
    changed_at[0] = time.time()


def answer() -> None:
    line = sys.stdin.readline()
    if not line:
        application.quit()
        return
    question = json.loads(line)
    if question == "clear":
        edit.clear()
    answers = {
        "text": edit.toPlainText,
        "clear": lambda: True,
        "focused": lambda: edit.isActiveWindow() and edit.hasFocus(),
        "changed_at": lambda: changed_at[0],
    }
    sys.stdout.write(json.dumps(answers[question]()) + "\n")
    sys.stdout.flush()


edit.textChanged.connect(changed)
notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
notifier.activated.connect(answer)
edit.show()
edit.activateWindow()
application.exec()
