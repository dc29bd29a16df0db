"""The pill's drawing and measures. Everything is laid out for 13 px text and scaled.

`Layout` says where things are, `paint` fills them; neither knows of windows or clocks.
"""

from __future__ import annotations

import math

import attrs
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontInfo,
    QFontMetricsF,
    QLinearGradient,
    QPainter,
    QPen,
)

from . import marks, theme
from .marks import Motion
from .theme import Scheme
from .views import Button, Kind, PillView, is_right_to_left

MARGIN = 24
"""Room for the shadow on every side."""
HEIGHT, HEIGHT_2 = 40, 60
LEAST, MOST, MOST_2, STEP = 64, 480, 520, 24
PAD_WAVE, PAD_MARK, MARK, GAP, PAD_END = 16, 12, 20, 10, 16
LOCK, LOCK_GAP = 12, 8
BUTTON_HEIGHT, BUTTON_PAD, ROUND = 28, 12, 24
BEFORE_BUTTONS, BETWEEN_BUTTONS, AFTER_BUTTONS = 16, 8, 10
FADE = 28

_STREAMING: tuple[Kind, ...] = ("listening", "hands-free", "finishing")
_WAVES: tuple[Kind, ...] = ("arming", "listening", "hands-free", "finishing")
_QUIET: tuple[Kind, ...] = ("arming", "finishing", "nothing")


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


def lay_out(view: PillView, least_width: float = LEAST) -> Layout:
    """Measures for a view; `least_width` keeps a growing pill from shrinking."""
    layout = _lay_out(view, least_width)
    if view.kind == "error" and len(view.buttons) > 1 and _elided(layout):
        # The words matter more than a second way to Settings, which the tray has as well.
        fewer = attrs.evolve(view, buttons=view.buttons[:1])
        layout = _lay_out(fewer, least_width)
    return layout


def _lay_out(view: PillView, least_width: float) -> Layout:
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
    if view.kind in _STREAMING and wanted:
        width = math.ceil(width / STEP) * STEP
    width = float(round(min(MOST_2 if two else MOST, max(LEAST, least_width, width))))
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


def paint(
    painter: QPainter, layout: Layout, scheme: Scheme, motion: Motion, *, shadow: bool
) -> None:
    """At the painter's origin; the shadow falls outside of width and height.

    Without a shadow the corners are filled too, for a window that is cut to the outline.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_body(painter, layout, scheme, shadow)
    paint_content(painter, layout, scheme, motion)


def paint_content(painter: QPainter, layout: Layout, scheme: Scheme, motion: Motion) -> None:
    """Mark and words, without body and buttons."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _paint_lead(painter, layout, scheme, motion)
    if layout.two_lines:
        _paint_two_lines(painter, layout, scheme)
    elif layout.view.text:
        _paint_line(painter, layout, scheme)


def paint_button(
    painter: QPainter, size: QRectF, button: Button, scheme: Scheme, *, down: bool, over: bool
) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    radius = size.height() / 2
    fill = scheme.voice if button.primary else scheme.raised
    if down or over:
        fill = theme.mix(fill, scheme.ink, 0.16 if down else 0.07)
    if button.primary:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(fill))
        painter.drawRoundedRect(size, radius, radius)
    else:
        painter.setPen(QPen(QColor(scheme.outline if down else scheme.line), 1))
        painter.setBrush(QColor(fill))
        painter.drawRoundedRect(size.adjusted(0.5, 0.5, -0.5, -0.5), radius - 0.5, radius - 0.5)
    painter.setPen(QColor(scheme.on_voice if button.primary else scheme.ink))
    painter.setFont(base_font("strong"))
    painter.drawText(size, Qt.AlignmentFlag.AlignCenter, button.label)


def paint_stop(painter: QPainter, scheme: Scheme, *, over: bool) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    fill = theme.mix(scheme.voice, scheme.ink, 0.07) if over else scheme.voice
    painter.setBrush(QColor(fill))
    painter.drawEllipse(QRectF(0, 0, ROUND, ROUND))
    painter.setBrush(QColor(scheme.on_voice))
    painter.drawRoundedRect(QRectF(8, 8, 8, 8), 1.5, 1.5)


def paint_close(painter: QPainter, scheme: Scheme, *, over: bool) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if over:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(scheme.ink, 0.08))
        painter.drawEllipse(QRectF(0, 0, ROUND, ROUND))
    painter.setPen(marks.pen(scheme.ink if over else scheme.ink2, 1.6))
    painter.drawLine(QPointF(8, 8), QPointF(16, 16))
    painter.drawLine(QPointF(16, 8), QPointF(8, 16))


def _lead(view: PillView) -> tuple[float, float]:
    """Padding before and width of the leading mark."""
    if view.kind in _WAVES:
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


