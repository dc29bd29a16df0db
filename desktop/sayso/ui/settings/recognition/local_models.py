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
from ....stt.ondevice.models.catalog import Listed, held, languages, size, stays
from ...widgets.rows import Note, label, scaled
from ...widgets.theme import Scheme
from ..page import Context

LOOK_MS = 500
"""Between looks at how a download goes."""
BAR = 4
BUTTON = 104
NARROW, TIGHT = 480, 320
"""A line narrower than this, at 13 px text, has its words below the name; then the button too."""
DOT, SPACE, SPARE = 14, 12, 8
"""Of a radio button, and from there to its text, and between texts."""
EMPTY = "No model on this computer. Small is a good first one ({})."
FIRST = "whisper-small"
ENGLISH = "For English alone"
WAITS = "The seconds are from letting go to the words, on this computer."
_PLACES = {"hub": "from another program", "package": "installed"}


Act = Literal["", "Download", "Cancel", "Remove"]


def state(entry: Listed) -> str:
    """What stands beside a model: how quick it is here, its size, where it is or how far."""
    model = entry.model
    whole = size(model.size_bytes)
    if not entry.place and (entry.arriving or entry.part_bytes):
        return f"{size(entry.part_bytes)} of {whole}"
    where = _PLACES.get(entry.place, "" if model.pinned else "not offered yet")
    wait = entry.speed.words if entry.speed and (entry.place or model.pinned) else ""
    return ", ".join(part for part in (wait, whole, where) if part)


def act(entry: Listed, used: str) -> Act:
    """What its button does, or '' for none. `used`: of `catalogue.held`."""
    if entry.arriving:
        return "Cancel"
    if not entry.place:
        return "Download" if entry.model.pinned else ""
    return "" if stays(entry, used) else "Remove"


class Bar(QProgressBar):
    """How far a download has come; a progress bar to assistive technology."""

    def __init__(self, scheme: Scheme) -> None:
        super().__init__()
        self._scheme = scheme
        self.setRange(0, 1000)
        self.setTextVisible(False)
        self.setFixedHeight(scaled(BAR))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        whole, radius = QRectF(self.rect()), self.height() / 2
        for colour, share in ((self._scheme.line, 1.0), (self._scheme.voice, self.value() / 1000)):
            painter.setBrush(QColor(colour))
            width = max(whole.height(), whole.width() * share) if share else 0.0
            painter.drawRoundedRect(QRectF(0, 0, width, whole.height()), radius, radius)


class ModelLine(QWidget):
    """One model: choose it, and what else can be done with it."""

    def __init__(self, scheme: Scheme, entry: Listed) -> None:
        super().__init__()
        self.entry = entry
        self.radio = QRadioButton()
        self.radio.setAccessibleName(self._named())
        self.state = label("", "caption", scheme.ink2)
        self.button = QPushButton()
        self.button.setFixedWidth(scaled(BUTTON))
        self.bar = Bar(scheme)
        self.bar.setAccessibleName(f"Download of {entry.model.title}")
        self.note = Note(scheme)
        self._words = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._words.addWidget(self.radio, 1)
        self._words.addWidget(self.state)
        self._foot = QHBoxLayout()
        self._foot.addWidget(self.button)
        self._foot.setAlignment(Qt.AlignmentFlag.AlignLeft)
        self._line = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._line.addLayout(self._words, 1)
        self._line.addLayout(self._foot)
        self._column = column = QVBoxLayout(self)
        column.setSpacing(4)
        column.addLayout(self._line)
        column.addWidget(self.bar)
        column.addWidget(self.note)
        self._narrow = self._tight = False
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()
        super().resizeEvent(event)

    def _fit(self) -> None:
        """Its parts beside each other or below, as there is room: no text is ever cut off."""
        narrow = self.width() < max(scaled(NARROW), self._wide())
        tight = self.width() < scaled(TIGHT)
        if (narrow, tight) != (self._narrow, self._tight):
            self._narrow, self._tight = narrow, tight
            self._arrange()
        self._say()

    def _wide(self) -> int:
        """What all of it takes beside each other."""
        texts = ((self.radio, self._named()), (self.state, state(self.entry)))
        words = sum(widget.fontMetrics().horizontalAdvance(text) for widget, text in texts)
        return scaled(DOT) + SPACE + words + scaled(BUTTON) + 2 * SPACE + SPARE

    def _named(self) -> str:
        return f"{self.entry.model.title}, {self.entry.model.words}"

    def _arrange(self) -> None:
        narrow, tight = self._narrow, self._tight
        beside, below = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        indent = scaled(DOT) + SPACE
        margin = 6 if narrow else 2
        self._column.setContentsMargins(0, margin, 0, margin)
        self._words.setDirection(below if narrow else beside)
        self._words.setSpacing(0 if narrow else SPACE)
        self.radio.setMinimumHeight(0 if narrow else scaled(30))
        self.state.setWordWrap(narrow)
        self.state.setContentsMargins(indent if narrow else 0, 0, 0, 0)
        self._line.setDirection(below if tight else beside)
        self._line.setSpacing(4 if tight else SPACE)
        self._foot.setContentsMargins(indent if tight else 0, 0, 0, 0)
        keep = self.button.sizePolicy()
        keep.setRetainSizeWhenHidden(not tight)
        self.button.setSizePolicy(keep)

    def _say(self) -> None:
        model, beside = self.entry.model, state(self.entry)
        self.radio.setText(model.title if self._narrow else self._named())
        self.state.setText(f"{model.words}, {beside}" if self._narrow else beside)

    def show_entry(self, entry: Listed, used: str) -> None:
        self.entry = entry
        model, word = entry.model, act(entry, used)
        self.radio.setEnabled(bool(entry.place))
        self.radio.setAccessibleDescription(f"{state(entry)}, {languages(model)}")
        self._fit()
        self.button.setText(word)
        self.button.setAccessibleName(f"{word} {model.title}")
        self.button.setVisible(bool(word))
        self.bar.setVisible(entry.arriving)
        self.bar.setValue(round(1000 * entry.part_bytes / model.size_bytes))
        self.note.problem(entry.problem)


