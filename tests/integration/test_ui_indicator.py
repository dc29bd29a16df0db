"""Pill and tray with real widgets, offscreen."""

from __future__ import annotations

import attrs
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QEnterEvent, QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from integration.ui_fakes import FakeApp
from sayso.core.dictation.status import Status
from sayso.core.problems import replaced, untyped_problem
from sayso.core.settings import settings as s
from sayso.core.settings.settings import Settings
from sayso.ui import messages
from sayso.ui.indicator.layout import (
    MAX_WIDTH,
    MAX_WIDTH_TWO_LINES,
    MIN_WIDTH,
    Layout,
    compute_layout,
)
from sayso.ui.indicator.overlay import Desk, Overlay
from sayso.ui.indicator.position import anchor_in, screen_at

LISTENING = Status("listening", take=1, has_audio=True)
FAILED = Status(
    "failed",
    take=1,
    problem=untyped_problem("The server did not answer.", "Your recording is kept."),
)
HELD = Status(take=1, held_text="Could you move the meeting", offers_held_text=True)


@attrs.define
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def app(qapp: QApplication) -> FakeApp:
    return FakeApp()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def overlay(app: FakeApp, clock: Clock, qtbot: QtBot) -> Overlay:
    desk = Desk(composited=lambda: False, focus_point=lambda: None)
    made = Overlay(app.actions(), desk, clock)
    qtbot.addWidget(made)
    return made


def shown(overlay: Overlay, clock: Clock, status: Status, after_ms: float = 200) -> Layout:
    """What it shows so long after a status."""
    overlay.on_status(status)
    clock.now += after_ms
    overlay.on_status(status)
    assert overlay.current_layout is not None
    return overlay.current_layout


def press(overlay: Overlay, name: str, qtbot: QtBot) -> None:
    button = next(b for b in overlay.buttons if b.accessibleName() == name)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_it_is_hidden_and_idle_at_rest(overlay: Overlay) -> None:
    overlay.on_status(Status(ready=True))
    assert not overlay.isVisible()
    assert not overlay.timers_active


def test_it_never_asks_for_the_focus(overlay: Overlay) -> None:
    flags = overlay.windowFlags()
    assert flags & Qt.WindowType.WindowDoesNotAcceptFocus
    assert overlay.testAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    assert overlay.focusPolicy() == Qt.FocusPolicy.NoFocus


def test_a_take_comes_and_goes_and_leaves_no_timer(overlay: Overlay, clock: Clock) -> None:
    assert shown(overlay, clock, LISTENING).view.kind == "listening"
    assert overlay.isVisible()
    assert overlay.timers_active
    assert shown(overlay, clock, Status("finishing", take=1), 500).view.text == "Transcribing…"
    inserted = Status(take=1, inserted_words=7)
    assert shown(overlay, clock, inserted, 100).view.text == "7 words"
    clock.now += 700
    overlay.on_status(inserted)
    assert not overlay.isVisible()
    assert not overlay.timers_active


def test_growing_words_never_shrink_it(overlay: Overlay, clock: Clock) -> None:
    widths = [
        shown(overlay, clock, attrs.evolve(LISTENING, partial=text)).width
        for text in ("Could", "Could you move the meeting", "Could you")
    ]
    assert widths[0] < widths[1] == widths[2]


def test_clicks_go_through_unless_it_has_buttons(overlay: Overlay, clock: Clock) -> None:
    flag = Qt.WindowType.WindowTransparentForInput
    shown(overlay, clock, LISTENING)
    assert overlay.windowHandle().flags() & flag
    shown(overlay, clock, attrs.evolve(LISTENING, hands_free=True))
    assert not overlay.windowHandle().flags() & flag


