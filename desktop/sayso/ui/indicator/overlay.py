"""The recording indicator on the screen: shows the views of `OverlayTimeline`, with animations.

It is created once and then hidden. No timer runs while it is hidden.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QAbstractAnimation,
    QEasingCurve,
    QEvent,
    QPoint,
    QPropertyAnimation,
    QRect,
    QSize,
    Qt,
    QTimer,
    QVariantAnimation,
    Slot,
)
from PySide6.QtGui import QCursor, QEnterEvent, QGuiApplication, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget

from ...core.dictation.status import Status
from ...core.settings.settings import Settings
from ..actions import Actions
from ..bridge import Bridge
from ..messages import IndicatorKind, IndicatorView
from ..problem_actions import ButtonAction, perform
from ..widgets import theme
from ..widgets.sizing import scaled
from .body import IndicatorBody, paint_shadow
from .status_icon import AnimationState
from .timeline import OverlayTimeline
from .waveform import Waveform
from .window import EDGE_MARGIN, IndicatorWindow, rounded_region, screen_at, window_rect

if TYPE_CHECKING:
    from ...system.protocols import Screen

SHADOW_MARGIN = 24
FRAME_MS, REDUCED_MOTION_FRAME_MS = 33, 250
RISE_PX = 6
PULSE_MS = 1200
_ANIMATED_KINDS: tuple[IndicatorKind, ...] = ("listening", "hands-free", "finishing")


def _monotonic_ms() -> float:
    return time.monotonic() * 1000


class Snapshot(QWidget):
    """Picture of the previous contents, which fades out above the new ones."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._pixmap = QPixmap()
        self.fade = QVariantAnimation(self, duration=theme.CROSS_FADE_MS)
        self.fade.setStartValue(1.0)
        self.fade.setEndValue(0.0)
        self.fade.valueChanged.connect(self.update)
        self.fade.finished.connect(self.hide)
        self.hide()

    def start(self, widget: QWidget) -> None:
        ratio = self.devicePixelRatioF()
        self._pixmap = QPixmap(widget.size() * ratio)
        self._pixmap.setDevicePixelRatio(ratio)
        self._pixmap.fill(Qt.GlobalColor.transparent)
        widget.render(self._pixmap, renderFlags=QWidget.RenderFlag.DrawChildren)
        self.resize(widget.size())
        self.show()
        self.fade.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setOpacity(self.fade.currentValue())
        painter.drawPixmap(0, 0, self._pixmap)


