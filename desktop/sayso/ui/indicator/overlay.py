"""The pill on the screen: a window that never takes the focus.

Built once and hidden. At rest no timer runs; while it shows, one single-shot timer waits for
the next moment, and a frame timer runs only while something moves.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import attrs
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Slot
from PySide6.QtGui import (
    QCursor,
    QEnterEvent,
    QGuiApplication,
    QPainter,
    QPaintEvent,
    QPixmap,
)

from ...core.dictation.status import Status
from ...core.settings.settings import Settings
from ..actions import Actions
from ..bridge import Bridge
from ..messages import IndicatorKind, IndicatorView
from ..problem_actions import ButtonAction, perform
from ..widgets import theme
from . import painting
from .animation import FRAME_MS, Animation
from .buttons import ButtonRow, IndicatorButton
from .layout import MIN_WIDTH, SHADOW_MARGIN, Layout, compute_layout
from .marks import AnimationState
from .position import EDGE_MARGIN, Anchor, anchor_in, screen_at
from .timeline import OverlayTimeline
from .waveform import Waveform
from .window import IndicatorWindow, rounded_region

REDUCED_MOTION_FRAME_MS = 250
RISE_PX = 6
PULSE_MS = 1200
_ANIMATED_KINDS: tuple[IndicatorKind, ...] = ("listening", "hands-free", "finishing")


@attrs.frozen(kw_only=True)
class Desk:
    """What the overlay has to know about the session; `system` tells."""

    composited: Callable[[], bool]
    """Whether windows may be translucent now. Takes a few ms."""
    focus_point: Callable[[], tuple[int, int] | None]
    """A point inside the focused window, in the server's pixels; None if unknown."""


def _monotonic_ms() -> float:
    return time.monotonic() * 1000


