"""Where everything of the pill is. All is measured for 13 px text; who paints it scales it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import attrs
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QFontInfo, QFontMetricsF

from ..messages import Button, Kind, PillView, is_right_to_left, shortened
from ..widgets import theme
from . import marks

MARGIN = 24
"""Room for the shadow on every side."""
HEIGHT, HEIGHT_2 = 40, 60
LEAST, MOST, MOST_2, STEP = 64, 480, 520, 24
PAD_WAVE, PAD_MARK, MARK, GAP, PAD_END = 16, 12, 20, 10, 16
LOCK, LOCK_GAP = 12, 8
BUTTON_HEIGHT, BUTTON_PAD, ROUND = 28, 12, 24
BEFORE_BUTTONS, BETWEEN_BUTTONS, AFTER_BUTTONS = 16, 8, 10
MOST_OF_A_NAME = 24, 16
"""Characters of a host or a model, where the words beside it need the room."""

STREAMING: tuple[Kind, ...] = ("listening", "hands-free", "finishing")
WAVES: tuple[Kind, ...] = ("arming", "listening", "hands-free", "finishing")


@attrs.frozen
class Place:
    """A button's rectangle inside the pill."""

    button: Button | None
    """None: the round one that dismisses or finishes."""
    rect: QRectF


@attrs.frozen
class Layout:
    """Where everything is; the pill's corner is 0, 0."""

    view: PillView
    width: float
    height: float
    lead_x: float
    text: QRectF
    places: tuple[Place, ...]
    mirrored: bool

    @property
    def two_lines(self) -> bool:
        return bool(self.view.detail)


def base_font(role: str = "body") -> QFont:
    """The system's font, taken back to the size everything here is drawn for."""
    made = theme.font(role)
    made.setPixelSize(max(1, round(QFontInfo(made).pixelSize() / theme.text_scale())))
    return made


def lay_out(view: PillView, least_width: float = LEAST, most_width: float = math.inf) -> Layout:
    """Measures for a view; `least_width` keeps a growing pill from shrinking, `most_width` all
    of it on a screen that is small for the text.
    """
    layout = _lay_out(view, least_width, most_width)
    if view.kind == "error":
        for shorter in _shorter(view):
            if _elided(layout):
                layout = _lay_out(shorter, least_width, most_width)
    return layout


def _shorter(view: PillView) -> Iterator[PillView]:
    """What matters less than the words goes first: a second way to Settings, which the tray has
    as well, then the middle of long names.
    """
    if len(view.buttons) > 1:
        view = attrs.evolve(view, buttons=view.buttons[:1])
        yield view
    for most in MOST_OF_A_NAME:
        text, detail = shortened(view.text, most), shortened(view.detail, most)
        yield attrs.evolve(view, text=text, detail=detail)


def _lay_out(view: PillView, least_width: float, most_width: float) -> Layout:
    two = bool(view.detail)
    pad, lead = _lead(view)
    wanted = _text_width(view)
    round_button = view.closable or view.stop
    widths = [_button_width(button) for button in view.buttons] + [ROUND] * round_button
    tail = 0.0
    if widths:
        tail = BEFORE_BUTTONS + sum(widths) + BETWEEN_BUTTONS * (len(widths) - 1) + AFTER_BUTTONS
    end = tail or (PAD_END if wanted else pad)
    fixed = pad + lead + (GAP if wanted else 0) + end
    width = fixed + wanted
    if view.kind in STREAMING and wanted:
        width = math.ceil(width / STEP) * STEP
    most = min(MOST_2 if two else MOST, most_width)
    width = float(round(min(most, max(LEAST, least_width, width))))
    height = float(HEIGHT_2 if two else HEIGHT)
    mirrored = is_right_to_left(view.detail or view.text)
    text_x, text_width = pad + lead + GAP, max(0.0, width - fixed if wanted else 0.0)
    x, rects = width - AFTER_BUTTONS, []
    for at in reversed(range(len(widths))):
        high = ROUND if at >= len(view.buttons) else BUTTON_HEIGHT
        x -= widths[at]
        left = width - x - widths[at] if mirrored else x
        button = view.buttons[at] if at < len(view.buttons) else None
        rects.append(Place(button, QRectF(round(left), (height - high) / 2, widths[at], high)))
        x -= BETWEEN_BUTTONS
    return Layout(
        view,
        width,
        height,
        lead_x=width - pad - lead if mirrored else pad,
        text=QRectF(width - text_x - text_width if mirrored else text_x, 0, text_width, height),
        places=tuple(reversed(rects)),
        mirrored=mirrored,
    )


def _lead(view: PillView) -> tuple[float, float]:
    """Padding before and width of the leading mark."""
    if view.kind in WAVES:
        locked = LOCK + LOCK_GAP if view.kind == "hands-free" else 0
        return PAD_WAVE, marks.WAVE_WIDTH + locked
    return (PAD_WAVE if view.detail else PAD_MARK), MARK


def _text_width(view: PillView) -> float:
    role = "strong" if view.detail else "body"
    first = QFontMetricsF(base_font(role)).horizontalAdvance(view.text)
    second = QFontMetricsF(base_font()).horizontalAdvance(view.detail)
    return float(math.ceil(max(first, second)))


def _button_width(button: Button) -> float:
    metrics = QFontMetricsF(base_font("strong"))
    return float(round(metrics.horizontalAdvance(button.label)) + 2 * BUTTON_PAD)


def _elided(layout: Layout) -> bool:
    return _text_width(layout.view) > layout.text.width() + 1