class Overlay(IndicatorWindow):
    def __init__(
        self, actions: Actions, screen: Screen, clock: Callable[[], float] = _monotonic_ms
    ) -> None:
        super().__init__()
        self._actions, self._screen, self._clock = actions, screen, clock
        self._timeline, self._waveform = OverlayTimeline(), Waveform()
        self._settings = Settings()
        self.view: IndicatorView | None = None
        self._work_area, self._body_size = QRect(), QSize()
        self._reduced_motion, self._fades = False, False
        self._finishing_since = -math.inf
        self._text_scale = theme.text_scale()
        self.body = IndicatorBody(self, theme.scheme(), self._perform)
        self._snapshot = Snapshot(self)
        self._refresh_timer = QTimer(self)
        self._refresh_timer.setSingleShot(True)
        self._refresh_timer.timeout.connect(self._refresh)
        self._frame_timer = QTimer(self)
        self._frame_timer.timeout.connect(self._on_frame)
        self._fade = QPropertyAnimation(self, b"windowOpacity", self)
        self._fade.finished.connect(self._on_faded)
        self._move = QPropertyAnimation(self.body, b"geometry", self)
        self._move.valueChanged.connect(self.update)
        self._move.finished.connect(self._place_window)
        self.create()  # creates the native window now, so that the first frame is quick

    def connect_to(self, bridge: Bridge) -> None:
        bridge.status_changed.connect(self.on_status)
        bridge.level_measured.connect(self.on_level)
        bridge.settings_changed.connect(self.on_settings)

    @property
    def timers_active(self) -> bool:
        """True if a timer or an animation runs."""
        running = QAbstractAnimation.State.Running
        animations = (self._fade, self._move, self._snapshot.fade)
        timers = (self._refresh_timer, self._frame_timer)
        return any(a.state() == running for a in animations) or any(t.isActive() for t in timers)

    @Slot(object)
    def on_settings(self, settings: Settings) -> None:
        self._settings = settings
        self._timeline.on_settings(settings)
        self._refresh()

    @Slot(object)
    def on_status(self, status: Status) -> None:
        previous = self._timeline.state
        self._timeline.on_status(status, self._clock())
        if self._timeline.state == "listening" and previous != "listening":
            self._waveform.reset()
        self._refresh()

    @Slot(float)
    def on_level(self, dbfs: float) -> None:
        self._waveform.add_level(dbfs)
        self._timeline.on_level(dbfs, self._clock())

    def _perform(self, action: ButtonAction) -> None:
        if action not in ("finish", "cancel"):
            self._timeline.close()
        perform(action, self._actions)
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        now = self._clock()
        if self._timeline.question_expired(now):
            self._timeline.close()
            perform("dismiss", self._actions)
        view = self._timeline.view(now)
        if view is None:
            if self.view is not None:
                self._start_hiding()
        elif view != self.view:
            self._show_view(view, now)
        wait = self._timeline.ms_until_change(now)
        if wait is None:
            self._refresh_timer.stop()
        else:
            self._refresh_timer.start(max(1, int(wait) + 1))

    def _show_view(self, view: IndicatorView, now: float) -> None:
        previous, self.view = self.view, view
        if previous is None:
            self._prepare_to_show()
        same_kind = previous is not None and previous.kind == view.kind
        if not same_kind:
            self._finishing_since = now if previous else -math.inf
            if previous and self._fades and view.kind != "finishing":
                self._snapshot.start(self.body)
        self._move.stop()
        start, min_width = self.body.geometry(), self._body_size.width() if same_kind else 0
        max_width = self._work_area.width() - 2 * EDGE_MARGIN
        start.translate(self.pos())
        self._body_size = self.body.fit(view, min_width, max_width)
        self._place_window(start.width() if self._fades and previous else 0)
        self._snapshot.move(start.topLeft() - self.pos())
        if self._fades:
            end = self.body.geometry()
            if previous is None:
                rise = -RISE_PX if self._settings.pill == "top" else RISE_PX
                _animate(self._move, end.translated(0, rise), end, theme.FADE_IN_MS)
            elif start.width() != end.width():
                left = QPoint(start.x() - self.x(), end.y())
                start = QRect(left, QSize(start.width(), end.height()))
                _animate(self._move, start, end, theme.RESIZE_MS)
        self.update_accessibility(view)
        if previous is None:
            self.setWindowOpacity(0.0 if self._fades else 1.0)
            self.show()
            self.accept_clicks(view.clickable, force=True)
            if self._fades:
                _animate(self._fade, 0.0, 1.0, theme.FADE_IN_MS)
        self.raise_()  # a window that bypasses the window manager is not kept on top
        self._on_frame()
        if view.kind in _ANIMATED_KINDS:
            self._frame_timer.start(REDUCED_MOTION_FRAME_MS if self._reduced_motion else FRAME_MS)
        else:
            self._frame_timer.stop()
        self.update()

    def _prepare_to_show(self) -> None:
        scheme, text_scale = theme.scheme(), theme.text_scale()
        if (scheme, text_scale) != (self.body.scheme, self._text_scale):
            self.body.deleteLater()
            self.body, self._text_scale = IndicatorBody(self, scheme, self._perform), text_scale
            self.body.show()
            self._snapshot.raise_()
            self._move.setTargetObject(self.body)
        composited, self._reduced_motion = self._screen.composited(), theme.reduced_motion()
        self._fades = composited and not self._reduced_motion
        self.body.is_masked = not composited
        point = self._screen.focus_point()
        if screen := screen_at(point, QGuiApplication.screens(), QCursor.pos()):
            self._work_area = screen.availableGeometry()
        self._snapshot.hide()

    @Slot()
    def _place_window(self, min_width: int = 0) -> None:
        if self.view is None:
            return
        size = self._body_size.expandedTo(QSize(min_width, 0))
        margin, at_top = scaled(SHADOW_MARGIN), self._settings.pill == "top"
        window = window_rect(self._work_area, size, margin, at_top)
        resized = self.size() != window.size()
        if self.geometry() != window:
            self.setGeometry(window)
        self.accept_clicks(self.view.clickable, force=resized)
        left = (self.width() - self._body_size.width()) // 2
        self.body.setGeometry(QRect(QPoint(left, margin), self._body_size))
        if self.body.is_masked:
            self.setMask(rounded_region(self.size(), self.body.geometry()))
        else:
            self.clearMask()

    # Animations

    def _start_hiding(self) -> None:
        self.view = None
        self.last_announcement = ""
        self._frame_timer.stop()
        if self._fades:
            curve = QEasingCurve.Type.InCubic
            _animate(self._fade, self.windowOpacity(), 0.0, theme.FADE_OUT_MS, curve)
        else:
            self.hide()

    @Slot()
    def _on_faded(self) -> None:
        if self.view is None:
            self._move.stop()
            self._snapshot.fade.stop()
            self.hide()

    @Slot()
    def _on_frame(self) -> None:
        now, still = self._clock(), self._reduced_motion
        self._waveform.advance(now)
        collapse = min(1.0, (now - self._finishing_since) / theme.RESIZE_MS)
        pulse = 0.5 - 0.5 * math.cos(2 * math.pi * now / PULSE_MS)
        if still:
            collapse, pulse = 1.0, 0.0
        self.body.icon.animate(AnimationState(self._waveform.bars(), collapse, pulse, still))

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.body.is_masked:
            paint_shadow(QPainter(self), self.body.geometry(), self.body.scheme)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._timeline.on_hover(True, self._clock())
        self._refresh()

    def leaveEvent(self, event: QEvent) -> None:
        self._timeline.on_hover(False, self._clock())
        self._refresh()


def _animate(
    animation: QPropertyAnimation, start: object, end: object, duration_ms: int,
    curve: QEasingCurve.Type = QEasingCurve.Type.OutCubic,
) -> None:  # fmt: skip
    animation.stop()
    animation.targetObject().setProperty(animation.propertyName().toStdString(), start)
    animation.setStartValue(start)
    animation.setEndValue(end)
    animation.setDuration(duration_ms)
    animation.setEasingCurve(curve)
    animation.start()
