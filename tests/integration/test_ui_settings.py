"""The settings window with real widgets."""

from __future__ import annotations

import contextlib
import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLineEdit,
    QListWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from integration.settings_window import (
    enter_text,
    general,
    recognition,
    select_item,
    settings_window,
)
from integration.ui_fakes import FakeApp, example_problem
from sayso.core.problems import Problem, ProblemError, ProblemKind
from sayso.core.settings import settings as s
from sayso.stt.server.presets import find_preset
from sayso.ui.settings.about import AboutPage
from sayso.ui.settings.window import PAGES, SettingsWindow
from sayso.ui.widgets.controls import Switch


@pytest.mark.parametrize(
    ("page", "key", "value"),
    [
        ("general", "hotkey.mode", "toggle"),
        ("general", "hotkey.mode", "tap-or-hold"),
        ("general", "pill", "top"),
        ("general", "pill", "never"),
        ("text", "insertion.method", "paste"),
        ("text", "insertion.method", "copy"),
    ],
)
def test_selecting_from_a_list_changes_the_setting_at_once(
    window: SettingsWindow, app: FakeApp, page: str, key: str, value: str
) -> None:
    window.open(page)
    select_item(window.pages[page].rows[key].control, value)
    assert s.get(app.settings, key) == value


@pytest.mark.parametrize(
    ("page", "key"), [("general", "sounds"), ("text", "insertion.newlines")], ids=str
)
def test_a_switch_changes_the_setting_at_once(
    window: SettingsWindow, app: FakeApp, qtbot: QtBot, page: str, key: str
) -> None:
    window.open(page)
    switch, before = window.pages[page].rows[key].control, s.get(app.settings, key)
    assert isinstance(switch, Switch)
    qtbot.mouseClick(switch, Qt.MouseButton.LeftButton)
    assert s.get(app.settings, key) is not before
    qtbot.keyClick(switch, Qt.Key.Key_Space)
    assert s.get(app.settings, key) is before


def test_a_failed_change_is_shown_in_the_row_and_the_old_value_stays(
    window: SettingsWindow, app: FakeApp
) -> None:
    app.next_problem = ProblemKind(
        "test.example", "The settings were not saved.", "The disk is full."
    )()
    row = general(window).rows["pill"]
    select_item(row.control, "never")
    assert row.note.text.text() == "The settings were not saved. The disk is full."
    assert isinstance(row.control, QComboBox)
    assert row.control.currentData() == "bottom"


def test_settings_changed_elsewhere_are_shown(window: SettingsWindow, app: FakeApp) -> None:
    page = general(window)
    window.show_settings(s.put(app.settings, "hotkey.chord", "ctrl+alt+space"))
    assert page.keycap.text() == "Ctrl+Alt+Space"
    assert page.change_button.accessibleName() == "Hotkey, Ctrl+Alt+Space, change"


def test_every_control_has_an_accessible_name(window: SettingsWindow, qtbot: QtBot) -> None:
    for name, *_ in PAGES:
        window.open(name)
    kinds = (QAbstractButton, QComboBox, QLineEdit, QListWidget)
    controls = [w for kind in kinds for w in window.findChildren(kind) if not w.isHidden()]
    nameless = [
        w
        for w in controls
        if w.focusPolicy() != Qt.FocusPolicy.NoFocus
        and not w.accessibleName()
        and not (isinstance(w, QAbstractButton) and w.text())
        and not w.objectName().startswith("qt_")
    ]
    assert len(controls) > 15
    assert nameless == []


@pytest.mark.parametrize("name", [name for name, *_ in PAGES])
def test_tab_reaches_every_control(window: SettingsWindow, qtbot: QtBot, name: str) -> None:
    window.open(name)
    kinds = (QAbstractButton, QComboBox, QLineEdit)
    wanted = {
        w
        for kind in kinds
        for w in window.pages[name].findChildren(kind)
        if w.isVisible() and w.isEnabled() and w.focusPolicy() & Qt.FocusPolicy.TabFocus
    }
    wanted = {w for w in wanted if not isinstance(w.parent(), QComboBox) and not _other_radio(w)}
    window.sidebar.setFocus()
    seen: set[QWidget] = set()
    for _ in range(40):
        qtbot.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        if isinstance(focus, QWidget):
            seen.add(focus)
    assert wanted - seen == set()


def _other_radio(widget: QWidget) -> bool:
    """Return whether arrow keys, not Tab, reach this radio button."""
    return (
        isinstance(widget, QAbstractButton)
        and widget.group() is not None
        and not widget.isChecked()
    )


def test_ctrl_and_a_number_selects_a_page_and_esc_closes_the_window(
    window: SettingsWindow, qtbot: QtBot
) -> None:
    for key, (name, *_) in zip("4231", [PAGES[3], PAGES[1], PAGES[2], PAGES[0]], strict=True):
        qtbot.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)
        assert window.page == name
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isVisible()
    window.open()
    qtbot.keyClick(window, "w", Qt.KeyboardModifier.ControlModifier)
    assert not window.isVisible()


