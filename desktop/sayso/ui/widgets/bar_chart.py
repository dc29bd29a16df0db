"""A chart of days: one bar to each, one hue, walked with the arrow keys."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from . import theme
from .rows import NARROW_ROW_WIDTH, scaled
from .theme import Scheme

HEIGHT, FOOTER_HEIGHT, HEADER_HEIGHT, MARGIN = 150, 24, 26, 16
LINE_HEIGHT = 18
"""Of the words, which take two where the chart is narrow."""
AXIS_WIDTH, GRID_LINES = 46, 3
PAST_DAY_OPACITY = 0.72
"""How strong the bars of days before today are."""
ROUND_VALUES = (1, 2, 3, 5, 10, 15, 20, 30, 60, 90, 120, 180, 240, 360, 480, 600, 900, 1200)


class DayChart(QWidget):
    """The first line says the whole, or what the day that is pointed at has."""

    def __init__(self, scheme: Scheme, unit: str) -> None:
        """`unit`: of the values, as in '12 min'."""
        super().__init__()
        self._scheme, self._unit = scheme, unit
        self._days: Sequence[dt.date] = ()
        self._values: Mapping[dt.date, float] = {}
        self._today = dt.date.min
        self._describe: Callable[[dt.date], str] = lambda day: ""
        self._selected = -1
        """Of the day that is told; -1: none."""
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._extra_height = 0
        self.setFixedHeight(scaled(HEIGHT))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_days(
        self,
        days: Sequence[dt.date],
        values: Mapping[dt.date, float],
        today: dt.date,
        describe: Callable[[dt.date], str],
    ) -> None:
        """`told` is what a day has, in words."""
        self._days, self._values, self._today, self._describe = days, values, today, describe
        self._selected = -1
        self._update_description()
        self.update()

    @property
    def caption(self) -> str:
        """The line above the bars."""
        if self._selected >= 0:
            return self._describe(self._days[self._selected])
        return f"Most on {self._describe(self._busiest_day)}" if self._values else ""

    @property
    def _busiest_day(self) -> dt.date:
        return max(self._values, key=lambda day: (self._values[day], day))

    def _update_description(self) -> None:
        """To assistive technology: the highest and the latest, or the day it is at."""
        if self._selected >= 0 or not self._values:
            self.setAccessibleDescription(self.caption)
            return
        latest = max(self._values)
        more = "" if latest == self._busiest_day else f". Latest: {self._describe(latest)}"
        self.setAccessibleDescription(f"{self.caption}{more}")

    def _select(self, at: int) -> None:
        if at != self._selected:
            self._selected = at
            self._update_description()
            self.update()

    # Walking

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = len(self._days) - 1
        steps = {
            Qt.Key.Key_Left: (self._selected if self._selected >= 0 else last + 1) - 1,
            Qt.Key.Key_Right: self._selected + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        if event.key() in steps and self._days:
            self._select(max(0, min(last, steps[Qt.Key(event.key())])))
        else:
            super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x, slot = event.position().x() - self.plot_left, self._day_width
        at = math.floor(x / slot) if slot else -1
        self._select(at if 0 <= at < len(self._days) else -1)

    def leaveEvent(self, event: QEvent) -> None:
        self._select(-1)

    # Drawing

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._extra_height = LINE_HEIGHT if self.width() < scaled(NARROW_ROW_WIDTH) else 0
        self.setFixedHeight(scaled(HEIGHT + self._extra_height))
        super().resizeEvent(event)

    @property
    def plot_left(self) -> float:
        return scaled(MARGIN + AXIS_WIDTH)

    @property
    def _day_width(self) -> float:
        return (
            (self.width() - self.plot_left - scaled(MARGIN)) / len(self._days)
            if self._days
            else 0.0
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("caption"))
        if self.hasFocus():
            painter.setPen(QPen(QColor(self._scheme.accent), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(3, 3, -3, -3), 8, 8)
        painter.setPen(QColor(self._scheme.secondary_text))
        wide, high = (
            self.width() - 2 * scaled(MARGIN),
            scaled(HEADER_HEIGHT + self._extra_height - 6),
        )
        words = self.caption.replace(": ", ":\n", 1) if self._extra_height else self.caption
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(QRectF(scaled(MARGIN), scaled(6), wide, high), middle, words)
        top, bottom = (
            scaled(HEADER_HEIGHT + self._extra_height + 8),
            self.height() - scaled(FOOTER_HEIGHT),
        )
        highest = axis_maximum(max(self._values.values(), default=0.0))
        self._draw_grid(painter, top, bottom, highest)
        self._draw_bars(painter, top, bottom, highest)

    def _draw_grid(self, painter: QPainter, top: int, bottom: int, highest: float) -> None:
        right = self.width() - scaled(MARGIN)
        for number in range(GRID_LINES + 1):
            y = round(bottom - (bottom - top) * number / GRID_LINES)
            painter.setPen(QPen(QColor(self._scheme.divider), 1))
            painter.drawLine(round(self.plot_left), y, right, y)
            if number in (0, GRID_LINES):
                value = highest * number / GRID_LINES
                text = f"{value:.0f} {self._unit}" if number else "0"
                box = QRectF(0, y - scaled(9), self.plot_left - scaled(6), scaled(18))
                side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                painter.setPen(QColor(self._scheme.secondary_text))
                painter.drawText(box, side, text)

    def _draw_bars(self, painter: QPainter, top: int, bottom: int, highest: float) -> None:
        slot, scheme = self._day_width, self._scheme
        wide = max(2.0, min(slot * 0.64, scaled(14)))
        for at, day in enumerate(self._days):
            middle = self.plot_left + (at + 0.5) * slot
            if at == self._selected:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(theme.mix(scheme.surface, scheme.text, 0.06)))
                painter.drawRect(QRectF(middle - slot / 2, top, slot, bottom - top))
            if value := self._values.get(day, 0.0):
                solid = day == self._today or at == self._selected
                hue = (
                    scheme.accent
                    if solid
                    else theme.mix(scheme.surface, scheme.accent, PAST_DAY_OPACITY)
                )
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(hue))
                high = max(2.0, (bottom - top) * value / highest)
                painter.drawRoundedRect(QRectF(middle - wide / 2, bottom - high, wide, high), 2, 2)
            if day.day == 1 or day.day % 5 == 0:
                painter.setPen(QColor(scheme.text if day == self._today else scheme.secondary_text))
                box = QRectF(middle - scaled(20), bottom + scaled(3), scaled(40), scaled(17))
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(day.day))


def axis_maximum(highest: float) -> float:
    """A round value that is no less: the top line's."""
    return next(
        (float(step) for step in ROUND_VALUES if step >= highest), math.ceil(highest / 300) * 300
    )


def format_day(day: dt.date) -> str:
    """'Friday 20 November'."""
    return f"{day:%A} {day.day} {day:%B}"
