"""The settings window with real widgets, and actions of a user in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from integration.ui_fakes import FakeApp
from sayso.stt.server.presets import find_preset
from sayso.ui.background import Background
from sayso.ui.settings.general import GeneralPage
from sayso.ui.settings.recognition.page import RecognitionPage
from sayso.ui.settings.window import SettingsWindow

LOCAL_URL = "http://localhost:8000/v1"


@contextmanager
def settings_window(app: FakeApp, qtbot: QtBot) -> Iterator[SettingsWindow]:
    """Open the window, keep its settings up to date, and stop its background at the end."""
    background = Background()
    window = SettingsWindow(app.actions(), background, app.settings)
    app.on_settings_changed = window.show_settings
    qtbot.addWidget(window)
    window.open()
    qtbot.waitExposed(window)
    try:
        yield window
    finally:
        app.test_may_finish.set()
        window.hide()
        background.stop(wait=True)


def general(window: SettingsWindow) -> GeneralPage:
    window.open("general")
    page = window.pages["general"]
    assert isinstance(page, GeneralPage)
    return page


def recognition(window: SettingsWindow) -> RecognitionPage:
    window.open("recognition")
    page = window.pages["recognition"]
    assert isinstance(page, RecognitionPage)
    return page


def select_item(combo: QWidget | None, value: object) -> None:
    """Select an entry as the user does."""
    assert isinstance(combo, QComboBox)
    at = combo.findData(value)
    assert at >= 0
    combo.setCurrentIndex(at)
    combo.activated.emit(at)


def enter_text(field: QWidget | None, text: str) -> None:
    line_edit(field).setText(text)
    line_edit(field).editingFinished.emit()


def line_edit(widget: QWidget | None) -> QLineEdit:
    """Return the text field of a control."""
    if not isinstance(widget, QLineEdit) and widget is not None:
        widget = widget.focusProxy()
    assert isinstance(widget, QLineEdit)
    return widget


def combo_texts(combo: QComboBox) -> list[str]:
    return [combo.itemText(at) for at in range(combo.count())]


def leave_field(field: QWidget) -> None:
    QApplication.sendEvent(
        field, QFocusEvent(QFocusEvent.Type.FocusOut, Qt.FocusReason.TabFocusReason)
    )


def add_custom_server(page: RecognitionPage, name: str = "Box") -> None:
    page.add_server(find_preset("custom"))
    enter_text(page.server.address.url, LOCAL_URL)
    enter_text(page.rows["endpoint.name"].control, name)
