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

from integration.settings_window import (
    enter_text,
    general,
    recognition,
    select_item,
    settings_window,
)
from integration.ui_fakes import example_problem
from sayso.core.problems import Problem, ProblemError
from sayso.core.settings import settings as s
from sayso.stt.server.presets import find_preset
from sayso.ui.settings.window import PAGES


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
def test_selecting_from_a_list_changes_the_setting_at_once(window, app, page, key, value):
    window.open(page)
    select_item(window.pages[page].rows[key].control, value)
    assert s.get(app.settings, key) == value


@pytest.mark.parametrize(
    ("page", "key"), [("general", "sounds"), ("text", "insertion.newlines")], ids=str
)
def test_a_switch_changes_the_setting_at_once(window, app, qtbot, page, key):
    window.open(page)
    switch, before = window.pages[page].rows[key].control, s.get(app.settings, key)
    qtbot.mouseClick(switch, Qt.MouseButton.LeftButton)
    assert s.get(app.settings, key) is not before
    qtbot.keyClick(switch, Qt.Key.Key_Space)
    assert s.get(app.settings, key) is before


def test_a_failed_change_is_shown_in_the_row_and_the_old_value_stays(window, app):
    app.next_problem = example_problem("The settings were not saved.", "The disk is full.")
    row = general(window).rows["pill"]
    select_item(row.control, "never")
    assert row.note.text.text() == "The settings were not saved. The disk is full."
    assert row.control.currentData() == "bottom"


def test_settings_changed_elsewhere_are_shown(window, app):
    page = general(window)
    window.show_settings(s.put(app.settings, "hotkey.chord", "ctrl+alt+space"))
    assert page.keycap.text() == "Ctrl+Alt+Space"
    assert page.change_button.accessibleName() == "Hotkey, Ctrl+Alt+Space, change"


def test_every_control_has_an_accessible_name(window, qtbot):
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
def test_tab_reaches_every_control(window, qtbot, name):
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


def test_ctrl_and_a_number_selects_a_page_and_esc_closes_the_window(window, qtbot):
    for key, (name, *_) in zip("4231", [PAGES[3], PAGES[1], PAGES[2], PAGES[0]], strict=True):
        qtbot.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)
        assert window.page == name
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isVisible()
    window.open()
    qtbot.keyClick(window, "w", Qt.KeyboardModifier.ControlModifier)
    assert not window.isVisible()


def test_a_narrow_window_shows_icons_with_tooltips(window):
    window.resize(660, 500)
    item = window.sidebar.item(1)
    assert (item.text(), item.toolTip()) == ("", "Recognition")
    window.resize(800, 600)
    assert (item.text(), item.toolTip()) == ("Recognition", "")


@pytest.mark.parametrize("name", [name for name, *_ in PAGES])
def test_double_sized_text_fits_the_smallest_window(app, qapp, qtbot, name):
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


@pytest.fixture
def recording(window, app, qtbot):
    """The general page while it records a hotkey."""
    page = general(window)
    qtbot.mouseClick(page.change_button, Qt.MouseButton.LeftButton)
    assert app.on_chord_recorded is not None
    return page


def test_a_recorded_chord_becomes_the_hotkey(recording, window, app, qtbot):
    assert recording.keycap.text() == "Press a key…"
    threading.Thread(target=app.on_chord_recorded, args=("f9",)).start()
    qtbot.waitUntil(lambda: app.settings.hotkey.chord == "f9")
    assert recording.keycap.text() == "F9"
    assert app.on_chord_recorded is None


def test_esc_while_recording_keeps_the_old_hotkey(recording, window, app, qtbot):
    app.on_chord_recorded("")
    assert recording.keycap.text() == "Right Ctrl"
    assert app.calls == []
    assert window.isVisible()


