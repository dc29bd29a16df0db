"""The pill's buttons: capsules with a word, and the round ones that finish or dismiss."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QWidget

from . import pill, theme
from .theme import Scheme
from .views import Button

STOP, CLOSE = "Finish dictation", "Dismiss"


class PillButton(QAbstractButton):
    """A capsule or a round button; it never takes the focus, so the target keeps it."""

    def __init__(self, parent: QWidget, scheme: Scheme, button: Button | None, mark: str) -> None:
        super().__init__(parent)
        self.button, self._mark, self._scheme = button, mark, scheme
        name = button.label if button else mark
        self.setText(name)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        scale = theme.text_scale()
        painter.scale(scale, scale)
        scheme, over = self._scheme, self.underMouse()
        if self.button is not None:
            size = QRectF(0, 0, self.width() / scale, self.height() / scale)
            pill.paint_button(painter, size, self.button, scheme, down=self.isDown(), over=over)
        elif self._mark == STOP:
            pill.paint_stop(painter, scheme, over=over)
        else:
            pill.paint_close(painter, scheme, over=over)
