"""The pill's buttons: capsules with a word, and the round ones that finish or dismiss."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QWidget

from ..problem_actions import Button, ButtonAction
from ..widgets import theme
from ..widgets.theme import Scheme
from . import painting
from .layout import Layout

STOP_LABEL, CLOSE_LABEL = "Finish dictation", "Dismiss"


class IndicatorButton(QAbstractButton):
    """A capsule or a round button; it never takes the focus, so the target keeps it."""

    def __init__(
        self, parent: QWidget, scheme: Scheme, button: Button | None, round_label: str
    ) -> None:
        super().__init__(parent)
        self.button, self._round_label, self._scheme = button, round_label, scheme
        name = button.label if button else round_label
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
            painting.paint_button(
                painter, size, self.button, scheme, pressed=self.isDown(), hovered=over
            )
        elif self._round_label == STOP_LABEL:
            painting.paint_stop(painter, scheme, hovered=over)
        else:
            painting.paint_close(painter, scheme, hovered=over)


class ButtonRow:
    """Those of what is shown now, made anew when others are wanted."""

    def __init__(self, parent: QWidget, on_clicked: Callable[[ButtonAction], None]) -> None:
        self._parent, self._on_clicked = parent, on_clicked
        self.buttons: list[IndicatorButton] = []
        self._has_stop_button = False

    def place(self, layout: Layout, corner: QPointF, scheme: Scheme) -> None:
        """`corner`: the pill's in the window, in pixels."""
        wanted = [place.button for place in layout.button_boxes]
        stops = layout.view.has_stop_button
        if (wanted, stops) != ([made.button for made in self.buttons], self._has_stop_button):
            self.clear()
            self.buttons = [self._create_button(button, stops, scheme) for button in wanted]
            self._has_stop_button = stops
        scale = theme.text_scale()
        for made, place in zip(self.buttons, layout.button_boxes, strict=True):
            rect = place.rect
            x, y = corner.x() + rect.x() * scale, corner.y() + rect.y() * scale
            made.setGeometry(QRectF(x, y, rect.width() * scale, rect.height() * scale).toRect())
            made.show()

    def clear(self) -> None:
        for old in self.buttons:
            old.hide()
            old.deleteLater()
        self.buttons = []

    def _create_button(self, button: Button | None, stops: bool, scheme: Scheme) -> IndicatorButton:
        made = IndicatorButton(self._parent, scheme, button, STOP_LABEL if stops else CLOSE_LABEL)
        does: ButtonAction = "finish" if stops else "dismiss"
        if button:
            does = button.action
        made.clicked.connect(lambda: self._on_clicked(does))
        return made
