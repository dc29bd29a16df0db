"""The program's own icon, for launchers, windows and About: the badge, white on green."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QLinearGradient, QPainter, QPixmap

from .tray_icon import rounded

PARTS = (
    (30, 16, 4, 32, 0),
    (25, 16, 14, 4, 2),
    (25, 44, 14, 4, 2),
    (20, 24, 4, 16, 2),
    (40, 24, 4, 16, 2),
    (12, 28.5, 4, 7, 2),
    (48, 28.5, 4, 7, 2),
)
"""x, y, width, height, radius on a canvas of 64."""
TOP, BOTTOM = "#12917F", "#0A6A62"
"""Of the badge's light."""


def app_icon() -> QIcon:
    made = QIcon()
    for size in (16, 32, 48, 64, 128):
        pixmap = QPixmap(size, size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        paint(painter, size)
        painter.end()
        made.addPixmap(pixmap)
    return made


def paint(painter: QPainter, size: float) -> None:
    """The listening badge at 52 of 64, lit softly from above; at the painter's origin."""
    unit = size / 64
    light = QLinearGradient(0, 6 * unit, 0, 58 * unit)
    light.setColorAt(0, QColor(TOP))
    light.setColorAt(1, QColor(BOTTOM))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillPath(rounded(6 * unit, 6 * unit, 52 * unit, 52 * unit, 11.7 * unit), light)
    for part in PARTS:
        painter.fillPath(rounded(*(value * unit for value in part)), QColor("#FFFFFF"))
