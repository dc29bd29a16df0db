"""Pill and tray with real widgets, offscreen."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import attrs
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QAction, QEnterEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QSystemTrayIcon
from pytestqt.qtbot import QtBot

from integration.ui_fakes import FakeApp
from sayso.core.dictation.status import Status
from sayso.core.problems import ProblemError, replaced, untyped_problem
from sayso.core.settings import settings as s
from sayso.core.settings.engine_choice import select_engine, with_endpoint, without_endpoint
from sayso.core.settings.settings import Endpoint, Settings
from sayso.ui import messages
from sayso.ui.background import Background
from sayso.ui.bridge import Bridge
from sayso.ui.indicator.layout import (
    MAX_WIDTH,
    MAX_WIDTH_TWO_LINES,
    MIN_WIDTH,
    Layout,
    compute_layout,
)
from sayso.ui.indicator.overlay import Desk, Overlay
from sayso.ui.indicator.position import anchor_in, screen_at
from sayso.ui.tray import Tray

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
    assert shown(overlay, clock, Status("finishing", take=1), 500).view.text == "Writing…"
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
        pytest.param(HELD, "Type here", ["insert"], id="type here"),
        pytest.param(HELD, "Copy", ["copy", "dismiss"], id="copy"),
        pytest.param(HELD, "Dismiss", ["dismiss"], id="dismiss"),
        pytest.param(FAILED, "Settings", [("settings", "")], id="settings"),
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
        ("try-again", "Try again", ["try again"]),
        ("microphone", "Microphone", [("settings", "general")]),
        ("recognition", "Settings", [("settings", "recognition")]),
        ("hotkey", "Change hotkey", [("settings", "general")]),
        ("copy", "Copy again", ["copy", "dismiss"]),
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
    assert app.calls == ["finish"]


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
    assert app.calls == ["dismiss"]


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


# Tray


@pytest.fixture
def tray(app: FakeApp, qapp: QApplication) -> Iterator[Tray]:
    background = Background()
    made = Tray(app.actions(), background)
    app.on_settings_changed = made.on_settings
    yield made
    background.stop(wait=True)
    made.icon.hide()


def labels(tray: Tray) -> list[str]:
    return [a.text() or "—" for a in tray.menu.actions() if a.isVisible()]


def test_the_menu_is_in_order(tray: Tray) -> None:
    tray.on_status(Status(held_text="words"))
    assert labels(tray) == [
        "Listening for Right Ctrl", "—", "Start hands-free", "Type the held words",
        "Copy the last words", "—", "Microphone", "Recognise", "—", "History…", "Settings…",
        "Quit",
    ]  # fmt: skip
    tray.on_status(Status())
    assert "Type the held words" not in labels(tray)
    assert not tray.copy_text.isEnabled()


def test_entries_ask_for_what_they_say(tray: Tray, app: FakeApp) -> None:
    tray.on_status(Status(held_text="words"))
    for action in (tray.toggle, tray.insert_held, tray.copy_text, tray.settings, tray.quit):
        action.trigger()
    tray.on_status(Status("listening"))
    tray.toggle.trigger()
    assert app.calls == ["start", "insert", "copy", ("settings", ""), "quit", "finish"]


def test_a_click_never_starts_a_dictation(tray: Tray, app: FakeApp) -> None:
    tray.icon.activated.emit(QSystemTrayIcon.ActivationReason.Trigger)
    tray.menu.hide()
    assert app.calls == []


def test_microphones_are_listed_when_their_menu_opens(
    tray: Tray, app: FakeApp, qtbot: QtBot
) -> None:
    tray.microphone_menu.aboutToShow.emit()
    qtbot.waitUntil(lambda: len(tray.microphone_menu.actions()) == 3)
    default, _, headset = tray.microphone_menu.actions()
    assert (default.text(), default.isChecked()) == ("System default", True)
    headset.trigger()
    assert (headset.text(), app.settings.microphone.device) == ("Headset && more", "bluez.headset")


def engines(tray: Tray) -> dict[str, QAction]:
    return {action.data(): action for action in tray.engine_menu.actions() if action.data()}


def ticked(tray: Tray) -> list[str]:
    return [name for name, action in engines(tray).items() if action.isChecked()]


def seen(tray: Tray) -> list[str]:
    return [action.text() for action in tray.engine_menu.actions() if action.isVisible()]


def test_the_menu_has_this_computer_and_every_server(tray: Tray, app: FakeApp) -> None:
    app.edit(
        lambda now: with_endpoint(now, Endpoint(name="Box & more", url="http://localhost:8000/v1"))
    )
    assert list(engines(tray)) == ["on-device", "OpenAI", "Box & more"]
    assert engines(tray)["Box & more"].text() == "Box && more"
    assert ticked(tray) == ["on-device"]
    assert "Sound leaves this computer" not in seen(tray)
    engines(tray)["Box & more"].trigger()
    assert (app.settings.engine, app.settings.profile) == ("realtime", "Box & more")
    assert ticked(tray) == ["Box & more"]
    assert "Sound leaves this computer" in seen(tray)
    engines(tray)["on-device"].trigger()
    assert (app.settings.engine, ticked(tray)) == ("on-device", ["on-device"])


def test_a_server_that_is_renamed_or_removed_is_so_in_the_menu(tray: Tray, app: FakeApp) -> None:
    app.edit(lambda now: select_engine(with_endpoint(now, Endpoint(name="Box")), "Box"))
    app.change("endpoint.name", "The box")
    assert list(engines(tray)) == ["on-device", "OpenAI", "The box"]
    assert ticked(tray) == ["The box"]
    app.edit(lambda now: without_endpoint(now, "The box"))
    assert (list(engines(tray)), ticked(tray)) == (["on-device", "OpenAI"], ["on-device"])


def test_a_choice_that_cannot_be_kept_is_not_ticked(tray: Tray, app: FakeApp) -> None:
    app.next_problem = untyped_problem("The settings were not saved.", "The disk is full.")
    engines(tray)["OpenAI"].trigger()
    assert ticked(tray) == ["on-device"]


def test_it_looks_for_a_tray_for_a_minute_without_haste(tray: Tray) -> None:
    assert not QSystemTrayIcon.isSystemTrayAvailable(), "offscreen has no tray"
    tray.start()
    for _ in range(30):
        tray.poll_timer.timeout.emit()
    assert not tray.poll_timer.isActive()


# Threads


def test_calls_from_other_threads_run_in_the_main_thread(qtbot: QtBot) -> None:
    bridge, ran = Bridge(), list[threading.Thread]()
    threading.Thread(
        target=bridge.call, args=(lambda: ran.append(threading.current_thread()),)
    ).start()
    qtbot.waitUntil(lambda: bool(ran))
    assert ran == [threading.main_thread()]


def test_slow_functions_answer_in_the_main_thread(qtbot: QtBot) -> None:
    background, answers = Background(), list[tuple[object, bool]]()

    def note(answer: object) -> None:
        answers.append((answer, threading.current_thread() is threading.main_thread()))

    def broken() -> None:
        raise ProblemError(untyped_problem("It broke."))

    background.run(lambda: 7, note, note)
    background.run(broken, note, note)
    qtbot.waitUntil(lambda: len(answers) == 2)
    background.stop(wait=True)
    assert sorted(answers, key=str) == sorted(
        [(7, True), (untyped_problem("It broke."), True)], key=str
    )


BUDGET = untyped_problem(
    "November’s budget is used up.", "Nothing is sent until you choose.", "budget"
)
ANSWERS = {
    "go on": (Status("failed", problem=BUDGET), "Go on", ["go on"]),
    "this computer": (
        Status("failed", problem=BUDGET),
        "Use this computer",
        [("engine", "on-device"), "try again", "dismiss"],
    ),
    "usage": (
        Status("failed", problem=replaced(BUDGET, action="usage")),
        "Usage",
        [("settings", "usage")],
    ),
    "several rescued": (
        Status(
            held_text="words", offers_held_text=True, recovered_spoken_at="14:32", recovered_count=2
        ),
        "Show",
        ["history", "dismiss"],
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
