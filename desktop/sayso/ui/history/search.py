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

EVERY_PROGRAM = "All programs"
LEAST = 170
"""Of either field, at 13 px text."""


class HistorySearch(QBoxLayout):
    """Two fields in a row, or one above the other where the window makes it so."""

    changed = Signal()

    def __init__(self, scheme: Scheme) -> None:
        super().__init__(QBoxLayout.Direction.LeftToRight)
        self.words = QLineEdit()
        self.words.setPlaceholderText("Search your words")
        self.words.setAccessibleName("Search your words")
        self.words.setClearButtonEnabled(True)
        self.words.textChanged.connect(self.changed)
        self.programs = Combo(_arrow(scheme))
        self.programs.setAccessibleName("Program")
        self.programs.addItem(EVERY_PROGRAM, "")
        self.programs.activated.connect(self.changed)
        self.setSpacing(8)
        for field in (self.words, self.programs):
            field.setMinimumWidth(scaled(LEAST))
        self.addWidget(self.words, 1)
        self.addWidget(self.programs)

    @property
    def program(self) -> str:
        """The one whose dictations are shown; '' for all."""
        return str(self.programs.currentData() or "")

    def start_over(self) -> None:
        self.words.clear()
        self.programs.setCurrentIndex(0)

    def list_programs(self, programs: Iterable[str]) -> None:
        """The chosen one stays listed although nothing of it is left."""
        chosen = self.program
        listed = sorted({*programs, chosen} - {""}, key=str.casefold)
        if listed == [self.programs.itemData(at) for at in range(1, self.programs.count())]:
            return
        self.programs.clear()
        self.programs.addItem(EVERY_PROGRAM, "")
        for program in listed:
            self.programs.addItem(program_title(program), program)
        self.programs.setCurrentIndex(self.programs.findData(chosen))

    def dress(self, scheme: Scheme) -> None:
        self.programs.arrow = _arrow(scheme)


def _arrow(scheme: Scheme) -> str:
    """The colour of the arrow, where the style draws none."""
    return scheme.ink2 if style.fusion() else ""
