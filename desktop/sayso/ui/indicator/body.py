"""The indicator's content: status icon, text and buttons in a rounded frame."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from string import Template

import attrs
from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFontMetricsF,
    QIcon,
    QLinearGradient,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QHBoxLayout, QLayout, QPushButton, QVBoxLayout, QWidget

from ...core.resources import resource
from ..messages import IndicatorKind, IndicatorView, is_right_to_left, shorten_words
from ..problem_actions import Button, ButtonAction
from ..translate import tr
from ..widgets import icons, theme
from ..widgets.sizing import scaled
from ..widgets.theme import Scheme
from .status_icon import WAVEFORM_KINDS, StatusIcon

HEIGHT, HEIGHT_TWO_LINES = 40, 60
MIN_WIDTH, MAX_WIDTH, MAX_WIDTH_TWO_LINES, WIDTH_STEP = 64, 480, 560, 24
PADDING, ICON_PADDING, TEXT_GAP = 16, 12, 10
BUTTON_HEIGHT, BUTTON_PADDING, ROUND_BUTTON_SIZE, BUTTON_GAP, AFTER_BUTTONS = 28, 12, 24, 8, 10
FADE_WIDTH = 28
NAME_MAX_CHARS = 24, 16
"""Length to which host and model names are shortened if the sentence does not fit."""
STREAMING_KINDS: tuple[IndicatorKind, ...] = ("listening", "hands-free", "finishing")
_MUTED_KINDS: tuple[IndicatorKind, ...] = ("starting", "finishing", "nothing-heard")


class TextLine(QWidget):
    """One line of elided text. Streaming text shows its end, and its start fades out."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self.setFont(theme.font(role))
        self._text, self._color, self._streaming = "", "", False

    def show_text(self, text: str, color: str, streaming: bool = False) -> None:
        self._text, self._color, self._streaming = text.replace("\n", " "), color, streaming
        self.updateGeometry()
        self.update()

    @property
    def is_elided(self) -> bool:
        return self.sizeHint().width() > self.width() + 1

    def sizeHint(self) -> QSize:
        width = QFontMetricsF(self.font()).horizontalAdvance(self._text)
        return QSize(math.ceil(width), scaled(20))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, scaled(20))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, color = QPainter(self), QColor(self._color)
        mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        side = Qt.AlignmentFlag.AlignRight if mirrored else Qt.AlignmentFlag.AlignLeft
        flags = side | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter
        flags |= Qt.TextFlag.TextSingleLine
        area, text = QRectF(self.rect()), self._text
        if self._streaming and self.is_elided:
            start, end = (area.right(), area.left()) if mirrored else (area.left(), area.right())
            gradient = QLinearGradient(start, 0, end, 0)
            gradient.setColorAt(0, theme.color(self._color, 0))
            gradient.setColorAt(min(1.0, scaled(FADE_WIDTH) / max(1.0, area.width())), color)
            painter.setPen(QPen(QBrush(gradient), 1))
            hidden = self.sizeHint().width() + 1 - area.width()
            area.adjust(*((0, 0, hidden, 0) if mirrored else (-hidden, 0, 0, 0)))
        else:
            painter.setPen(color)
            area.adjust(-mirrored, 0, 1, 0)
            metrics = QFontMetricsF(self.font())
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, flags, text)


