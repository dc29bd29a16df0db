"""A row of settings with a line of text, in force when the field is left."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QLineEdit, QPushButton

from ...core.problems import ProblemError
from ...core.settings import settings as settings_of
from ..settings.page import Page
from .rows import Row, scaled, side_by_side


class TextRow(Row):
    """Text that is not taken stays in the field, to be put right."""

    def __init__(
        self,
        page: Page,
        key: str,
        title: str,
        help_text: str,
        width: int,
        button: QPushButton | None = None,
        check: Callable[[str], object] | None = None,
    ) -> None:
        """
        Args:
            page: Keeps the row, and sets what it says.
            key: Dotted, of a text.
            title: With its mnemonic.
            help_text: Below it.
            width: Of the field and the button, in logical pixels at 13 px text.
            button: Beside the field.
            check: Raises ProblemError for a text that is not to be set.
        """
        self._field = QLineEdit()
        beside = 0 if button is None else button.minimumWidth() + 8
        self._field.setFixedWidth(scaled(width) - beside)
        self._field.setMinimumHeight(scaled(30))
        control = self._field if button is None else side_by_side(self._field, button)
        super().__init__(page.context.scheme, title, help_text, control)
        self._page, self._key, self._check = page, key, check
        self._rejected = False
        self._field.editingFinished.connect(self._edited)
        page.add_row(key, self)

    def refresh(self) -> None:
        """Show what is set, unless somebody is writing."""
        if not self._field.hasFocus() and not self._rejected:
            self._field.setText(settings_of.get(self._page.settings, self._key))

    def reset(self) -> None:
        """Show what is set, whatever was being written: it was about something else."""
        self._rejected = False
        self.note.show_problem(None)
        self._field.setText(settings_of.get(self._page.settings, self._key))

    def _edited(self) -> None:
        text = self._field.text().strip()
        self._rejected = True  # until it is known that it was taken
        if text == settings_of.get(self._page.settings, self._key):
            self.note.show_problem(None)
            self._rejected = False
        elif self._is_valid(text) and self._page.change(self._key, text) is None:
            self._rejected = False

    def _is_valid(self, text: str) -> bool:
        try:
            if self._check:
                self._check(text)
        except ProblemError as error:
            self.note.show_problem(error.problem)
            return False
        return True
