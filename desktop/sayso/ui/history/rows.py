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

from ...core.dictation.history_entry import Entry
from ...core.usage import endpoint_title, money
from ..widgets import theme
from ..widgets.theme import Scheme

Does = Literal["type", "retry", "copy", "play", "stop", "menu", "delete"]
ENTRY = Qt.ItemDataRole.UserRole
DAY = Qt.ItemDataRole.UserRole + 1
SIDE, ABOVE, LINE, BETWEEN = 16, 8, 18, 18
OF_OLD = "realtime"
"""What rows of the first version call any server."""
NOTES = {"rescued": "Rescued after a restart", "held": "Not typed yet", "cancelled": "Cancelled"}
SPARE: tuple[Does, ...] = ("play", "copy")
"""Words that go, in this order, where not all have room: the menu has them too."""
SPARE_WHEN_BUSY: tuple[Does, ...] = ("retry", *SPARE, "type")
LEAST_NOTE = 5
"""Characters, as of a time."""
BUSY = "Recognising…"
_Index = QModelIndex | QPersistentModelIndex


def day_name(day: dt.date, today: dt.date) -> str:
    """Today, Yesterday, a weekday and date, with the year where it is another."""
    ago = (today - day).days
    if ago in (0, 1):
        return ("Today", "Yesterday")[ago]
    year = "" if day.year == today.year else f" {day.year}"
    return f"{day:%A} {day.day} {day:%B}{year}"


def fill(model: QStandardItemModel, entries: Iterable[Entry], today: dt.date) -> None:
    """Rows of headings and entries, in the order given."""
    model.clear()
    before = None
    for entry in entries:
        local = entry.local
        if local.date() != before:
            before = local.date()
            heading = QStandardItem(day_name(before, today))
            heading.setData(heading.text(), DAY)
            heading.setFlags(Qt.ItemFlag.NoItemFlags)
            model.appendRow(heading)
        row = QStandardItem(entry.shown)
        row.setData(entry, ENTRY)
        row.setData(f"{entry.shown}. {below(entry)}", Qt.ItemDataRole.AccessibleTextRole)
        row.setToolTip(below(entry))
        row.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
        model.appendRow(row)


def below(entry: Entry) -> str:
    """Time · program · seconds · who recognised it · what that cost · what became of it."""
    note = NOTES.get(entry.outcome, "") if entry.text else entry.error
    engine = "" if entry.engine == OF_OLD or not entry.text else endpoint_title(entry.engine)
    parts = (
        f"{entry.local:%H:%M}",
        program_title(entry.program),
        f"{entry.duration_s:.0f} s",
        engine,
        money(entry.cost_usd) if entry.cost_usd else "",
        note,
    )
    return "  ·  ".join(part for part in parts if part)


def program_title(program: str) -> str:
    return program[:1].upper() + program[1:]


def offers(entry: Entry, playing: str = "") -> tuple[tuple[Does, str], ...]:
    """What can be done with it, from the left; `playing` is the id of the one that sounds."""
    made: list[tuple[Does, str]] = []
    if entry.text:
        made += [("type", "Type again"), ("copy", "Copy")]
    elif entry.audio:
        made.append(("retry", "Try again"))
    if entry.audio:
        made.append(("stop", "Stop") if playing == entry.id else ("play", "Play"))
        made.append(("menu", "More ▾"))
    return (*made, ("delete", "Delete"))