class Overlay(IndicatorWindow):
    """Connect it with `follow`, or hand it statuses by its slots."""

    def __init__(
        self, actions: Actions, desk: Desk, clock: Callable[[], float] = _monotonic_ms
    ) -> None:
        super().__init__()
        self._actions, self._desk, self._clock = actions, desk, clock
        self._timeline, self._waveform = OverlayTimeline(), Waveform()
        self._settings = Settings()
        self.scheme = theme.scheme()
        self._layout: Layout | None = None
        self._anchor: Anchor | None = None
        self._max_width = math.inf
        """What the screen has room for, in the layout's pixels."""
        self._animation = Animation()
        self._previous_contents: QPixmap | None = None
        """The pill before its contents changed, for the cross-fade."""
        self._buttons = ButtonRow(self, self._perform)
        self._refresh_timer = QTimer(self)
        self._refresh_timer.setSingleShot(True)
        self._refresh_timer.timeout.connect(self._refresh)
        self._frame_timer = QTimer(self)
        self._frame_timer.timeout.connect(self._on_frame)
        self.create()  # the native window now, so that the first frame is quick

    def connect_to(self, bridge: Bridge) -> None:
        bridge.status_changed.connect(self.on_status)
        bridge.level_measured.connect(self.on_level)
        bridge.settings_changed.connect(self.on_settings)

    @property
    def current_layout(self) -> Layout | None:
        """What is on the screen now."""
        return self._layout

    @property
    def buttons(self) -> list[IndicatorButton]:
        return list(self._buttons.buttons)

    @property
    def timers_active(self) -> bool:
        """Whether any timer runs."""
        return self._refresh_timer.isActive() or self._frame_timer.isActive()

    @Slot(object)
    def on_settings(self, settings: Settings) -> None:
        self._settings = settings
        self._timeline.on_settings(settings)
        self._refresh()

    @Slot(object)
    def on_status(self, status: Status) -> None:
        topic = self._timeline.state
        self._timeline.on_status(status, self._clock())
        if self._timeline.state == "listening" and topic != "listening":
            self._waveform.reset()
        self._refresh()

    @Slot(float)
    def on_level(self, dbfs: float) -> None:
        self._waveform.add_level(dbfs)
        self._timeline.on_level(dbfs, self._clock())

    # What is shown

    @Slot()
    def _refresh(self) -> None:
        now = self._clock()
        if self._timeline.question_expired(now):
            self._timeline.close()
            perform("dismiss", self._actions)
        view = self._timeline.view(now)
        shown = self._layout.view if self._layout else None
        if view is None:
            if shown is not None:
                self._start_hiding(now)
        elif view != shown or self._animation.hiding_since_ms:
            self._show_view(view, now)
        wait = self._timeline.ms_until_change(now)
        if wait is None:
            self._refresh_timer.stop()
        else:
            self._refresh_timer.start(max(1, int(wait) + 1))

    def _show_view(self, view: IndicatorView, now: float) -> None:
        before = None if self._animation.hiding_since_ms else self._layout
        self._animation.hiding_since_ms = 0.0
        same_kind = before is not None and before.view.kind == view.kind
        least = before.width if before and same_kind else MIN_WIDTH
        if before is None:
            self._prepare_to_show(now)
        layout = compute_layout(view, least, self._max_width)
        if before is not None and not same_kind:
            self._previous_contents = (
                self._render_contents(before) if self._animation.fades else None
            )
            self._animation.start_cross_fade(now)
        if before is not None and before.width != layout.width:
            self._animation.start_resize(now, before.width)
        self._layout = layout
        self._place_window()
        self._place_buttons()
        self.update_accessibility(view)
        if before is None:
            self.setWindowOpacity(0.0 if self._animation.fades else 1.0)
            self.show()
            self.accept_clicks(view.clickable, force=True)
        self.raise_()  # nobody keeps it on top for it
        self._update_frame_timer(now)
        self.update()

    def _prepare_to_show(self, now: float) -> None:
        """Everything that is decided once: place, colours, compositing, motion."""
        if (scheme := theme.scheme()) != self.scheme:
            self.scheme = scheme
            self._buttons.clear()
        still = theme.reduced_motion()
        self._animation.start(now, composited=self._desk.composited(), reduced_motion=still)
        screen = screen_at(self._desk.focus_point(), QGuiApplication.screens(), QCursor.pos())
        if screen is not None:
            area = screen.availableGeometry()
            self._anchor = anchor_in(area, self._settings.pill == "top")
            self._max_width = (area.width() - 2 * EDGE_MARGIN) / theme.text_scale()
        self._previous_contents = None

    def _start_hiding(self, now: float) -> None:
        if self._animation.fades and not self._animation.hiding_since_ms:
            self._animation.hiding_since_ms = now
            self._update_frame_timer(now)
        elif not self._animation.hiding_since_ms:
            self._hide_now()

    def _hide_now(self) -> None:
        self._frame_timer.stop()
        self.hide()
        self._layout, self._previous_contents, self._animation.hiding_since_ms = None, None, 0.0
        self.last_announcement = ""

    # Windows and buttons

    def _place_window(self) -> None:
        layout, scale = self._layout, theme.text_scale()
        if layout is None or self._anchor is None:
            return
        wide = max(layout.width, self._current_width(self._clock()))
        size = QSize(round(wide * scale), round(layout.height * scale))
        window = self._anchor.window_rect(size)
        resized = self.size() != window.size()
        if self.geometry() != window:
            self.setGeometry(window)
        self.accept_clicks(layout.view.clickable, force=resized)
        if self._animation.composited:
            self.clearMask()
        else:
            self.setMask(rounded_region(self.size(), self._body_position(layout.width), layout))

    def _place_buttons(self) -> None:
        if self._layout:
            self._buttons.place(self._layout, self._body_position(self._layout.width), self.scheme)

    def _body_position(self, width: float) -> QPointF:
        """The pill's corner inside the window: it grows from its centre."""
        scale = theme.text_scale()
        return QPointF(round((self.width() - width * scale) / 2), round(SHADOW_MARGIN * scale))

    def _perform(self, action: ButtonAction) -> None:
        if action not in ("finish", "cancel"):
            self._timeline.close()
        perform(action, self._actions)
        self._refresh()

    # Motion

    def _update_frame_timer(self, now: float) -> None:
        if self._is_animated(now):
            wanted = REDUCED_MOTION_FRAME_MS if self._animation.reduced_motion else FRAME_MS
            if self._animation.fades and self._in_transition(now):
                wanted = FRAME_MS // 2
            if not self._frame_timer.isActive() or self._frame_timer.interval() != wanted:
                self._frame_timer.start(wanted)
        else:
            self._frame_timer.stop()

    def _is_animated(self, now: float) -> bool:
        layout = self._layout
        return layout is not None and (
            layout.view.kind in _ANIMATED_KINDS or self._in_transition(now)
        )

    def _in_transition(self, now: float) -> bool:
        return self._animation.running(now) or self._previous_contents is not None

    @Slot()
    def _on_frame(self) -> None:
        now, way = self._clock(), self._animation
        self._waveform.advance(now)
        if way.hiding_since_ms:
            if (share := way.fade_out(now)) <= 0:
                self._hide_now()
                return
            self.setWindowOpacity(share)
        elif way.fades and self.windowOpacity() != (share := way.fade_in(now)):
            self.setWindowOpacity(share)
        if self._previous_contents is not None and way.cross_fade(now) > 1:
            self._previous_contents = None
        if way.resize_finished(now):
            self._place_window()
            self._place_buttons()
        self._update_frame_timer(now)
        self.update()

    def _current_width(self, now: float) -> float:
        return self._animation.width(now, self._layout.width) if self._layout else MIN_WIDTH

    def _animation_state(self, now: float) -> AnimationState:
        still = self._animation.reduced_motion
        return AnimationState(
            levels=self._waveform.bars(),
            collapse=self._animation.collapse(now),
            pulse=0.0 if still else 0.5 - 0.5 * math.cos(2 * math.pi * now / PULSE_MS),
            reduced_motion=still,
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        layout = self._layout
        if layout is None:
            return
        now, scale = self._clock(), theme.text_scale()
        painter = QPainter(self)
        drawn = attrs.evolve(layout, width=self._current_width(now))
        if self._animation.fades:
            share = self._animation.fade_in(now)
            painter.translate(
                0, RISE_PX * (1 - share) * (-1 if self._settings.pill == "top" else 1)
            )
        painter.save()
        painter.translate(self._body_position(drawn.width))
        painter.scale(scale, scale)
        painting.paint_body(painter, drawn, self.scheme, self._animation.composited)
        painter.restore()
        swap = self._animation.cross_fade(now) if self._previous_contents is not None else 1.0
        painter.translate(self._body_position(layout.width))
        if self._previous_contents is not None and swap < 1 and layout.view.kind != "finishing":
            painter.setOpacity(1 - swap)
            x = (layout.width * scale - self._previous_contents.deviceIndependentSize().width()) / 2
            painter.drawPixmap(QPointF(x, 0), self._previous_contents)
            painter.setOpacity(swap)
        painter.scale(scale, scale)
        painter.setClipRect(QRectF(0, 0, layout.width, layout.height))
        painting.paint_content(painter, layout, self.scheme, self._animation_state(now))

    def _render_contents(self, layout: Layout) -> QPixmap:
        scale, ratio = theme.text_scale(), self.devicePixelRatioF()
        size = QSize(round(layout.width * scale * ratio), round(layout.height * scale * ratio))
        picture = QPixmap(size)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.scale(scale, scale)
        painting.paint_content(painter, layout, self.scheme, self._animation_state(self._clock()))
        painter.end()
        return picture

    # People

    def enterEvent(self, event: QEnterEvent) -> None:
        self._timeline.on_hover(True, self._clock())
        self._refresh()

    def leaveEvent(self, event: QEvent) -> None:
        self._timeline.on_hover(False, self._clock())
        self._refresh()