class IndicatorBody(QWidget):
    """Reports its preferred width with `fit`; the owner sets its geometry."""

    def __init__(
        self, parent: QWidget, scheme: Scheme, on_action: Callable[[ButtonAction], object]
    ) -> None:
        super().__init__(parent)
        self.scheme, self._on_action = scheme, on_action
        self.view = IndicatorView("starting")
        self.is_masked = False
        """The window is cut to the outline, because it cannot be translucent."""
        self.buttons: list[QPushButton] = []
        self.icon = StatusIcon(scheme)
        self._first, self._second = TextLine("body"), TextLine("body")
        self._lines = QVBoxLayout()
        self._lines.setSpacing(0)
        self._lines.addWidget(self._first)
        self._lines.addWidget(self._second)
        self._button_row = QHBoxLayout()
        self._button_row.setSpacing(scaled(BUTTON_GAP))
        self._row = QHBoxLayout(self)
        self._row.setSpacing(0)
        self._row.addWidget(self.icon)
        self._row.addLayout(self._lines, 1)
        self._row.addLayout(self._button_row)
        self.setStyleSheet(_style_sheet(scheme))

    @property
    def text_lines(self) -> list[TextLine]:
        return [self._first, self._second] if self.view.detail else [self._first]

    def fit(self, view: IndicatorView, min_width: float, max_width: float) -> QSize:
        """Show a view and return the size for it.

        A sentence of an error that does not fit is shortened: first the second button is
        removed, which only leads to the settings, then long names lose their middle.
        """
        size = self._fit(view, min_width, max_width)
        if view.kind == "error":
            for shorter in _shorter_views(view):
                if any(line.is_elided for line in self.text_lines):
                    size = self._fit(shorter, min_width, max_width)
        return size

    def _fit(self, view: IndicatorView, min_width: float, max_width: float) -> QSize:
        buttons = (self.view.buttons, self.view.closable, self.view.has_stop_button)
        if buttons != (view.buttons, view.closable, view.has_stop_button):
            self._create_buttons(view)
        self.view = view
        two_lines, scheme = bool(view.detail), self.scheme
        right_to_left = is_right_to_left(view.detail or view.text)
        direction = Qt.LayoutDirection
        self.setLayoutDirection(direction.RightToLeft if right_to_left else direction.LeftToRight)
        self.icon.show_kind(view.kind, two_lines)
        self._first.setFont(theme.font("strong" if two_lines else "body"))
        color = scheme.secondary_text if view.kind in _MUTED_KINDS else scheme.text
        self._first.show_text(view.text, color, streaming=view.kind in STREAMING_KINDS)
        self._second.show_text(view.detail, scheme.secondary_text)
        self._second.setVisible(two_lines)
        padding = PADDING if two_lines or view.kind in WAVEFORM_KINDS else ICON_PADDING
        end = AFTER_BUTTONS if self.buttons else PADDING if view.text else padding
        _set_margins(self._row, padding, end, right_to_left)
        gap, after = TEXT_GAP if view.text else 0, PADDING if self.buttons else 0
        _set_margins(self._lines, gap, after, right_to_left, *((9, 11) if two_lines else (0, 0)))
        self._row.activate()
        width = self._row.sizeHint().width()
        if view.kind in STREAMING_KINDS and view.text:
            width = math.ceil(width / scaled(WIDTH_STEP)) * scaled(WIDTH_STEP)
        widest = min(max_width, scaled(MAX_WIDTH_TWO_LINES if two_lines else MAX_WIDTH))
        width = round(min(widest, max(scaled(MIN_WIDTH), min_width, width)))
        size = QSize(width, scaled(HEIGHT_TWO_LINES if two_lines else HEIGHT))
        self.resize(size)
        self._row.setGeometry(self.rect())
        return size

    def _create_buttons(self, view: IndicatorView) -> None:
        for old in self.buttons:
            old.hide()
            self._button_row.removeWidget(old)
            old.deleteLater()
        specs = [(button, "primary" if button.primary else "plain", "") for button in view.buttons]
        if view.has_stop_button:
            stop = Button(tr("Finish dictation"), "finish")
            specs.append((stop, "stop", self.scheme.on_accent))
        elif view.closable:
            close = Button(tr("Dismiss"), "dismiss")
            specs.append((close, "close", self.scheme.secondary_text))
        self.buttons = [self._create_button(*spec) for spec in specs]

    def _create_button(self, button: Button, name: str, icon_color: str) -> QPushButton:
        made = QPushButton("" if icon_color else button.label, self)
        made.setObjectName(name)
        made.setAccessibleName(button.label)
        made.setFont(theme.font("strong"))
        made.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the target window keeps the focus
        if icon_color:
            size, ratio = scaled(ROUND_BUTTON_SIZE), self.devicePixelRatioF()
            made.setIcon(QIcon(icons.render(f"indicator-{name}", size, icon_color, ratio)))
            made.setIconSize(QSize(size, size))
        made.clicked.connect(lambda: self._on_action(button.action))
        self._button_row.addWidget(made)
        made.show()
        return made

    def paintEvent(self, event: QPaintEvent) -> None:
        scheme, kind = self.scheme, self.view.kind
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edges: dict[IndicatorKind, str] = {
            "held": scheme.warning, "error": scheme.error, "hands-free": scheme.accent,
        }  # fmt: skip
        edge = edges.get(kind, scheme.outline if self.is_masked else scheme.divider)
        width = 2.0 if scheme.is_high_contrast else 1.5 if kind == "hands-free" else 1.0
        painter.setPen(QPen(QColor(edge), width))
        painter.setBrush(QColor(scheme.surface))
        inset = width / 2
        if self.is_masked:
            # A mask has whole pixels; those beside the rounded rectangle belong to the edge.
            painter.fillRect(self.rect(), QColor(edge))
            painter.setPen(Qt.PenStyle.NoPen)
            inset = width
        radius = scaled(theme.INDICATOR_RADIUS) - inset
        area = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        painter.drawRoundedRect(area, radius, radius)


def _set_margins(
    layout: QLayout, leading: int, trailing: int, mirrored: bool, top: int = 0, bottom: int = 0
) -> None:
    left, right = (trailing, leading) if mirrored else (leading, trailing)
    layout.setContentsMargins(*map(scaled, (left, top, right, bottom)))


def paint_shadow(painter: QPainter, body: QRect, scheme: Scheme) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    scale, radius = theme.text_scale(), scaled(theme.INDICATOR_RADIUS)
    for spread in range(18, 0, -1) if scheme.shadow_alpha else ():
        alpha = scheme.shadow_alpha / 255 * (1 - spread / 19) ** 2 * 0.22
        painter.setBrush(QColor.fromRgbF(0.04, 0.06, 0.05, alpha))
        reach, down = spread * scale, 4 * scale
        area = QRectF(body).adjusted(-reach, -reach + down, reach, reach + down)
        painter.drawRoundedRect(area, radius + reach, radius + reach)


def _shorter_views(view: IndicatorView) -> Iterator[IndicatorView]:
    if len(view.buttons) > 1:
        view = attrs.evolve(view, buttons=view.buttons[:1])
        yield view
    for max_chars in NAME_MAX_CHARS:
        text, detail = (shorten_words(each, max_chars) for each in (view.text, view.detail))
        yield attrs.evolve(view, text=text, detail=detail)


def _style_sheet(scheme: Scheme) -> str:
    height, round_size = scaled(BUTTON_HEIGHT), scaled(ROUND_BUTTON_SIZE)
    values: dict[str, object] = attrs.asdict(scheme)
    values |= {"height": height, "inner_height": height - 2, "radius": height // 2}
    values |= {"padding": scaled(BUTTON_PADDING)}
    values |= {"round_size": round_size, "round_radius": round_size // 2}
    for name in ("button", "accent", "surface"):
        for state, share in (("hover", 0.07), ("pressed", 0.16)):
            values[f"{name}_{state}"] = theme.mix(getattr(scheme, name), scheme.text, share)
    return Template(resource("indicator.qss").read_text("utf-8")).substitute(values)
