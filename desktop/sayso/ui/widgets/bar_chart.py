"""A chart of days: one bar to each, one hue, walked with the arrow keys."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from . import theme
from .rows import NARROW, scaled
from .theme import Scheme

HIGH, FOOT, HEAD, SIDE = 150, 24, 26, 16
LINE = 18
"""Of the words, which take two where the chart is narrow."""
AXIS, LINES = 46, 3
EARLIER = 0.72
"""How strong the bars of days before today are."""
STEPS = (1, 2, 3, 5, 10, 15, 20, 30, 60, 90, 120, 180, 240, 360, 480, 600, 900, 1200)


class DayChart(QWidget):
    """The first line says the whole, or what the day that is pointed at has."""

    def __init__(self, scheme: Scheme, unit: str) -> None:
        """`unit`: of the values, as in '12 min'."""
        super().__init__()
        self._scheme, self._unit = scheme, unit
        self._days: Sequence[dt.date] = ()
        self._values: Mapping[dt.date, float] = {}
        self._today = dt.date.min
        self._told: Callable[[dt.date], str] = lambda day: ""
        self._at = -1
        """Of the day that is told; -1: none."""
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._more = 0
        self.setFixedHeight(scaled(HIGH))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_days(
        self,
        days: Sequence[dt.date],
        values: Mapping[dt.date, float],
        today: dt.date,
        told: Callable[[dt.date], str],
    ) -> None:
        """`told` is what a day has, in words."""
        self._days, self._values, self._today, self._told = days, values, today, told
        self._at = -1
        self._say()
        self.update()

    @property
    def said(self) -> str:
        """The line above the bars."""
        if self._at >= 0:
            return self._told(self._days[self._at])
        return f"Most on {self._told(self._highest)}" if self._values else ""

    @property
    def _highest(self) -> dt.date:
        return max(self._values, key=lambda day: (self._values[day], day))

    def _say(self) -> None:
        """To assistive technology: the highest and the latest, or the day it is at."""
        if self._at >= 0 or not self._values:
            self.setAccessibleDescription(self.said)
            return
        latest = max(self._values)
        more = "" if latest == self._highest else f". Latest: {self._told(latest)}"
        self.setAccessibleDescription(f"{self.said}{more}")

    def _point(self, at: int) -> None:
        if at != self._at:
            self._at = at
            self._say()
            self.update()

    # Walking

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = len(self._days) - 1
        steps = {
            Qt.Key.Key_Left: (self._at if self._at >= 0 else last + 1) - 1,
            Qt.Key.Key_Right: self._at + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        if event.key() in steps and self._days:
            self._point(max(0, min(last, steps[Qt.Key(event.key())])))
        else:
            super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x, slot = event.position().x() - self._left, self._slot
        at = math.floor(x / slot) if slot else -1
        self._point(at if 0 <= at < len(self._days) else -1)

    def leaveEvent(self, event: QEvent) -> None:
        self._point(-1)

    # Drawing

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._more = LINE if self.width() < scaled(NARROW) else 0
        self.setFixedHeight(scaled(HIGH + self._more))
        super().resizeEvent(event)

    @property
    def _left(self) -> float:
        return scaled(SIDE + AXIS)

    @property
    def _slot(self) -> float:
        return (self.width() - self._left - scaled(SIDE)) / len(self._days) if self._days else 0.0

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("caption"))
        if self.hasFocus():
            painter.setPen(QPen(QColor(self._scheme.voice), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(3, 3, -3, -3), 8, 8)
        painter.setPen(QColor(self._scheme.ink2))
        wide, high = self.width() - 2 * scaled(SIDE), scaled(HEAD + self._more - 6)
        words = self.said.replace(": ", ":\n", 1) if self._more else self.said
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(QRectF(scaled(SIDE), scaled(6), wide, high), middle, words)
        top, bottom = scaled(HEAD + self._more + 8), self.height() - scaled(FOOT)
        highest = scale_of(max(self._values.values(), default=0.0))
        self._lines(painter, top, bottom, highest)
        self._bars(painter, top, bottom, highest)

    def _lines(self, painter: QPainter, top: int, bottom: int, highest: float) -> None:
        right = self.width() - scaled(SIDE)
        for number in range(LINES + 1):
            y = round(bottom - (bottom - top) * number / LINES)
            painter.setPen(QPen(QColor(self._scheme.line), 1))
            painter.drawLine(round(self._left), y, right, y)
            if number in (0, LINES):
                value = highest * number / LINES
                text = f"{value:.0f} {self._unit}" if number else "0"
                box = QRectF(0, y - scaled(9), self._left - scaled(6), scaled(18))
                side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                painter.setPen(QColor(self._scheme.ink2))
                painter.drawText(box, side, text)

    def _bars(self, painter: QPainter, top: int, bottom: int, highest: float) -> None:
        slot, scheme = self._slot, self._scheme
        wide = max(2.0, min(slot * 0.64, scaled(14)))
        for at, day in enumerate(self._days):
            middle = self._left + (at + 0.5) * slot
            if at == self._at:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(theme.mix(scheme.surface, scheme.ink, 0.06)))
                painter.drawRect(QRectF(middle - slot / 2, top, slot, bottom - top))
            if value := self._values.get(day, 0.0):
                solid = day == self._today or at == self._at
                hue = scheme.voice if solid else theme.mix(scheme.surface, scheme.voice, EARLIER)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(hue))
                high = max(2.0, (bottom - top) * value / highest)
                painter.drawRoundedRect(QRectF(middle - wide / 2, bottom - high, wide, high), 2, 2)
            if day.day == 1 or day.day % 5 == 0:
                painter.setPen(QColor(scheme.ink if day == self._today else scheme.ink2))
                box = QRectF(middle - scaled(20), bottom + scaled(3), scaled(40), scaled(17))
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(day.day))


def scale_of(highest: float) -> float:
    """A round value that is no less: the top line's."""
    return next((float(step) for step in STEPS if step >= highest), math.ceil(highest / 300) * 300)


def day_words(day: dt.date) -> str:
    """'Friday 20 November'."""
    return f"{day:%A} {day.day} {day:%B}"
