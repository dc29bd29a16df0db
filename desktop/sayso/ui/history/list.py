"""The history's list: clicks on the words of a row, and keys for the row that is chosen."""

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
from .rows import ENTRY_ROLE, EntryDelegate, RowAction, fill_model


class HistoryList(QListView):
    def __init__(
        self, delegate: EntryDelegate, perform: Callable[[RowAction, HistoryEntry, QPoint], None]
    ) -> None:
        """`does` is told what to do, with which entry, and where on the screen that was asked."""
        super().__init__()
        self._delegate, self._perform = delegate, perform
        self.item_model = QStandardItemModel(self)
        self.setModel(self.item_model)
        self.setObjectName("entries")
        self.setAccessibleName("Dictations")
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(delegate)
        keeps_place = self.sizePolicy()
        keeps_place.setRetainSizeWhenHidden(True)
        self.setSizePolicy(keeps_place)

    def show_entries(self, entries: Iterable[HistoryEntry], today: dt.date) -> None:
        """In the order given; the chosen one and the place stay."""
        chosen = self.currentIndex().data(ENTRY_ROLE)
        at = self.verticalScrollBar().value()
        fill_model(self.item_model, entries, today)
        for row in range(self.item_model.rowCount()):
            index = self.item_model.index(row, 0)
            entry = index.data(ENTRY_ROLE)
            if entry and chosen and entry.id == chosen.id:
                self.setCurrentIndex(index)
        self.verticalScrollBar().setValue(at)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and (hit := self._button_at(event)):
            does, entry, place = hit
            self._perform(does, entry, self.viewport().mapToGlobal(place))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        hand = Qt.CursorShape.PointingHandCursor
        self.viewport().setCursor(hand if self._button_at(event) else Qt.CursorShape.ArrowCursor)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """By the right button on a row, or by the menu key for the chosen one."""
        key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if key else self.indexAt(event.pos())
        if entry := index.data(ENTRY_ROLE):
            self.setCurrentIndex(index)
            place = self.visualRect(index).bottomLeft() if key else event.pos()
            self._perform("menu", entry, self.viewport().mapToGlobal(place))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        entry = self.currentIndex().data(ENTRY_ROLE)
        keys: dict[int, RowAction] = {Qt.Key.Key_Delete: "delete"}
        if entry and entry.audio:
            keys[Qt.Key.Key_Space] = "stop" if self._delegate.playing == entry.id else "play"
        if entry and entry.text:
            keys |= {Qt.Key.Key_Return: "type", Qt.Key.Key_Enter: "type"}
        elif entry and entry.audio:
            keys |= {Qt.Key.Key_Return: "retry", Qt.Key.Key_Enter: "retry"}
        place = self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).bottomLeft())
        if entry and event.matches(QKeySequence.StandardKey.Copy):
            self._perform("copy", entry, place)
        elif entry and event.key() in keys:
            self._perform(keys[event.key()], entry, place)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()  # words break elsewhere

    def _button_at(self, event: QMouseEvent) -> tuple[RowAction, HistoryEntry, QPoint] | None:
        point: QPoint = event.position().toPoint()
        index = self.indexAt(point)
        if not (entry := index.data(ENTRY_ROLE)):
            return None
        rect = self.visualRect(index)
        for does, place, _ in self._delegate.button_rects(rect, entry):
            if place.contains(point):
                return does, entry, place.bottomLeft()
        return None
