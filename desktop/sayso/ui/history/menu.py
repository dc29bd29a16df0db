"""The menu of an entry of the history: everything that can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

from ...core.dictation.history_entry import HistoryEntry
from ...core.usage import endpoint_title
from .rows import RowAction, row_actions


def entry_menu(
    parent: QWidget,
    entry: HistoryEntry,
    engines: Iterable[str],
    *,
    playing: str,
    perform: Callable[[RowAction], None],
    transcribe: Callable[[str], None],
) -> QMenu:
    """`engines` are the names of those that can recognise it; `playing` the id that sounds."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for does, word in row_actions(entry, playing):
        if does == "delete":
            menu.addSeparator()
        if does != "menu":
            menu.addAction(word).triggered.connect(lambda _, does=does: perform(does))
        elif entry.audio:
            again = QMenu("Recognise again", menu)
            menu.addMenu(again)
            for name in engines:
                action = again.addAction(endpoint_title(name).replace("&", "&&"))
                action.triggered.connect(lambda _, name=name: transcribe(name))
    return menu
