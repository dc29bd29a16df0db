"""The animated icon at the start of the indicator."""

from __future__ import annotations

import attrs
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ..messages import IndicatorKind
from ..widgets import icons, theme
from ..widgets.sizing import scaled
from ..widgets.theme import Scheme

BAR_COUNT, BAR_WIDTH, BAR_GAP, BAR_MIN_HEIGHT, BAR_MAX_HEIGHT = 7, 3, 2, 4, 20
WAVEFORM_WIDTH = BAR_COUNT * BAR_WIDTH + (BAR_COUNT - 1) * BAR_GAP
ICON_SIZE, LOCK_SIZE, LOCK_WIDTH = 20, 14, 20
TWO_LINES_TOP = 12
WAVEFORM_KINDS: tuple[IndicatorKind, ...] = ("starting", "listening", "hands-free", "finishing")


@attrs.frozen
class AnimationState:
    levels: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    """Levels of the bars, 0 to 1, from the middle bar outward."""
    collapse: float = 1.0
    """While finishing: 0 is a waveform, 1 is a caret between dots."""
    pulse: float = 0.0
    reduced_motion: bool = False
    """One level bar replaces the waveform."""


class StatusIcon(QWidget):
    def __init__(self, scheme: Scheme) -> None:
        super().__init__()
        self._scheme, self._two_lines = scheme, False
        self._kind: IndicatorKind = "starting"
        self.animation = AnimationState()

    def show_kind(self, kind: IndicatorKind, two_lines: bool) -> None:
        self._kind, self._two_lines = kind, two_lines
        width = WAVEFORM_WIDTH if kind in WAVEFORM_KINDS else ICON_SIZE
        self.setFixedWidth(scaled(width + LOCK_WIDTH if kind == "hands-free" else width))
        self.update()

    def animate(self, state: AnimationState) -> None:
        self.animation = state
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, scale = QPainter(self), theme.text_scale()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.scale(scale, scale)
        middle = self.height() / scale / 2
        match self._kind:
            case "starting" | "listening":
                self._paint_waveform(painter, 0, middle)
            case "hands-free":
                mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
                lock_x = WAVEFORM_WIDTH + LOCK_WIDTH - LOCK_SIZE if mirrored else 0
                self._draw("lock", painter, lock_x, middle - LOCK_SIZE / 2, LOCK_SIZE)
                self._paint_waveform(painter, 0 if mirrored else LOCK_WIDTH, middle)
            case "finishing":
                collapse = self.animation.collapse
                if collapse < 1 and not self.animation.reduced_motion:
                    painter.setOpacity(1 - collapse)
                    self._paint_waveform(painter, 0, middle)
                painter.setOpacity(collapse)
                self._paint_caret(painter, WAVEFORM_WIDTH / 2, middle)
            case _:
                top = TWO_LINES_TOP if self._two_lines else middle - ICON_SIZE / 2
                self._draw(self._kind, painter, 0, top, ICON_SIZE)

    def _draw(self, name: str, painter: QPainter, x: float, y: float, size: float) -> None:
        scheme = self._scheme
        colors = {
            "nothing-heard": scheme.secondary_text, "held": scheme.warning, "error": scheme.error,
        }  # fmt: skip
        color = colors.get(name, scheme.accent)
        icons.draw(painter, QRectF(x, y, size, size), f"indicator-{name}", color)

    def _paint_waveform(self, painter: QPainter, x: float, middle: float) -> None:
        state, starting = self.animation, self._kind == "starting"
        color = self._scheme.disabled_text if starting else self._scheme.accent
        painter.setBrush(QColor(color))
        if state.reduced_motion and not starting:
            level = max(6, WAVEFORM_WIDTH * state.levels[0])
            painter.drawRoundedRect(QRectF(x, middle - 3, level, 6), 3, 3)
            painter.setBrush(theme.color(color, 0.25))
            painter.drawRoundedRect(QRectF(x, middle - 3, WAVEFORM_WIDTH, 6), 3, 3)
            return
        collapse = state.collapse if self._kind == "finishing" else 0.0
        for i in range(BAR_COUNT):
            offset = (i - BAR_COUNT // 2) * (BAR_WIDTH + BAR_GAP) * (1 - 0.4 * collapse)
            level = state.levels[abs(i - BAR_COUNT // 2)] * (1 - collapse)
            height = BAR_MIN_HEIGHT + (BAR_MAX_HEIGHT - BAR_MIN_HEIGHT) * level
            if starting:
                height = BAR_WIDTH
            left = x + (WAVEFORM_WIDTH - BAR_WIDTH) / 2 + offset
            painter.drawRoundedRect(QRectF(left, middle - height / 2, BAR_WIDTH, height), 1.5, 1.5)

    def _paint_caret(self, painter: QPainter, x: float, middle: float) -> None:
        accent = self._scheme.accent
        painter.setBrush(QColor(accent))
        painter.drawRect(QRectF(x - 1, middle - 8, 2, 16))
        for y in (-8, 6):
            painter.drawRoundedRect(QRectF(x - 3.5, middle + y, 7, 2), 1, 1)
        for i in (-2, -1, 1, 2):
            alpha = 1 - 0.35 * (abs(i) - 1) - 0.25 * self.animation.pulse
            painter.setBrush(theme.color(accent, alpha))
            painter.drawEllipse(QPointF(x + i * 7 + (1 if i > 0 else -1), middle), 1.5, 1.5)
