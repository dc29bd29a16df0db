"""The indicator with real widgets, offscreen."""

from __future__ import annotations

import attrs
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QEnterEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from integration.ui_fakes import FakeApp, FakeScreen, example_problem
from sayso.core.dictation.status import Status
from sayso.core.problems import ProblemKind
from sayso.core.settings import settings as s
from sayso.core.settings.settings import Settings
from sayso.ui import messages
from sayso.ui.indicator.body import MAX_WIDTH, MAX_WIDTH_TWO_LINES, MIN_WIDTH, IndicatorBody
from sayso.ui.indicator.overlay import Overlay
from sayso.ui.indicator.window import screen_at, window_rect
from sayso.ui.messages import IndicatorView
from sayso.ui.widgets import theme


def failed(code: str = "test.example") -> Status:
    problem = example_problem("The server did not answer.", "Your recording is kept.", code)
    return Status("failed", take=1, problem=problem)


USE_ON_DEVICE = [("engine", "on-device"), "Retry", "Dismiss"]
LISTENING = Status("listening", take=1, has_audio=True)
HANDS_FREE = attrs.evolve(LISTENING, hands_free=True)
HELD = Status(take=1, held_text="Could you move the meeting", offers_held_text=True)
RECOVERED = attrs.evolve(HELD, recovered_spoken_at="14:32", recovered_count=2)


@attrs.define
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def overlay(app: FakeApp, clock: Clock, qtbot: QtBot) -> Overlay:
    made = Overlay(app.actions(), FakeScreen(), clock)
    qtbot.addWidget(made)
    return made


def shown(overlay: Overlay, clock: Clock, status: Status, after_ms: float = 200) -> IndicatorView:
    """Return what is shown some time after a status."""
    overlay.on_status(status)
    clock.now += after_ms
    overlay.on_status(status)
    assert overlay.view
    return overlay.view


def press(overlay: Overlay, name: str, qtbot: QtBot) -> None:
    button = next(b for b in overlay.body.buttons if b.accessibleName() == name)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_it_is_hidden_without_timers_before_a_take(overlay: Overlay) -> None:
    overlay.on_status(Status(ready=True))
    assert not overlay.isVisible()
    assert not overlay.timers_active


def test_it_never_takes_the_focus(overlay: Overlay, clock: Clock) -> None:
    shown(overlay, clock, HELD)
    assert overlay.windowFlags() & Qt.WindowType.WindowDoesNotAcceptFocus
    assert overlay.testAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    for widget in (overlay, *overlay.body.buttons):
        assert widget.focusPolicy() == Qt.FocusPolicy.NoFocus


@pytest.mark.parametrize("composited", [False, True])
def test_no_timer_runs_after_a_take(
    app: FakeApp, clock: Clock, qtbot: QtBot, composited: bool
) -> None:
    overlay = Overlay(app.actions(), FakeScreen(composited), clock)
    qtbot.addWidget(overlay)
    assert shown(overlay, clock, LISTENING).kind == "listening"
    assert overlay.isVisible()
    assert overlay.timers_active
    assert shown(overlay, clock, Status("finishing", take=1), 500).text == "Transcribing…"
    inserted = Status(take=1, inserted_words=7)
    assert shown(overlay, clock, inserted, 100).text == "7 words"
    clock.now += 700
    overlay.on_status(inserted)
    qtbot.waitUntil(lambda: not overlay.isVisible())
    assert not overlay.timers_active


def test_changing_partial_text_never_shrinks_it(overlay: Overlay, clock: Clock) -> None:
    widths = []
    for text in ("Could", "Could you move the meeting", "Could you"):
        shown(overlay, clock, attrs.evolve(LISTENING, partial=text))
        widths.append(overlay.body.width())
    assert widths[0] < widths[1] == widths[2]


def test_clicks_go_through_unless_it_has_buttons(overlay: Overlay, clock: Clock) -> None:
    flag = Qt.WindowType.WindowTransparentForInput
    shown(overlay, clock, LISTENING)
    assert overlay.windowHandle().flags() & flag
    shown(overlay, clock, HANDS_FREE)
    assert not overlay.windowHandle().flags() & flag


@pytest.mark.parametrize(
    ("status", "button", "calls"),
    [
        (HELD, "Insert here", ["InsertHeld"]),
        (HELD, "Copy", ["copy_text", "Dismiss"]),
        (HELD, "Dismiss", ["Dismiss"]),
        (RECOVERED, "Show", ["open_history", "Dismiss"]),
        (failed(), "Settings", [("open_settings", "")]),
        (failed("server.busy"), "Try again", ["Retry"]),
        (failed("microphone.missing"), "Microphone", [("open_settings", "general")]),
        (failed("server.no_credit"), "Settings", [("open_settings", "recognition")]),
        (failed("hotkey.in_use"), "Change hotkey", [("open_settings", "general")]),
        (failed("insertion.not_pasted"), "Copy again", ["copy_text", "Dismiss"]),
        (failed("budget.used_up"), "Continue anyway", ["approve_budget"]),
        (
            failed("budget.used_up"),
            "Use this computer",
            [("engine", "on-device"), "Retry", "Dismiss"],
        ),
        (failed("budget.nearly_used_up"), "Usage", [("open_settings", "usage")]),
    ],
)
def test_buttons_do_what_they_say_and_close_it(
    overlay: Overlay, clock: Clock, app: FakeApp, qtbot: QtBot,
    status: Status, button: str, calls: list[object],
) -> None:  # fmt: skip
    shown(overlay, clock, status)
    press(overlay, button, qtbot)
    assert app.calls == calls
    assert not overlay.isVisible()


