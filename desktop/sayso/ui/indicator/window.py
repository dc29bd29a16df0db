"""The indicator's window: never focused, always on top, clickable only if it has buttons."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QBitmap,
    QGuiApplication,
    QPainter,
    QRegion,
    QScreen,
)
from PySide6.QtWidgets import QWidget

from ..messages import IndicatorView
from ..widgets import theme
from ..widgets.sizing import scaled

EDGE_MARGIN = 24

# Some X11 window managers list tool windows in the taskbar or move them late, so the window
# bypasses the window manager, as tooltips do.
_FLAGS = (
    Qt.WindowType.Tool
    | Qt.WindowType.FramelessWindowHint
    | Qt.WindowType.WindowStaysOnTopHint
    | Qt.WindowType.WindowDoesNotAcceptFocus
    | Qt.WindowType.X11BypassWindowManagerHint
)


class IndicatorWindow(QWidget):
    def __init__(self) -> None:
        super().__init__(None, _FLAGS)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_MacAlwaysShowToolWindow)
        self.setAttribute(Qt.WidgetAttribute.WA_X11DoNotAcceptFocus)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWindowTitle("Sayso")
        self.last_announcement = ""

    def accept_clicks(self, accept: bool, force: bool) -> None:
        """Take clicks, or let them through to the window below.

        `force` sets an unchanged flag again: on X11 the input region keeps the size that the
        window had then, and a window manager learns of it only after the window is mapped.
        """
        flag, handle = Qt.WindowType.WindowTransparentForInput, self.windowHandle()
        accepts = not bool(handle.flags() & flag)
        if accepts == accept and not force:
            return
        handle.setFlag(flag, accept)
        handle.setFlag(flag, not accept)
        self.overrideWindowFlags(handle.flags())

    def update_accessibility(self, view: IndicatorView) -> None:
        """Announce the state to assistive technology, but never partial text."""
        self.setAccessibleName(view.accessible_name)
        self.setAccessibleDescription(view.accessible_description)
        if view.accessible_name == self.last_announcement or not QAccessible.isActive():
            return
        self.last_announcement = view.accessible_name
        text = f"{view.text}. {view.detail}" if view.detail else view.accessible_name
        announcement = QAccessibleAnnouncementEvent(self, text)
        if view.kind == "error":
            announcement.setPoliteness(QAccessible.AnnouncementPoliteness.Assertive)
        QAccessible.updateAccessibility(announcement)


def rounded_region(window: QSize, body: QRect) -> QRegion:
    """Return a mask of the rounded rectangle `body`, for windows without compositing."""
    bits = QBitmap(window)
    bits.clear()
    painter = QPainter(bits)
    painter.setBrush(Qt.GlobalColor.color1)
    painter.setPen(Qt.GlobalColor.color1)
    radius = scaled(theme.INDICATOR_RADIUS)
    painter.drawRoundedRect(body.adjusted(0, 0, -1, -1), radius, radius)
    painter.end()
    return QRegion(bits)


def window_rect(work_area: QRect, size: QSize, margin: int, at_top: bool) -> QRect:
    """Return the window's rectangle for a body, which is centered at an edge of the screen."""
    width, height = size.width() + 2 * margin, size.height() + 2 * margin
    if at_top:
        top = work_area.top() + EDGE_MARGIN - margin
    else:
        top = work_area.bottom() + 1 - EDGE_MARGIN - size.height() - margin
    return QRect(work_area.left() + work_area.width() // 2 - width // 2, top, width, height)


def screen_at(
    point: tuple[int, int] | None, screens: Sequence[QScreen], pointer: QPoint
) -> QScreen | None:
    """Return the screen at a point in the X server's pixels, or else the pointer's screen."""
    if point is not None:
        for screen in screens:
            # Qt keeps the position of a screen in the server's pixels, but scales its size.
            area, ratio = screen.geometry(), screen.devicePixelRatio()
            size = QSize(round(area.width() * ratio), round(area.height() * ratio))
            if QRect(area.topLeft(), size).contains(*point):
                return screen
    return QGuiApplication.screenAt(pointer) or (screens[0] if screens else None)
