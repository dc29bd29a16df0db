"""Drawing of the history's rows: a heading for each day, then text, details and actions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Literal

from PySide6.QtCore import QDate, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QPainter,
    QStandardItem,
    QStandardItemModel,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ...core.dictation.history_entry import HistoryEntry
from ...core.usage import endpoint_title, format_usd
from ..translate import locale, tr
from ..widgets import theme
from ..widgets.sizing import scaled
from ..widgets.theme import Scheme

RowAction = Literal["insert", "transcribe", "copy", "play", "stop", "menu", "delete"]
ENTRY_ROLE = Qt.ItemDataRole.UserRole
DAY_ROLE = Qt.ItemDataRole.UserRole + 1
SIDE_PADDING, VERTICAL_PADDING, LINE_HEIGHT, BUTTON_SPACING = 16, 8, 18, 18
LEGACY_ENGINE = "realtime"
"""Engine of entries written by the first version, which did not record the server's name."""
OPTIONAL_ACTIONS: tuple[RowAction, ...] = ("play", "copy")
"""Actions left out, in this order, if a row is too narrow; the menu has them too."""
OPTIONAL_WHEN_BUSY: tuple[RowAction, ...] = ("transcribe", *OPTIONAL_ACTIONS, "insert")
MIN_DETAIL_CHARS = 5
"""Enough for a time; shorter details are not shown at all."""
_Index = QModelIndex | QPersistentModelIndex


def day_heading(day: dt.date, today: dt.date) -> str:
    """Return Today, Yesterday, or the weekday and date."""
    if day == today:
        return tr("Today")
    if today - day == dt.timedelta(days=1):
        return tr("Yesterday")
    date_format = "dddd d MMMM" if day.year == today.year else "dddd d MMMM yyyy"
    return locale().toString(QDate(day.year, day.month, day.day), date_format)


def fill_model(model: QStandardItemModel, entries: Iterable[HistoryEntry], today: dt.date) -> None:
    """Replace the rows by the entries, in their order, and a heading for each day."""
    model.clear()
    day = None
    for entry in entries:
        if entry.local_time.date() != day:
            day = entry.local_time.date()
            heading = QStandardItem(day_heading(day, today))
            heading.setData(heading.text(), DAY_ROLE)
            heading.setFlags(Qt.ItemFlag.NoItemFlags)
            model.appendRow(heading)
        row = QStandardItem(shown_text(entry))
        row.setData(entry, ENTRY_ROLE)
        row.setData(f"{row.text()}. {details(entry)}", Qt.ItemDataRole.AccessibleTextRole)
        row.setToolTip(details(entry))
        row.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
        model.appendRow(row)


def shown_text(entry: HistoryEntry) -> str:
    """Return the text of a dictation, or why there is none."""
    return entry.text or tr(entry.display_text)


def details(entry: HistoryEntry) -> str:
    """Return time, program, duration, engine, cost and outcome in one line."""
    notes = {
        "rescued": tr("Recovered after a restart"),
        "held": tr("Not inserted yet"),
        "cancelled": tr("Canceled"),
    }
    known_engine = entry.text and entry.engine != LEGACY_ENGINE
    parts = (
        f"{entry.local_time:%H:%M}",
        program_title(entry.program),
        tr("{seconds} s").format(seconds=f"{entry.duration_s:.0f}"),
        tr(endpoint_title(entry.engine)) if known_engine else "",
        format_usd(entry.cost_usd) if entry.cost_usd else "",
        notes.get(entry.outcome, "") if entry.text else entry.error,
    )
    return "  ·  ".join(part for part in parts if part)


def program_title(program: str) -> str:
    return program[:1].upper() + program[1:]


def row_actions(entry: HistoryEntry, playing: str = "") -> tuple[tuple[RowAction, str], ...]:
    """Return the actions of an entry and their labels; `playing` is the ID that is played."""
    actions: list[tuple[RowAction, str]] = []
    if entry.text:
        actions += [("insert", tr("Insert again")), ("copy", tr("Copy"))]
    elif entry.audio:
        actions.append(("transcribe", tr("Try again")))
    if entry.audio:
        is_playing = playing == entry.id
        actions.append(("stop", tr("Stop")) if is_playing else ("play", tr("Play")))
        actions.append(("menu", tr("More ▾")))
    return (*actions, ("delete", tr("Delete")))