def test_a_narrow_window_shows_icons_with_tooltips(window: SettingsWindow) -> None:
    window.resize(660, 500)
    item = window.sidebar.item(1)
    assert (item.text(), item.toolTip()) == ("", "Recognition")
    window.resize(800, 600)
    assert (item.text(), item.toolTip()) == ("Recognition", "")


@pytest.mark.parametrize("name", [name for name, *_ in PAGES])
def test_double_sized_text_fits_the_smallest_window(
    app: FakeApp, qapp: QApplication, qtbot: QtBot, name: str
) -> None:
    before = qapp.font()
    large = QFont(before)
    large.setPixelSize(26)
    qapp.setFont(large)
    try:
        with settings_window(app, qtbot) as window:
            window.open(name)
            if name == "recognition":
                recognition(window).add_server(find_preset("cloudflare"))
                recognition(window).server.advanced.toggle_button.click()
            window.resize(640, 480)
            page = window.pages[name]
            qtbot.waitUntil(lambda: page.width() <= window.stack.width())
            assert page.minimumSizeHint().width() <= window.stack.width()
    finally:
        qapp.setFont(before)


# Hotkey


def test_a_recorded_chord_becomes_the_hotkey(
    window: SettingsWindow, app: FakeApp, qtbot: QtBot
) -> None:
    page = general(window)
    qtbot.mouseClick(page.change_button, Qt.MouseButton.LeftButton)
    assert page.keycap.text() == "Press a key…"
    assert app.on_chord_recorded is not None
    threading.Thread(target=app.on_chord_recorded, args=("f9",)).start()
    qtbot.waitUntil(lambda: app.settings.hotkey.chord == "f9")
    assert page.keycap.text() == "F9"
    assert app.on_chord_recorded is None


def test_esc_while_recording_keeps_the_old_hotkey(
    window: SettingsWindow, app: FakeApp, qtbot: QtBot
) -> None:
    page = general(window)
    qtbot.mouseClick(page.change_button, Qt.MouseButton.LeftButton)
    assert app.on_chord_recorded is not None
    app.on_chord_recorded("")
    assert page.keycap.text() == "Right Ctrl"
    assert app.calls == []
    assert window.isVisible()


