"""The row for a server's key, and the test of the connection.

A key goes from the field to the keyring and is never shown again.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from ....core.problems import Problem
from ...widgets.rows import Note, Row, scaled, side_by_side
from ..page import PageContext

_LOCATIONS = {
    "keyring": "Kept in the system keyring.",
    "run": "Kept until Sayso quits.",
    "environment": "Taken from the environment.",
}
DEFAULT_LOCATION = "Kept in the system keyring."


class ApiKeyRow(Row):
    def __init__(
        self,
        context: PageContext,
        host: Callable[[], str],
        ready: Callable[[], bool] | None,
        title: str = "&Key",
    ) -> None:
        """`host` names the key, '' where there is no server; `ready` is asked before a test, and
        there is none without it."""
        self._context, self._host, self._before_test = context, host, ready
        self.on_stored: Callable[[], None] = lambda: None
        """Called when a key was kept."""
        self._placeholder, self._state = "", ""
        self._running_test = 0
        """Number of the test that runs; 0: none. Later answers are dropped."""
        self._test_count = 0
        self._unsaved_key = ""
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
            context.scheme, title, DEFAULT_LOCATION, side_by_side(*both), self._make_extras(context)
        )

    @property
    def testing(self) -> bool:
        return bool(self._running_test)

    def refresh(self) -> None:
        """Ask again where the key is kept; one that was entered before its address is stored."""
        if host := self._host():
            self.store()
            self._context.background.run(
                lambda: self._context.actions.api_keys.location(host),
                lambda state: self._show_state(state) if host == self._host() else None,
                self._show_key_problem,
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
        self._unsaved_key = ""
        self._end_test()
        for note in (self.note, self.key_note):
            note.show_message("")
        self.keep_button.setVisible(False)
        self._show_extras()

    def _make_extras(self, context: PageContext) -> QWidget:
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
        self._extras = box
        box.setVisible(False)
        return box

    def _show_extras(self) -> None:
        parts = (self.key_note, self.keep_button, self.forget_button)
        self._extras.setVisible(any(not part.isHidden() for part in parts))

    def _show_state(self, state: str) -> None:
        self.set_help(_LOCATIONS.get(state, DEFAULT_LOCATION))
        self._state = state
        self.set_placeholder(self._placeholder)
        self.field.setAccessibleDescription(_LOCATIONS.get(state, "No key is kept."))
        self.forget_button.setVisible(state in ("keyring", "run"))
        self._show_extras()

    def _show_key_problem(self, problem: Problem) -> None:
        self.key_note.show_problem(problem)
        self._show_extras()

    @Slot()
    def store(self) -> None:
        key, host = self.field.text().strip(), self._host()
        if not key or not host:
            return
        self.field.clear()
        self.key_note.show_message("")
        self._unsaved_key = ""
        self._context.background.run(
            lambda: self._context.actions.api_keys.store(host, key),
            lambda _: self._after_store(),
            lambda problem: self._on_store_failed(problem, key),
        )

    def _after_store(self) -> None:
        self.keep_button.setVisible(False)
        self.refresh()
        self.on_stored()

    def _on_store_failed(self, problem: Problem, key: str) -> None:
        self._unsaved_key = key
        self.keep_button.setVisible(True)
        self._show_key_problem(problem)

    @Slot()
    def _keep_for_run(self) -> None:
        key, self._unsaved_key = self._unsaved_key, ""
        if key and (host := self._host()):
            self._context.actions.api_keys.keep_in_memory(host, key)
        self.keep_button.setVisible(False)
        self.key_note.show_message("")
        self.refresh()

    @Slot()
    def _forget(self) -> None:
        if host := self._host():
            self._context.actions.api_keys.delete(host)
        self.field.setFocus()
        self.refresh()

    # Test

    @Slot()
    def _test_clicked(self) -> None:
        if self._running_test:
            self._end_test()
            self.note.show_message("")
            return
        if self._before_test is None or not self._before_test():
            return
        self._test_count += 1
        self._running_test = number = self._test_count
        self.test_button.setText("Cancel")
        self.test_button.setAccessibleName("Cancel the test")
        self.note.show_message("Testing…", "busy")
        self._context.background.run(
            self._context.actions.settings.test_connection,
            lambda answer: self._on_tested(number, answer, "good"),
            lambda problem: self._on_tested(number, problem.sentence, "bad"),
        )

    def _on_tested(self, number: int, answer: str, mark: str) -> None:
        if number == self._running_test:
            self._end_test()
            self.note.show_message(answer, mark)

    def _end_test(self) -> None:
        self._running_test = 0
        self.test_button.setText("&Test")
        self.test_button.setAccessibleName("Test the connection")
