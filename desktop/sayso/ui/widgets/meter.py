"""What shows a voice and a key: the level meter and the keycap. Drawn by us, alike everywhere."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from . import theme
from .rows import scaled
from .theme import Scheme

SEGMENTS, SEGMENT_GAP, RED_THRESHOLD = 40, 3, 0.93


class Meter(QWidget):
    """Microphone level in 40 segments; the last three are red."""

    def __init__(self, scheme: Scheme) -> None:
        super().__init__()
        self._scheme, self._level, self._peak = scheme, 0.0, 0.0
        self.setFixedHeight(scaled(10))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Microphone level")

    def show_level(self, level: float, peak: float) -> None:
        """Both 0 to 1."""
        if (level, peak) != (self._level, self._peak):
            self._level, self._peak = level, peak
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, scheme = QPainter(self), self._scheme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        width = (self.width() - SEGMENT_GAP * (SEGMENTS - 1)) / SEGMENTS
        for i in range(SEGMENTS):
            at = (i + 1) / SEGMENTS
            lit = at <= self._level or abs(at - self._peak) < 0.5 / SEGMENTS
            painter.setBrush(
                QColor(
                    (scheme.error if at > RED_THRESHOLD else scheme.accent)
                    if lit
                    else scheme.divider
                )
            )
            box = QRectF(i * (width + SEGMENT_GAP), 0, width, self.height())
            painter.drawRoundedRect(box, 1.5, 1.5)


class Keycap(QWidget):
    """The hotkey as it is written on the key. While recording it takes every key itself."""

    def __init__(self, scheme: Scheme) -> None:
        super().__init__()
        self._scheme, self._text = scheme, ""
        self.recording = False
        self.setFont(theme.font("strong"))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def setText(self, text: str) -> None:
        self._text = text
        self.updateGeometry()
        self.update()

    def text(self) -> str:
        return self._text

    def sizeHint(self) -> QSize:
        width = self.fontMetrics().horizontalAdvance(self._text) + 20
        return QSize(width, scaled(30))

    def event(self, event: QEvent) -> bool:
        keys = (QEvent.Type.KeyPress, QEvent.Type.KeyRelease, QEvent.Type.ShortcutOverride)
        if self.recording and event.type() in keys:
            event.accept()  # no shortcut of the window, no mnemonic, no Tab
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, scheme = QPainter(self), self._scheme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        body = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        edge = scheme.accent if self.recording else theme.mix(scheme.outline, scheme.surface, 0.45)
        painter.setPen(QPen(QColor(edge), 1))
        painter.setBrush(QColor(theme.mix(scheme.outline, scheme.surface, 0.72)))
        painter.drawRoundedRect(body, 6, 6)
        top = body.adjusted(0, 0, 0, -3)
        painter.setBrush(QColor(scheme.accent_soft if self.recording else scheme.button))
        painter.drawRoundedRect(top, 6, 6)
        painter.setPen(QColor(scheme.secondary_text if self.recording else scheme.text))
        painter.drawText(top, Qt.AlignmentFlag.AlignCenter, self._text)