def test_the_stop_button_finishes_hands_free(
    overlay: Overlay, clock: Clock, app: FakeApp, qtbot: QtBot
) -> None:
    shown(overlay, clock, HANDS_FREE)
    press(overlay, "Finish dictation", qtbot)
    assert app.calls == ["Stop"]


def test_an_unanswered_question_is_dismissed_30_s_after_the_pointer_left_it(
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


def test_it_has_an_accessible_name_and_description(overlay: Overlay, clock: Clock) -> None:
    shown(overlay, clock, LISTENING)
    assert overlay.accessibleName() == "Sayso: listening"
    shown(overlay, clock, HELD)
    assert overlay.accessibleName() == "Sayso: The window changed"
    assert overlay.accessibleDescription() == "Could you move the meeting"


@pytest.mark.parametrize("edge", ["bottom", "top"])
def test_it_is_at_the_edge_that_the_settings_name(
    overlay: Overlay, clock: Clock, edge: str
) -> None:
    overlay.on_settings(s.put(Settings(), "pill", edge))
    shown(overlay, clock, LISTENING)
    area = QGuiApplication.primaryScreen().availableGeometry()
    body = overlay.body.geometry().translated(overlay.pos())
    assert abs(body.center().x() - area.center().x()) <= 1
    distance = area.bottom() - body.bottom() if edge == "bottom" else body.top() - area.top()
    assert distance == 24


def test_without_compositing_the_window_is_cut_to_the_outline(
    overlay: Overlay, clock: Clock
) -> None:
    shown(overlay, clock, LISTENING)
    mask = overlay.mask()
    assert mask.contains(overlay.rect().center())
    assert not mask.contains(QPoint(2, 2))
    assert not mask.contains(QPoint(25, 25))


def test_with_compositing_it_fades_in_and_out(app: FakeApp, clock: Clock, qtbot: QtBot) -> None:
    overlay = Overlay(app.actions(), FakeScreen(is_composited=True), clock)
    qtbot.addWidget(overlay)
    shown(overlay, clock, LISTENING)
    assert overlay.mask().isEmpty()
    assert overlay.windowOpacity() < 1
    qtbot.waitUntil(lambda: overlay.windowOpacity() == 1.0)
    wide = attrs.evolve(LISTENING, partial="Could you move the meeting to Thursday")
    shown(overlay, clock, wide)
    narrow, target = overlay.body.width(), overlay.width() - 48
    assert narrow < target
    qtbot.waitUntil(lambda: overlay.body.width() == target)
    overlay.on_status(Status())
    assert overlay.isVisible()
    qtbot.waitUntil(lambda: not overlay.isVisible())
    assert not overlay.timers_active


def test_the_window_is_centered_at_the_edge_of_the_work_area() -> None:
    area, size = QRect(100, 50, 1000, 700), QSize(200, 40)
    assert window_rect(area, size, 24, at_top=False) == QRect(476, 662, 248, 88)
    assert window_rect(area, size, 24, at_top=True) == QRect(476, 50, 248, 88)


def test_the_screen_of_the_focused_window_is_used_or_else_the_pointers(qapp: QApplication) -> None:
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
        messages.listening_view(attrs.evolve(HANDS_FREE, partial="שלום"), Settings(), 0, False),
        messages.finishing_view("", 11_000),
        messages.nothing_heard_view(2),
        messages.held_view("w " * 400),
        messages.problem_view(ProblemKind("server.busy", "w " * 200, "w " * 200)()),
        messages.problem_view(example_problem("It broke.")),
    ],
    ids=lambda view: f"{view.kind}-{len(view.text)}",
)
def test_parts_are_inside_the_indicator_and_do_not_overlap(
    view: IndicatorView, qtbot: QtBot
) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    body = IndicatorBody(window, theme.scheme(), lambda _: None)
    body.fit(view, 0, 1000)
    window.show()
    assert MIN_WIDTH <= body.width() <= (MAX_WIDTH_TWO_LINES if view.detail else MAX_WIDTH)
    boxes = [part.geometry() for part in (body.icon, *body.buttons)]
    boxes += [line.geometry() for line in body.text_lines if line.width() > 0]
    for i, box in enumerate(boxes):
        assert body.rect().adjusted(8, 0, -8, 0).contains(box)
        assert not any(box.intersects(other) for other in boxes[:i])
    assert all(button.height() >= 24 for button in body.buttons)