def paint_body(painter: QPainter, layout: Layout, scheme: Scheme, shadow: bool) -> None:
    body = QRectF(0, 0, layout.width, layout.height)
    radius = theme.RADIUS_PILL
    painter.setPen(Qt.PenStyle.NoPen)
    if shadow and scheme.shadow_alpha:
        for reach in range(18, 0, -1):
            share = scheme.shadow_alpha / 255 * (1 - reach / 19) ** 2 * 0.22
            painter.setBrush(QColor.fromRgbF(0.04, 0.06, 0.05, share))
            painter.drawRoundedRect(
                body.adjusted(-reach, -reach + 4, reach, reach + 4), radius + reach, radius + reach
            )
    edges: dict[Kind, str] = {
        "held": scheme.amber,
        "error": scheme.red,
        "hands-free": scheme.voice,
    }
    usual = scheme.line if shadow or scheme.strong_edges else scheme.outline
    edge = edges.get(layout.view.kind, usual)
    width = 2.0 if scheme.strong_edges else 1.5 if layout.view.kind == "hands-free" else 1.0
    if not shadow:
        # The window is cut to a mask of whole pixels: what it leaves beside the body is edge.
        painter.fillRect(body, QColor(edge))
        painter.setBrush(QColor(scheme.surface))
        inner = radius - width
        painter.drawRoundedRect(body.adjusted(width, width, -width, -width), inner, inner)
        return
    inset = width / 2
    painter.setPen(QPen(QColor(edge), width))
    painter.setBrush(QColor(scheme.surface))
    painter.drawRoundedRect(
        body.adjusted(inset, inset, -inset, -inset), radius - inset, radius - inset
    )


def _paint_lead(painter: QPainter, layout: Layout, scheme: Scheme, motion: Motion) -> None:
    kind, x, middle = layout.view.kind, layout.lead_x, layout.height / 2
    if kind == "hands-free":
        marks.paint_lock(
            painter, x + (marks.WAVE_WIDTH + LOCK_GAP if layout.mirrored else 0), middle, scheme
        )
        x += 0 if layout.mirrored else LOCK + LOCK_GAP
    if kind == "finishing":
        if motion.fold < 1 and not motion.still:
            painter.save()
            painter.setOpacity(painter.opacity() * (1 - motion.fold))
            marks.paint_wave(painter, x, middle, scheme.voice, motion, kind)
            painter.restore()
        painter.save()
        painter.setOpacity(painter.opacity() * motion.fold)
        marks.paint_caret(painter, x + marks.WAVE_WIDTH / 2, middle, scheme, motion)
        painter.restore()
    elif kind in _WAVES:
        value = scheme.ink3 if kind == "arming" else scheme.voice
        marks.paint_wave(painter, x, middle, value, motion, kind)
    else:
        top = 12 if layout.two_lines else (layout.height - MARK) / 2
        painter.save()
        painter.translate(x, top)
        marks.MARKS[kind](painter, scheme)
        painter.restore()


def _alignment(layout: Layout) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if layout.mirrored else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _paint_two_lines(painter: QPainter, layout: Layout, scheme: Scheme) -> None:
    rows = (
        ("strong", 11, layout.view.text, scheme.ink),
        ("body", 30, layout.view.detail, scheme.ink2),
    )
    for role, top, text, value in rows:
        font = base_font(role)
        shown = QFontMetricsF(font).elidedText(
            text.replace("\n", " "), Qt.TextElideMode.ElideRight, layout.text.width() + 1
        )
        painter.setFont(font)
        painter.setPen(QColor(value))
        box = QRectF(layout.text.x(), top, layout.text.width() + 2, 20)
        painter.drawText(box, _alignment(layout) | Qt.TextFlag.TextSingleLine, shown)


def _paint_line(painter: QPainter, layout: Layout, scheme: Scheme) -> None:
    """One line; of words that arrive, the newest stay and the oldest fade."""
    view, box = layout.view, layout.text
    value = QColor(scheme.ink2 if view.kind in _QUIET else scheme.ink)
    text = view.text.replace("\n", " ")
    flags = _alignment(layout) | Qt.TextFlag.TextSingleLine
    font = base_font()
    needed = QFontMetricsF(font).horizontalAdvance(text)
    painter.setFont(font)
    if view.kind not in _STREAMING or needed <= box.width() + 1:
        shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, box.width() + 2)
        painter.setPen(value)
        painter.drawText(box.adjusted(0, 0, 2, 0), flags, shown)
        return
    painter.save()
    painter.setClipRect(box)
    painter.setPen(QPen(QBrush(_fading(box, value, layout.mirrored)), 1))
    left = box.left() if layout.mirrored else box.right() - needed - 2
    # Words are drawn from their end, so their box begins left of the clip (or ends right of it).
    wide = QRectF(left, 0, needed + 2, layout.height)
    painter.drawText(wide, flags, text)
    painter.restore()


def _fading(box: QRectF, value: QColor, mirrored: bool) -> QLinearGradient:
    clear = QColor(value)
    clear.setAlpha(0)
    start, end = (box.right(), box.left()) if mirrored else (box.left(), box.right())
    gradient = QLinearGradient(start, 0, end, 0)
    gradient.setColorAt(0, clear)
    gradient.setColorAt(min(1.0, FADE / max(1.0, box.width())), value)
    gradient.setColorAt(1, value)
    return gradient
