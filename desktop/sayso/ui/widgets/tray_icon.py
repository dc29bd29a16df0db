"""The glyph: a text caret standing in a sound wave. Voice becomes text.

    idle       caret and wave
    listening  filled badge, caret and wave cut out: the microphone is open
    finishing  ring badge, caret and two dots: the microphone is shut, words are written
    error      idle with a disc and "!"
    paused     idle at half strength under a slash

Drawn on whole pixels for 16, 22, 24 and 32; other sizes scale the 32.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

import attrs
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QIcon,
    QImage,
    QPainter,
    QPainterPath,
    QPainterPathStroker,
    QPen,
    QPixmap,
    QTransform,
)

from . import theme

Shape = Literal["idle", "listening", "finishing", "error", "paused"]
SHAPES: tuple[Shape, ...] = get_args(Shape)
SIZES = (16, 22, 24, 32)
Layer = tuple[str, QPainterPath]
"""Role ("ink", "dim" for ink at half strength, "voice", "red") and what to fill."""


@attrs.frozen(kw_only=True)
class _Grid:
    """Whole-pixel measures of one size; `b_` is the drawing inside the badge."""

    stem: tuple[float, float, float, float]
    """x, width, top, bottom."""
    serif: tuple[float, float, float]
    """x, width, height."""
    bars: tuple[tuple[float, float, float], ...]
    """x, width, height."""
    badge: tuple[float, float, float]
    """Inset, radius, thickness of the ring."""
    b_stem: tuple[float, float, float, float]
    b_serif: tuple[float, float, float]
    b_bars: tuple[tuple[float, float, float], ...]
    dots: tuple[tuple[float, float], ...]
    """x, width."""
    disc: tuple[float, float, float]
    """Centre and radius of the error disc."""
    mark: tuple[float, float, float, float, float]
    """x, top, height, top of the dot, height of the dot."""
    slash: float


_GRIDS = {
    16: _Grid(
        stem=(7, 2, 1, 15),
        serif=(5, 6, 2),
        bars=((4, 2, 6), (10, 2, 6), (1, 2, 2), (13, 2, 2)),
        badge=(0, 4, 1.5),
        b_stem=(7, 2, 3, 13),
        b_serif=(6, 4, 1.5),
        b_bars=((3, 2, 5), (11, 2, 5)),
        dots=((4, 2), (10, 2)),
        disc=(12, 12, 4),
        mark=(11, 9, 3, 13, 1.5),
        slash=2,
    ),
    22: _Grid(
        stem=(10, 2, 2, 20),
        serif=(7, 8, 2),
        bars=((6, 2, 8), (14, 2, 8), (2, 2, 4), (18, 2, 4)),
        badge=(1, 5, 2),
        b_stem=(10, 2, 4, 18),
        b_serif=(8, 6, 2),
        b_bars=((6, 2, 6), (14, 2, 6)),
        dots=((6, 2), (14, 2)),
        disc=(16, 16, 5),
        mark=(15, 13, 4, 18, 2),
        slash=2,
    ),
    24: _Grid(
        stem=(11, 2, 2, 22),
        serif=(8, 8, 2),
        bars=((7, 2, 10), (15, 2, 10), (3, 2, 4), (19, 2, 4)),
        badge=(1, 6, 2),
        b_stem=(11, 2, 5, 19),
        b_serif=(9, 6, 2),
        b_bars=((7, 2, 8), (15, 2, 8)),
        dots=((6, 3), (15, 3)),
        disc=(18, 18, 5),
        mark=(17, 15, 4, 20, 2),
        slash=2,
    ),
    32: _Grid(
        stem=(14, 4, 2, 30),
        serif=(10, 12, 3),
        bars=((8, 3, 13), (21, 3, 13), (2, 3, 5), (27, 3, 5)),
        badge=(1, 8, 3),
        b_stem=(15, 2, 6, 26),
        b_serif=(12, 8, 2),
        b_bars=((9, 3, 10), (20, 3, 10)),
        dots=((8, 3), (21, 3)),
        disc=(24, 24, 7),
        mark=(23, 20, 5, 26, 2),
        slash=3,
    ),
}


def layers(shape: Shape, size: int) -> list[Layer]:
    """What to fill, bottom first."""
    if size not in _GRIDS:
        scaled = QTransform.fromScale(size / 32, size / 32)
        return [(role, scaled.map(path)) for role, path in layers(shape, 32)]
    grid = _GRIDS[size]
    match shape:
        case "idle":
            return [("ink", _idle(grid, size))]
        case "listening":
            return [("voice", _filled(grid, size))]
        case "finishing":
            return [("voice", _ring(grid, size))]
        case "error":
            return _error(grid, size)
        case "paused":
            return _paused(grid, size)


def paint(painter: QPainter, shape: Shape, size: int, colours: Mapping[str, str]) -> None:
    """At the painter's origin. `colours` has ink, voice and red."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for role, path in layers(shape, size):
        dim = role == "dim"
        painter.fillPath(path, theme.color(colours["ink" if dim else role], 0.5 if dim else 1))


