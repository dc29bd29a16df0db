"""List of the models for this computer: select, download and remove them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import shiboken6
from PySide6 import QtWidgets
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QRadioButton, QVBoxLayout, QWidget

from ....core.problems import Problem
from ....stt.ondevice.models import catalog
from ....stt.ondevice.models.catalog import ModelStatus, format_size
from ...translate import problem_sentence, tr
from ...widgets.controls import label, spaced
from ...widgets.rows import Note, scaled
from ...widgets.theme import Scheme
from ..page import PageContext

POLL_MS = 500  # between updates during a download
BAR_HEIGHT = 4
BUTTON_WIDTH = 104
NARROW_WIDTH, VERY_NARROW_WIDTH = 480, 320
"""A row narrower than this, at 13 px text, has its status below the name; then the button too."""
RADIO_SIZE, RADIO_SPACING, TEXT_MARGIN = 14, 12, 8
RECOMMENDED = "whisper-small"

ModelAction = Literal["", "download", "cancel", "remove"]


def status_text(entry: ModelStatus) -> str:
    """Return size, expected wait and location, or the progress of a download."""
    size = format_size(entry.model.size_bytes)
    if not entry.location and (entry.downloading or entry.downloaded_bytes):
        progress = tr("{downloaded} of {size}")
        return progress.format(downloaded=format_size(entry.downloaded_bytes), size=size)
    wait = tr("{time} wait").format(time=entry.speed.text) if entry.speed else ""
    locations = {"hub": tr("from another program"), "package": tr("installed")}
    parts = (size, wait, locations.get(entry.location, ""))
    return ", ".join(part for part in parts if part)


def available_action(entry: ModelStatus, in_use: str) -> ModelAction:
    """Return what the button of a row does; `in_use` is the name of the model in use."""
    if entry.downloading:
        return "cancel"
    if not entry.location:
        return "download"
    return "" if catalog.removal_problem(entry, in_use) else "remove"


class DownloadBar(QtWidgets.QProgressBar):
    def __init__(self, scheme: Scheme) -> None:
        super().__init__()
        self.setRange(0, 1000)
        self.setTextVisible(False)
        self.setFixedHeight(scaled(BAR_HEIGHT))
        shape = f"border: 0; border-radius: {scaled(BAR_HEIGHT) // 2}px;"
        self.setStyleSheet(
            f"QProgressBar {{ background: {scheme.divider}; {shape} }}"
            f"QProgressBar::chunk {{ background: {scheme.accent}; {shape} }}"
        )


class ModelRow(QWidget):
    """One model: a radio button that selects it, its status and a button."""

    def __init__(self, scheme: Scheme, entry: ModelStatus) -> None:
        super().__init__()
        self.entry = entry
        self.radio = QRadioButton()
        self.radio.setAccessibleName(self._full_title())
        self.status = label("", "caption", scheme.secondary_text)
        self.button = QtWidgets.QPushButton()
        self.button.setFixedWidth(scaled(BUTTON_WIDTH))
        self.bar = DownloadBar(scheme)
        self.bar.setAccessibleName(tr("Download of {model}").format(model=entry.model.title))
        self.note = Note(scheme)
        self._text_layout = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._text_layout.addWidget(self.radio, 1)
        self._text_layout.addWidget(self.status)
        self._button_layout = QtWidgets.QHBoxLayout()
        self._button_layout.addWidget(self.button)
        self._button_layout.setAlignment(Qt.AlignmentFlag.AlignLeft)
        self._row_layout = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._row_layout.addLayout(self._text_layout, 1)
        self._row_layout.addLayout(self._button_layout)
        self._column = spaced(QVBoxLayout(self), 4)
        self._column.addLayout(self._row_layout)
        self._column.addWidget(self.bar)
        self._column.addWidget(self.note)
        self._arrange(narrow=False, very_narrow=False)

    def show_entry(self, entry: ModelStatus, in_use: str) -> None:
        self.entry = entry
        model, action = entry.model, available_action(entry, in_use)
        self.radio.setEnabled(bool(entry.location))
        self.radio.setAccessibleDescription(
            f"{status_text(entry)}, {catalog.supported_languages(model)}"
        )
        self._fit_width()
        if action:
            text = {"download": tr("Download"), "cancel": tr("Cancel"), "remove": tr("Remove")}
            self.button.setText(text[action])
            self.button.setAccessibleName(f"{text[action]} {model.title}")
        self.button.setVisible(bool(action))
        self.bar.setVisible(entry.downloading)
        self.bar.setValue(round(1000 * entry.downloaded_bytes / model.size_bytes))
        self.note.show_problem(entry.problem)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit_width()
        super().resizeEvent(event)

    def _full_title(self) -> str:
        return f"{self.entry.model.title}, {tr(self.entry.model.summary)}"

    def _fit_width(self) -> None:
        """Arrange the parts side by side or below each other, so that no text is cut off."""
        status = status_text(self.entry)
        texts = ((self.radio, self._full_title()), (self.status, status))
        text_width = sum(widget.fontMetrics().horizontalAdvance(text) for widget, text in texts)
        required = scaled(RADIO_SIZE + BUTTON_WIDTH) + text_width + 3 * RADIO_SPACING + TEXT_MARGIN
        narrow = self.width() < max(scaled(NARROW_WIDTH), required)
        very_narrow = self.width() < scaled(VERY_NARROW_WIDTH)
        if (narrow, very_narrow) != self._arrangement:
            self._arrange(narrow, very_narrow)
        model = self.entry.model
        self.radio.setText(model.title if narrow else self._full_title())
        self.status.setText(f"{tr(model.summary)}, {status}" if narrow else status)

    def _arrange(self, narrow: bool, very_narrow: bool) -> None:
        self._arrangement = narrow, very_narrow
        beside, below = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        indent = scaled(RADIO_SIZE) + RADIO_SPACING
        margin = 6 if narrow else 2
        self._column.setContentsMargins(0, margin, 0, margin)
        self._text_layout.setDirection(below if narrow else beside)
        self._text_layout.setSpacing(0 if narrow else RADIO_SPACING)
        self.radio.setMinimumHeight(0 if narrow else scaled(30))
        self.status.setWordWrap(narrow)
        self.status.setContentsMargins(indent if narrow else 0, 0, 0, 0)
        self._row_layout.setDirection(below if very_narrow else beside)
        self._row_layout.setSpacing(4 if very_narrow else RADIO_SPACING)
        self._button_layout.setContentsMargins(indent if very_narrow else 0, 0, 0, 0)
        policy = self.button.sizePolicy()
        policy.setRetainSizeWhenHidden(not very_narrow)
        self.button.setSizePolicy(policy)


class ModelList(QWidget):
    """All models. The list is updated whenever it is shown, and during a download."""

    def __init__(
        self, context: PageContext, selected: str, on_selected: Callable[[str], object]
    ) -> None:
        super().__init__()
        self._context, self._selected, self._on_selected = context, selected, on_selected
        self._in_use = selected
        self.rows: dict[str, ModelRow] = {}
        self._choices = QtWidgets.QButtonGroup(self)
        self._column = spaced(QVBoxLayout(self))
        wait = tr("Wait: from releasing the key to your text, on this computer.")
        self.empty = label("", "caption", context.scheme.secondary_text, wrap=True)
        self.wait_help = label(wait, "caption", context.scheme.secondary_text, wrap=True)
        self.wait_help.setContentsMargins(0, 8, 0, 0)
        for text in (self.empty, self.wait_help):
            text.setVisible(False)
            self._column.addWidget(text)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self.reload)

    def set_selected(self, name: str) -> None:
        self._selected = name
        self.show_all([row.entry for row in self.rows.values()])

    def reload(self) -> None:
        self._context.background.run(
            self._context.actions.models.statuses,
            if_valid(self, self._on_models),
            if_valid(self, self._on_problem),
        )

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.reload()

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)

    def _on_models(self, entries: list[ModelStatus]) -> None:
        downloading = {name for name, row in self.rows.items() if row.entry.downloading}
        downloaded = [
            entry.model.name
            for entry in entries
            if entry.location == "own" and entry.model.name in downloading
        ]
        self.show_all(entries)
        present = {entry.model.name for entry in entries if entry.location}
        if self._selected in downloaded:
            self._on_selected(self._selected)  # so that it is loaded now
        elif downloaded and self._selected not in present:
            self._on_selected(downloaded[0])
        if self.isVisible() and any(entry.downloading for entry in entries):
            self._timer.start()

    def show_all(self, entries: list[ModelStatus]) -> None:
        self._in_use = catalog.model_in_use(entries, self._selected)
        for entry in entries:
            if entry.model.name not in self.rows:
                self._add_row(entry)
            row = self.rows[entry.model.name]
            row.show_entry(entry, self._in_use)
            row.radio.setChecked(entry.model.name == self._selected)
        is_empty = bool(entries) and not any(one.location or one.downloading for one in entries)
        if is_empty:
            first = next(one.model for one in entries if one.model.name == RECOMMENDED)
            text = tr("No model on this computer. {model} is a good first one ({size}).")
            size = format_size(first.size_bytes)
            self.empty.setText(text.format(model=first.title, size=size))
        self.empty.setVisible(is_empty)
        self.wait_help.setVisible(any(entry.speed for entry in entries))

    def _add_row(self, entry: ModelStatus) -> None:
        model = entry.model
        is_first = not any(row.entry.model.english_only for row in self.rows.values())
        if model.english_only and is_first:
            heading = label(tr("English only"), "caption", self._context.scheme.secondary_text)
            heading.setContentsMargins(0, 10, 0, 2)
            self._insert(heading)
        row = self.rows[model.name] = ModelRow(self._context.scheme, entry)
        self._choices.addButton(row.radio)
        row.radio.clicked.connect(lambda: self._on_selected(model.name))
        row.button.clicked.connect(lambda: self._run_action(model.name))
        self._insert(row)

    def _insert(self, widget: QWidget) -> None:
        self._column.insertWidget(self._column.indexOf(self.wait_help), widget)

    def _run_action(self, name: str) -> None:
        models, row = self._context.actions.models, self.rows[name]
        action = available_action(row.entry, self._in_use)
        if action == "remove":
            self._context.background.run(
                lambda: models.remove(name),
                if_valid(self, lambda _: self.reload()),
                if_valid(row, row.note.show_problem),
            )
            return
        if action == "download":
            models.start(name)
        elif action == "cancel":
            models.cancel(name)
        self.reload()

    def _on_problem(self, problem: Problem) -> None:
        self.empty.setText(problem_sentence(problem))
        self.empty.setVisible(True)


def if_valid(widget: QWidget, callback: Callable[[Any], None]) -> Callable[[Any], None]:
    """Return a callback that does nothing after the widget was deleted, with its page."""
    return lambda answer: callback(answer) if shiboken6.isValid(widget) else None
