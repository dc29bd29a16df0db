"""The search bar of the history: text, and one program or all."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QBoxLayout, QLineEdit

from ..translate import tr
from ..widgets.controls import Combo
from ..widgets.sizing import scaled
from ..widgets.theme import Scheme
from .rows import program_title

MIN_FIELD_WIDTH = 170
"""In pixels at a text size of 13 px."""


class SearchBar(QBoxLayout):
    """Two fields, beside or below each other."""

    changed = Signal()

    def __init__(self, scheme: Scheme) -> None:
        super().__init__(QBoxLayout.Direction.LeftToRight)
        self.text_field = QLineEdit()
        self.text_field.setPlaceholderText(tr("Search the text"))
        self.text_field.setAccessibleName(tr("Search the text"))
        self.text_field.setClearButtonEnabled(True)
        self.text_field.textChanged.connect(self.changed)
        self.program_list = Combo(scheme)
        self.program_list.setAccessibleName(tr("Program"))
        self.program_list.addItem(tr("All programs"), "")
        self.program_list.activated.connect(self.changed)
        self.setSpacing(8)
        for field in (self.text_field, self.program_list):
            field.setMinimumWidth(scaled(MIN_FIELD_WIDTH))
        self.addWidget(self.text_field, 1)
        self.addWidget(self.program_list)

    @property
    def program(self) -> str:
        """The program whose dictations are shown; '' for all."""
        return str(self.program_list.currentData() or "")

    def reset(self) -> None:
        self.text_field.clear()
        self.program_list.setCurrentIndex(0)

    def show_programs(self, programs: Iterable[str]) -> None:
        """List the programs; the selected one stays even if it has no dictations left."""
        selected = self.program
        listed = sorted({*programs, selected} - {""}, key=str.casefold)
        if listed == [self.program_list.itemData(i) for i in range(1, self.program_list.count())]:
            return
        self.program_list.clear()
        self.program_list.addItem(tr("All programs"), "")
        for program in listed:
            self.program_list.addItem(program_title(program), program)
        self.program_list.setCurrentIndex(self.program_list.findData(selected))

    def apply_theme(self, scheme: Scheme) -> None:
        self.program_list.apply_theme(scheme)
