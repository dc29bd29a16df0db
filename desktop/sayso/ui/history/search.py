"""What of the history is looked for: words, and one program or all."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QBoxLayout, QLineEdit

from ..settings.page import Combo
from ..widgets import style
from ..widgets.rows import scaled
from ..widgets.theme import Scheme
from .rows import program_title

ALL_PROGRAMS = "All programs"
MIN_FIELD_WIDTH = 170
"""Of either field, at 13 px text."""


class SearchBar(QBoxLayout):
    """Two fields in a row, or one above the other where the window makes it so."""

    changed = Signal()

    def __init__(self, scheme: Scheme) -> None:
        super().__init__(QBoxLayout.Direction.LeftToRight)
        self.text_field = QLineEdit()
        self.text_field.setPlaceholderText("Search your words")
        self.text_field.setAccessibleName("Search your words")
        self.text_field.setClearButtonEnabled(True)
        self.text_field.textChanged.connect(self.changed)
        self.program_list = Combo(_arrow_color(scheme))
        self.program_list.setAccessibleName("Program")
        self.program_list.addItem(ALL_PROGRAMS, "")
        self.program_list.activated.connect(self.changed)
        self.setSpacing(8)
        for field in (self.text_field, self.program_list):
            field.setMinimumWidth(scaled(MIN_FIELD_WIDTH))
        self.addWidget(self.text_field, 1)
        self.addWidget(self.program_list)

    @property
    def program(self) -> str:
        """The one whose dictations are shown; '' for all."""
        return str(self.program_list.currentData() or "")

    def reset(self) -> None:
        self.text_field.clear()
        self.program_list.setCurrentIndex(0)

    def show_programs(self, programs: Iterable[str]) -> None:
        """The chosen one stays listed although nothing of it is left."""
        chosen = self.program
        listed = sorted({*programs, chosen} - {""}, key=str.casefold)
        if listed == [self.program_list.itemData(at) for at in range(1, self.program_list.count())]:
            return
        self.program_list.clear()
        self.program_list.addItem(ALL_PROGRAMS, "")
        for program in listed:
            self.program_list.addItem(program_title(program), program)
        self.program_list.setCurrentIndex(self.program_list.findData(chosen))

    def apply_theme(self, scheme: Scheme) -> None:
        self.program_list.arrow = _arrow_color(scheme)


def _arrow_color(scheme: Scheme) -> str:
    """The colour of the arrow, where the style draws none."""
    return scheme.secondary_text if style.is_fusion() else ""
