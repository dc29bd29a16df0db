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
    QAccessible,
    QAccessibleAnnouncementEvent,
    QBitmap,
    QCursor,
    QEnterEvent,
    QGuiApplication,
    QPainter,
    QPaintEvent,
    QPixmap,
    QRegion,
)
from PySide6.QtWidgets import QWidget

from ..core.endpoint import ON_DEVICE
from ..core.settings import Settings
from ..core.status import Status
from . import pill, theme
from .actions import Actions
from .bridge import Bridge
from .marks import Motion
from .moments import Moments
from .pill import Layout
from .pill_button import CLOSE, STOP, PillButton
from .place import Anchor, anchor, screen_at
from .views import Does, Kind, PillView
from .wave import Wave

FRAME_MS, STILL_FRAME_MS = 33, 250
RISE = 6
PULSE_MS = 1200
_MOVING: tuple[Kind, ...] = ("listening", "hands-free", "finishing")
# X11 window managers list a tool window in some taskbars and move it late: as tooltips do, the
# pill does without them.
_FLAGS = (
    Qt.WindowType.Tool
    | Qt.WindowType.FramelessWindowHint
    | Qt.WindowType.WindowStaysOnTopHint
    | Qt.WindowType.WindowDoesNotAcceptFocus
    | Qt.WindowType.X11BypassWindowManagerHint
)


@attrs.frozen(kw_only=True)
class Desk:
    """What the overlay has to know about the session; `system` tells."""

    composited: Callable[[], bool]
    """Whether windows may be translucent now. Takes a few ms."""
    focus_point: Callable[[], tuple[int, int] | None]
    """A point inside the focused window, in the server's pixels; None if unknown."""


def _now() -> float:
    return time.monotonic() * 1000