@pytest.mark.parametrize(
    ("status", "button", "asked"),
    [
        pytest.param(HELD, "Type here", ["InsertHeld"], id="type here"),
        pytest.param(HELD, "Copy", ["copy_text", "Dismiss"], id="copy"),
        pytest.param(HELD, "Dismiss", ["Dismiss"], id="dismiss"),
        pytest.param(FAILED, "Settings", [("open_settings", "")], id="settings"),
    ],
)
def test_buttons_do_what_they_say_and_close_it(
    overlay: Overlay, clock: Clock, app: FakeApp, qtbot: QtBot,
    status: Status, button: str, asked: list[object],
) -> None:  # fmt: skip
    shown(overlay, clock, status)
    press(overlay, button, qtbot)
    assert app.calls == asked
    assert not overlay.isVisible()


@pytest.mark.parametrize(
    ("action", "button", "asked"),
    [
        ("try-again", "Try again", ["Retry"]),
        ("microphone", "Microphone", [("open_settings", "general")]),
        ("recognition", "Settings", [("open_settings", "recognition")]),
        ("hotkey", "Change hotkey", [("open_settings", "general")]),
        ("copy", "Copy again", ["copy_text", "Dismiss"]),
    ],
)
def test_an_error_leads_to_its_remedy(
    overlay: Overlay, clock: Clock, app: FakeApp, qtbot: QtBot,
    action: str, button: str, asked: list[object],
) -> None:  # fmt: skip
    assert FAILED.problem is not None
    problem = replaced(FAILED.problem, action=action)
    shown(overlay, clock, attrs.evolve(FAILED, problem=problem))
    press(overlay, button, qtbot)
    assert app.calls == asked


def test_the_square_finishes_hands_free(
    overlay: Overlay, clock: Clock, app: FakeApp, qtbot: QtBot
) -> None:
    shown(overlay, clock, attrs.evolve(LISTENING, hands_free=True))
    press(overlay, "Finish dictation", qtbot)
    assert app.calls == ["Stop"]


def test_an_unanswered_question_is_dismissed_after_30_s(
    overlay: Overlay, clock: Clock, app: FakeApp
) -> None:
    shown(overlay, clock, HELD)
    here = QPointF(1, 1)
    QApplication.sendEvent(overlay, QEnterEvent(here, here, here))
    clock.now += 60_000
    overlay.on_status(HELD)
    assert overlay.isVisible()
    QApplication.sendEvent(overlay, QEvent(QEvent.Type.Leave))
    clock.now += 30_000
    overlay.on_status(HELD)
    assert not overlay.isVisible()
    assert app.calls == ["Dismiss"]


def test_it_is_named_and_described(overlay: Overlay, clock: Clock) -> None:
    shown(overlay, clock, LISTENING)
    assert overlay.accessibleName() == "Sayso: listening"
    shown(overlay, clock, HELD)
    assert overlay.accessibleName() == "Sayso: The window changed"
    assert overlay.accessibleDescription() == "Could you move the meeting"


@pytest.mark.parametrize("where", ["bottom", "top"])
def test_it_stands_at_the_edge_it_was_told(
    overlay: Overlay, clock: Clock, app: FakeApp, where: str
) -> None:
    overlay.on_settings(s.put(Settings(), "pill", where))
    shown(overlay, clock, LISTENING)
    area = QGuiApplication.primaryScreen().availableGeometry()
    body = overlay.geometry().adjusted(24, 24, -24, -24)
    assert abs(body.center().x() - area.center().x()) <= 1
    off = area.bottom() - body.bottom() if where == "bottom" else body.top() - area.top()
    assert off == 24


def test_without_compositing_it_is_cut_to_its_outline(overlay: Overlay, clock: Clock) -> None:
    shown(overlay, clock, LISTENING)
    cut = overlay.mask()
    middle = overlay.rect().center()
    assert cut.contains(middle)
    assert not cut.contains(QPoint(2, 2))
    assert not cut.contains(QPoint(25, 25))


