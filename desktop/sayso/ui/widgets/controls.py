"""Labels, buttons, lists, switches and text fields that fit our rows and style sheet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPaintEvent, QPalette, QPen, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QStyle,
    QStyleOptionComboBox,
    QWidget,
)

from . import style, theme
from .sizing import scaled
from .theme import Scheme

AnyLayout = TypeVar("AnyLayout", bound=QLayout)

CONTROL_HEIGHT = 30
BUTTON_WIDTH = 86
"""Width of a button beside a field; other buttons are as wide as their text."""


def label(text: str, role: str = "body", color: str = "", wrap: bool = False) -> QLabel:
    """Return a label with one of the fonts of `theme.font`."""
    widget = QLabel(text)
    widget.setTextFormat(Qt.TextFormat.PlainText)
    widget.setFont(theme.font(role))
    widget.setWordWrap(wrap)
    if color:
        set_text_color(widget, color)
    return widget


def set_text_color(widget: QWidget, color: str) -> None:
    palette = widget.palette()
    palette.setColor(QPalette.ColorRole.WindowText, QColor(color))
    widget.setPalette(palette)


def button(
    text: str, on_click: Callable[[], object], width: int = 0, flat: bool = False
) -> QPushButton:
    widget = QPushButton(text)
    widget.setMinimumHeight(scaled(CONTROL_HEIGHT))
    if width:
        widget.setFixedWidth(scaled(width))
    if flat:
        widget.setObjectName("flat")
    widget.clicked.connect(lambda: on_click())
    return widget


def line_edit(width: int) -> QLineEdit:
    widget = QLineEdit()
    widget.setFixedWidth(scaled(width))
    widget.setMinimumHeight(scaled(CONTROL_HEIGHT))
    return widget


def spaced(
    layout: AnyLayout, spacing: int = 0, margins: tuple[int, int, int, int] = (0, 0, 0, 0)
) -> AnyLayout:
    """Set the distances of a layout, and return it."""
    layout.setSpacing(spacing)
    layout.setContentsMargins(*margins)
    return layout


def side_by_side(*widgets: QWidget) -> QWidget:
    """Return the widgets in one line; the first one gets the focus."""
    box = QWidget()
    line = spaced(QHBoxLayout(box), 8)
    for widget in widgets:
        line.addWidget(widget)
    box.setFocusProxy(widgets[0])
    return box


class Combo(QComboBox):
    """A drop-down list that ignores the mouse wheel.

    It draws its own arrow if our style sheet is used, because a style sheet cannot color one.
    """

    def __init__(self, scheme: Scheme) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.apply_theme(scheme)

    def apply_theme(self, scheme: Scheme) -> None:
        self._arrow_color = scheme.secondary_text if style.is_fusion() else ""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def initStyleOption(self, option: QStyleOptionComboBox) -> None:
        super().initStyleOption(option)
        part = QStyle.SubControl.SC_ComboBoxEditField
        field = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, self)
        option.currentText = self.fontMetrics().elidedText(
            self.currentText(), Qt.TextElideMode.ElideRight, field.width()
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._arrow_color:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        cap, join = Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
        painter.setPen(QPen(QColor(self._arrow_color), 1.5, Qt.PenStyle.SolidLine, cap, join))
        scale = theme.text_scale()
        painter.translate(self.width() - 12 - 4 * scale, self.height() / 2)
        painter.scale(scale, scale)
        painter.drawPolyline([QPointF(-3, -1.5), QPointF(0, 1.5), QPointF(3, -1.5)])


def make_combo(scheme: Scheme, choices: Mapping[Any, str], width: int) -> Combo:
    """Return a list of labels by value."""
    combo = Combo(scheme)
    for value, text in choices.items():
        combo.addItem(text, value)
    combo.setFixedWidth(scaled(width))
    combo.setMinimumHeight(scaled(CONTROL_HEIGHT))
    combo.setMaxVisibleItems(16)
    return combo


def select_value(combo: QComboBox, value: object, unit: str = "") -> None:
    """Select a value; if it is not in the list, it is appended with itself as label."""
    at = combo.findData(value)
    if at < 0:
        combo.addItem(f"{value} {unit}".rstrip(), value)
        at = combo.count() - 1
    combo.setCurrentIndex(at)


class MultiLineEdit(QPlainTextEdit):
    """Text of several lines; Tab leaves it."""

    editing_finished = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFixedHeight(scaled(64))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.editing_finished.emit()


class Switch(QCheckBox):
    """A switch of 36 x 20 px that reacts to clicks in 40 x 24 px, scaled with the text.

    Assistive technology sees a check box.
    """

    def __init__(self, scheme: Scheme) -> None:
        super().__init__()
        self._scheme = scheme
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        return QSize(scaled(40), scaled(24))

    def hitButton(self, pos: object) -> bool:
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, scheme, on = QPainter(self), self._scheme, self.isChecked()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(theme.text_scale(), theme.text_scale())
        body = QRectF(2, 2, 36, 20)
        if self.hasFocus():
            painter.setPen(QPen(QColor(scheme.accent), 2))
            painter.drawRoundedRect(QRectF(1, 1, 38, 22), 11, 11)
            body = QRectF(3.5, 3.5, 33, 17)
        painter.setPen(Qt.PenStyle.NoPen if on else QPen(QColor(scheme.outline), 1.2))
        painter.setBrush(QColor(scheme.accent if on else scheme.surface))
        inset, radius = (0.0 if on else 0.6), body.height() / 2
        painter.drawRoundedRect(body.adjusted(inset, inset, -inset, -inset), radius, radius)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(scheme.on_accent if on else scheme.outline))
        knob = 7 if on else 5.5
        painter.drawEllipse(QPointF(28 if on else 12, 12), knob, knob)
