"""What the history shows where nothing is listed: glyph, title, one sentence."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter

from ...core.hotkey.chord import Chord
from ...core.settings.settings import Settings
from ..widgets import icons, theme
from ..widgets.rows import scaled
from ..widgets.theme import Scheme
from .rows import program_title, wrap_two_lines

GLYPH, LEAST_GLYPH, GAP, ABOVE_MIDDLE = 64, 32, 16, 78


def empty_text(search: str, program: str, settings: Settings) -> tuple[str, str]:
    """Title and sentence."""
    if search:
        return f"“{search}” was not found", "Try fewer words."
    if program:
        return f"Nothing from {program_title(program)}", "Choose another program."
    if settings.history.keep == "never":
        return "History is off", "Turn it on to find your words again."
    key = Chord.parse(settings.hotkey.chord).display_name
    rest = "in any program and speak. Your words will be listed here."
    return "Nothing said yet", f"Hold {key} {rest}"


def paint_empty(
    painter: QPainter, window: QRect, area: QRect, scheme: Scheme, words: tuple[str, str]
) -> None:
    """A little above the middle of the window, and nowhere outside of `area`.

    The glyph is smaller where it has no room, or not there.
    """
    title, sentence = words
    metrics, line_share = QFontMetrics(theme.font("title")), 1.8
    # What was looked for loses its middle, so that it is seen that it was not found.
    title = metrics.elidedText(
        title, Qt.TextElideMode.ElideMiddle, round(line_share * area.width())
    )
    lines = wrap_two_lines(title, theme.font("title"), area.width())
    line = metrics.height()
    below = line * (len(lines) - 1) + scaled(28)
    centre = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
    flags = centre | Qt.TextFlag.TextWordWrap
    room = QFontMetrics(theme.font()).boundingRect(QRect(0, 0, area.width(), 0), flags, sentence)
    high = below + room.height()
    size = min(scaled(GLYPH), area.height() - high - GAP)
    if size >= LEAST_GLYPH:
        high += size + GAP
    else:
        size = 0
    y = max(area.top(), min(window.height() // 2 - ABOVE_MIDDLE, area.bottom() + 1 - high))
    if size:
        ratio = painter.device().devicePixelRatioF()
        icon = icons.render("history-empty", size, scheme.outline, ratio)
        painter.drawPixmap((window.width() - size) // 2, y, icon)
        y += size + GAP
    painter.setPen(QColor(scheme.text))
    painter.setFont(theme.font("title"))
    for at, text in enumerate(lines):
        painter.drawText(QRect(area.x(), y + at * line, area.width(), line), centre, text)
    painter.setPen(QColor(scheme.secondary_text))
    painter.setFont(theme.font())
    painter.drawText(room.translated(area.x(), y + below), flags, sentence)
