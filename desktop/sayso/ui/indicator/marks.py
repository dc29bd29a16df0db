"""The drawings at the pill's start: wave, caret and dots, lock, and a mark for each outcome."""

from __future__ import annotations

import attrs
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from ..messages import IndicatorKind
from ..widgets import theme
from ..widgets.theme import Scheme

BAR_COUNT, BAR_WIDTH, BAR_GAP, BAR_MIN_HEIGHT, BAR_MAX_HEIGHT = 7, 3, 2, 4, 20
WAVEFORM_WIDTH = BAR_COUNT * BAR_WIDTH + (BAR_COUNT - 1) * BAR_GAP


@attrs.frozen
class AnimationState:
    """What moves: levels of the bars from the middle outward, folding and pulse 0 to 1."""

    levels: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    collapse: float = 1.0
    """Finishing: 0 still a wave, 1 caret and dots."""
    pulse: float = 0.0
    reduced_motion: bool = False
    """Reduced motion: one level bar instead of seven."""


def round_pen(value: str, width: float) -> QPen:
    return QPen(
        QColor(value),
        width,
        Qt.PenStyle.SolidLine,
        Qt.PenCapStyle.RoundCap,
        Qt.PenJoinStyle.RoundJoin,
    )


def paint_waveform(
    painter: QPainter,
    x: float,
    middle: float,
    value: str,
    motion: AnimationState,
    kind: IndicatorKind,
) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(value))
    if motion.reduced_motion and kind != "starting":
        painter.setOpacity(painter.opacity() * 0.25)
        painter.drawRoundedRect(QRectF(x, middle - 3, WAVEFORM_WIDTH, 6), 3, 3)
        painter.setOpacity(painter.opacity() * 4)
        painter.drawRoundedRect(
            QRectF(x, middle - 3, max(6, WAVEFORM_WIDTH * motion.levels[0]), 6), 3, 3
        )
        return
    squeeze = motion.collapse if kind == "finishing" else 0.0
    for i in range(BAR_COUNT):
        off = (i - BAR_COUNT // 2) * (BAR_WIDTH + BAR_GAP) * (1 - 0.4 * squeeze)
        level = motion.levels[abs(i - BAR_COUNT // 2)] * (1 - squeeze)
        high = (
            BAR_WIDTH
            if kind == "starting"
            else BAR_MIN_HEIGHT + (BAR_MAX_HEIGHT - BAR_MIN_HEIGHT) * level
        )
        left = x + (WAVEFORM_WIDTH - BAR_WIDTH) / 2 + off
        painter.drawRoundedRect(QRectF(left, middle - high / 2, BAR_WIDTH, high), 1.5, 1.5)


def paint_lock(painter: QPainter, x: float, middle: float, scheme: Scheme) -> None:
    painter.setPen(QPen(QColor(scheme.accent), 1.6))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawArc(QRectF(x + 2.8, middle - 7, 6.4, 9), 0, 180 * 16)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(scheme.accent))
    painter.drawRoundedRect(QRectF(x + 0.5, middle - 2, 11, 8), 2, 2)


def paint_caret(
    painter: QPainter, x: float, middle: float, scheme: Scheme, motion: AnimationState
) -> None:
    """The wave has settled: caret and four dots, which pulse."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(scheme.accent))
    painter.drawRect(QRectF(x - 1, middle - 8, 2, 16))
    for y in (-8, 6):
        painter.drawRoundedRect(QRectF(x - 3.5, middle + y, 7, 2), 1, 1)
    for i in (-2, -1, 1, 2):
        dim = 1 - 0.35 * (abs(i) - 1) - 0.25 * motion.pulse
        painter.setBrush(theme.color(scheme.accent, dim))
        painter.drawEllipse(QPointF(x + i * 7 + (1 if i > 0 else -1), middle), 1.5, 1.5)


def _paint_inserted_icon(painter: QPainter, scheme: Scheme) -> None:
    painter.setPen(round_pen(scheme.accent, 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline([QPointF(4, 10.5), QPointF(8.2, 14.6), QPointF(16, 6)])


def _paint_nothing_heard_icon(painter: QPainter, scheme: Scheme) -> None:
    painter.setPen(round_pen(scheme.secondary_text, 3))
    for i in range(4):
        painter.drawPoint(QPointF(2.5 + i * 5, 10))


def _paint_held_icon(painter: QPainter, scheme: Scheme) -> None:
    """A caret that waits between brackets."""
    painter.setPen(round_pen(scheme.warning, 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawLine(QPointF(10, 5), QPointF(10, 15))
    for y in (5, 15):
        painter.drawLine(QPointF(8, y), QPointF(12, y))
    for inner, outer in ((5, 2), (15, 18)):
        path = QPainterPath(QPointF(inner, 2))
        for point in (QPointF(outer, 2), QPointF(outer, 18), QPointF(inner, 18)):
            path.lineTo(point)
        painter.drawPath(path)


def _paint_recovered_icon(painter: QPainter, scheme: Scheme) -> None:
    """An arrow that comes back."""
    painter.setPen(round_pen(scheme.accent, 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawArc(QRectF(4, 4, 12, 12), -90 * 16, 220 * 16)
    painter.drawLine(QPointF(10, 16), QPointF(5, 16))
    painter.drawPolyline([QPointF(7, 2.5), QPointF(5, 6.2), QPointF(9, 7.4)])


def _paint_error_icon(painter: QPainter, scheme: Scheme) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(scheme.error))
    painter.drawEllipse(QRectF(1, 1, 18, 18))
    painter.setBrush(QColor(scheme.surface))
    painter.drawRoundedRect(QRectF(9, 5, 2, 6.5), 1, 1)
    painter.drawEllipse(QRectF(8.8, 13, 2.4, 2.4))


ICON_PAINTERS = {
    "inserted": _paint_inserted_icon,
    "nothing-heard": _paint_nothing_heard_icon,
    "held": _paint_held_icon,
    "recovered": _paint_recovered_icon,
    "error": _paint_error_icon,
}
