"""How the history's entries are drawn: a day as heading, then words, time and what can be done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Literal

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
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
from ..widgets import theme
from ..widgets.theme import Scheme

RowAction = Literal["type", "retry", "copy", "play", "stop", "menu", "delete"]
ENTRY_ROLE = Qt.ItemDataRole.UserRole
DAY_ROLE = Qt.ItemDataRole.UserRole + 1
SIDE_PADDING, VERTICAL_PADDING, LINE_HEIGHT, BUTTON_SPACING = 16, 8, 18, 18
LEGACY_ENGINE = "realtime"
"""What rows of the first version call any server."""
OUTCOME_NOTES = {
    "rescued": "Rescued after a restart",
    "held": "Not typed yet",
    "cancelled": "Cancelled",
}
OPTIONAL_ACTIONS: tuple[RowAction, ...] = ("play", "copy")
"""Words that go, in this order, where not all have room: the menu has them too."""
OPTIONAL_WHEN_BUSY: tuple[RowAction, ...] = ("retry", *OPTIONAL_ACTIONS, "type")
MIN_NOTE_CHARS = 5
"""Characters, as of a time."""
TRANSCRIBING = "Recognising…"
_Index = QModelIndex | QPersistentModelIndex


def day_heading(day: dt.date, today: dt.date) -> str:
    """Today, Yesterday, a weekday and date, with the year where it is another."""
    ago = (today - day).days
    if ago in (0, 1):
        return ("Today", "Yesterday")[ago]
    year = "" if day.year == today.year else f" {day.year}"
    return f"{day:%A} {day.day} {day:%B}{year}"


def fill_model(model: QStandardItemModel, entries: Iterable[HistoryEntry], today: dt.date) -> None:
    """Rows of headings and entries, in the order given."""
    model.clear()
    before = None
    for entry in entries:
        local = entry.local_time
        if local.date() != before:
            before = local.date()
            heading = QStandardItem(day_heading(before, today))
            heading.setData(heading.text(), DAY_ROLE)
            heading.setFlags(Qt.ItemFlag.NoItemFlags)
            model.appendRow(heading)
        row = QStandardItem(entry.display_text)
        row.setData(entry, ENTRY_ROLE)
        row.setData(f"{entry.display_text}. {details(entry)}", Qt.ItemDataRole.AccessibleTextRole)
        row.setToolTip(details(entry))
        row.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
        model.appendRow(row)


def details(entry: HistoryEntry) -> str:
    """Time · program · seconds · who recognised it · what that cost · what became of it."""
    note = OUTCOME_NOTES.get(entry.outcome, "") if entry.text else entry.error
    engine = "" if entry.engine == LEGACY_ENGINE or not entry.text else endpoint_title(entry.engine)
    parts = (
        f"{entry.local_time:%H:%M}",
        program_title(entry.program),
        f"{entry.duration_s:.0f} s",
        engine,
        format_usd(entry.cost_usd) if entry.cost_usd else "",
        note,
    )
    return "  ·  ".join(part for part in parts if part)


def program_title(program: str) -> str:
    return program[:1].upper() + program[1:]


def row_actions(entry: HistoryEntry, playing: str = "") -> tuple[tuple[RowAction, str], ...]:
    """What can be done with it, from the left; `playing` is the id of the one that sounds."""
    made: list[tuple[RowAction, str]] = []
    if entry.text:
        made += [("type", "Type again"), ("copy", "Copy")]
    elif entry.audio:
        made.append(("retry", "Try again"))
    if entry.audio:
        made.append(("stop", "Stop") if playing == entry.id else ("play", "Play"))
        made.append(("menu", "More ▾"))
    return (*made, ("delete", "Delete"))


class EntryDelegate(QStyledItemDelegate):
    """Draws them, and knows which word lies where."""

    def __init__(self, scheme: Scheme) -> None:
        super().__init__()
        self.scheme = scheme
        self.busy: set[str] = set()
        """Ids that are being recognised now."""
        self.playing = ""
        """Id of the recording that sounds."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        line = _line_height()
        if index.data(DAY_ROLE):
            return QSize(10, line + VERTICAL_PADDING * 2 + 2)
        width = option.rect.width()
        lines = len(
            wrap_two_lines(
                index.data(ENTRY_ROLE).display_text, theme.font(), width - 2 * SIDE_PADDING
            )
        )
        return QSize(10, VERTICAL_PADDING + line * lines + 4 + line + VERTICAL_PADDING)

    def button_rects(self, rect: QRect, entry: HistoryEntry) -> list[tuple[RowAction, QRect, str]]:
        """The words that are buttons in a row that lies at `rect`."""
        metrics = QFontMetrics(theme.font("caption"))
        right, made = rect.right() - SIDE_PADDING - 4, []
        room = rect.width() - 2 * SIDE_PADDING - 4
        for does, word in reversed(self._fitting_actions(entry, metrics, room)):
            wide = metrics.horizontalAdvance(word)
            high = max(24, _line_height() + 4)
            top = rect.bottom() - VERTICAL_PADDING - (_line_height() + high) // 2
            target = QRect(right - wide - 6, top, wide + 12, high)
            made.append((does, target, word))
            right -= wide + BUTTON_SPACING
        return made[::-1]

    def _fitting_actions(
        self, entry: HistoryEntry, metrics: QFontMetrics, room: int
    ) -> list[tuple[RowAction, str]]:
        """What is offered in `room` pixels, beside the note of what goes on."""
        shown = list(row_actions(entry, self.playing))
        spare = OPTIONAL_ACTIONS
        if entry.id in self.busy:
            spare = OPTIONAL_WHEN_BUSY
            room -= metrics.horizontalAdvance(TRANSCRIBING) + BUTTON_SPACING
        for does in spare if entry.audio else ():
            wide = (
                sum(metrics.horizontalAdvance(word) + BUTTON_SPACING for _, word in shown)
                - BUTTON_SPACING
            )
            if wide > room:
                shown = [each for each in shown if each[0] != does]
        return shown

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        rect: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if index.data(DAY_ROLE):
            painter.setFont(theme.font("strong"))
            painter.setPen(QColor(self.scheme.secondary_text))
            where = rect.adjusted(SIDE_PADDING, VERTICAL_PADDING, 0, 0)
            day = painter.fontMetrics().elidedText(
                index.data(DAY_ROLE), Qt.TextElideMode.ElideRight, where.width()
            )
            painter.drawText(where, Qt.AlignmentFlag.AlignVCenter, day)
        else:
            state = option.state
            self._paint_entry(painter, rect, index.data(ENTRY_ROLE), state)
        painter.restore()

    def _paint_entry(
        self, painter: QPainter, rect: QRect, entry: HistoryEntry, state: QStyle.StateFlag
    ) -> None:
        scheme, line = self.scheme, _line_height()
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        active = chosen or bool(state & QStyle.StateFlag.State_MouseOver)
        if active:
            painter.setPen(Qt.PenStyle.NoPen)
            soft = theme.mix(scheme.surface, scheme.text, 0.04)
            painter.setBrush(QColor(scheme.accent_soft if chosen else soft))
            painter.drawRoundedRect(rect.adjusted(4, 1, -4, -1), 8, 8)
        failed = not entry.text and entry.outcome == "failed"
        painter.setFont(theme.font())
        painter.setPen(
            QColor(scheme.error if failed else scheme.text if entry.text else scheme.secondary_text)
        )
        y = rect.y() + VERTICAL_PADDING
        for text in wrap_two_lines(
            entry.display_text, theme.font(), rect.width() - 2 * SIDE_PADDING
        ):
            where = QRect(rect.x() + SIDE_PADDING, y, rect.width() - 2 * SIDE_PADDING, line)
            painter.drawText(where, Qt.AlignmentFlag.AlignVCenter, text)
            y += line
        words = self.button_rects(rect, entry) if active else []
        right = min((place.left() for _, place, _ in words), default=rect.right() - SIDE_PADDING)
        painter.setFont(theme.font("caption"))
        painter.setPen(QColor(scheme.secondary_text))
        where = QRect(rect.x() + SIDE_PADDING, y + 4, right - rect.x() - SIDE_PADDING - 8, line)
        busy, playing = entry.id in self.busy, entry.id == self.playing
        note = TRANSCRIBING if busy else "Playing" if playing else details(entry)
        metrics = painter.fontMetrics()
        short = metrics.elidedText(note, Qt.TextElideMode.ElideRight, where.width())
        if short != note and where.width() < metrics.horizontalAdvance(f"{note[:MIN_NOTE_CHARS]}…"):
            short = ""  # "1…" says nothing
        painter.drawText(where, Qt.AlignmentFlag.AlignVCenter, short)
        for does, place, word in words:
            painter.setPen(QColor(scheme.error if does == "delete" else scheme.accent))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, word)


def wrap_two_lines(text: str, font: QFont, width: int) -> list[str]:
    """The text broken into at most two lines, the second elided."""
    text = " ".join(text.split())
    layout = QTextLayout(text, font)
    option = layout.textOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    first = layout.createLine()
    first.setLineWidth(max(1, width))
    layout.endLayout()
    end = first.textLength()
    # Qt counts in UTF-16, Python in characters.
    head = text.encode("utf-16-le")[: end * 2].decode("utf-16-le")
    rest = text[len(head) :]
    if not rest:
        return [head]
    elided = QFontMetrics(font).elidedText(rest, Qt.TextElideMode.ElideRight, width)
    return [head.rstrip(), elided]


def _line_height() -> int:
    return round(LINE_HEIGHT * theme.text_scale())
