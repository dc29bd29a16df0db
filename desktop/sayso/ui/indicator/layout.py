"""Where everything of the pill is. All is measured for 13 px text; who paints it scales it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import attrs
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QFontInfo, QFontMetricsF

from ..messages import IndicatorKind, IndicatorView, is_right_to_left, shorten_words
from ..problem_actions import Button
from ..widgets import theme
from . import marks

SHADOW_MARGIN = 24
"""Room for the shadow on every side."""
HEIGHT, HEIGHT_TWO_LINES = 40, 60
MIN_WIDTH, MAX_WIDTH, MAX_WIDTH_TWO_LINES, WIDTH_STEP = 64, 480, 520, 24
WAVEFORM_PADDING, ICON_PADDING, ICON_SIZE, GAP, END_PADDING = 16, 12, 20, 10, 16
LOCK_WIDTH, LOCK_GAP = 12, 8
BUTTON_HEIGHT, BUTTON_PADDING, ROUND_BUTTON_SIZE = 28, 12, 24
BEFORE_BUTTONS, BETWEEN_BUTTONS, AFTER_BUTTONS = 16, 8, 10
NAME_MAX_CHARS = 24, 16
"""Characters of a host or a model, where the words beside it need the room."""

STREAMING_KINDS: tuple[IndicatorKind, ...] = ("listening", "hands-free", "finishing")
WAVEFORM_KINDS: tuple[IndicatorKind, ...] = ("starting", "listening", "hands-free", "finishing")


@attrs.frozen
class ButtonBox:
    """A button's rectangle inside the pill."""

    button: Button | None
    """None: the round one that dismisses or finishes."""
    rect: QRectF


@attrs.frozen
class Layout:
    """Where everything is; the pill's corner is 0, 0."""

    view: IndicatorView
    width: float
    height: float
    icon_x: float
    text: QRectF
    button_boxes: tuple[ButtonBox, ...]
    mirrored: bool

    @property
    def two_lines(self) -> bool:
        return bool(self.view.detail)


def unscaled_font(role: str = "body") -> QFont:
    """The system's font, taken back to the size everything here is drawn for."""
    made = theme.font(role)
    made.setPixelSize(max(1, round(QFontInfo(made).pixelSize() / theme.text_scale())))
    return made


def compute_layout(
    view: IndicatorView, min_width: float = MIN_WIDTH, max_width: float = math.inf
) -> Layout:
    """Measures for a view; `least_width` keeps a growing pill from shrinking, `most_width` all
    of it on a screen that is small for the text.
    """
    layout = _compute_layout(view, min_width, max_width)
    if view.kind == "error":
        for shorter in _shorter_views(view):
            if _is_elided(layout):
                layout = _compute_layout(shorter, min_width, max_width)
    return layout


def _shorter_views(view: IndicatorView) -> Iterator[IndicatorView]:
    """What matters less than the words goes first: a second way to Settings, which the tray has
    as well, then the middle of long names.
    """
    if len(view.buttons) > 1:
        view = attrs.evolve(view, buttons=view.buttons[:1])
        yield view
    for most in NAME_MAX_CHARS:
        text, detail = shorten_words(view.text, most), shorten_words(view.detail, most)
        yield attrs.evolve(view, text=text, detail=detail)


def _compute_layout(view: IndicatorView, min_width: float, max_width: float) -> Layout:
    two = bool(view.detail)
    pad, lead = _icon_extent(view)
    wanted = _text_width(view)
    round_button = view.closable or view.has_stop_button
    widths = [_button_width(button) for button in view.buttons] + [ROUND_BUTTON_SIZE] * round_button
    tail = 0.0
    if widths:
        tail = BEFORE_BUTTONS + sum(widths) + BETWEEN_BUTTONS * (len(widths) - 1) + AFTER_BUTTONS
    end = tail or (END_PADDING if wanted else pad)
    fixed = pad + lead + (GAP if wanted else 0) + end
    width = fixed + wanted
    if view.kind in STREAMING_KINDS and wanted:
        width = math.ceil(width / WIDTH_STEP) * WIDTH_STEP
    most = min(MAX_WIDTH_TWO_LINES if two else MAX_WIDTH, max_width)
    width = float(round(min(most, max(MIN_WIDTH, min_width, width))))
    height = float(HEIGHT_TWO_LINES if two else HEIGHT)
    mirrored = is_right_to_left(view.detail or view.text)
    text_x, text_width = pad + lead + GAP, max(0.0, width - fixed if wanted else 0.0)
    x, rects = width - AFTER_BUTTONS, []
    for at in reversed(range(len(widths))):
        high = ROUND_BUTTON_SIZE if at >= len(view.buttons) else BUTTON_HEIGHT
        x -= widths[at]
        left = width - x - widths[at] if mirrored else x
        button = view.buttons[at] if at < len(view.buttons) else None
        rects.append(ButtonBox(button, QRectF(round(left), (height - high) / 2, widths[at], high)))
        x -= BETWEEN_BUTTONS
    return Layout(
        view,
        width,
        height,
        icon_x=width - pad - lead if mirrored else pad,
        text=QRectF(width - text_x - text_width if mirrored else text_x, 0, text_width, height),
        button_boxes=tuple(reversed(rects)),
        mirrored=mirrored,
    )


def _icon_extent(view: IndicatorView) -> tuple[float, float]:
    """Padding before and width of the leading mark."""
    if view.kind in WAVEFORM_KINDS:
        locked = LOCK_WIDTH + LOCK_GAP if view.kind == "hands-free" else 0
        return WAVEFORM_PADDING, marks.WAVEFORM_WIDTH + locked
    return (WAVEFORM_PADDING if view.detail else ICON_PADDING), ICON_SIZE


def _text_width(view: IndicatorView) -> float:
    role = "strong" if view.detail else "body"
    first = QFontMetricsF(unscaled_font(role)).horizontalAdvance(view.text)
    second = QFontMetricsF(unscaled_font()).horizontalAdvance(view.detail)
    return float(math.ceil(max(first, second)))


def _button_width(button: Button) -> float:
    metrics = QFontMetricsF(unscaled_font("strong"))
    return float(round(metrics.horizontalAdvance(button.label)) + 2 * BUTTON_PADDING)


def _is_elided(layout: Layout) -> bool:
    return _text_width(layout.view) > layout.text.width() + 1
