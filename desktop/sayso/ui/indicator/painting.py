"""The pill's drawing: fills a `Layout`, and knows of no windows or clocks."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFontMetricsF,
    QLinearGradient,
    QPainter,
    QPen,
)

from ..messages import IndicatorKind
from ..problem_actions import Button
from ..widgets import theme
from ..widgets.theme import Scheme
from . import marks
from .layout import (
    ICON_SIZE,
    LOCK_GAP,
    LOCK_WIDTH,
    ROUND_BUTTON_SIZE,
    STREAMING_KINDS,
    WAVEFORM_KINDS,
    Layout,
    unscaled_font,
)
from .marks import AnimationState

FADE_WIDTH = 28
_MUTED_KINDS: tuple[IndicatorKind, ...] = ("starting", "finishing", "nothing-heard")


def paint(
    painter: QPainter, layout: Layout, scheme: Scheme, motion: AnimationState, *, shadow: bool
) -> None:
    """At the painter's origin; the shadow falls outside of width and height.

    Without a shadow the corners are filled too, for a window that is cut to the outline.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_body(painter, layout, scheme, shadow)
    paint_content(painter, layout, scheme, motion)


def paint_content(
    painter: QPainter, layout: Layout, scheme: Scheme, motion: AnimationState
) -> None:
    """Mark and words, without body and buttons."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _paint_icon(painter, layout, scheme, motion)
    if layout.two_lines:
        _paint_two_lines(painter, layout, scheme)
    elif layout.view.text:
        _paint_line(painter, layout, scheme)


def paint_button(
    painter: QPainter, size: QRectF, button: Button, scheme: Scheme, *, pressed: bool, hovered: bool
) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    radius = size.height() / 2
    fill = scheme.accent if button.primary else scheme.button
    if pressed or hovered:
        fill = theme.mix(fill, scheme.text, 0.16 if pressed else 0.07)
    if button.primary:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(fill))
        painter.drawRoundedRect(size, radius, radius)
    else:
        painter.setPen(QPen(QColor(scheme.outline if pressed else scheme.divider), 1))
        painter.setBrush(QColor(fill))
        painter.drawRoundedRect(size.adjusted(0.5, 0.5, -0.5, -0.5), radius - 0.5, radius - 0.5)
    painter.setPen(QColor(scheme.on_accent if button.primary else scheme.text))
    painter.setFont(unscaled_font("strong"))
    painter.drawText(size, Qt.AlignmentFlag.AlignCenter, button.label)


def paint_stop(painter: QPainter, scheme: Scheme, *, hovered: bool) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    fill = theme.mix(scheme.accent, scheme.text, 0.07) if hovered else scheme.accent
    painter.setBrush(QColor(fill))
    painter.drawEllipse(QRectF(0, 0, ROUND_BUTTON_SIZE, ROUND_BUTTON_SIZE))
    painter.setBrush(QColor(scheme.on_accent))
    painter.drawRoundedRect(QRectF(8, 8, 8, 8), 1.5, 1.5)


def paint_close(painter: QPainter, scheme: Scheme, *, hovered: bool) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if hovered:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(scheme.text, 0.08))
        painter.drawEllipse(QRectF(0, 0, ROUND_BUTTON_SIZE, ROUND_BUTTON_SIZE))
    painter.setPen(marks.round_pen(scheme.text if hovered else scheme.secondary_text, 1.6))
    painter.drawLine(QPointF(8, 8), QPointF(16, 16))
    painter.drawLine(QPointF(16, 8), QPointF(8, 16))


def paint_body(painter: QPainter, layout: Layout, scheme: Scheme, shadow: bool) -> None:
    body = QRectF(0, 0, layout.width, layout.height)
    radius = theme.INDICATOR_RADIUS
    painter.setPen(Qt.PenStyle.NoPen)
    if shadow and scheme.shadow_alpha:
        for reach in range(18, 0, -1):
            share = scheme.shadow_alpha / 255 * (1 - reach / 19) ** 2 * 0.22
            painter.setBrush(QColor.fromRgbF(0.04, 0.06, 0.05, share))
            painter.drawRoundedRect(
                body.adjusted(-reach, -reach + 4, reach, reach + 4), radius + reach, radius + reach
            )
    edges: dict[IndicatorKind, str] = {
        "held": scheme.warning,
        "error": scheme.error,
        "hands-free": scheme.accent,
    }
    usual = scheme.divider if shadow or scheme.is_high_contrast else scheme.outline
    edge = edges.get(layout.view.kind, usual)
    width = 2.0 if scheme.is_high_contrast else 1.5 if layout.view.kind == "hands-free" else 1.0
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


def _paint_icon(painter: QPainter, layout: Layout, scheme: Scheme, motion: AnimationState) -> None:
    kind, x, middle = layout.view.kind, layout.icon_x, layout.height / 2
    if kind == "hands-free":
        marks.paint_lock(
            painter, x + (marks.WAVEFORM_WIDTH + LOCK_GAP if layout.mirrored else 0), middle, scheme
        )
        x += 0 if layout.mirrored else LOCK_WIDTH + LOCK_GAP
    if kind == "finishing":
        if motion.collapse < 1 and not motion.reduced_motion:
            painter.save()
            painter.setOpacity(painter.opacity() * (1 - motion.collapse))
            marks.paint_waveform(painter, x, middle, scheme.accent, motion, kind)
            painter.restore()
        painter.save()
        painter.setOpacity(painter.opacity() * motion.collapse)
        marks.paint_caret(painter, x + marks.WAVEFORM_WIDTH / 2, middle, scheme, motion)
        painter.restore()
    elif kind in WAVEFORM_KINDS:
        value = scheme.disabled_text if kind == "starting" else scheme.accent
        marks.paint_waveform(painter, x, middle, value, motion, kind)
    else:
        top = 12 if layout.two_lines else (layout.height - ICON_SIZE) / 2
        painter.save()
        painter.translate(x, top)
        marks.ICON_PAINTERS[kind](painter, scheme)
        painter.restore()


def _alignment(layout: Layout) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if layout.mirrored else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _paint_two_lines(painter: QPainter, layout: Layout, scheme: Scheme) -> None:
    rows = (
        ("strong", 11, layout.view.text, scheme.text),
        ("body", 30, layout.view.detail, scheme.secondary_text),
    )
    for role, top, text, value in rows:
        font = unscaled_font(role)
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
    value = QColor(scheme.secondary_text if view.kind in _MUTED_KINDS else scheme.text)
    text = view.text.replace("\n", " ")
    flags = _alignment(layout) | Qt.TextFlag.TextSingleLine
    font = unscaled_font()
    needed = QFontMetricsF(font).horizontalAdvance(text)
    painter.setFont(font)
    if view.kind not in STREAMING_KINDS or needed <= box.width() + 1:
        shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, box.width() + 2)
        painter.setPen(value)
        painter.drawText(box.adjusted(0, 0, 2, 0), flags, shown)
        return
    painter.save()
    painter.setClipRect(box)
    painter.setPen(QPen(QBrush(_fade_gradient(box, value, layout.mirrored)), 1))
    left = box.left() if layout.mirrored else box.right() - needed - 2
    # Words are drawn from their end, so their box begins left of the clip (or ends right of it).
    wide = QRectF(left, 0, needed + 2, layout.height)
    painter.drawText(wide, flags, text)
    painter.restore()


def _fade_gradient(box: QRectF, value: QColor, mirrored: bool) -> QLinearGradient:
    clear = QColor(value)
    clear.setAlpha(0)
    start, end = (box.right(), box.left()) if mirrored else (box.left(), box.right())
    gradient = QLinearGradient(start, 0, end, 0)
    gradient.setColorAt(0, clear)
    gradient.setColorAt(min(1.0, FADE_WIDTH / max(1.0, box.width())), value)
    gradient.setColorAt(1, value)
    return gradient
