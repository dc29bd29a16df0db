"""Level meter with a verdict, and keycap."""

from __future__ import annotations

from collections import deque

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..translate import tr
from . import theme
from .sizing import scaled
from .theme import Scheme

SEGMENTS, SEGMENT_GAP, RED_THRESHOLD = 40, 3, 0.93

SILENT_DBFS, QUIET_DBFS, GOOD_DBFS, LOUD_DBFS = -90.0, -48.0, -36.0, -3.0
RANGE_DB = 60.0
WINDOW_MS, SETTLING_MS, PEAK_HOLD_MS = 3000, 2000, 1200


def meter_position(dbfs: float) -> float:
    """Return 0 to 1. The middle is -30 dBFS, where speech should be."""
    return min(1.0, max(0.0, (dbfs + RANGE_DB) / RANGE_DB))


class LevelVerdict:
    """Advice on the microphone level, from the last `WINDOW_MS`."""

    def __init__(self) -> None:
        self._levels: deque[tuple[float, float]] = deque()
        self._started_ms: float | None = None
        self.message, self.summary = tr("Speak to see the level."), tr("waiting")

    @property
    def level(self) -> float:
        return meter_position(self._levels[-1][1]) if self._levels else 0.0

    @property
    def peak(self) -> float:
        """Highest level of the last `PEAK_HOLD_MS`, 0 to 1."""
        since_ms = self._levels[-1][0] - PEAK_HOLD_MS if self._levels else 0.0
        return max((meter_position(dbfs) for at, dbfs in self._levels if at >= since_ms), default=0)

    def add(self, dbfs: float, now_ms: float) -> None:
        self._started_ms = now_ms if self._started_ms is None else self._started_ms
        self._levels.append((now_ms, dbfs))
        while self._levels[0][0] < now_ms - WINDOW_MS:
            self._levels.popleft()
        settled = now_ms - self._started_ms >= SETTLING_MS
        highest = max(dbfs for _, dbfs in self._levels)
        if highest >= LOUD_DBFS:
            advice = tr("Too loud. Lower the level."), tr("too loud")
        elif highest >= GOOD_DBFS:
            text = tr("Good. Speak as you normally would; the bar should pass the middle.")
            advice = text, tr("good")
        elif settled and highest <= SILENT_DBFS:
            advice = tr("No sound. Is the microphone muted?"), tr("none")
        elif settled and highest >= QUIET_DBFS:
            advice = tr("Very quiet. Move closer or raise the level."), tr("very quiet")
        else:
            advice = tr("Speak to see the level."), tr("waiting")
        self.message, self.summary = advice


class Meter(QWidget):
    """Microphone level in 40 segments, of which the last three are red."""

    def __init__(self, scheme: Scheme) -> None:
        super().__init__()
        self._scheme, self._level, self._peak = scheme, 0.0, 0.0
        self.setFixedHeight(scaled(10))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Microphone level"))

    def show_level(self, level: float, peak: float) -> None:
        """Show level and held peak, each 0 to 1."""
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
            lit_color = scheme.error if at > RED_THRESHOLD else scheme.accent
            painter.setBrush(QColor(lit_color if lit else scheme.divider))
            box = QRectF(i * (width + SEGMENT_GAP), 0, width, self.height())
            painter.drawRoundedRect(box, 1.5, 1.5)


class Keycap(QWidget):
    """The hotkey, drawn as a key. While `recording` is true it swallows every key press."""

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
        return QSize(self.fontMetrics().horizontalAdvance(self._text) + 20, scaled(30))

    def event(self, event: QEvent) -> bool:
        keys = (QEvent.Type.KeyPress, QEvent.Type.KeyRelease, QEvent.Type.ShortcutOverride)
        if self.recording and event.type() in keys:
            event.accept()  # so that no shortcut, mnemonic or Tab has an effect
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
