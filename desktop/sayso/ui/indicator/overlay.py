"""The pill on the screen: a window that never takes the focus.

Built once and hidden. At rest no timer runs; while it shows, one single-shot timer waits for
the next moment, and a frame timer runs only while something moves.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

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
from ...core.settings.endpoint import ON_DEVICE
from ...core.settings.settings import Settings
from ..actions import Actions
from ..bridge import Bridge
from ..messages import Does, Kind, PillView
from ..widgets import theme
from . import painting
from .animation import FRAME_MS, Transitions
from .buttons import PillButton, PillButtons
from .layout import LEAST, MARGIN, Layout, lay_out
from .marks import Motion
from .position import FROM_EDGE, Anchor, anchor, screen_at
from .timeline import Moments
from .waveform import Wave
from .window import PillWindow, outline

STILL_FRAME_MS = 250
RISE = 6
PULSE_MS = 1200
_MOVING: tuple[Kind, ...] = ("listening", "hands-free", "finishing")


@attrs.frozen(kw_only=True)
class Desk:
    """What the overlay has to know about the session; `system` tells."""

    composited: Callable[[], bool]
    """Whether windows may be translucent now. Takes a few ms."""
    focus_point: Callable[[], tuple[int, int] | None]
    """A point inside the focused window, in the server's pixels; None if unknown."""


def _now() -> float:
    return time.monotonic() * 1000


