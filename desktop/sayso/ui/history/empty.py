"""Placeholder for an empty history list: an icon, a title and a sentence."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ...core.hotkey.chord import Chord
from ...core.settings.settings import Settings
from ..translate import tr
from ..widgets import icons, theme
from ..widgets.sizing import scaled
from ..widgets.theme import Scheme
from .rows import program_title, wrap_two_lines

ICON_SIZE, MIN_ICON_SIZE, SPACING = 64, 32, 16


def empty_text(search: str, program: str, settings: Settings) -> tuple[str, str]:
    """Return title and sentence."""
    if search:
        return tr("“{text}” was not found").format(text=search), tr("Try fewer words.")
    if program:
        title = tr("Nothing from {program}").format(program=program_title(program))
        return title, tr("Choose another program.")
    if settings.history.keep == "never":
        return tr("History is off"), tr("Turn it on to find your text again.")
    key = Chord.parse(settings.hotkey.chord).display_name
    sentence = tr("Hold {key} in any program and speak. Your text will be listed here.")
    return tr("No dictations yet"), sentence.format(key=key)


class EmptyState(QWidget):
    """Shows its content a little above the middle. The icon shrinks or is hidden if necessary."""

    def __init__(self, scheme: Scheme) -> None:
        super().__init__()
        self.scheme, self.title, self.sentence = scheme, "", ""

    def show_text(self, title: str, sentence: str) -> None:
        self.title, self.sentence = title, sentence
        self.setAccessibleName(title)
        self.setAccessibleDescription(sentence)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        self.draw(QPainter(self))

    def draw(self, painter: QPainter) -> None:
        """Paint the content, without clipping it to the widget."""
        width = self.width()
        metrics = QFontMetrics(theme.font("title"))
        # A long search text loses its middle, so that "was not found" remains visible.
        title = metrics.elidedText(self.title, Qt.TextElideMode.ElideMiddle, round(1.8 * width))
        lines = wrap_two_lines(title, theme.font("title"), width)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        wrapped = flags | Qt.TextFlag.TextWordWrap
        sentence = QFontMetrics(theme.font()).boundingRect(
            QRect(0, 0, width, 0), wrapped, self.sentence
        )
        title_height = metrics.height() * len(lines) + scaled(8)
        height = title_height + sentence.height()
        size = min(scaled(ICON_SIZE), self.height() - height - SPACING)
        if size >= MIN_ICON_SIZE:
            height += size + SPACING
        y = max(0, round((self.height() - height) * 0.4))
        if size >= MIN_ICON_SIZE:
            icon = icons.render(
                "history-empty", size, self.scheme.outline, self.devicePixelRatioF()
            )
            painter.drawPixmap((width - size) // 2, y, icon)
            y += size + SPACING
        painter.setPen(QColor(self.scheme.text))
        painter.setFont(theme.font("title"))
        for i, line in enumerate(lines):
            painter.drawText(
                QRect(0, y + i * metrics.height(), width, metrics.height()), flags, line
            )
        painter.setPen(QColor(self.scheme.secondary_text))
        painter.setFont(theme.font())
        painter.drawText(sentence.translated(0, y + title_height), wrapped, self.sentence)