def test_keys_pressed_while_recording_have_no_other_effect(recording, window, app, qtbot):
    qtbot.keyClick(recording.keycap, "w", Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(recording.keycap, Qt.Key.Key_Space)
    assert window.isVisible()
    assert recording.keycap.recording


@pytest.mark.parametrize("how", ["button", "page", "close"])
def test_recording_a_hotkey_ends_when_the_user_leaves(recording, window, app, qtbot, how):
    {
        "button": lambda: qtbot.mouseClick(recording.change_button, Qt.MouseButton.LeftButton),
        "page": lambda: window.open("text"),
        "close": window.close,
    }[how]()
    assert app.on_chord_recorded is None
    assert recording.keycap.text() == "Right Ctrl"


def test_an_invalid_chord_is_explained(recording, window, app, qtbot):
    app.on_chord_recorded("a")
    assert "needed for typing" in recording.rows["hotkey.chord"].note.text.text()
    assert recording.keycap.text() == "Right Ctrl"


# Microphone


def test_a_microphone_is_selected_from_the_list(window, app, qtbot):
    combo = general(window).rows["microphone.device"].control
    qtbot.waitUntil(lambda: combo.count() == 3)
    assert combo.itemText(2) == "Headset & more"
    select_item(combo, "bluez.headset")
    assert app.settings.microphone.device == "bluez.headset"


def test_the_microphone_is_open_only_while_the_meter_is_visible(window, app, qtbot):
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


def test_languages_are_listed_by_their_own_names(window, app):
    combo = recognition(window).rows["language"].control
    assert combo.itemText(combo.findData("de")) == "Deutsch"
    select_item(combo, "de")
    assert app.settings.language == "de"


def test_the_unload_time_is_selected(window, app):
    select_item(recognition(window).rows["on_device.unload_minutes"].control, 0)
    assert app.settings.on_device.unload_minutes == 0
    window.show_settings(s.put(app.settings, "on_device.unload_minutes", 7))
    combo = recognition(window).rows["on_device.unload_minutes"].control
    assert combo.currentData() == 7


# Key and test


@pytest.fixture
def key_row(window):
    """The row for the API key of OpenAI."""
    page = recognition(window)
    page.engine_picker.radios["OpenAI"].click()
    return page.server.key_row


def test_a_key_is_stored_in_the_keyring_and_never_shown_again(key_row, app, qtbot):
    enter_text(key_row.field, "sk-secret")
    assert key_row.field.text() == ""
    qtbot.waitUntil(lambda: app.stored_keys == {"api.openai.com": "sk-secret"})
    qtbot.waitUntil(lambda: key_row.delete_button.isVisible())
    assert key_row.help_label.text() == "Kept in the system keyring."
    key_row.delete_button.click()
    qtbot.waitUntil(lambda: not key_row.delete_button.isVisible())
    assert app.key_locations == {}


def test_without_a_keyring_a_key_is_kept_until_sayso_quits(key_row, app, qtbot):
    app.has_keyring = False
    enter_text(key_row.field, "sk-secret")
    qtbot.waitUntil(lambda: key_row.keep_button.isVisible())
    assert "There is no keyring." in key_row.key_note.text.text()
    key_row.keep_button.click()
    qtbot.waitUntil(lambda: key_row.help_label.text() == "Kept until Sayso quits.")
    assert app.stored_keys == {"api.openai.com": "sk-secret"}
    assert not key_row.keep_button.isVisible()


@pytest.mark.parametrize(
    "answer",
    ["It works.", example_problem("Nothing answers at host.", "Is the server running?")],
    ids=str,
)
def test_the_result_of_a_connection_test_is_shown(key_row, app, qtbot, answer):
    app.test_result = answer
    app.test_may_finish.clear()
    key_row.test_button.click()
    assert (key_row.test_button.text(), key_row.note.text.text()) == ("Cancel", "Testing…")
    app.test_may_finish.set()
    qtbot.waitUntil(lambda: key_row.test_button.text() == "&Test")
    expected = answer.sentence if isinstance(answer, Problem) else answer
    assert key_row.note.text.text() == expected


def test_the_result_of_a_canceled_test_is_ignored(key_row, app, qtbot):
    app.test_may_finish.clear()
    key_row.test_button.click()
    key_row.test_button.click()
    assert key_row.note.isHidden()
    app.test_may_finish.set()
    app.test_result = "Second answer."
    key_row.test_button.click()
    qtbot.waitUntil(lambda: key_row.note.text.text() == "Second answer.")


CANARY = "canary-7f3a"


def test_the_report_contains_only_the_allowed_values(window, app):
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
    page.copy_button.click()
    report = QApplication.clipboard().text()
    assert CANARY not in report
    assert "Python 3" in report
    assert "Engine: realtime, auto, websocket, bearer" in report
    assert "Recent problems: server.key-rejected" in report