class ModelList(QWidget):
    """All models. It looks again whenever it is shown, and while one arrives."""

    def __init__(self, context: Context, used: str, choose: Callable[[str], object]) -> None:
        super().__init__()
        self._context, self._used, self._choose = context, used, choose
        self._held = used
        """Of `catalogue.held`."""
        self.lines: dict[str, ModelLine] = {}
        self._choices = QButtonGroup(self)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.empty = label("", "caption", context.scheme.ink2, wrap=True)
        self.empty.setVisible(False)
        self._column.addWidget(self.empty)
        self.waits = label(WAITS, "caption", context.scheme.ink2, wrap=True)
        self.waits.setContentsMargins(0, 8, 0, 0)
        self.waits.setVisible(False)
        self._column.addWidget(self.waits)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)

    def use(self, used: str) -> None:
        """The settings have this one now."""
        self._used = used
        self.show_all([line.entry for line in self.lines.values()])

    def look(self) -> None:
        self._context.background.run(self._context.actions.models, self._looked, self._unknown)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.look()

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)

    def _looked(self, entries: list[Listed]) -> None:
        if not shiboken6.isValid(self):  # the page was made anew in other colours
            return
        arrived = [
            entry
            for entry in entries
            if entry.place == "own"
            and entry.model.name in self.lines
            and self.lines[entry.model.name].entry.arriving
        ]
        self.show_all(entries)
        names = {entry.model.name for entry in arrived}
        here = {entry.model.name for entry in entries if entry.place}
        if self._used in names:
            self._choose(self._used)  # it is tried again now
        elif arrived and self._used not in here:
            self._choose(arrived[0].model.name)
        if self.isVisible() and any(entry.arriving for entry in entries):
            self._timer.start()

    def show_all(self, entries: list[Listed]) -> None:
        """How they stand."""
        self._held = held(entries, self._used)
        for entry in entries:
            if entry.model.name not in self.lines:
                self._add(entry)
            line = self.lines[entry.model.name]
            line.show_entry(entry, self._held)
            line.radio.setChecked(entry.model.name == self._used)
        nothing = bool(entries) and not any(entry.place or entry.arriving for entry in entries)
        if nothing:
            first = next(entry.model for entry in entries if entry.model.name == FIRST)
            self.empty.setText(EMPTY.format(size(first.size_bytes)))
        self.empty.setVisible(nothing)
        self.waits.setVisible(any(entry.speed for entry in entries))

    def _add(self, entry: Listed) -> None:
        model = entry.model
        if model.english and not any(line.entry.model.english for line in self.lines.values()):
            words = label(ENGLISH, "caption", self._context.scheme.ink2)
            words.setContentsMargins(0, 10, 0, 2)
            self._insert(words)
        line = self.lines[model.name] = ModelLine(self._context.scheme, entry)
        self._choices.addButton(line.radio)
        line.radio.clicked.connect(lambda: self._choose(model.name))
        line.button.clicked.connect(lambda: self._act(model.name))
        self._insert(line)

    def _insert(self, widget: QWidget) -> None:
        self._column.insertWidget(self._column.indexOf(self.waits), widget)

    def _act(self, name: str) -> None:
        actions, line = self._context.actions, self.lines[name]
        match act(line.entry, self._held):
            case "Download":
                actions.download_model(name)
            case "Cancel":
                actions.cancel_download(name)
            case "":
                return
            case "Remove":
                self._context.background.run(
                    lambda: actions.remove_model(name),
                    lambda _: self._gone(),
                    lambda problem: self._told(line, problem),
                )
                return
        self.look()

    def _gone(self) -> None:
        if shiboken6.isValid(self):
            self.look()

    @staticmethod
    def _told(line: ModelLine, problem: Problem) -> None:
        if shiboken6.isValid(line):
            line.note.problem(problem)

    def _unknown(self, problem: Problem) -> None:
        if shiboken6.isValid(self):
            self.empty.setText(problem.sentence)
            self.empty.setVisible(True)
