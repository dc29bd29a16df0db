"""The row for a server's key, and the test of the connection.

A key goes from the field to the keyring and is never shown again.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from ....core.problems import Problem
from ...widgets.rows import Note, Row, scaled, side_by_side
from ..page import Context

_KEPT = {
    "keyring": "Kept in the system keyring.",
    "run": "Kept until Sayso quits.",
    "environment": "Taken from the environment.",
}
KEPT_WHERE = "Kept in the system keyring."


class KeyRow(Row):
    def __init__(
        self,
        context: Context,
        host: Callable[[], str],
        ready: Callable[[], bool] | None,
        title: str = "&Key",
    ) -> None:
        """`host` names the key, '' where there is no server; `ready` is asked before a test, and
        there is none without it."""
        self._context, self._host, self._ready = context, host, ready
        self.stored: Callable[[], None] = lambda: None
        """Called when a key was kept."""
        self._placeholder, self._state = "", ""
        self._test = 0
        """Number of the test that runs; 0: none. Later answers are dropped."""
        self._tests = 0
        self._waiting = ""
        """The key that no keyring takes."""
        self.field = QLineEdit()
        self.field.setEchoMode(QLineEdit.EchoMode.Password)
        self.field.setFixedWidth(scaled(300 if ready is None else 206))
        self.field.setMinimumHeight(scaled(30))
        self.field.editingFinished.connect(self.store)
        self.test_button = QPushButton("&Test")
        self.test_button.setFixedWidth(scaled(86))
        self.test_button.setMinimumHeight(scaled(30))
        self.test_button.setAccessibleName("Test the connection")
        self.test_button.clicked.connect(self._test_clicked)
        both = (self.field,) if ready is None else (self.field, self.test_button)
        super().__init__(
            context.scheme, title, KEPT_WHERE, side_by_side(*both), self._more(context)
        )

    @property
    def testing(self) -> bool:
        return bool(self._test)

    def refresh(self) -> None:
        """Ask again where the key is kept; one that was entered before its address is stored."""
        if host := self._host():
            self.store()
            self._context.background.run(
                lambda: self._context.actions.key_state(host),
                lambda state: self._show_state(state) if host == self._host() else None,
                self._problem,
            )
        else:
            self._show_state("")

    def set_placeholder(self, text: str) -> None:
        """What stands in the field while no key is kept."""
        self._placeholder = text
        self.field.setPlaceholderText("•" * 12 if self._state else text)

    def clear(self) -> None:
        """It is about another server now."""
        self.field.clear()
        self._waiting = ""
        self._end_test()
        for note in (self.note, self.key_note):
            note.say("")
        self.keep_button.setVisible(False)
        self._show_extra()

    def _more(self, context: Context) -> QWidget:
        """What is offered only at times: keep the key for this run, forget it."""
        self.key_note = Note(context.scheme)
        self.keep_button = QPushButton("Keep for this &run")
        self.keep_button.clicked.connect(self._keep_for_run)
        self.forget_button = QPushButton("&Forget the key")
        self.forget_button.setObjectName("flat")
        self.forget_button.clicked.connect(self._forget)
        box = QWidget()
        line = QHBoxLayout(box)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addWidget(self.key_note, 1)
        line.addStretch(0)
        for button in (self.keep_button, self.forget_button):
            button.setMinimumHeight(scaled(30))
            button.setVisible(False)
            line.addWidget(button)
        self._extra = box
        box.setVisible(False)
        return box

    def _show_extra(self) -> None:
        parts = (self.key_note, self.keep_button, self.forget_button)
        self._extra.setVisible(any(not part.isHidden() for part in parts))

    def _show_state(self, state: str) -> None:
        self.set_help(_KEPT.get(state, KEPT_WHERE))
        self._state = state
        self.set_placeholder(self._placeholder)
        self.field.setAccessibleDescription(_KEPT.get(state, "No key is kept."))
        self.forget_button.setVisible(state in ("keyring", "run"))
        self._show_extra()

    def _problem(self, problem: Problem) -> None:
        self.key_note.problem(problem)
        self._show_extra()

    @Slot()
    def store(self) -> None:
        key, host = self.field.text().strip(), self._host()
        if not key or not host:
            return
        self.field.clear()
        self.key_note.say("")
        self._waiting = ""
        self._context.background.run(
            lambda: self._context.actions.store_key(host, key),
            lambda _: self._stored(),
            lambda problem: self._not_stored(problem, key),
        )

    def _stored(self) -> None:
        self.keep_button.setVisible(False)
        self.refresh()
        self.stored()

    def _not_stored(self, problem: Problem, key: str) -> None:
        self._waiting = key
        self.keep_button.setVisible(True)
        self._problem(problem)

    @Slot()
    def _keep_for_run(self) -> None:
        key, self._waiting = self._waiting, ""
        if key and (host := self._host()):
            self._context.actions.keep_key_for_run(host, key)
        self.keep_button.setVisible(False)
        self.key_note.say("")
        self.refresh()

    @Slot()
    def _forget(self) -> None:
        if host := self._host():
            self._context.actions.forget_key(host)
        self.field.setFocus()
        self.refresh()

    # Test

    @Slot()
    def _test_clicked(self) -> None:
        if self._test:
            self._end_test()
            self.note.say("")
            return
        if self._ready is None or not self._ready():
            return
        self._tests += 1
        self._test = number = self._tests
        self.test_button.setText("Cancel")
        self.test_button.setAccessibleName("Cancel the test")
        self.note.say("Testing…", "busy")
        self._context.background.run(
            self._context.actions.test_endpoint,
            lambda answer: self._tested(number, answer, "good"),
            lambda problem: self._tested(number, problem.sentence, "bad"),
        )

    def _tested(self, number: int, answer: str, mark: str) -> None:
        if number == self._test:
            self._end_test()
            self.note.say(answer, mark)

    def _end_test(self) -> None:
        self._test = 0
        self.test_button.setText("&Test")
        self.test_button.setAccessibleName("Test the connection")