class Overlay(QWidget):
    """Connect it with `follow`, or hand it statuses by its slots."""

    def __init__(self, actions: Actions, desk: Desk, clock: Callable[[], float] = _now) -> None:
        super().__init__(None, _FLAGS)
        self._actions, self._desk, self._clock = actions, desk, clock
        self._moments, self._wave = Moments(), Wave()
        self._settings = Settings()
        self.scheme = theme.scheme()
        self._layout: Layout | None = None
        self._anchor: Anchor | None = None
        self._composited = True
        self._shown_ms = self._gone_ms = self._changed_ms = self._grew_ms = 0.0
        self._grew_from = 0.0
        self._old: QPixmap | None = None
        """The pill before its contents changed, for the cross-fade."""
        self._buttons: list[PillButton] = []
        self._announced = ""
        self._still = False
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_MacAlwaysShowToolWindow)
        self.setAttribute(Qt.WidgetAttribute.WA_X11DoNotAcceptFocus)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWindowTitle("Sayso")
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
        return list(self._buttons)

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
        elif view != shown or self._gone_ms:
            self._change(view, now)
        wait = self._moments.next_ms(now)
        if wait is None:
            self._next.stop()
        else:
            self._next.start(max(1, int(wait) + 1))

    def _change(self, view: PillView, now: float) -> None:
        before = None if self._gone_ms else self._layout
        self._gone_ms = 0.0
        same_kind = before is not None and before.view.kind == view.kind
        least = before.width if before and same_kind else pill.LEAST
        layout = pill.lay_out(view, least)
        if before is None:
            self._appear(now)
        elif not same_kind:
            self._old = self._picture(before) if self._composited and not self._still else None
            self._changed_ms = now
        if before is not None and before.width != layout.width:
            self._grew_from, self._grew_ms = self._width_at(now), now
        self._layout = layout
        self._place_window()
        self._place_buttons()
        self._describe(view)
        if before is None:
            self.setWindowOpacity(0.0 if self._fades else 1.0)
            self.show()
            self._take_clicks(view.clickable, again=True)
        self.raise_()  # nobody keeps it on top for it
        self._run_frames(now)
        self.update()

    def _appear(self, now: float) -> None:
        """Everything that is decided once: place, colours, compositing, motion."""
        if (scheme := theme.scheme()) != self.scheme:
            self.scheme = scheme
            self._drop_buttons()
        self._still = theme.reduced_motion()
        self._composited = self._desk.composited()
        screen = screen_at(self._desk.focus_point(), QGuiApplication.screens(), QCursor.pos())
        if screen is not None:
            self._anchor = anchor(screen.availableGeometry(), self._settings.pill == "top")
        self._shown_ms = now
        self._grew_ms = self._changed_ms = 0.0
        self._old = None

    def _leave(self, now: float) -> None:
        if self._fades and not self._gone_ms:
            self._gone_ms = now
            self._run_frames(now)
        elif not self._gone_ms:
            self._vanish()

    def _vanish(self) -> None:
        self._frames.stop()
        self.hide()
        self._layout, self._old, self._gone_ms = None, None, 0.0
        self._announced = ""

    @property
    def _fades(self) -> bool:
        return self._composited and not self._still

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
        self._take_clicks(layout.view.clickable, again=resized)
        if self._composited:
            self.clearMask()
        else:
            self.setMask(self._outline(layout))

    def _take_clicks(self, wanted: bool, again: bool) -> None:
        """Without buttons, clicks go through to what is below.

        `again`: say it anew although nothing changed. Qt's X11 window takes clicks in the size
        it had when the flag was dropped, and a window manager that puts a frame around the
        window hears of it only once the window is mapped.
        """
        flag, handle = Qt.WindowType.WindowTransparentForInput, self.windowHandle()
        takes = not bool(handle.flags() & flag)
        if takes == wanted and not again:
            return
        handle.setFlag(flag, wanted)
        handle.setFlag(flag, not wanted)
        self.overrideWindowFlags(handle.flags())

    def _outline(self, layout: Layout) -> QRegion:
        """Without compositing a window has hard edges: cut it to the rounded rectangle."""
        scale = theme.text_scale()
        bits = QBitmap(self.size())
        bits.clear()
        painter = QPainter(bits)
        painter.setBrush(Qt.GlobalColor.color1)
        painter.setPen(Qt.GlobalColor.color1)
        painter.translate(self._corner(layout.width))
        radius = theme.RADIUS_PILL * scale
        painter.drawRoundedRect(
            QRectF(0, 0, layout.width * scale - 1, layout.height * scale - 1), radius, radius
        )
        painter.end()
        return QRegion(bits)

    def _place_buttons(self) -> None:
        layout, scale = self._layout, theme.text_scale()
        if layout is None:
            return
        wanted = [place.button for place in layout.places]
        if wanted != [button.button for button in self._buttons]:
            self._drop_buttons()
            mark = STOP if layout.view.stop else CLOSE
            self._buttons = [PillButton(self, self.scheme, button, mark) for button in wanted]
            for made in self._buttons:
                made.clicked.connect(self._clicked)
        corner = self._corner(layout.width)
        for made, place in zip(self._buttons, layout.places, strict=True):
            rect = QRectF(
                corner.x() + place.rect.x() * scale,
                corner.y() + place.rect.y() * scale,
                place.rect.width() * scale,
                place.rect.height() * scale,
            )
            made.setGeometry(rect.toRect())
            made.show()

    def _drop_buttons(self) -> None:
        for old in self._buttons:
            old.hide()
            old.deleteLater()
        self._buttons = []

    def _corner(self, width: float) -> QPointF:
        """The pill's corner inside the window: it grows from its centre."""
        scale = theme.text_scale()
        return QPointF(round((self.width() - width * scale) / 2), round(pill.MARGIN * scale))

    @Slot()
    def _clicked(self) -> None:
        sender = self.sender()
        if not isinstance(sender, PillButton):
            return
        stop = self._layout is not None and self._layout.view.stop
        does: Does = "finish" if stop else "dismiss"
        self._do(sender.button.does if sender.button else does)

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
            wanted = STILL_FRAME_MS if self._still else FRAME_MS
            if self._fades and self._passing(now):
                wanted = FRAME_MS // 2
            if not self._frames.isActive() or self._frames.interval() != wanted:
                self._frames.start(wanted)
        else:
            self._frames.stop()

    def _moves(self, now: float) -> bool:
        layout = self._layout
        return layout is not None and (layout.view.kind in _MOVING or self._passing(now))

    def _passing(self, now: float) -> bool:
        """Whether it appears, leaves, grows or changes now."""
        return bool(
            self._gone_ms
            or (self._fades and now - self._shown_ms <= theme.IN_MS + FRAME_MS)
            or (self._grew_ms and now - self._grew_ms <= theme.GROW_MS + FRAME_MS)
            or self._old is not None
        )

    @Slot()
    def _frame(self) -> None:
        now = self._clock()
        self._wave.step(now)
        if self._gone_ms:
            left = 1 - (now - self._gone_ms) / theme.OUT_MS
            if left <= 0:
                self._vanish()
                return
            self.setWindowOpacity(1 - (1 - left) ** 3)
        elif self._fades:
            self._rise(now)
        if self._old is not None and now - self._changed_ms > theme.SWAP_MS:
            self._old = None
        if self._grew_ms and now - self._grew_ms > theme.GROW_MS:
            self._grew_ms = 0.0
            self._place_window()
            self._place_buttons()
        self._run_frames(now)
        self.update()

    def _rise(self, now: float) -> None:
        share = _out_cubic((now - self._shown_ms) / theme.IN_MS)
        if self.windowOpacity() != share:
            self.setWindowOpacity(share)

    def _width_at(self, now: float) -> float:
        """The width that is drawn, on its way to the layout's."""
        if self._layout is None:
            return pill.LEAST
        if not self._grew_ms or not self._fades:
            return self._layout.width
        share = _out_cubic((now - self._grew_ms) / theme.GROW_MS)
        return self._grew_from + (self._layout.width - self._grew_from) * share

    def _motion(self, now: float) -> Motion:
        since = now - self._changed_ms if self._changed_ms else theme.GROW_MS
        return Motion(
            levels=self._wave.bars(),
            fold=1.0 if self._still else min(1.0, max(0.0, since / theme.GROW_MS)),
            pulse=0.0 if self._still else 0.5 - 0.5 * math.cos(2 * math.pi * now / PULSE_MS),
            still=self._still,
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        layout = self._layout
        if layout is None:
            return
        now, scale = self._clock(), theme.text_scale()
        painter = QPainter(self)
        drawn = attrs.evolve(layout, width=self._width_at(now))
        if self._fades:
            share = _out_cubic((now - self._shown_ms) / theme.IN_MS)
            painter.translate(0, RISE * (1 - share) * (-1 if self._settings.pill == "top" else 1))
        painter.save()
        painter.translate(self._corner(drawn.width))
        painter.scale(scale, scale)
        pill.paint_body(painter, drawn, self.scheme, self._composited)
        painter.restore()
        swap = (now - self._changed_ms) / theme.SWAP_MS if self._old is not None else 1.0
        painter.translate(self._corner(layout.width))
        if self._old is not None and swap < 1 and layout.view.kind != "finishing":
            painter.setOpacity(1 - swap)
            x = (layout.width * scale - self._old.deviceIndependentSize().width()) / 2
            painter.drawPixmap(QPointF(x, 0), self._old)
            painter.setOpacity(swap)
        painter.scale(scale, scale)
        painter.setClipRect(QRectF(0, 0, layout.width, layout.height))
        pill.paint_content(painter, layout, self.scheme, self._motion(now))

    def _picture(self, layout: Layout) -> QPixmap:
        scale, ratio = theme.text_scale(), self.devicePixelRatioF()
        size = QSize(round(layout.width * scale * ratio), round(layout.height * scale * ratio))
        picture = QPixmap(size)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.scale(scale, scale)
        pill.paint_content(painter, layout, self.scheme, self._motion(self._clock()))
        painter.end()
        return picture

    # People

    def enterEvent(self, event: QEnterEvent) -> None:
        self._moments.hover(True, self._clock())
        self._refresh()

    def leaveEvent(self, event: QEvent) -> None:
        self._moments.hover(False, self._clock())
        self._refresh()

    def _describe(self, view: PillView) -> None:
        """Assistive technology hears the state, never the partial words."""
        self.setAccessibleName(view.name)
        self.setAccessibleDescription(view.description)
        if view.name == self._announced or not QAccessible.isActive():
            return
        self._announced = view.name
        said = f"{view.text}. {view.detail}" if view.detail else view.name
        announcement = QAccessibleAnnouncementEvent(self, said)
        if view.kind == "error":
            announcement.setPoliteness(QAccessible.AnnouncementPoliteness.Assertive)
        QAccessible.updateAccessibility(announcement)


def _out_cubic(share: float) -> float:
    return float(1 - (1 - min(1.0, max(0.0, share))) ** 3)