def test_with_compositing_it_fades_in_and_out(app: FakeApp, clock: Clock, qtbot: QtBot) -> None:
    desk = Desk(composited=lambda: True, focus_point=lambda: None)
    overlay = Overlay(app.actions(), desk, clock)
    qtbot.addWidget(overlay)
    shown(overlay, clock, LISTENING)
    assert overlay.mask().isEmpty()
    clock.now += 400
    qtbot.waitUntil(lambda: overlay.windowOpacity() == 1.0)
    overlay.on_status(Status())
    assert overlay.isVisible()
    clock.now += 200
    qtbot.waitUntil(lambda: not overlay.isVisible())
    assert not overlay.timers_active


def test_the_anchor_is_the_middle_of_the_edge() -> None:
    area = QRect(100, 50, 1000, 700)
    assert anchor_in(area, at_top=False).window_rect(QSize(200, 40)) == QRect(476, 662, 248, 88)
    assert anchor_in(area, at_top=True).window_rect(QSize(200, 40)) == QRect(476, 50, 248, 88)


def test_an_unknown_point_means_the_pointers_screen(qapp: QApplication) -> None:
    screens = QGuiApplication.screens()
    inside = screens[0].geometry().center()
    assert screen_at((inside.x(), inside.y()), screens, QPoint(-9999, 0)) is screens[0]
    assert screen_at(None, screens, inside) is screens[0]
    assert screen_at((-9999, 0), screens, inside) is screens[0]
    assert screen_at(None, [], QPoint(-9999, 0)) is None


@pytest.mark.parametrize(
    "view",
    [
        messages.starting_view(300),
        messages.listening_view(attrs.evolve(LISTENING, partial="w " * 400), Settings(), 0, False),
        messages.listening_view(attrs.evolve(LISTENING, partial="שלום"), Settings(), 0, False),
        messages.finishing_view("", 11_000),
        messages.nothing_heard_view(2),
        messages.held_view("w " * 400),
        messages.problem_view(untyped_problem("w " * 200, "w " * 200, "try-again")),
        messages.problem_view(untyped_problem("It broke.")),
    ],
    ids=lambda view: f"{view.kind}-{len(view.text)}",
)
def test_everything_is_inside_the_pill_and_apart(
    view: messages.IndicatorView, qapp: QApplication
) -> None:
    layout = compute_layout(view)
    assert MIN_WIDTH <= layout.width <= (MAX_WIDTH_TWO_LINES if view.detail else MAX_WIDTH)
    boxes = [place.rect for place in layout.button_boxes]
    if layout.text.width():
        boxes.append(layout.text)
    for at, box in enumerate(boxes):
        assert box.left() >= 8
        assert box.right() <= layout.width - 8
        assert not any(box.intersects(other) for other in boxes[:at])
    assert all(place.rect.height() >= 24 for place in layout.button_boxes)


BUDGET = untyped_problem(
    "November’s budget is used up.", "Nothing is sent until you choose.", "budget"
)
ANSWERS = {
    "continue": (Status("failed", problem=BUDGET), "Continue anyway", ["approve_budget"]),
    "this computer": (
        Status("failed", problem=BUDGET),
        "Use this computer",
        [("engine", "on-device"), "Retry", "Dismiss"],
    ),
    "usage": (
        Status("failed", problem=replaced(BUDGET, action="usage")),
        "Usage",
        [("open_settings", "usage")],
    ),
    "several rescued": (
        Status(
            held_text="words", offers_held_text=True, recovered_spoken_at="14:32", recovered_count=2
        ),
        "Show",
        ["open_history", "Dismiss"],
    ),
}


@pytest.mark.parametrize(("status", "button", "asked"), ANSWERS.values(), ids=ANSWERS)
def test_what_waits_is_answered_in_the_pill(
    overlay: Overlay,
    clock: Clock,
    app: FakeApp,
    qtbot: QtBot,
    status: Status,
    button: str,
    asked: list[object],
) -> None:
    shown(overlay, clock, status)
    press(overlay, button, qtbot)
    assert app.calls == asked
    assert not overlay.isVisible()