class Overlay(PillWindow):
    """Connect it with `follow`, or hand it statuses by its slots."""

    def __init__(self, actions: Actions, desk: Desk, clock: Callable[[], float] = _now) -> None:
        super().__init__()
        self._actions, self._desk, self._clock = actions, desk, clock
        self._moments, self._wave = Moments(), Wave()
        self._settings = Settings()
        self.scheme = theme.scheme()
        self._layout: Layout | None = None
        self._anchor: Anchor | None = None
        self._most_width = math.inf
        """What the screen has room for, in the layout's pixels."""
        self._way = Transitions()
        self._old: QPixmap | None = None
        """The pill before its contents changed, for the cross-fade."""
        self._buttons = PillButtons(self, self._do)
        self._next = QTimer(self)
        self._next.setSingleShot(True)
        self._next.timeout.connect(self._refresh)
        self._frames = QTimer(self)
        self._frames.timeout.connect(self._frame)
        self.create()  # the native window now, so that the first frame is quick

    def follow(self, bridge: Bridge) -> None:
        bridge.status.connect(self.show_status)
        bridge.level.connect(self.hear)
        bridge.settings.connect(self.use)

    @property
    def layout_shown(self) -> Layout | None:
        """What is on the screen now."""
        return self._layout

    @property
    def buttons(self) -> list[PillButton]:
        return list(self._buttons.shown)

    @property
    def busy(self) -> bool:
        """Whether any timer runs."""
        return self._next.isActive() or self._frames.isActive()

    @Slot(object)
    def use(self, settings: Settings) -> None:
        self._settings = settings
        self._moments.settings(settings)
        self._refresh()

    @Slot(object)
    def show_status(self, status: Status) -> None:
        topic = self._moments.topic
        self._moments.status(status, self._clock())
        if self._moments.topic == "listening" and topic != "listening":
            self._wave.reset()
        self._refresh()

    @Slot(float)
    def hear(self, dbfs: float) -> None:
        self._wave.hear(dbfs)
        self._moments.level(dbfs, self._clock())

    # What is shown

    @Slot()
    def _refresh(self) -> None:
        now = self._clock()
        if self._moments.expired(now):
            self._moments.close()
            self._actions.dismiss()
        view = self._moments.view(now)
        shown = self._layout.view if self._layout else None
        if view is None:
            if shown is not None:
                self._leave(now)
        elif view != shown or self._way.gone_ms:
            self._change(view, now)
        wait = self._moments.next_ms(now)
        if wait is None:
            self._next.stop()
        else:
            self._next.start(max(1, int(wait) + 1))

    def _change(self, view: PillView, now: float) -> None:
        before = None if self._way.gone_ms else self._layout
        self._way.gone_ms = 0.0
        same_kind = before is not None and before.view.kind == view.kind
        least = before.width if before and same_kind else LEAST
        if before is None:
            self._appear(now)
        layout = lay_out(view, least, self._most_width)
        if before is not None and not same_kind:
            self._old = self._picture(before) if self._way.fades else None
            self._way.change(now)
        if before is not None and before.width != layout.width:
            self._way.grow(now, before.width)
        self._layout = layout
        self._place_window()
        self._place_buttons()
        self.describe(view)
        if before is None:
            self.setWindowOpacity(0.0 if self._way.fades else 1.0)
            self.show()
            self.take_clicks(view.clickable, again=True)
        self.raise_()  # nobody keeps it on top for it
        self._run_frames(now)
        self.update()

    def _appear(self, now: float) -> None:
        """Everything that is decided once: place, colours, compositing, motion."""
        if (scheme := theme.scheme()) != self.scheme:
            self.scheme = scheme
            self._buttons.drop()
        still = theme.reduced_motion()
        self._way.appear(now, composited=self._desk.composited(), still=still)
        screen = screen_at(self._desk.focus_point(), QGuiApplication.screens(), QCursor.pos())
        if screen is not None:
            area = screen.availableGeometry()
            self._anchor = anchor(area, self._settings.pill == "top")
            self._most_width = (area.width() - 2 * FROM_EDGE) / theme.text_scale()
        self._old = None

    def _leave(self, now: float) -> None:
        if self._way.fades and not self._way.gone_ms:
            self._way.gone_ms = now
            self._run_frames(now)
        elif not self._way.gone_ms:
            self._vanish()

    def _vanish(self) -> None:
        self._frames.stop()
        self.hide()
        self._layout, self._old, self._way.gone_ms = None, None, 0.0
        self.announced = ""

    # Windows and buttons

    def _place_window(self) -> None:
        layout, scale = self._layout, theme.text_scale()
        if layout is None or self._anchor is None:
            return
        wide = max(layout.width, self._width_at(self._clock()))
        size = QSize(round(wide * scale), round(layout.height * scale))
        window = self._anchor.window(size)
        resized = self.size() != window.size()
        if self.geometry() != window:
            self.setGeometry(window)
        self.take_clicks(layout.view.clickable, again=resized)
        if self._way.composited:
            self.clearMask()
        else:
            self.setMask(outline(self.size(), self._corner(layout.width), layout))

    def _place_buttons(self) -> None:
        if self._layout:
            self._buttons.place(self._layout, self._corner(self._layout.width), self.scheme)

    def _corner(self, width: float) -> QPointF:
        """The pill's corner inside the window: it grows from its centre."""
        scale = theme.text_scale()
        return QPointF(round((self.width() - width * scale) / 2), round(MARGIN * scale))

    def _do(self, does: Does) -> None:
        actions = self._actions
        stays = does in ("finish", "cancel")
        if not stays:
            self._moments.close()
        acts: dict[str, Sequence[Callable[[], object]]] = {
            "finish": [actions.finish],
            "cancel": [actions.cancel],
            "try-again": [actions.try_again],
            "insert": [actions.insert_held],
            "copy": [actions.copy_words, actions.dismiss],
            "dismiss": [actions.dismiss],
            "history": [actions.open_history, actions.dismiss],
            "go-on": [actions.go_on],
            "use-computer": [
                lambda: actions.change("engine", ON_DEVICE),
                actions.try_again,
                actions.dismiss,
            ],
        }
        settings, _, page = does.partition(":")
        if settings == "settings":
            actions.open_settings(page)
        for act in acts.get(does, ()):
            act()
        self._refresh()

    # Motion

    def _run_frames(self, now: float) -> None:
        if self._moves(now):
            wanted = STILL_FRAME_MS if self._way.still else FRAME_MS
            if self._way.fades and self._passing(now):
                wanted = FRAME_MS // 2
            if not self._frames.isActive() or self._frames.interval() != wanted:
                self._frames.start(wanted)
        else:
            self._frames.stop()

    def _moves(self, now: float) -> bool:
        layout = self._layout
        return layout is not None and (layout.view.kind in _MOVING or self._passing(now))

    def _passing(self, now: float) -> bool:
        return self._way.passing(now) or self._old is not None

    @Slot()
    def _frame(self) -> None:
        now, way = self._clock(), self._way
        self._wave.step(now)
        if way.gone_ms:
            if (share := way.left(now)) <= 0:
                self._vanish()
                return
            self.setWindowOpacity(share)
        elif way.fades and self.windowOpacity() != (share := way.come(now)):
            self.setWindowOpacity(share)
        if self._old is not None and way.swapped(now) > 1:
            self._old = None
        if way.settle(now):
            self._place_window()
            self._place_buttons()
        self._run_frames(now)
        self.update()

    def _width_at(self, now: float) -> float:
        return self._way.width(now, self._layout.width) if self._layout else LEAST

    def _motion(self, now: float) -> Motion:
        still = self._way.still
        return Motion(
            levels=self._wave.bars(),
            fold=self._way.folded(now),
            pulse=0.0 if still else 0.5 - 0.5 * math.cos(2 * math.pi * now / PULSE_MS),
            still=still,
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        layout = self._layout
        if layout is None:
            return
        now, scale = self._clock(), theme.text_scale()
        painter = QPainter(self)
        drawn = attrs.evolve(layout, width=self._width_at(now))
        if self._way.fades:
            share = self._way.come(now)
            painter.translate(0, RISE * (1 - share) * (-1 if self._settings.pill == "top" else 1))
        painter.save()
        painter.translate(self._corner(drawn.width))
        painter.scale(scale, scale)
        painting.paint_body(painter, drawn, self.scheme, self._way.composited)
        painter.restore()
        swap = self._way.swapped(now) if self._old is not None else 1.0
        painter.translate(self._corner(layout.width))
        if self._old is not None and swap < 1 and layout.view.kind != "finishing":
            painter.setOpacity(1 - swap)
            x = (layout.width * scale - self._old.deviceIndependentSize().width()) / 2
            painter.drawPixmap(QPointF(x, 0), self._old)
            painter.setOpacity(swap)
        painter.scale(scale, scale)
        painter.setClipRect(QRectF(0, 0, layout.width, layout.height))
        painting.paint_content(painter, layout, self.scheme, self._motion(now))

    def _picture(self, layout: Layout) -> QPixmap:
        scale, ratio = theme.text_scale(), self.devicePixelRatioF()
        size = QSize(round(layout.width * scale * ratio), round(layout.height * scale * ratio))
        picture = QPixmap(size)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.scale(scale, scale)
        painting.paint_content(painter, layout, self.scheme, self._motion(self._clock()))
        painter.end()
        return picture

    # People

    def enterEvent(self, event: QEnterEvent) -> None:
        self._moments.hover(True, self._clock())
        self._refresh()

    def leaveEvent(self, event: QEvent) -> None:
        self._moments.hover(False, self._clock())
        self._refresh()
