"""The list of the history: clicks on a row's actions, and keys for the selected row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QResizeEvent,
    QStandardItemModel,
)
from PySide6.QtWidgets import QListView

from ...core.dictation.history_entry import HistoryEntry
from ..translate import tr
from .rows import ENTRY_ROLE, EntryDelegate, RowAction, fill_model


class HistoryList(QListView):
    def __init__(
        self, delegate: EntryDelegate, perform: Callable[[RowAction, HistoryEntry, QPoint], None]
    ) -> None:
        """`perform` is called with an action, its entry, and a position on the screen."""
        super().__init__()
        self._delegate, self._perform = delegate, perform
        self.item_model = QStandardItemModel(self)
        self.setModel(self.item_model)
        self.setObjectName("entries")
        self.setAccessibleName(tr("Dictations"))
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(delegate)

    def show_entries(self, entries: Iterable[HistoryEntry], today: dt.date) -> None:
        """Replace the rows; the selection and the scroll position stay."""
        selected = self.currentIndex().data(ENTRY_ROLE)
        position = self.verticalScrollBar().value()
        fill_model(self.item_model, entries, today)
        for row in range(self.item_model.rowCount()):
            index = self.item_model.index(row, 0)
            entry = index.data(ENTRY_ROLE)
            if entry and selected and entry.id == selected.id:
                self.setCurrentIndex(index)
        self.verticalScrollBar().setValue(position)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and (hit := self._button_at(event)):
            action, entry, position = hit
            self._perform(action, entry, self.viewport().mapToGlobal(position))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        hand, arrow = Qt.CursorShape.PointingHandCursor, Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(hand if self._button_at(event) else arrow)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        if entry := index.data(ENTRY_ROLE):
            self.setCurrentIndex(index)
            position = self.visualRect(index).bottomLeft() if by_key else event.pos()
            self._perform("menu", entry, self.viewport().mapToGlobal(position))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        entry = self.currentIndex().data(ENTRY_ROLE)
        keys: dict[int, RowAction] = {Qt.Key.Key_Delete: "delete"}
        if entry and entry.audio:
            keys[Qt.Key.Key_Space] = "stop" if self._delegate.playing == entry.id else "play"
        if entry and (entry.text or entry.audio):
            enter: RowAction = "insert" if entry.text else "transcribe"
            keys |= {Qt.Key.Key_Return: enter, Qt.Key.Key_Enter: enter}
        position = self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).bottomLeft())
        if entry and event.matches(QKeySequence.StandardKey.Copy):
            self._perform("copy", entry, position)
        elif entry and event.key() in keys:
            self._perform(keys[event.key()], entry, position)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()  # the height of a row depends on its width

    def _button_at(self, event: QMouseEvent) -> tuple[RowAction, HistoryEntry, QPoint] | None:
        point: QPoint = event.position().toPoint()
        index = self.indexAt(point)
        if entry := index.data(ENTRY_ROLE):
            for action, rect, _ in self._delegate.button_rects(self.visualRect(index), entry):
                if rect.contains(point):
                    return action, entry, rect.bottomLeft()
        return None