def test_keys_pressed_while_recording_have_no_other_effect(
    window: SettingsWindow, app: FakeApp, qtbot: QtBot
) -> None:
    page = general(window)
    qtbot.mouseClick(page.change_button, Qt.MouseButton.LeftButton)
    qtbot.keyClick(page.keycap, "w", Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(page.keycap, Qt.Key.Key_Space)
    assert window.isVisible()
    assert page.keycap.recording


@pytest.mark.parametrize("how", ["button", "page", "close"])
def test_recording_a_hotkey_ends_when_the_user_leaves(
    window: SettingsWindow, app: FakeApp, qtbot: QtBot, how: str
) -> None:
    page = general(window)
    qtbot.mouseClick(page.change_button, Qt.MouseButton.LeftButton)
    {
        "button": lambda: qtbot.mouseClick(page.change_button, Qt.MouseButton.LeftButton),
        "page": lambda: window.open("text"),
        "close": window.close,
    }[how]()
    assert app.on_chord_recorded is None
    assert page.keycap.text() == "Right Ctrl"


def test_an_invalid_chord_is_explained(window: SettingsWindow, app: FakeApp, qtbot: QtBot) -> None:
    page = general(window)
    qtbot.mouseClick(page.change_button, Qt.MouseButton.LeftButton)
    assert app.on_chord_recorded is not None
    app.on_chord_recorded("a")
    assert "needed for typing" in page.rows["hotkey.chord"].note.text.text()
    assert page.keycap.text() == "Right Ctrl"


# Microphone


def test_a_microphone_is_selected_from_the_list(
    window: SettingsWindow, app: FakeApp, qtbot: QtBot
) -> None:
    combo = general(window).rows["microphone.device"].control
    assert isinstance(combo, QComboBox)
    qtbot.waitUntil(lambda: combo.count() == 3)
    assert combo.itemText(2) == "Headset & more"
    select_item(combo, "bluez.headset")
    assert app.settings.microphone.device == "bluez.headset"


def test_the_microphone_is_open_only_while_the_meter_is_visible(
    window: SettingsWindow, app: FakeApp, qtbot: QtBot
) -> None:
    page = general(window)
    assert app.on_level is not None
    app.on_level(-20)
    qtbot.waitUntil(lambda: page.level_label.text().startswith("Good."))
    qtbot.waitUntil(lambda: page.meter.accessibleName() == "Microphone level, good")
    window.open("text")
    assert app.on_level is None
    window.open("general")
    assert app.on_level is not None
    window.hide()
    assert app.on_level is None


# Recognition


def test_languages_are_listed_by_their_own_names(window: SettingsWindow, app: FakeApp) -> None:
    combo = recognition(window).rows["language"].control
    assert isinstance(combo, QComboBox)
    assert combo.itemText(combo.findData("de")) == "Deutsch"
    select_item(combo, "de")
    assert app.settings.language == "de"


def test_the_unload_time_is_selected(window: SettingsWindow, app: FakeApp) -> None:
    select_item(recognition(window).rows["on_device.unload_minutes"].control, 0)
    assert app.settings.on_device.unload_minutes == 0
    window.show_settings(s.put(app.settings, "on_device.unload_minutes", 7))
    combo = recognition(window).rows["on_device.unload_minutes"].control
    assert isinstance(combo, QComboBox)
    assert combo.currentData() == 7


# Key and test


def test_a_key_is_stored_in_the_keyring_and_never_shown_again(
    window: SettingsWindow, app: FakeApp, qtbot: QtBot
) -> None:
    page = recognition(window)
    page.engine_picker.radios["OpenAI"].click()
    enter_text(page.server.key_row.field, "sk-secret")
    assert page.server.key_row.field.text() == ""
    qtbot.waitUntil(lambda: app.stored_keys == {"api.openai.com": "sk-secret"})
    qtbot.waitUntil(lambda: page.server.key_row.delete_button.isVisible())
    assert page.server.key_row.help_label.text() == "Kept in the system keyring."
    page.server.key_row.delete_button.click()
    qtbot.waitUntil(lambda: not page.server.key_row.delete_button.isVisible())
    assert app.key_locations == {}


def test_without_a_keyring_a_key_is_kept_until_sayso_quits(
    window: SettingsWindow, app: FakeApp, qtbot: QtBot
) -> None:
    app.has_keyring = False
    page = recognition(window)
    page.engine_picker.radios["OpenAI"].click()
    enter_text(page.server.key_row.field, "sk-secret")
    qtbot.waitUntil(lambda: page.server.key_row.keep_button.isVisible())
    assert "There is no keyring." in page.server.key_row.key_note.text.text()
    page.server.key_row.keep_button.click()
    qtbot.waitUntil(lambda: page.server.key_row.help_label.text() == "Kept until Sayso quits.")
    assert app.stored_keys == {"api.openai.com": "sk-secret"}
    assert not page.server.key_row.keep_button.isVisible()


@pytest.mark.parametrize(
    "answer",
    ["It works.", example_problem("Nothing answers at host.", "Is the server running?")],
    ids=str,
)
def test_the_result_of_a_connection_test_is_shown(
    window: SettingsWindow, app: FakeApp, qtbot: QtBot, answer: str | Problem
) -> None:
    app.test_result = answer
    app.test_may_finish.clear()
    page = recognition(window)
    page.engine_picker.radios["OpenAI"].click()
    row = page.server.key_row
    row.test_button.click()
    assert (row.test_button.text(), row.note.text.text()) == ("Cancel", "Testing…")
    app.test_may_finish.set()
    qtbot.waitUntil(lambda: row.test_button.text() == "&Test")
    expected = answer.sentence if isinstance(answer, Problem) else answer
    assert row.note.text.text() == expected


def test_the_result_of_a_canceled_test_is_ignored(
    window: SettingsWindow, app: FakeApp, qtbot: QtBot
) -> None:
    app.test_may_finish.clear()
    page = recognition(window)
    page.engine_picker.radios["OpenAI"].click()
    row = page.server.key_row
    row.test_button.click()
    row.test_button.click()
    assert row.note.isHidden()
    app.test_may_finish.set()
    app.test_result = "Second answer."
    row.test_button.click()
    qtbot.waitUntil(lambda: row.note.text.text() == "Second answer.")


CANARY = "canary-7f3a"


def test_the_report_contains_only_the_allowed_values(window: SettingsWindow, app: FakeApp) -> None:
    """Every text of the settings contains a canary, and none of them is in the report."""
    settings = s.Settings()
    for key in s.KEYS:
        if isinstance(s.get(settings, key), str):
            for value in (CANARY, f"https://{CANARY}.example/v1", f"X-Team: {CANARY}"):
                with contextlib.suppress(ProblemError):
                    settings = s.put(settings, key, value)
    settings = s.put(settings, "engine", "realtime")
    assert sum(CANARY in str(s.get(settings, key)) for key in s.KEYS) >= 12
    window.show_settings(settings)
    window.open("about")
    page = window.pages["about"]
    assert isinstance(page, AboutPage)
    page.copy_button.click()
    report = QApplication.clipboard().text()
    assert CANARY not in report
    assert "Python 3" in report
    assert "Engine: realtime, auto, websocket, bearer" in report
    assert "Recent problems: server.key-rejected" in report
