"""Line icons of the sidebar: 18 px, stroke 1.5."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap

from .rows import scaled

SIDE = 18
_Point = tuple[float, float]
_LINES: dict[str, tuple[tuple[_Point, ...], ...]] = {
    "general": tuple(
        part
        for y, x in ((4.5, 11.5), (9.0, 6.5), (13.5, 11.5))
        for part in (((2.5, y), (x - 2, y)), ((x + 2, y), (15.5, y)))
    ),
    "recognition": tuple(
        ((x, 9 - h / 2), (x, 9 + h / 2))
        for x, h in ((3.0, 3.0), (6.0, 8.0), (9.0, 13.0), (12.0, 8.0), (15.0, 3.0))
    ),
    "text": (
        ((3, 5), (3, 3.5), (15, 3.5), (15, 5)),
        ((9, 3.5), (9, 14.5)),
        ((6.8, 14.5), (11.2, 14.5)),
    ),
    "privacy": (((9, 5.4), (9, 9), (11.6, 10.8)),),
    "usage": (
        ((2.5, 15), (15.5, 15)),
        *(((x, 15), (x, y)) for x, y in ((5, 10.5), (9, 4), (13, 7.5))),
    ),
    "about": (((9, 8.4), (9, 12.4)),),
}
_CIRCLES: dict[str, tuple[tuple[float, float, float], ...]] = {
    "general": ((11.5, 4.5, 2), (6.5, 9, 2), (11.5, 13.5, 2)),
    "privacy": ((9, 9, 6.5),),
    "about": ((9, 9, 6.5), (9, 5.8, 0.4)),
}


def sidebar_icon(name: str, color: str, selected: str) -> QIcon:
    """In one colour, and in another while its row is selected."""
    made = QIcon()
    for ratio in (1, 2):
        made.addPixmap(_drawn(name, color, ratio), QIcon.Mode.Normal)
        made.addPixmap(_drawn(name, selected, ratio), QIcon.Mode.Selected)
    return made


def _drawn(name: str, colour: str, ratio: int) -> QPixmap:
    side = scaled(SIDE)
    pixmap = QPixmap(side * ratio, side * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(side / SIDE, side / SIDE)
    painter.setPen(
        QPen(
            QColor(colour),
            1.5,
            Qt.PenStyle.SolidLine,
            Qt.PenCapStyle.RoundCap,
            Qt.PenJoinStyle.RoundJoin,
        )
    )
    painter.drawPath(_path(name))
    painter.end()
    return pixmap


def _path(name: str) -> QPainterPath:
    path = QPainterPath()
    for points in _LINES[name]:
        path.moveTo(QPointF(*points[0]))
        for point in points[1:]:
            path.lineTo(QPointF(*point))
    for x, y, radius in _CIRCLES.get(name, ()):
        path.addEllipse(QRectF(x - radius, y - radius, 2 * radius, 2 * radius))
    return path
