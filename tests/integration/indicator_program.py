"""The indicator alone. Each line of its input is the name of a state, or "report".

It answers with JSON: whether the indicator is shown, its buttons and all calls.
"""

from __future__ import annotations

import json
import sys

from PySide6.QtCore import QSocketNotifier
from PySide6.QtWidgets import QApplication

from integration.ui_fakes import FakeApp
from sayso.core.dictation.status import Status
from sayso.core.problems import ProblemKind
from sayso.system.x11.focus import X11Screen
from sayso.ui.indicator.overlay import Overlay

STATES = {
    "rest": Status(),
    "listening": Status("listening", take=1, has_audio=True, partial="Dear all"),
    "hands-free": Status("listening", take=1, has_audio=True, hands_free=True),
    "held": Status(
        take=2, held_text="Could you move the meeting to Thursday?", offers_held_text=True
    ),
    "error": Status(
        "failed",
        take=3,
        problem=ProblemKind(
            "server.busy", "The server did not answer.", "Your recording is kept."
        )(),
    ),
}


def main() -> None:
    application = QApplication([])
    application.setQuitOnLastWindowClosed(False)
    app, screen = FakeApp(), X11Screen()
    overlay = Overlay(app.actions(), screen)

    def answer() -> None:
        buttons = {
            b.accessibleName(): b.mapToGlobal(b.rect().center()).toTuple()
            for b in overlay.body.buttons
        }
        shown = overlay.isVisible()
        print(json.dumps({"shown": shown, "buttons": buttons, "calls": app.calls}), flush=True)  # noqa: T201

    def read() -> None:
        name = sys.stdin.readline().strip()
        if not name:
            application.quit()
        else:
            if name in STATES:
                overlay.on_status(STATES[name])
            answer()

    notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(read)
    application.exec()


if __name__ == "__main__":
    main()
