"""Where the pill goes: pure geometry in logical pixels, on Qt's value types."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QGuiApplication, QScreen

from ..widgets import theme
from .layout import SHADOW_MARGIN

EDGE_MARGIN = 24


@attrs.frozen
class Anchor:
    """The middle of the pill's lower edge, or of its upper edge when it is `at_top`."""

    x: int
    y: int
    at_top: bool

    def window_rect(self, size: QSize) -> QRect:
        """The window, shadow margins included, for a pill of this size."""
        margin = round(SHADOW_MARGIN * theme.text_scale())
        width, height = size.width() + 2 * margin, size.height() + 2 * margin
        top = self.y - margin if self.at_top else self.y - size.height() - margin
        return QRect(self.x - width // 2, top, width, height)


def anchor_in(work_area: QRect, at_top: bool) -> Anchor:
    """Bottom (or top) centre of a screen's work area, a little off its edge."""
    x = work_area.left() + work_area.width() // 2
    y = work_area.top() + EDGE_MARGIN if at_top else work_area.bottom() + 1 - EDGE_MARGIN
    return Anchor(x, y, at_top)


def screen_at(
    point: tuple[int, int] | None, screens: Sequence[QScreen], pointer: QPoint
) -> QScreen | None:
    """The screen at a point in the X server's pixels; where it is not known, the pointer's.

    Qt keeps a screen's corner in the server's pixels and scales only its size.
    """
    if point is not None:
        for screen in screens:
            area, ratio = screen.geometry(), screen.devicePixelRatio()
            whole = QRect(
                area.topLeft(), QSize(round(area.width() * ratio), round(area.height() * ratio))
            )
            if whole.contains(*point):
                return screen
    return QGuiApplication.screenAt(pointer) or (screens[0] if screens else None)