class Rows(QStyledItemDelegate):
    """Draws them, and knows which word lies where."""

    def __init__(self, scheme: Scheme) -> None:
        super().__init__()
        self.scheme = scheme
        self.busy: set[str] = set()
        """Ids that are being recognised now."""
        self.playing = ""
        """Id of the recording that sounds."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        line = _line()
        if index.data(DAY):
            return QSize(10, line + ABOVE * 2 + 2)
        width = option.rect.width()
        lines = len(two_lines(index.data(ENTRY).shown, theme.font(), width - 2 * SIDE))
        return QSize(10, ABOVE + line * lines + 4 + line + ABOVE)

    def place_of(self, rect: QRect, entry: Entry) -> list[tuple[Does, QRect, str]]:
        """The words that are buttons in a row that lies at `rect`."""
        metrics = QFontMetrics(theme.font("caption"))
        right, made = rect.right() - SIDE - 4, []
        room = rect.width() - 2 * SIDE - 4
        for does, word in reversed(self._that_fit(entry, metrics, room)):
            wide = metrics.horizontalAdvance(word)
            high = max(24, _line() + 4)
            top = rect.bottom() - ABOVE - (_line() + high) // 2
            target = QRect(right - wide - 6, top, wide + 12, high)
            made.append((does, target, word))
            right -= wide + BETWEEN
        return made[::-1]

    def _that_fit(self, entry: Entry, metrics: QFontMetrics, room: int) -> list[tuple[Does, str]]:
        """What is offered in `room` pixels, beside the note of what goes on."""
        shown = list(offers(entry, self.playing))
        spare = SPARE
        if entry.id in self.busy:
            spare = SPARE_WHEN_BUSY
            room -= metrics.horizontalAdvance(BUSY) + BETWEEN
        for does in spare if entry.audio else ():
            wide = sum(metrics.horizontalAdvance(word) + BETWEEN for _, word in shown) - BETWEEN
            if wide > room:
                shown = [each for each in shown if each[0] != does]
        return shown

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        rect: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if index.data(DAY):
            painter.setFont(theme.font("strong"))
            painter.setPen(QColor(self.scheme.ink2))
            where = rect.adjusted(SIDE, ABOVE, 0, 0)
            day = painter.fontMetrics().elidedText(
                index.data(DAY), Qt.TextElideMode.ElideRight, where.width()
            )
            painter.drawText(where, Qt.AlignmentFlag.AlignVCenter, day)
        else:
            state = option.state
            self._entry(painter, rect, index.data(ENTRY), state)
        painter.restore()

    def _entry(self, painter: QPainter, rect: QRect, entry: Entry, state: QStyle.StateFlag) -> None:
        scheme, line = self.scheme, _line()
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        active = chosen or bool(state & QStyle.StateFlag.State_MouseOver)
        if active:
            painter.setPen(Qt.PenStyle.NoPen)
            soft = theme.mix(scheme.surface, scheme.ink, 0.04)
            painter.setBrush(QColor(scheme.voice_soft if chosen else soft))
            painter.drawRoundedRect(rect.adjusted(4, 1, -4, -1), 8, 8)
        failed = not entry.text and entry.outcome == "failed"
        painter.setFont(theme.font())
        painter.setPen(QColor(scheme.red if failed else scheme.ink if entry.text else scheme.ink2))
        y = rect.y() + ABOVE
        for text in two_lines(entry.shown, theme.font(), rect.width() - 2 * SIDE):
            where = QRect(rect.x() + SIDE, y, rect.width() - 2 * SIDE, line)
            painter.drawText(where, Qt.AlignmentFlag.AlignVCenter, text)
            y += line
        words = self.place_of(rect, entry) if active else []
        right = min((place.left() for _, place, _ in words), default=rect.right() - SIDE)
        painter.setFont(theme.font("caption"))
        painter.setPen(QColor(scheme.ink2))
        where = QRect(rect.x() + SIDE, y + 4, right - rect.x() - SIDE - 8, line)
        busy, playing = entry.id in self.busy, entry.id == self.playing
        note = BUSY if busy else "Playing" if playing else below(entry)
        metrics = painter.fontMetrics()
        short = metrics.elidedText(note, Qt.TextElideMode.ElideRight, where.width())
        if short != note and where.width() < metrics.horizontalAdvance(f"{note[:LEAST_NOTE]}…"):
            short = ""  # "1…" says nothing
        painter.drawText(where, Qt.AlignmentFlag.AlignVCenter, short)
        for does, place, word in words:
            painter.setPen(QColor(scheme.red if does == "delete" else scheme.voice))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, word)


def two_lines(text: str, font: QFont, width: int) -> list[str]:
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


def _line() -> int:
    return round(LINE * theme.text_scale())
