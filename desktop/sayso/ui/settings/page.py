"""What every settings page is: rows bound to settings, each in force at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QVBoxLayout, QWidget

from ...core.problems import Problem
from ...core.settings import settings as settings_of
from ...core.settings.settings import Settings
from ..actions import Actions
from ..background import Background
from ..widgets import theme
from ..widgets.rows import Row, Switch, scaled
from ..widgets.theme import Scheme


@attrs.frozen(kw_only=True)
class PageContext:
    """What a page works with."""

    scheme: Scheme
    actions: Actions
    background: Background
    run_in_main_thread: Callable[[Callable[[], object]], None]
    """Run it in the main thread."""
    uses_style_sheet: bool
    """Whether buttons and fields are drawn by our style sheet."""


class Page(QWidget):
    def __init__(self, context: PageContext, settings: Settings) -> None:
        super().__init__()
        self.context, self.settings = context, settings
        self.rows: dict[str, Row] = {}
        """By the dotted key they set."""
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 16, 24, 20)
        self._column.setSpacing(18)

    def on_settings(self, settings: Settings) -> None:
        """Settings have changed, here or elsewhere: show them."""
        self.settings = settings
        self.refresh()

    def refresh(self) -> None:
        """Make every control show `self.settings`."""

    def escape(self) -> bool:
        """Whether the page has a use for Esc now."""
        return False

    def add_groups(self, *groups: QWidget) -> None:
        for group in groups:
            self._column.addWidget(group)
        self._column.addStretch(1)

    def change(self, key: str, value: object) -> Problem | None:
        """Set it; what stands against it is said at its row."""
        problem = self.context.actions.settings.change(key, value)
        if key in self.rows:
            self.rows[key].note.show_problem(problem)
        if problem:
            self.refresh()
        return problem

    def combo_row(
        self,
        key: str,
        title: str,
        help_text: str,
        options: Sequence[tuple[object, str]],
        width: int = 232,
        below: QWidget | None = None,
    ) -> Row:
        combo = make_combo(self.context, options, width)
        combo.activated.connect(lambda _: self.change(key, combo.currentData()))
        return self.add_row(key, Row(self.context.scheme, title, help_text, combo, below))

    def switch_row(self, key: str, title: str, help_text: str) -> Row:
        switch = Switch(self.context.scheme)
        switch.clicked.connect(lambda on: self.change(key, bool(on)))
        return self.add_row(key, Row(self.context.scheme, title, help_text, switch))

    def add_row(self, key: str, row: Row) -> Row:
        row.setObjectName(key)
        self.rows[key] = row
        return row

    def show_values(self) -> None:
        """For every row whose control is a list or a switch."""
        for key in self.rows:
            self.show_value(key)

    def show_value(self, key: str) -> None:
        control, value = self.rows[key].control, settings_of.get(self.settings, key)
        if isinstance(control, Switch):
            control.setChecked(value)
        elif isinstance(control, QComboBox):
            select_value(control, value)


class Combo(QComboBox):
    """Leaves the wheel to the page, and draws the arrow where our style sheet took it away."""

    def __init__(self, arrow: str) -> None:
        super().__init__()
        self.arrow = arrow
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def initStyleOption(self, option: QStyleOptionComboBox) -> None:
        super().initStyleOption(option)
        part = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, self)
        option.currentText = self.fontMetrics().elidedText(
            self.currentText(), Qt.TextElideMode.ElideRight, room.width()
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.arrow:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(QColor(self.arrow), 1.5)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        scale = theme.text_scale()
        painter.translate(self.width() - 12 - 4 * scale, self.height() / 2)
        painter.scale(scale, scale)
        painter.drawPolyline([QPointF(-3, -1.5), QPointF(0, 1.5), QPointF(3, -1.5)])


def make_combo(context: PageContext, options: Sequence[tuple[object, str]], width: int) -> Combo:
    combo = Combo(context.scheme.secondary_text if context.uses_style_sheet else "")
    for value, text in options:
        combo.addItem(text, value)
    combo.setFixedWidth(scaled(width))
    combo.setMinimumHeight(scaled(30))
    combo.setMaxVisibleItems(16)
    return combo


def select_value(combo: QComboBox, value: object) -> None:
    """Show a value; one that is not listed is added under its own name."""
    at = combo.findData(value)
    if at < 0:
        combo.addItem(str(value), value)
        at = combo.count() - 1
    combo.setCurrentIndex(at)
