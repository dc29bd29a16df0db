"""Bar chart with one bar for each day of a month."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QDate, QEvent, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..translate import locale, tr
from . import theme
from .rows import NARROW_ROW_WIDTH, scaled
from .theme import Scheme

HEIGHT, FOOTER_HEIGHT, HEADER_HEIGHT, MARGIN = 150, 24, 26, 16
LINE_HEIGHT = 18  # of the second line of the caption, which a narrow chart has
AXIS_WIDTH, GRID_LINES = 46, 3
PAST_DAY_OPACITY = 0.72
DescribeDay = Callable[[dt.date], str]
ROUND_VALUES = (1, 2, 3, 5, 10, 15, 20, 30, 60, 90, 120, 180, 240, 360, 480, 600, 900, 1200)


class DayChart(QWidget):
    """One bar for each day, and a caption that describes the selected day or the busiest one."""

    def __init__(self, scheme: Scheme) -> None:
        super().__init__()
        self._scheme = scheme
        self._days: Sequence[dt.date] = ()
        self._values: Mapping[dt.date, float] = {}
        self._describe: DescribeDay = format_day
        self._selected = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._extra_height = 0
        self.setFixedHeight(scaled(HEIGHT))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_days(
        self, days: Sequence[dt.date], minutes: Mapping[dt.date, float], describe: DescribeDay
    ) -> None:
        """Show the minutes of these days; `describe` returns the caption for a day."""
        self._days, self._values, self._describe = days, minutes, describe
        self._selected = -1
        self._update_description()
        self.update()

    @property
    def caption(self) -> str:
        if self._selected >= 0:
            return self._describe(self._days[self._selected])
        if not self._values:
            return ""
        busiest = max(self._values, key=lambda day: (self._values[day], day))
        return tr("Busiest day: {day}").format(day=self._describe(busiest))

    def _update_description(self) -> None:
        """Tell assistive technology the caption and, if no day is selected, the latest day."""
        text = self.caption
        latest = self._describe(max(self._values)) if self._values else ""
        if self._selected < 0 and not text.endswith(latest):
            text += ". " + tr("Latest: {day}").format(day=latest)
        self.setAccessibleDescription(text)

    def _select(self, index: int) -> None:
        if index != self._selected:
            self._selected = index
            self._update_description()
            self.update()

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
        x, day_width = event.position().x() - self.plot_left, self._day_width
        index = math.floor(x / day_width) if day_width else -1
        self._select(index if 0 <= index < len(self._days) else -1)

    def leaveEvent(self, event: QEvent) -> None:
        self._select(-1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._extra_height = LINE_HEIGHT if self.width() < scaled(NARROW_ROW_WIDTH) else 0
        self.setFixedHeight(scaled(HEIGHT + self._extra_height))
        super().resizeEvent(event)

    @property
    def plot_left(self) -> float:
        """Left edge of the first day."""
        return scaled(MARGIN + AXIS_WIDTH)

    @property
    def _day_width(self) -> float:
        plot_width = self.width() - self.plot_left - scaled(MARGIN)
        return plot_width / len(self._days) if self._days else 0.0

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("caption"))
        if self.hasFocus():
            painter.setPen(QPen(QColor(self._scheme.accent), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(3, 3, -3, -3), 8, 8)
        painter.setPen(QColor(self._scheme.secondary_text))
        header = scaled(HEADER_HEIGHT + self._extra_height)
        text = self.caption.replace(": ", ":\n", 1) if self._extra_height else self.caption
        box = QRectF(scaled(MARGIN), scaled(6), self.width() - 2 * scaled(MARGIN), header - 6)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap, text)
        top, bottom = header + scaled(8), self.height() - scaled(FOOTER_HEIGHT)
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
                text = tr("{minutes} min").format(minutes=f"{value:.0f}") if number else "0"
                box = QRectF(0, y - scaled(9), self.plot_left - scaled(6), scaled(18))
                side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                painter.setPen(QColor(self._scheme.secondary_text))
                painter.drawText(box, side, text)

    def _draw_bars(self, painter: QPainter, top: int, bottom: int, highest: float) -> None:
        day_width, scheme = self._day_width, self._scheme
        today = dt.date.today()
        width = max(2.0, min(day_width * 0.64, scaled(14)))
        past_color = theme.mix(scheme.surface, scheme.accent, PAST_DAY_OPACITY)
        for index, day in enumerate(self._days):
            middle = self.plot_left + (index + 0.5) * day_width
            painter.setPen(Qt.PenStyle.NoPen)
            if index == self._selected:
                painter.setBrush(QColor(theme.mix(scheme.surface, scheme.text, 0.06)))
                painter.drawRect(QRectF(middle - day_width / 2, top, day_width, bottom - top))
            if value := self._values.get(day, 0.0):
                solid = day == today or index == self._selected
                painter.setBrush(QColor(scheme.accent if solid else past_color))
                height = max(2.0, (bottom - top) * value / highest)
                bar = QRectF(middle - width / 2, bottom - height, width, height)
                painter.drawRoundedRect(bar, 2, 2)
            if day.day == 1 or day.day % 5 == 0:
                painter.setPen(QColor(scheme.text if day == today else scheme.secondary_text))
                box = QRectF(middle - scaled(20), bottom + scaled(3), scaled(40), scaled(17))
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(day.day))


def axis_maximum(highest: float) -> float:
    """Return a round value that is not less than `highest`, for the top grid line."""
    round_values = (float(step) for step in ROUND_VALUES if step >= highest)
    return next(round_values, math.ceil(highest / 300) * 300)


def format_day(day: dt.date) -> str:
    """Return 'Friday 20 November'."""
    return locale().toString(QDate(day.year, day.month, day.day), "dddd d MMMM")
