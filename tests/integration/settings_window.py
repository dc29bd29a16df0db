"""The settings window with real widgets, and what a person does in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from integration.ui_fakes import FakeApp
from sayso.stt.server.presets import preset
from sayso.ui.background import Background
from sayso.ui.settings.general import GeneralPage
from sayso.ui.settings.recognition.page import RecognitionPage
from sayso.ui.settings.window import SettingsWindow

HERE = "http://localhost:8000/v1"


@contextmanager
def settings_window(app: FakeApp, qtbot: QtBot) -> Iterator[SettingsWindow]:
    """Open, and told of every change; nothing of it runs on afterwards."""
    background = Background()
    made = SettingsWindow(app.actions(), background, app.settings)
    app.changed = made.show_settings
    qtbot.addWidget(made)
    made.open()
    qtbot.waitExposed(made)
    try:
        yield made
    finally:
        app.let_test_end.set()
        made.hide()
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


def choose(combo: QWidget | None, value: object) -> None:
    """As a person does: the entry is activated."""
    assert isinstance(combo, QComboBox)
    at = combo.findData(value)
    assert at >= 0
    combo.setCurrentIndex(at)
    combo.activated.emit(at)


def enter(field: QWidget | None, text: str) -> None:
    line(field).setText(text)
    line(field).editingFinished.emit()


def line(widget: QWidget | None) -> QLineEdit:
    """The field that a row's control is, or has."""
    if not isinstance(widget, QLineEdit) and widget is not None:
        widget = widget.focusProxy()
    assert isinstance(widget, QLineEdit)
    return widget


def entries(combo: QComboBox) -> list[str]:
    return [combo.itemText(at) for at in range(combo.count())]


def leave(field: QWidget) -> None:
    QApplication.sendEvent(
        field, QFocusEvent(QFocusEvent.Type.FocusOut, Qt.FocusReason.TabFocusReason)
    )


def with_box(page: RecognitionPage, name: str = "Box") -> None:
    page.add(preset("custom"))
    enter(page.server.address.url, HERE)
    enter(page.rows["endpoint.name"].control, name)
