"""What the history shows where nothing is listed: glyph, title, one sentence."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPainter

from ..core.chord import Chord
from ..core.settings import Settings
from . import glyph, theme
from .history_rows import program_title
from .theme import Scheme


def empty_words(search: str, program: str, settings: Settings) -> tuple[str, str]:
    """Title and sentence."""
    if search:
        return f"“{search}” was not found", "Try fewer words."
    if program:
        return f"Nothing from {program_title(program)}", "Choose another program."
    if settings.history.keep == "never":
        return "History is off", "Turn it on to find your words again."
    key = Chord.parse(settings.hotkey.chord).shown
    rest = "in any program and speak. Your words will be listed here."
    return "Nothing said yet", f"Hold {key} {rest}"


def paint_empty(painter: QPainter, window: QRect, scheme: Scheme, words: tuple[str, str]) -> None:
    title, sentence = words
    middle = window.height() // 2 - 34
    painter.save()
    painter.translate(window.width() / 2 - 32, middle - 44)
    painter.scale(2, 2)
    outline = scheme.outline
    glyph.paint(painter, "idle", 32, {"ink": outline, "voice": outline, "red": outline})
    painter.restore()
    area = window.adjusted(24, middle + 36, -24, 0)
    centre = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
    painter.setPen(QColor(scheme.ink))
    painter.setFont(theme.font("title"))
    painter.drawText(area, centre, title)
    painter.setPen(QColor(scheme.ink2))
    painter.setFont(theme.font())
    below = area.adjusted(0, round(28 * theme.text_scale()), 0, 0)
    painter.drawText(below, centre | Qt.TextFlag.TextWordWrap, sentence)
