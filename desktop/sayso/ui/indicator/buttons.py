"""The pill's buttons: capsules with a word, and the round ones that finish or dismiss."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QWidget

from ..messages import Button, Does
from ..widgets import theme
from ..widgets.theme import Scheme
from . import painting
from .layout import Layout

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
            painting.paint_button(painter, size, self.button, scheme, down=self.isDown(), over=over)
        elif self._mark == STOP:
            painting.paint_stop(painter, scheme, over=over)
        else:
            painting.paint_close(painter, scheme, over=over)


class PillButtons:
    """Those of what is shown now, made anew when others are wanted."""

    def __init__(self, parent: QWidget, do: Callable[[Does], None]) -> None:
        self._parent, self._do = parent, do
        self.shown: list[PillButton] = []
        self._stops = False

    def place(self, layout: Layout, corner: QPointF, scheme: Scheme) -> None:
        """`corner`: the pill's in the window, in pixels."""
        wanted = [place.button for place in layout.places]
        stops = layout.view.stop
        if (wanted, stops) != ([made.button for made in self.shown], self._stops):
            self.drop()
            self.shown = [self._made(button, stops, scheme) for button in wanted]
            self._stops = stops
        scale = theme.text_scale()
        for made, place in zip(self.shown, layout.places, strict=True):
            rect = place.rect
            x, y = corner.x() + rect.x() * scale, corner.y() + rect.y() * scale
            made.setGeometry(QRectF(x, y, rect.width() * scale, rect.height() * scale).toRect())
            made.show()

    def drop(self) -> None:
        for old in self.shown:
            old.hide()
            old.deleteLater()
        self.shown = []

    def _made(self, button: Button | None, stops: bool, scheme: Scheme) -> PillButton:
        made = PillButton(self._parent, scheme, button, STOP if stops else CLOSE)
        does: Does = "finish" if stops else "dismiss"
        if button:
            does = button.does
        made.clicked.connect(lambda: self._do(does))
        return made
