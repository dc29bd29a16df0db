"""The tray menu with real widgets, and calls between threads of the interface; offscreen."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import attrs
import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu, QSystemTrayIcon
from pytestqt.qtbot import QtBot

from integration.ui_fakes import FakeApp
from sayso.core.dictation.status import Status
from sayso.core.problems import Problem, ProblemError, ProblemKind
from sayso.core.settings import settings as s
from sayso.core.settings.engine_choice import select_engine, with_endpoint, without_endpoint
from sayso.core.settings.settings import Endpoint, Settings
from sayso.ui.background import Background
from sayso.ui.bridge import Bridge
from sayso.ui.tray import Tray

EXAMPLE = ProblemKind("test.example", "The settings were not saved.", "The disk is full.")()
HELD = Status(held_text="words", offers_held_text=True)
RECOVERED = attrs.evolve(HELD, recovered_spoken_at="14:32", recovered_count=1)


@pytest.fixture
def app() -> FakeApp:
    return FakeApp()


@pytest.fixture
def tray(app: FakeApp, qapp: QApplication) -> Iterator[Tray]:
    background = Background()
    made = Tray(app.actions(), background)
    app.on_settings_changed = made.on_settings
    yield made
    background.stop(wait=True)
    made.icon.hide()


def opened(menu: QMenu) -> list[QAction]:
    menu.aboutToShow.emit()
    return menu.actions()


def engines(tray: Tray) -> dict[str, QAction]:
    return {action.data(): action for action in opened(tray.engine_menu) if action.data()}


def checked(tray: Tray) -> list[str]:
    return [name for name, action in engines(tray).items() if action.isChecked()]


def notes(tray: Tray) -> list[str]:
    return [a.text() for a in opened(tray.engine_menu) if a.text() and not a.isEnabled()]


def labels(tray: Tray) -> list[str]:
    return [a.text() or "—" for a in tray.menu.actions() if a.isVisible()]


def test_the_menu_is_in_order(tray: Tray) -> None:
    tray.on_status(Status(held_text="words"))
    assert labels(tray) == [
        "Ready. Hold Right Ctrl to speak", "—", "Start hands-free", "Insert the held text",
        "Copy the last text", "—", "Microphone", "Transcribe with", "—", "History…",
        "Settings…", "Quit",
    ]  # fmt: skip
    tray.on_status(Status())
    assert "Insert the held text" not in labels(tray)
    assert not tray.copy_text.isEnabled()


def test_each_entry_does_what_it_says(tray: Tray, app: FakeApp) -> None:
    tray.on_status(Status(held_text="words"))
    for action in (tray.toggle, tray.insert_held, tray.copy_text, tray.settings, tray.quit):
        action.trigger()
    tray.on_status(Status("listening"))
    tray.toggle.trigger()
    assert app.calls == [
        *("Start", "InsertHeld", "copy_text", ("open_settings", ""), "quit", "Stop")
    ]


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


def test_a_selected_microphone_is_listed_although_it_is_not_connected(
    tray: Tray, app: FakeApp, qtbot: QtBot
) -> None:
    app.change("microphone.device", "usb.gone")
    tray.microphone_menu.aboutToShow.emit()
    qtbot.waitUntil(lambda: len(tray.microphone_menu.actions()) == 4)
    checked = [a.text() for a in tray.microphone_menu.actions() if a.isChecked()]
    assert checked == ["usb.gone"]


def test_the_engine_menu_lists_this_computer_and_every_server(tray: Tray, app: FakeApp) -> None:
    box = Endpoint(name="Box & more", url="http://localhost:8000/v1")
    app.edit(lambda now: with_endpoint(now, box))
    assert list(engines(tray)) == ["on-device", "OpenAI", "Box & more"]
    assert engines(tray)["Box & more"].text() == "Box && more"
    assert (checked(tray), notes(tray)) == (["on-device"], [])
    engines(tray)["Box & more"].trigger()
    assert (app.settings.engine, app.settings.profile) == ("realtime", "Box & more")
    assert (checked(tray), notes(tray)) == (["Box & more"], ["Audio is sent to a server"])
    engines(tray)["on-device"].trigger()
    assert (app.settings.engine, checked(tray)) == ("on-device", ["on-device"])


def test_the_engine_menu_follows_renamed_and_removed_servers(tray: Tray, app: FakeApp) -> None:
    app.edit(lambda now: select_engine(with_endpoint(now, Endpoint(name="Box")), "Box"))
    app.change("endpoint.name", "The box")
    assert list(engines(tray)) == ["on-device", "OpenAI", "The box"]
    assert checked(tray) == ["The box"]
    app.edit(lambda now: without_endpoint(now, "The box"))
    assert (list(engines(tray)), checked(tray)) == (["on-device", "OpenAI"], ["on-device"])


def test_an_engine_that_could_not_be_saved_is_not_checked(tray: Tray, app: FakeApp) -> None:
    app.next_problem = EXAMPLE
    engines(tray)["OpenAI"].trigger()
    assert checked(tray) == ["on-device"]


@pytest.mark.parametrize(
    ("status", "title"),
    [
        (Status("failed", problem=EXAMPLE), "The settings were not saved"),
        (HELD, "The text was not inserted"),
        (RECOVERED, "The text from 14:32 was recovered"),
        (attrs.evolve(RECOVERED, recovered_count=2), "2 dictations were recovered"),
    ],
    ids=["problem", "held", "recovered", "several recovered"],
)
@pytest.mark.parametrize("mode", ["never", "bottom"])
def test_notifications_replace_an_indicator_that_is_turned_off(
    tray: Tray, monkeypatch: pytest.MonkeyPatch, mode: str, status: Status, title: str
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(tray.icon, "showMessage", lambda title, *_: shown.append(title))
    tray.on_settings(s.put(Settings(), "pill", mode))
    for each in (status, status):
        tray.on_status(each)
    assert shown == ([title] if mode == "never" else [])


def test_a_tray_is_looked_for_only_for_a_minute(tray: Tray) -> None:
    assert not QSystemTrayIcon.isSystemTrayAvailable(), "offscreen has no tray"
    tray.start()
    for _ in range(30):
        tray.poll_timer.timeout.emit()
    assert not tray.poll_timer.isActive()


def test_calls_from_other_threads_run_in_the_main_thread(qtbot: QtBot) -> None:
    bridge, ran = Bridge(), list[threading.Thread]()
    threading.Thread(
        target=bridge.call, args=(lambda: ran.append(threading.current_thread()),)
    ).start()
    qtbot.waitUntil(lambda: bool(ran))
    assert ran == [threading.main_thread()]


def test_results_of_slow_functions_arrive_in_the_main_thread(qtbot: QtBot) -> None:
    background, results = Background(), list[tuple[object, bool]]()

    def note(result: object) -> None:
        results.append((result, threading.current_thread() is threading.main_thread()))

    def failing() -> Problem:
        raise ProblemError(EXAMPLE)

    background.run(lambda: 7, note, note)
    background.run(failing, note, note)
    qtbot.waitUntil(lambda: len(results) == 2)
    background.stop(wait=True)
    assert sorted(results, key=str) == sorted([(7, True), (EXAMPLE, True)], key=str)
