"""Base class of the settings pages: rows that are bound to settings and take effect at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import attrs
from PySide6.QtWidgets import QComboBox, QPushButton, QVBoxLayout, QWidget

from ...core.problems import Problem, ProblemError
from ...core.settings import settings as s
from ...core.settings.settings import Settings
from ..actions import Actions
from ..background import Background
from ..translate import tr
from ..widgets.controls import Switch, make_combo, select_value, spaced
from ..widgets.rows import Row, TextRow
from ..widgets.theme import Scheme

AnyRow = TypeVar("AnyRow", bound=Row)


@attrs.frozen(kw_only=True)
class PageContext:
    scheme: Scheme
    actions: Actions
    background: Background
    run_in_main_thread: Callable[[Callable[[], object]], None]


class Page(QWidget):
    control_width = 232

    def __init__(self, context: PageContext, settings: Settings) -> None:
        super().__init__()
        self.context, self.settings = context, settings
        self.rows: dict[str, Row] = {}
        self._column = spaced(QVBoxLayout(self), 18, (0, 16, 24, 20))

    def on_settings(self, settings: Settings) -> None:
        """The settings have changed, on this page or elsewhere."""
        self.settings = settings
        self.refresh()

    def refresh(self) -> None:
        """Make every control show `self.settings`."""
        for key in self.rows:
            self.show_value(key)

    def escape(self) -> bool:
        """Handle the Esc key; return False if the window should close instead."""
        return False

    def add_groups(self, *groups: QWidget) -> None:
        for group in groups:
            self._column.addWidget(group)
        self._column.addStretch(1)

    def change(self, key: str, value: object) -> Problem | None:
        """Change a setting, and show the problem in its row if that fails."""
        problem = self.context.actions.settings.change(key, value)
        if key in self.rows:
            self.rows[key].note.show_problem(problem)
        if problem:
            self.refresh()
        return problem

    def setting_row(self, key: str, on_select: Callable[[object], object] | None = None) -> Row:
        """Add a row with a list of the setting's choices, or with a switch if it has none.

        `on_select` replaces the immediate change of the setting.
        """
        description = s.describe(key)
        select = on_select or (lambda value: self.change(key, value))
        if description.choices:
            choices = {value: tr(label) for value, label in description.choices.items()}
            combo = make_combo(self.context.scheme, choices, self.control_width)
            combo.activated.connect(lambda _: select(combo.currentData()))
            return self.add_row(key, combo)
        switch = Switch(self.context.scheme)
        switch.clicked.connect(lambda on: select(bool(on)))
        return self.add_row(key, switch)

    def text_row(
        self, key: str, button: QPushButton | None = None, check: Callable[[str], object] = str
    ) -> TextRow:
        """Add a row with a text field. `check` raises ProblemError for an unusable text."""

        def apply(text: str) -> bool:
            if not row.isVisibleTo(self):  # a field that is hidden loses the focus, too
                return True
            try:
                check(text)
            except ProblemError as error:
                row.note.show_problem(error.problem)
                return False
            row.note.show_problem(None)
            return text == s.get(self.settings, key) or self.change(key, text) is None

        row = TextRow(self.context.scheme, *_texts(key), self.control_width, apply, button)
        return self._register(key, row)

    def add_row(self, key: str, control: QWidget | None, below: QWidget | None = None) -> Row:
        """Add a row with any control, titled as the setting."""
        return self._register(key, Row(self.context.scheme, *_texts(key), control, below))

    def _register(self, key: str, row: AnyRow) -> AnyRow:
        row.setObjectName(key)
        self.rows[key] = row
        return row

    def show_value(self, key: str) -> None:
        """Show the value of a setting whose control is a list, a switch or a text field."""
        row, value = self.rows[key], s.get(self.settings, key)
        if isinstance(row, TextRow):
            row.show_text(value)
        elif isinstance(row.control, Switch) and isinstance(value, bool):
            row.control.setChecked(value)
        elif isinstance(row.control, QComboBox) and not row.control.isEditable():
            select_value(row.control, value, tr(s.describe(key).unit))


def _texts(key: str) -> tuple[str, str]:
    description = s.describe(key)
    return tr(description.title), tr(description.help)
