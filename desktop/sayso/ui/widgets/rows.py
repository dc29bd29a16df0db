"""What settings are built of: groups of rows, switches, notes.

These are ours and look alike on every desktop; buttons, fields and lists are the platform's.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ...core.problems import Problem
from . import theme
from .sizing import scaled as scaled
from .theme import Scheme

NARROW_ROW_WIDTH = 420
"""A row narrower than this, at 13 px text, has its control below its label."""
MINIMUM_ROW_WIDTH = 200


def label(text: str, role: str = "body", color: str = "", wrap: bool = False) -> QLabel:
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setFont(theme.font(role))
    made.setWordWrap(wrap)
    if color:
        colours = made.palette()
        colours.setColor(QPalette.ColorRole.WindowText, QColor(color))
        made.setPalette(colours)
    return made


def side_by_side(*widgets: QWidget) -> QWidget:
    box = QWidget()
    line = QHBoxLayout(box)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(8)
    for widget in widgets:
        line.addWidget(widget)
    if widgets:
        box.setFocusProxy(widgets[0])
    return box


class Note(QWidget):
    """One line below a row: an answer, a problem, or that something goes on."""

    def __init__(self, scheme: Scheme) -> None:
        super().__init__()
        self._scheme, self._kind = scheme, ""
        self._step = 0
        self._timer = QTimer(self)
        self._timer.setInterval(100)
        self._timer.timeout.connect(self._tick)
        line = QHBoxLayout(self)
        line.setContentsMargins(scaled(20), 0, 0, 0)
        self.text = label("", "caption", wrap=True)
        line.addWidget(self.text)
        self.setVisible(False)

    def show_message(self, text: str, kind: str = "good") -> None:
        """`mark`: good, bad or busy. '' hides it."""
        self._kind = kind
        values = {
            "good": self._scheme.accent,
            "bad": self._scheme.error,
            "busy": self._scheme.secondary_text,
        }
        colours = self.text.palette()
        colours.setColor(QPalette.ColorRole.WindowText, QColor(values[kind]))
        self.text.setPalette(colours)
        self.text.setText(text)
        self.setAccessibleName(text)
        self.setVisible(bool(text))
        if kind == "busy" and text and not theme.reduced_motion():
            self._timer.start()
        else:
            self._timer.stop()
        self.update()

    def show_problem(self, problem: Problem | None) -> None:
        self.show_message(problem.sentence if problem else "", "bad")

    def _tick(self) -> None:
        if not self.isVisible():
            self._timer.stop()
        self._step = (self._step + 1) % 12
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(0, (min(self.height(), scaled(18)) - scaled(16)) / 2)
        painter.scale(theme.text_scale(), theme.text_scale())
        pen = QPen(QColor(self._scheme.accent), 1.8)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        if self._kind == "good":
            painter.setPen(pen)
            painter.drawPolyline([QPointF(2, 8.5), QPointF(5.5, 12), QPointF(12, 4)])
        elif self._kind == "bad":
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._scheme.error))
            painter.drawEllipse(QRectF(1, 2, 12, 12))
            painter.setBrush(QColor(self._scheme.surface))
            painter.drawRoundedRect(QRectF(6.25, 4.5, 1.5, 4.5), 0.7, 0.7)
            painter.drawEllipse(QRectF(6.1, 10, 1.8, 1.8))
        else:
            painter.setPen(pen)
            painter.drawArc(QRectF(2, 3, 10, 10), -self._step * 30 * 16, 270 * 16)


class Row(QWidget):
    """Label and help on the left, control on the right, notes below."""

    def __init__(
        self,
        scheme: Scheme,
        title: str,
        help_text: str = "",
        control: QWidget | None = None,
        below: QWidget | None = None,
    ) -> None:
        super().__init__()
        self.title = title.replace("&", "")
        self._field_width = 0
        """The width its field was made for."""
        outer = QVBoxLayout(self)
        outer.setContentsMargins(16, 10, 16, 10)
        outer.setSpacing(8)
        self._line = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._line.setSpacing(16)
        words = QVBoxLayout()
        words.setSpacing(2)
        self.name_label = label(title)
        self.name_label.setTextFormat(Qt.TextFormat.AutoText)
        words.addWidget(self.name_label)
        self.help_label = label(help_text, "caption", scheme.secondary_text, wrap=True)
        self.help_label.setVisible(bool(help_text))
        words.addWidget(self.help_label)
        self._line.addLayout(words, 1)
        self.control = control
        if control is not None:
            self._add_control(control, help_text)
        outer.addLayout(self._line)
        if below is not None:
            outer.addWidget(below)
        self.note = Note(scheme)
        outer.addWidget(self.note)
        self.setMinimumHeight(scaled(52))

    def _add_control(self, control: QWidget, help_text: str) -> None:
        target = control.focusProxy() or control
        if not target.accessibleName():
            target.setAccessibleName(self.title)
        target.setAccessibleDescription(help_text)
        self.name_label.setBuddy(target)
        self._line.addWidget(control, 0, Qt.AlignmentFlag.AlignVCenter)

    def set_help(self, text: str) -> None:
        self.help_label.setText(text)
        self.help_label.setVisible(bool(text))
        if self.control is not None:
            (self.control.focusProxy() or self.control).setAccessibleDescription(text)

    def minimumSizeHint(self) -> QSize:
        """Fields give way before the page becomes wider than the window."""
        return QSize(scaled(MINIMUM_ROW_WIDTH), super().minimumSizeHint().height())

    def _fit_field(self) -> None:
        field = self.control.focusProxy() or self.control if self.control is not None else None
        if not isinstance(field, (QComboBox, QLineEdit)):
            return
        self._field_width = self._field_width or field.minimumWidth()
        beside = 0
        if field is not self.control and self.control is not None:
            others = self.control.findChildren(QPushButton)
            beside = sum(max(b.sizeHint().width(), b.minimumWidth()) + 8 for b in others)
        field.setFixedWidth(max(1, min(self._field_width, self.width() - 32 - beside)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit_field()
        narrow = self.width() < scaled(NARROW_ROW_WIDTH)
        wanted = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        if self._line.direction() != wanted:
            self._line.setDirection(wanted)
            self._line.setSpacing(8 if narrow else 16)
            if self.control is not None:
                side = Qt.AlignmentFlag.AlignLeft if narrow else Qt.AlignmentFlag.AlignVCenter
                self._line.setAlignment(self.control, side)
        super().resizeEvent(event)


class Group(QFrame):
    """A titled, rounded group of rows with hairlines between them."""

    def __init__(self, scheme: Scheme, title: str, rows: list[QWidget]) -> None:
        super().__init__()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self._title_label = label("", "strong")
        self._title_label.setContentsMargins(2, 0, 0, 8)
        outer.addWidget(self._title_label)
        self._box = _Box(scheme, rows)
        outer.addWidget(self._box)
        self.set_title(title)

    def set_title(self, title: str) -> None:
        self._title_label.setText(title)
        self._title_label.setVisible(bool(title))
        self.setAccessibleName(title)

    def set_rows(self, rows: list[QWidget]) -> None:
        """Rows in place of the ones before, which are deleted unless they are among the new."""
        self._box.set_rows(rows)


class _Box(QWidget):
    def __init__(self, scheme: Scheme, rows: list[QWidget]) -> None:
        super().__init__()
        self._scheme = scheme
        self._rows: list[QWidget] = []
        self._inner = QVBoxLayout(self)
        self._inner.setContentsMargins(0, 0, 0, 0)
        self._inner.setSpacing(0)
        self.set_rows(rows)

    def set_rows(self, rows: list[QWidget]) -> None:
        for row in self._rows:
            self._inner.removeWidget(row)
            if row not in rows:
                row.hide()
                row.deleteLater()
        self._rows = rows
        for row in rows:
            self._inner.addWidget(row)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = 2.0 if self._scheme.is_high_contrast else 1.0
        painter.setPen(QPen(QColor(self._scheme.divider), width))
        painter.setBrush(QColor(self._scheme.surface))
        inset = width / 2
        painter.drawRoundedRect(
            QRectF(self.rect()).adjusted(inset, inset, -inset, -inset),
            theme.GROUP_RADIUS,
            theme.GROUP_RADIUS,
        )
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(QColor(self._scheme.divider), 1))
        for row in [row for row in self._rows if row.isVisibleTo(self)][1:]:
            painter.drawLine(16, row.y(), self.width() - 17, row.y())


class Switch(QCheckBox):
    """36 x 20 in a target of 40 x 24, larger with the text; a check box to assistive technology."""

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
        if self.hasFocus():
            painter.setPen(QPen(QColor(scheme.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(1, 1, 38, 22), 11, 11)
        body = QRectF(2, 2, 36, 20) if not self.hasFocus() else QRectF(3.5, 3.5, 33, 17)
        painter.setPen(Qt.PenStyle.NoPen if on else QPen(QColor(scheme.outline), 1.2))
        painter.setBrush(QColor(scheme.accent if on else scheme.surface))
        inset = 0.0 if on else 0.6
        radius = body.height() / 2
        painter.drawRoundedRect(body.adjusted(inset, inset, -inset, -inset), radius, radius)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(scheme.on_accent if on else scheme.outline))
        knob = 7 if on else 5.5
        painter.drawEllipse(QPointF(28 if on else 12, 12), knob, knob)
