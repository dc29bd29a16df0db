"""Settings, Recognition: the models for this computer, to choose, download and remove."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import shiboken6
from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from ....core.problems import Problem
from ....stt.ondevice.models.catalog import (
    ModelStatus,
    format_size,
    model_in_use,
    removal_problem,
    supported_languages,
)
from ...widgets.rows import Note, label, scaled
from ...widgets.theme import Scheme
from ..page import PageContext

POLL_MS = 500
"""Between looks at how a download goes."""
BAR_HEIGHT = 4
BUTTON_WIDTH = 104
NARROW_WIDTH, VERY_NARROW_WIDTH = 480, 320
"""A line narrower than this, at 13 px text, has its words below the name; then the button too."""
RADIO_SIZE, RADIO_SPACING, TEXT_MARGIN = 14, 12, 8
"""Of a radio button, and from there to its text, and between texts."""
NO_MODELS = "No model on this computer. Small is a good first one ({})."
RECOMMENDED = "whisper-small"
ENGLISH_ONLY = "For English alone"
WAIT_HELP = "The seconds are from letting go to the words, on this computer."
_LOCATIONS = {"hub": "from another program", "package": "installed"}


ModelAction = Literal["", "Download", "Cancel", "Remove"]


def status_text(entry: ModelStatus) -> str:
    """What stands beside a model: how quick it is here, its size, where it is or how far."""
    model = entry.model
    whole = format_size(model.size_bytes)
    if not entry.location and (entry.downloading or entry.downloaded_bytes):
        return f"{format_size(entry.downloaded_bytes)} of {whole}"
    where = _LOCATIONS.get(entry.location, "" if model.pinned else "not offered yet")
    wait = entry.speed.text if entry.speed and (entry.location or model.pinned) else ""
    return ", ".join(part for part in (wait, whole, where) if part)


def available_action(entry: ModelStatus, in_use: str) -> ModelAction:
    """What its button does, or '' for none. `used`: of `catalogue.held`."""
    if entry.downloading:
        return "Cancel"
    if not entry.location:
        return "Download" if entry.model.pinned else ""
    return "" if removal_problem(entry, in_use) else "Remove"


class DownloadBar(QProgressBar):
    """How far a download has come; a progress bar to assistive technology."""

    def __init__(self, scheme: Scheme) -> None:
        super().__init__()
        self._scheme = scheme
        self.setRange(0, 1000)
        self.setTextVisible(False)
        self.setFixedHeight(scaled(BAR_HEIGHT))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        whole, radius = QRectF(self.rect()), self.height() / 2
        for colour, share in (
            (self._scheme.divider, 1.0),
            (self._scheme.accent, self.value() / 1000),
        ):
            painter.setBrush(QColor(colour))
            width = max(whole.height(), whole.width() * share) if share else 0.0
            painter.drawRoundedRect(QRectF(0, 0, width, whole.height()), radius, radius)


class ModelRow(QWidget):
    """One model: choose it, and what else can be done with it."""

    def __init__(self, scheme: Scheme, entry: ModelStatus) -> None:
        super().__init__()
        self.entry = entry
        self.radio = QRadioButton()
        self.radio.setAccessibleName(self._full_title())
        self.status = label("", "caption", scheme.secondary_text)
        self.button = QPushButton()
        self.button.setFixedWidth(scaled(BUTTON_WIDTH))
        self.bar = DownloadBar(scheme)
        self.bar.setAccessibleName(f"Download of {entry.model.title}")
        self.note = Note(scheme)
        self._text_layout = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._text_layout.addWidget(self.radio, 1)
        self._text_layout.addWidget(self.status)
        self._button_layout = QHBoxLayout()
        self._button_layout.addWidget(self.button)
        self._button_layout.setAlignment(Qt.AlignmentFlag.AlignLeft)
        self._row_layout = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._row_layout.addLayout(self._text_layout, 1)
        self._row_layout.addLayout(self._button_layout)
        self._column = column = QVBoxLayout(self)
        column.setSpacing(4)
        column.addLayout(self._row_layout)
        column.addWidget(self.bar)
        column.addWidget(self.note)
        self._narrow = self._very_narrow = False
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit_width()
        super().resizeEvent(event)

    def _fit_width(self) -> None:
        """Its parts beside each other or below, as there is room: no text is ever cut off."""
        narrow = self.width() < max(scaled(NARROW_WIDTH), self._required_width())
        tight = self.width() < scaled(VERY_NARROW_WIDTH)
        if (narrow, tight) != (self._narrow, self._very_narrow):
            self._narrow, self._very_narrow = narrow, tight
            self._arrange()
        self._update_text()

    def _required_width(self) -> int:
        """What all of it takes beside each other."""
        texts = ((self.radio, self._full_title()), (self.status, status_text(self.entry)))
        words = sum(widget.fontMetrics().horizontalAdvance(text) for widget, text in texts)
        return (
            scaled(RADIO_SIZE)
            + RADIO_SPACING
            + words
            + scaled(BUTTON_WIDTH)
            + 2 * RADIO_SPACING
            + TEXT_MARGIN
        )

    def _full_title(self) -> str:
        return f"{self.entry.model.title}, {self.entry.model.summary}"

    def _arrange(self) -> None:
        narrow, tight = self._narrow, self._very_narrow
        beside, below = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        indent = scaled(RADIO_SIZE) + RADIO_SPACING
        margin = 6 if narrow else 2
        self._column.setContentsMargins(0, margin, 0, margin)
        self._text_layout.setDirection(below if narrow else beside)
        self._text_layout.setSpacing(0 if narrow else RADIO_SPACING)
        self.radio.setMinimumHeight(0 if narrow else scaled(30))
        self.status.setWordWrap(narrow)
        self.status.setContentsMargins(indent if narrow else 0, 0, 0, 0)
        self._row_layout.setDirection(below if tight else beside)
        self._row_layout.setSpacing(4 if tight else RADIO_SPACING)
        self._button_layout.setContentsMargins(indent if tight else 0, 0, 0, 0)
        keep = self.button.sizePolicy()
        keep.setRetainSizeWhenHidden(not tight)
        self.button.setSizePolicy(keep)

    def _update_text(self) -> None:
        model, beside = self.entry.model, status_text(self.entry)
        self.radio.setText(model.title if self._narrow else self._full_title())
        self.status.setText(f"{model.summary}, {beside}" if self._narrow else beside)

    def show_entry(self, entry: ModelStatus, in_use: str) -> None:
        self.entry = entry
        model, word = entry.model, available_action(entry, in_use)
        self.radio.setEnabled(bool(entry.location))
        self.radio.setAccessibleDescription(f"{status_text(entry)}, {supported_languages(model)}")
        self._fit_width()
        self.button.setText(word)
        self.button.setAccessibleName(f"{word} {model.title}")
        self.button.setVisible(bool(word))
        self.bar.setVisible(entry.downloading)
        self.bar.setValue(round(1000 * entry.downloaded_bytes / model.size_bytes))
        self.note.show_problem(entry.problem)


class ModelList(QWidget):
    """All models. It looks again whenever it is shown, and while one arrives."""

    def __init__(self, context: PageContext, used: str, choose: Callable[[str], object]) -> None:
        super().__init__()
        self._context, self._selected, self._on_selected = context, used, choose
        self._in_use = used
        """Of `catalogue.held`."""
        self.rows: dict[str, ModelRow] = {}
        self._choices = QButtonGroup(self)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.empty = label("", "caption", context.scheme.secondary_text, wrap=True)
        self.empty.setVisible(False)
        self._column.addWidget(self.empty)
        self.wait_help = label(WAIT_HELP, "caption", context.scheme.secondary_text, wrap=True)
        self.wait_help.setContentsMargins(0, 8, 0, 0)
        self.wait_help.setVisible(False)
        self._column.addWidget(self.wait_help)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self.reload)

    def set_selected(self, used: str) -> None:
        """The settings have this one now."""
        self._selected = used
        self.show_all([line.entry for line in self.rows.values()])

    def reload(self) -> None:
        self._context.background.run(
            self._context.actions.models.statuses, self._on_models, self._on_problem
        )

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.reload()

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)

    def _on_models(self, entries: list[ModelStatus]) -> None:
        if not shiboken6.isValid(self):  # the page was made anew in other colours
            return
        arrived = [
            entry
            for entry in entries
            if entry.location == "own"
            and entry.model.name in self.rows
            and self.rows[entry.model.name].entry.downloading
        ]
        self.show_all(entries)
        names = {entry.model.name for entry in arrived}
        here = {entry.model.name for entry in entries if entry.location}
        if self._selected in names:
            self._on_selected(self._selected)  # it is tried again now
        elif arrived and self._selected not in here:
            self._on_selected(arrived[0].model.name)
        if self.isVisible() and any(entry.downloading for entry in entries):
            self._timer.start()

    def show_all(self, entries: list[ModelStatus]) -> None:
        """How they stand."""
        self._in_use = model_in_use(entries, self._selected)
        for entry in entries:
            if entry.model.name not in self.rows:
                self._add_row(entry)
            line = self.rows[entry.model.name]
            line.show_entry(entry, self._in_use)
            line.radio.setChecked(entry.model.name == self._selected)
        nothing = bool(entries) and not any(
            entry.location or entry.downloading for entry in entries
        )
        if nothing:
            first = next(entry.model for entry in entries if entry.model.name == RECOMMENDED)
            self.empty.setText(NO_MODELS.format(format_size(first.size_bytes)))
        self.empty.setVisible(nothing)
        self.wait_help.setVisible(any(entry.speed for entry in entries))

    def _add_row(self, entry: ModelStatus) -> None:
        model = entry.model
        if model.english_only and not any(
            line.entry.model.english_only for line in self.rows.values()
        ):
            words = label(ENGLISH_ONLY, "caption", self._context.scheme.secondary_text)
            words.setContentsMargins(0, 10, 0, 2)
            self._insert(words)
        line = self.rows[model.name] = ModelRow(self._context.scheme, entry)
        self._choices.addButton(line.radio)
        line.radio.clicked.connect(lambda: self._on_selected(model.name))
        line.button.clicked.connect(lambda: self._run_action(model.name))
        self._insert(line)

    def _insert(self, widget: QWidget) -> None:
        self._column.insertWidget(self._column.indexOf(self.wait_help), widget)

    def _run_action(self, name: str) -> None:
        actions, line = self._context.actions, self.rows[name]
        match available_action(line.entry, self._in_use):
            case "Download":
                actions.models.start(name)
            case "Cancel":
                actions.models.cancel(name)
            case "":
                return
            case "Remove":
                self._context.background.run(
                    lambda: actions.models.remove(name),
                    lambda _: self._on_removed(),
                    lambda problem: self._show_row_problem(line, problem),
                )
                return
        self.reload()

    def _on_removed(self) -> None:
        if shiboken6.isValid(self):
            self.reload()

    @staticmethod
    def _show_row_problem(line: ModelRow, problem: Problem) -> None:
        if shiboken6.isValid(line):
            line.note.show_problem(problem)

    def _on_problem(self, problem: Problem) -> None:
        if shiboken6.isValid(self):
            self.empty.setText(problem.sentence)
            self.empty.setVisible(True)
