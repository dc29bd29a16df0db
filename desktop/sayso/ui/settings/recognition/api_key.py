"""Row for an API key, with a test of the connection."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from ....core.problems import Problem
from ...translate import problem_sentence, tr
from ...widgets.controls import BUTTON_WIDTH, button, line_edit, side_by_side, spaced
from ...widgets.rows import Note, NoteKind, Row
from ..page import PageContext

FIELD_WIDTH, FIELD_WIDTH_BESIDE_TEST = 300, 206


class ApiKeyRow(Row):
    """Stores the API key that the user enters in the keyring; it is never shown again."""

    def __init__(
        self,
        context: PageContext,
        host: Callable[[], str],
        before_test: Callable[[], bool] | None = None,
        on_stored: Callable[[], object] = lambda: None,
        title: str = "",
    ) -> None:
        """`host` returns the name of the key in the keyring, or '' without an address.

        `before_test` returns whether the connection can be tested. None: no test button.
        """
        self._context, self._host = context, host
        self._before_test, self._on_stored = before_test, on_stored
        self._placeholder = self._location = ""
        self._running_test: object | None = None
        self._unsaved_key = ""
        self.field = line_edit(FIELD_WIDTH if before_test is None else FIELD_WIDTH_BESIDE_TEST)
        self.field.setEchoMode(QLineEdit.EchoMode.Password)
        self.field.editingFinished.connect(self.store)
        self.test_button = button("", self._on_test_clicked, BUTTON_WIDTH)
        parts = [self.field] if before_test is None else [self.field, self.test_button]
        title = title or tr("API &key")
        super().__init__(context.scheme, title, "", side_by_side(*parts), self._make_extras())
        self._end_test()
        self._show_location("")

    def _make_extras(self) -> QWidget:
        self.key_note = Note(self._context.scheme)
        self.keep_button = button(tr("Keep until Sayso &quits"), self._keep_in_memory)
        self.delete_button = button(tr("&Delete the key"), self._delete, flat=True)
        self._extras = QWidget()
        line = spaced(QHBoxLayout(self._extras), 8)
        line.addWidget(self.key_note, 1)
        line.addStretch(0)
        line.addWidget(self.keep_button)
        line.addWidget(self.delete_button)
        self.keep_button.setVisible(False)
        return self._extras

    def refresh(self) -> None:
        """Store a key that was entered before its address, and show where the key is."""
        if host := self._host():
            self.store()
            self._context.background.run(
                lambda: self._context.actions.api_keys.location(host),
                lambda location: self._show_location(location) if host == self._host() else None,
                self._show_key_problem,
            )
        else:
            self._show_location("")

    def set_placeholder(self, text: str) -> None:
        """Set the text that the field shows if there is no key."""
        self._placeholder = text
        self.field.setPlaceholderText("•" * 12 if self._location else text)

    def clear(self) -> None:
        """Discard what the user has entered; another server is shown now."""
        self.field.clear()
        self._end_test()
        self._forget_unsaved_key()

    def _show_extras(self) -> None:
        parts = (self.key_note, self.keep_button, self.delete_button)
        self._extras.setVisible(any(not part.isHidden() for part in parts))

    def _show_location(self, location: str) -> None:
        help_text = {
            "run": tr("Kept until Sayso quits."),
            "environment": tr("Taken from the environment."),
        }.get(location, tr("Kept in the system keyring."))
        self.set_help(help_text)
        self.field.setAccessibleDescription(help_text if location else tr("There is no key."))
        self._location = location
        self.set_placeholder(self._placeholder)
        self.delete_button.setVisible(location in ("keyring", "run"))
        self._show_extras()

    def _show_key_problem(self, problem: Problem | None) -> None:
        self.key_note.show_problem(problem)
        self._show_extras()

    def store(self) -> None:
        key, host = self.field.text().strip(), self._host()
        if not key or not host:
            return

        def on_stored(_: object) -> None:
            self._forget_unsaved_key()
            self.refresh()
            self._on_stored()

        def on_problem(problem: Problem) -> None:
            self._unsaved_key = key
            self.keep_button.setVisible(True)
            self._show_key_problem(problem)

        self.field.clear()
        self.key_note.show_problem(None)
        self._context.background.run(
            lambda: self._context.actions.api_keys.store(host, key), on_stored, on_problem
        )

    def _keep_in_memory(self) -> None:
        if self._unsaved_key and (host := self._host()):
            self._context.actions.api_keys.keep_in_memory(host, self._unsaved_key)
        self._forget_unsaved_key()
        self.refresh()

    def _forget_unsaved_key(self) -> None:
        self._unsaved_key = ""
        self.keep_button.setVisible(False)
        self._show_key_problem(None)

    def _delete(self) -> None:
        if host := self._host():
            self._context.actions.api_keys.delete(host)
        self.field.setFocus()
        self.refresh()

    def _on_test_clicked(self) -> None:
        if self._running_test:
            self._end_test()
        elif self._before_test and self._before_test():
            self._start_test()

    def _start_test(self) -> None:
        self._running_test = test = object()
        self.test_button.setText(tr("Cancel"))
        self.test_button.setAccessibleName(tr("Cancel the test"))
        self.note.show_message(tr("Testing…"), "busy")

        def on_answer(answer: str, kind: NoteKind) -> None:
            if test is self._running_test:  # not canceled
                self._end_test()
                self.note.show_message(answer, kind)

        self._context.background.run(
            self._context.actions.settings.test_connection,
            lambda answer: on_answer(answer, "good"),
            lambda problem: on_answer(problem_sentence(problem), "bad"),
        )

    def _end_test(self) -> None:
        self._running_test = None
        self.note.show_message("")
        self.test_button.setText(tr("&Test"))
        self.test_button.setAccessibleName(tr("Test the connection"))