class EntryDelegate(QStyledItemDelegate):
    """Paints rows, and computes the areas of their actions."""

    def __init__(self, scheme: Scheme) -> None:
        super().__init__()
        self.scheme = scheme
        self.transcribing: set[str] = set()
        """IDs of the entries that are being transcribed."""
        self.playing = ""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        line = scaled(LINE_HEIGHT)
        if index.data(DAY_ROLE):
            return QSize(10, line + 2 * VERTICAL_PADDING + 2)
        width = option.rect.width() - 2 * SIDE_PADDING
        lines = len(wrap_two_lines(shown_text(index.data(ENTRY_ROLE)), theme.font(), width))
        return QSize(10, VERTICAL_PADDING + line * lines + 4 + line + VERTICAL_PADDING)

    def button_rects(self, rect: QRect, entry: HistoryEntry) -> list[tuple[RowAction, QRect, str]]:
        """Return the actions of a row at `rect`, with the area of each and its label."""
        metrics = QFontMetrics(theme.font("caption"))
        line = scaled(LINE_HEIGHT)
        height = max(24, line + 4)
        top = rect.bottom() - VERTICAL_PADDING - (line + height) // 2
        right, made = rect.right() - SIDE_PADDING - 4, []
        room = rect.width() - 2 * SIDE_PADDING - 4
        for action, text in reversed(self._fitting_actions(entry, metrics, room)):
            width = metrics.horizontalAdvance(text)
            made.append((action, QRect(right - width - 6, top, width + 12, height), text))
            right -= width + BUTTON_SPACING
        return made[::-1]

    def _fitting_actions(
        self, entry: HistoryEntry, metrics: QFontMetrics, room: int
    ) -> list[tuple[RowAction, str]]:
        shown, optional = list(row_actions(entry, self.playing)), OPTIONAL_ACTIONS
        if entry.id in self.transcribing:
            optional = OPTIONAL_WHEN_BUSY
            room -= metrics.horizontalAdvance(tr("Transcribing…")) + BUTTON_SPACING
        for action in optional if entry.audio else ():
            spacing = BUTTON_SPACING * (len(shown) - 1)
            if sum(metrics.horizontalAdvance(text) for _, text in shown) + spacing > room:
                shown = [each for each in shown if each[0] != action]
        return shown

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        rect: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if day := index.data(DAY_ROLE):
            painter.setFont(theme.font("strong"))
            painter.setPen(QColor(self.scheme.secondary_text))
            _draw_line(painter, rect.adjusted(SIDE_PADDING, VERTICAL_PADDING, 0, 0), day)
        else:
            state = option.state
            self._paint_entry(painter, rect, index.data(ENTRY_ROLE), state)
        painter.restore()

    def _paint_entry(
        self, painter: QPainter, rect: QRect, entry: HistoryEntry, state: QStyle.StateFlag
    ) -> None:
        scheme, line = self.scheme, scaled(LINE_HEIGHT)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        active = selected or bool(state & QStyle.StateFlag.State_MouseOver)
        if active:
            hover = theme.mix(scheme.surface, scheme.text, 0.04)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(scheme.accent_soft if selected else hover))
            painter.drawRoundedRect(rect.adjusted(4, 1, -4, -1), 8, 8)
        area = rect.adjusted(SIDE_PADDING, VERTICAL_PADDING, -SIDE_PADDING, 0)
        area.setHeight(line)
        failed = not entry.text and entry.outcome == "failed"
        text_color = scheme.text if entry.text else scheme.secondary_text
        painter.setFont(theme.font())
        painter.setPen(QColor(scheme.error if failed else text_color))
        for text in wrap_two_lines(shown_text(entry), theme.font(), area.width()):
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, text)
            area.translate(0, line)
        buttons = self.button_rects(rect, entry) if active else []
        area.translate(0, 4)
        if buttons:
            area.setRight(buttons[0][1].left() - 9)
        painter.setFont(theme.font("caption"))
        painter.setPen(QColor(scheme.secondary_text))
        note = tr("Playing") if entry.id == self.playing else details(entry)
        _draw_line(painter, area, tr("Transcribing…") if entry.id in self.transcribing else note)
        for action, button, label in buttons:
            painter.setPen(QColor(scheme.error if action == "delete" else scheme.accent))
            painter.drawText(button, Qt.AlignmentFlag.AlignCenter, label)


def _draw_line(painter: QPainter, area: QRect, text: str) -> None:
    """Draw text in one line, elided; draw nothing if only a fragment would fit."""
    metrics = painter.fontMetrics()
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
    if shown != text and area.width() < metrics.horizontalAdvance(f"{text[:MIN_DETAIL_CHARS]}…"):
        return
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, shown)


def wrap_two_lines(text: str, font: QFont, width: int) -> list[str]:
    """Wrap text into at most two lines; the second one is elided."""
    text = " ".join(text.split())
    layout = QTextLayout(text, font)
    option = layout.textOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    first = layout.createLine()
    first.setLineWidth(max(1, width))
    layout.endLayout()
    end = 2 * first.textLength()  # Qt counts UTF-16 code units
    head = text.encode("utf-16-le")[:end].decode("utf-16-le")
    rest = text[len(head) :]
    if not rest:
        return [head]
    elided = QFontMetrics(font).elidedText(rest, Qt.TextElideMode.ElideRight, width)
    return [head.rstrip(), elided]
