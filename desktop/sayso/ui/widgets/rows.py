"""Rows of a settings page: a label, a control and notes, in titled groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QLineEdit, QPushButton, QVBoxLayout, QWidget

from ...core.problems import Problem
from ...core.problems.settings import INVALID_VALUE
from ..translate import problem_remedy, problem_sentence
from . import theme
from .controls import label, line_edit, set_text_color, side_by_side, spaced
from .icons import render
from .sizing import scaled as scaled
from .theme import Scheme

NARROW_ROW_WIDTH = 420
"""A row narrower than this, at 13 px text, has its control below its label."""
MINIMUM_ROW_WIDTH = 200
NOTE_ICON_SIZE = 16
STEPS_PER_TURN = 12

NoteKind = Literal["good", "bad", "busy"]


class Note(QWidget):
    """One line below a row: an answer, a problem, or that something is running."""

    def __init__(self, scheme: Scheme) -> None:
        super().__init__()
        self._colors = {"good": scheme.accent, "bad": scheme.error, "busy": scheme.secondary_text}
        self._icon = QPixmap()
        self._step = 0
        self._timer = QTimer(self)
        self._timer.setInterval(100)
        self._timer.timeout.connect(self._tick)
        line = spaced(QBoxLayout(QBoxLayout.Direction.LeftToRight, self), 0, (scaled(20), 0, 0, 0))
        self.text = label("", "caption", wrap=True)
        line.addWidget(self.text)
        self.setVisible(False)

    def show_message(self, text: str, kind: NoteKind = "good") -> None:
        """Show the text with the icon of `kind`; an empty text hides the note."""
        self._timer.stop()
        if text:
            color = self._colors[kind]
            set_text_color(self.text, color)
            ratio = self.devicePixelRatioF()
            self._icon = render(f"note-{kind}", scaled(NOTE_ICON_SIZE), color, ratio)
            self._step = 0
            if kind == "busy" and not theme.reduced_motion():
                self._timer.start()
        self.text.setText(text)
        self.setAccessibleName(text)
        self.setVisible(bool(text))
        self.update()

    def show_problem(self, problem: Problem | None) -> None:
        """Show a problem. None hides the note."""
        if problem is None:
            self.show_message("")
        elif problem.code == INVALID_VALUE.code:  # its message names the setting, as the row does
            self.show_message(problem_remedy(problem), "bad")
        else:
            self.show_message(problem_sentence(problem), "bad")

    def _tick(self) -> None:
        self._step = (self._step + 1) % STEPS_PER_TURN
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        middle = scaled(NOTE_ICON_SIZE) / 2
        painter.translate(middle, min(self.height(), scaled(18)) / 2)
        painter.rotate(self._step * 360 / STEPS_PER_TURN)
        painter.drawPixmap(round(-middle), round(-middle), self._icon)


class Row(QWidget):
    """Label and help text on the left, a control on the right, and a note below."""

    def __init__(
        self,
        scheme: Scheme,
        title: str,
        help_text: str = "",
        control: QWidget | None = None,
        below: QWidget | None = None,
    ) -> None:
        super().__init__()
        self.title = title.replace("&&", "\0").replace("&", "").replace("\0", "&")
        self.control = control
        self._target = control and (control.focusProxy() or control)
        self._field_width = self._target.minimumWidth() if self._target else 0
        outer = spaced(QVBoxLayout(self), 8, (16, 10, 16, 10))
        self._line = spaced(QBoxLayout(QBoxLayout.Direction.LeftToRight), 16)
        texts = spaced(QVBoxLayout(), 2)
        self.name_label = label(title)
        self.name_label.setTextFormat(Qt.TextFormat.AutoText)
        texts.addWidget(self.name_label)
        self.help_label = label(help_text, "caption", scheme.secondary_text, wrap=True)
        texts.addWidget(self.help_label)
        self._line.addLayout(texts, 1)
        if control and self._target:
            if not self._target.accessibleName():
                self._target.setAccessibleName(self.title)
            self.name_label.setBuddy(self._target)
            self._line.addWidget(control, 0, Qt.AlignmentFlag.AlignVCenter)
        self.set_help(help_text)
        outer.addLayout(self._line)
        if below is not None:
            outer.addWidget(below)
        self.note = Note(scheme)
        outer.addWidget(self.note)
        self.setMinimumHeight(scaled(52))

    def set_help(self, text: str) -> None:
        self.help_label.setText(text)
        self.help_label.setVisible(bool(text))
        if self._target:
            self._target.setAccessibleDescription(text)

    def minimumSizeHint(self) -> QSize:
        """Return a small width, so that fields shrink before the page exceeds the window."""
        return QSize(scaled(MINIMUM_ROW_WIDTH), super().minimumSizeHint().height())

    def _fit_field(self) -> None:
        if not self.control or not isinstance(self._target, (QComboBox, QLineEdit)):
            return
        others = self.control.findChildren(QPushButton)
        beside = sum(max(b.sizeHint().width(), b.minimumWidth()) + 8 for b in others)
        self._target.setFixedWidth(max(1, min(self._field_width, self.width() - 32 - beside)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit_field()
        narrow = self.width() < scaled(NARROW_ROW_WIDTH)
        wanted = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        if self._line.direction() != wanted:
            self._line.setDirection(wanted)
            self._line.setSpacing(8 if narrow else 16)
            if self.control:
                side = Qt.AlignmentFlag.AlignLeft if narrow else Qt.AlignmentFlag.AlignVCenter
                self._line.setAlignment(self.control, side)
        super().resizeEvent(event)


class TextRow(Row):
    """A row with one line of text; a rejected text stays in it, for the user to correct."""

    def __init__(
        self,
        scheme: Scheme,
        title: str,
        help_text: str,
        width: int,
        apply: Callable[[str], bool],
        button: QPushButton | None = None,
    ) -> None:
        """`apply` sets the text, or shows a problem in the note and returns False.

        `width` is that of field and button, in logical pixels at 13 px text.
        """
        self.field = line_edit(width)
        if button is not None:
            self.field.setFixedWidth(scaled(width) - button.minimumWidth() - 8)
        control = self.field if button is None else side_by_side(self.field, button)
        super().__init__(scheme, title, help_text, control)
        self._apply, self._rejected = apply, False
        self.field.editingFinished.connect(self.commit)

    def show_text(self, text: str) -> None:
        """Show the text that is set, unless the user is editing or has to correct the text."""
        if not self.field.hasFocus() and not self._rejected:
            self.field.setText(text)
            self.field.setCursorPosition(0)

    def reset(self, text: str) -> None:
        """Discard what the user has entered; the row is about something else now."""
        self._rejected = False
        self.note.show_message("")
        self.field.setText(text)
        self.field.setCursorPosition(0)

    def commit(self) -> bool:
        """Apply the text of the field; return whether it was accepted."""
        self._rejected = True  # `apply` may refresh this row
        self._rejected = not self._apply(self.field.text().strip())
        return not self._rejected


class Group(QWidget):
    """A title and a rounded box of rows with lines between them."""

    def __init__(self, scheme: Scheme, title: str, rows: Sequence[QWidget]) -> None:
        super().__init__()
        self._scheme = scheme
        self._rows: Sequence[QWidget] = []
        self._column = spaced(QVBoxLayout(self))
        self._title_label = label("", "strong")
        self._title_label.setContentsMargins(2, 0, 0, 8)
        self._column.addWidget(self._title_label)
        self.set_title(title)
        self.set_rows(rows)

    def set_title(self, title: str) -> None:
        self._title_label.setText(title)
        self._title_label.setVisible(bool(title))
        self.setAccessibleName(title)

    def set_rows(self, rows: Sequence[QWidget]) -> None:
        """Replace the rows. Old rows that are not among the new ones are deleted."""
        for row in self._rows:
            self._column.removeWidget(row)
            if row not in rows:
                row.hide()
                row.deleteLater()
        self._rows = rows
        for row in rows:
            self._column.addWidget(row)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = 2.0 if self._scheme.is_high_contrast else 1.0
        painter.setPen(QPen(QColor(self._scheme.divider), width))
        painter.setBrush(QColor(self._scheme.surface))
        inset, radius = width / 2, theme.GROUP_RADIUS
        top = 0 if self._title_label.isHidden() else self._title_label.geometry().bottom() + 1
        box = QRectF(self.rect()).adjusted(inset, top + inset, -inset, -inset)
        painter.drawRoundedRect(box, radius, radius)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(QColor(self._scheme.divider), 1))
        for row in [row for row in self._rows if row.isVisibleTo(self)][1:]:
            painter.drawLine(16, row.y(), self.width() - 17, row.y())