def image(shape: Shape, size: int, colours: Mapping[str, str], contour: str = "") -> QImage:
    """`contour`: a line of one pixel around everything, for panels of unknown colour."""
    made = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    if contour:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for _, path in layers(shape, size):
            painter.strokePath(path, QPen(QColor(contour), 2))
    paint(painter, shape, size, colours)
    painter.end()
    return made


def tray_icon(shape: Shape) -> QIcon:
    """The four exact sizes, for a panel that does not tell its colour.

    Dark panels are usual, so the ink is light; a dark contour, which nobody sees there,
    makes it readable on a light one.
    """
    icon = QIcon()
    for size in SIZES:
        made = image(shape, size, theme.TRAY_ON_DARK, contour=theme.TRAY_CONTOUR)
        icon.addPixmap(QPixmap.fromImage(made))
    return icon


def rounded(x: float, y: float, w: float, h: float, r: float | None = None) -> QPainterPath:
    """A box with corners of radius `r`; without it as round as they can be."""
    path = QPainterPath()
    radius = min(w, h) / 2 if r is None else r
    path.addRoundedRect(QRectF(x, y, w, h), radius, radius)
    return path


def _caret(
    stem: tuple[float, float, float, float], serif: tuple[float, float, float]
) -> QPainterPath:
    x, w, top, bottom = stem
    serif_x, serif_w, serif_h = serif
    path = QPainterPath()
    path.addRect(QRectF(x, top, w, bottom - top))
    for y in (top, bottom - serif_h):
        path = path.united(rounded(serif_x, y, serif_w, serif_h, min(1, serif_h / 2)))
    return path


def _wave(bars: tuple[tuple[float, float, float], ...], size: int) -> QPainterPath:
    path = QPainterPath()
    for x, w, h in bars:
        path.addPath(rounded(x, (size - h) / 2, w, h, 0 if size == 16 else w / 2))
    return path


def _stroke(start: QPointF, end: QPointF, width: float) -> QPainterPath:
    line = QPainterPath(start)
    line.lineTo(end)
    stroker = QPainterPathStroker()
    stroker.setWidth(width)
    stroker.setCapStyle(Qt.PenCapStyle.RoundCap)
    return stroker.createStroke(line)


def _idle(grid: _Grid, size: int) -> QPainterPath:
    path = _caret(grid.stem, grid.serif)
    path.addPath(_wave(grid.bars, size))
    return path


def _badge(grid: _Grid, size: int) -> QPainterPath:
    inset, radius, _ = grid.badge
    return rounded(inset, inset, size - 2 * inset, size - 2 * inset, radius)


def _filled(grid: _Grid, size: int) -> QPainterPath:
    cut = _caret(grid.b_stem, grid.b_serif)
    cut.addPath(_wave(grid.b_bars, size))
    return _badge(grid, size).subtracted(cut)


def _ring(grid: _Grid, size: int) -> QPainterPath:
    inset, radius, ring = grid.badge
    side = size - 2 * (inset + ring)
    path = _badge(grid, size).subtracted(
        rounded(inset + ring, inset + ring, side, side, max(1, radius - ring))
    )
    path.addPath(_caret(grid.b_stem, grid.b_serif))
    path.addPath(_wave(tuple((x, w, w) for x, w in grid.dots), size))
    return path


def _error(grid: _Grid, size: int) -> list[Layer]:
    x, y, radius = grid.disc
    gap = max(1, size / 20)
    moat, disc, mark = QPainterPath(), QPainterPath(), QPainterPath()
    moat.addEllipse(QPointF(x, y), radius + gap, radius + gap)
    disc.addEllipse(QPointF(x, y), radius, radius)
    left, top, height, dot, dot_height = grid.mark
    mark.addPath(rounded(left, top, 2, height, 0.5))
    mark.addPath(rounded(left, dot, 2, dot_height, 0.5))
    return [("ink", _idle(grid, size).subtracted(moat)), ("red", disc.subtracted(mark))]


def _paused(grid: _Grid, size: int) -> list[Layer]:
    corner = size * 0.12
    start, end = QPointF(size - corner, corner), QPointF(corner, size - corner)
    moat = _stroke(start, end, grid.slash + max(2, size / 12))
    return [
        ("dim", _idle(grid, size).subtracted(moat)),
        ("ink", _stroke(start, end, grid.slash)),
    ]
