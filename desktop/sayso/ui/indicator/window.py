"""The window that the pill is drawn in: never focused, above all, clicked only where it asks."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QBitmap, QPainter, QRegion
from PySide6.QtWidgets import QWidget

from ..messages import IndicatorView
from ..widgets import theme
from .layout import Layout

# X11 window managers list a tool window in some taskbars and move it late: as tooltips do, the
# pill does without them.
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
        """What assistive technology was told last."""

    def accept_clicks(self, accept: bool, force: bool) -> None:
        """Without buttons, clicks go through to what is below.

        `again`: say it anew although nothing changed. Qt's X11 window takes clicks in the size
        it had when the flag was dropped, and a window manager that puts a frame around the
        window hears of it only once the window is mapped.
        """
        flag, handle = Qt.WindowType.WindowTransparentForInput, self.windowHandle()
        takes = not bool(handle.flags() & flag)
        if takes == accept and not force:
            return
        handle.setFlag(flag, accept)
        handle.setFlag(flag, not accept)
        self.overrideWindowFlags(handle.flags())

    def update_accessibility(self, view: IndicatorView) -> None:
        """Assistive technology hears the state, never the partial words."""
        self.setAccessibleName(view.accessible_name)
        self.setAccessibleDescription(view.accessible_description)
        if view.accessible_name == self.last_announcement or not QAccessible.isActive():
            return
        self.last_announcement = view.accessible_name
        said = f"{view.text}. {view.detail}" if view.detail else view.accessible_name
        announcement = QAccessibleAnnouncementEvent(self, said)
        if view.kind == "error":
            announcement.setPoliteness(QAccessible.AnnouncementPoliteness.Assertive)
        QAccessible.updateAccessibility(announcement)


def rounded_region(window: QSize, corner: QPointF, layout: Layout) -> QRegion:
    """Without compositing a window has hard edges: cut it to the rounded rectangle."""
    scale = theme.text_scale()
    bits = QBitmap(window)
    bits.clear()
    painter = QPainter(bits)
    painter.setBrush(Qt.GlobalColor.color1)
    painter.setPen(Qt.GlobalColor.color1)
    painter.translate(corner)
    radius = theme.INDICATOR_RADIUS * scale
    painter.drawRoundedRect(
        QRectF(0, 0, layout.width * scale - 1, layout.height * scale - 1), radius, radius
    )
    painter.end()
    return QRegion(bits)
