"""Icons, rendered from the SVG files in `resources/icons`."""

from __future__ import annotations

import functools

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from ...core.resources import resource
from .sizing import scaled

TRAY_SIZES = (16, 22, 24, 32)
"""Sizes with a drawing of their own, aligned to whole pixels."""
APP_SIZES = (16, 32, 48, 64, 128)
SIDEBAR_SIZE = 18


def render(name: str, size: int, color: str = "", ratio: float = 1.0) -> QPixmap:
    """Return the icon of a file (without ".svg") as a square of `size` logical pixels.

    `color` replaces `currentColor` in the file. `ratio` is the number of device pixels for each
    logical pixel.
    """
    pixmap = QPixmap(round(size * ratio), round(size * ratio))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    draw(painter, QRectF(pixmap.rect()), name, color)
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def draw(painter: QPainter, area: QRectF, name: str, color: str = "") -> None:
    """Paint an icon; the arguments are those of `render`."""
    QSvgRenderer(QByteArray(_svg(name, color))).render(painter, area)


@functools.cache
def _svg(name: str, color: str) -> bytes:  # not a renderer: Qt deletes its objects at exit
    return resource(f"icons/{name}.svg").read_bytes().replace(b"currentColor", color.encode())


def app_icon() -> QIcon:
    icon = QIcon()
    for size in APP_SIZES:
        icon.addPixmap(render("sayso", size))
    return icon


def tray_icon(state: str) -> QIcon:
    """Return the tray icon for a `messages.TrayState`.

    A symbolic icon of the desktop's theme is preferred, because the panel recolors it. Our own
    icons are light, with a dark outline that keeps them visible on light panels.
    """
    symbolic = f"sayso-{state}-symbolic"
    if QIcon.hasThemeIcon(symbolic):
        return QIcon.fromTheme(symbolic)
    icon = QIcon()
    for size in TRAY_SIZES:
        icon.addPixmap(render(f"sayso-{state}-{size}", size))
    return icon


def sidebar_icon(page: str, color: str, selected_color: str) -> QIcon:
    """Return the icon of a settings page, in another color while its row is selected."""
    icon = QIcon()
    for mode, value in ((QIcon.Mode.Normal, color), (QIcon.Mode.Selected, selected_color)):
        for ratio in (1, 2):
            icon.addPixmap(render(f"page-{page}", scaled(SIDEBAR_SIZE), value, ratio), mode)
    return icon
