"""The list of models for this computer on the recognition page."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from pytestqt.qtbot import QtBot

from integration.settings_window import recognition, settings_window
from integration.ui_fakes import example_problem
from sayso.stt.ondevice.models.catalog import MODELS, Location, ModelStatus, Speed, by_name
from sayso.ui.settings.recognition.local_models import (
    ModelList,
    ModelRow,
    available_action,
    status_text,
)
from sayso.ui.settings.window import SettingsWindow

TINY, SMALL = by_name("tiny"), by_name("small")


@pytest.fixture
def models(window: SettingsWindow, qtbot: QtBot) -> ModelList:
    window.resize(780, 1000)
    page = recognition(window)
    qtbot.waitUntil(lambda: len(page.models.rows) == len(MODELS))
    return page.models


@pytest.fixture
def show(app, models, qtbot):
    """Change entries and wait until the list shows them."""

    def show_entries(*entries: ModelStatus) -> None:
        app.model_list |= {entry.model.name: entry for entry in entries}
        models.reload()
        qtbot.waitUntil(lambda: all(models.rows[e.model.name].entry == e for e in entries))

    return show_entries


def small(location: Location, **values: Any) -> ModelStatus:
    return ModelStatus(model=SMALL, location=location, **values)


def base(location: Location, **values: Any) -> ModelStatus:
    return ModelStatus(model=by_name("base"), location=location, **values)


def tiny(**values: Any) -> ModelStatus:
    return ModelStatus(model=TINY, location="own", **values)


PART = 218_000_000
STATUS_TEXTS = {
    "not downloaded": (small(""), "486 MB", "download"),
    "downloaded": (small("own"), "486 MB", "remove"),
    "in use": (tiny(), "78 MB", ""),
    "downloading": (
        small("", downloaded_bytes=PART, downloading=True),
        "218 MB of 486 MB",
        "cancel",
    ),
    "interrupted download": (small("", downloaded_bytes=PART), "218 MB of 486 MB", "download"),
    "in a package": (small("package"), "486 MB, installed", ""),
    "in the shared cache": (small("hub"), "486 MB, from another program", ""),
    "measured": (tiny(speed=Speed(0.16, measured=True)), "78 MB, 0.2 s wait", ""),
    "estimated": (
        small("", speed=Speed(1.03, measured=False)),
        "486 MB, about 1.0 s wait",
        "download",
    ),
}


@pytest.mark.parametrize(("entry", "status", "action"), STATUS_TEXTS.values(), ids=STATUS_TEXTS)
def test_a_model_has_status_and_action(entry, status, action):
    assert status_text(entry) == status
    assert available_action(entry, in_use="whisper-tiny") == action


def test_all_models_are_listed_and_the_selected_one_is_checked(models):
    assert [row.radio.text() for row in models.rows.values()][:6] == [
        *("Tiny, fastest", "Base, fast", "Small, more accurate", "Medium, accurate, slow"),
        *("Large, most accurate, slowest", "Large turbo, best"),
    ]
    assert [name for name, row in models.rows.items() if row.radio.isChecked()] == ["whisper-base"]
    assert [name for name, row in models.rows.items() if row.radio.isEnabled()] == ["whisper-base"]
    assert models.rows["whisper-small"].radio.accessibleDescription() == "486 MB, all languages"
    assert models.rows["whisper-small"].button.accessibleName() == "Download Small"
    assert not models.empty.isVisible()


def test_clicking_a_downloaded_model_selects_it(app, models, qtbot, show):
    show(tiny())
    qtbot.mouseClick(models.rows["whisper-tiny"].radio, Qt.MouseButton.LeftButton)
    assert app.settings.on_device.model == "whisper-tiny"
    assert models.rows["whisper-tiny"].button.isHidden()
    app.change("on_device.model", "whisper-base")
    assert models.rows["whisper-base"].radio.isChecked()
    assert models.rows["whisper-tiny"].button.text() == "Remove"


def test_the_wait_is_explained_below_the_list(models, show):
    assert models.wait_help.isHidden()
    speed = Speed(0.3, measured=True)
    show(tiny(speed=speed))
    assert models.wait_help.isVisible()
    assert models.rows["whisper-tiny"].status.text() == "78 MB, 0.3 s wait"
    order = models.layout()
    assert order is not None
    last = order.itemAt(order.count() - 1)
    assert last is not None
    assert last.widget() is models.wait_help


SIZES = {"normal": 13, "1.5 times as large": 19, "twice as large": 26}


@pytest.mark.parametrize("pixels", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("width", [780, 640], ids=["wide", "narrow"])
def test_no_text_is_cut_off(app, qtbot, qapp, width, pixels):
    problem = example_problem("There is no internet.", "What has arrived is kept. " * 3)
    speed = Speed(11.2, measured=False)
    app.model_list = {
        model.name: ModelStatus(model=model, location="hub", speed=speed, problem=problem)
        for model in MODELS
    }
    before = qapp.font()
    large = QFont(before)
    large.setPixelSize(pixels)
    qapp.setFont(large)
    try:
        with settings_window(app, qtbot) as window:
            window.resize(width, 1000)
            models = recognition(window).models
            qtbot.waitUntil(lambda: len(models.rows) == len(MODELS))
            qtbot.waitUntil(lambda: all(map(fits, models.rows.values())))
            assert window.width() == width
    finally:
        qapp.setFont(before)


def fits(row: ModelRow) -> bool:
    """Return whether every part of a row has the space it needs."""
    radio, status, note = row.radio, row.status, row.note
    return (
        row.parentWidget().rect().contains(row.geometry())
        and all(row.rect().contains(part.geometry()) for part in (radio, status, note))
        and radio.width() >= radio.minimumSizeHint().width()
        and (status.wordWrap() or status.width() >= status.sizeHint().width())
        and all(part.height() >= part.heightForWidth(part.width()) for part in (status, note))
        and radio.height() >= radio.minimumSizeHint().height()
    )


def test_a_download_is_started_shown_and_canceled(app, models, qtbot, show):
    row = models.rows["whisper-small"]
    qtbot.mouseClick(row.button, Qt.MouseButton.LeftButton)
    assert app.calls == [("download", "whisper-small")]
    half = small("", downloaded_bytes=SMALL.size_bytes // 2, downloading=True)
    show(half)
    assert row.bar.isVisible()
    assert row.bar.value() == 500
    assert row.status.text() == "243 MB of 486 MB"
    app.model_list["whisper-small"] = attrs.evolve(half, downloaded_bytes=SMALL.size_bytes * 3 // 4)
    qtbot.waitUntil(lambda: row.bar.value() == 750)  # the list polls
    qtbot.mouseClick(row.button, Qt.MouseButton.LeftButton)
    assert app.calls[-1] == ("cancel", "whisper-small")
    show(small("", downloaded_bytes=7_000_000))
    assert row.bar.isHidden()
    assert row.button.text() == "Download"


def test_the_problem_of_a_download_is_shown_at_its_model(models, show):
    problem = example_problem("There is no internet.", "What has arrived is kept.")
    show(small("", problem=problem))
    note = models.rows["whisper-small"].note
    assert note.isVisible()
    assert note.text.text() == problem.sentence
    show(small(""))
    assert note.isHidden()


def test_a_model_is_removed(app, models, qtbot, show):
    show(tiny())
    qtbot.mouseClick(models.rows["whisper-tiny"].button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: models.rows["whisper-tiny"].button.text() == "Download")
    assert app.calls == [("remove", "whisper-tiny")]


def test_the_model_in_use_can_be_removed_if_it_is_the_only_one(app, models, qtbot, show):
    selected = base("own")
    show(selected, small("own"))
    assert models.rows["whisper-base"].button.isHidden()
    show(selected, small(""))
    qtbot.mouseClick(models.rows["whisper-base"].button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(models.empty.isVisible)
    assert app.calls == [("remove", "whisper-base")]


def test_a_failed_removal_is_explained(app, models, qtbot, show):
    show(tiny())
    app.next_problem = example_problem("The model Tiny is being downloaded already.")
    row = models.rows["whisper-tiny"]
    qtbot.mouseClick(row.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(row.note.isVisible)
    assert row.note.text.text() == "The model Tiny is being downloaded already."


def test_the_first_downloaded_model_is_selected_if_there_is_no_other(app, models, qtbot, show):
    show(base(""))
    assert models.empty.text() == ("No model on this computer. Small is a good first one (486 MB).")
    assert models.empty.isVisible()
    show(small("", downloading=True))
    assert models.empty.isHidden()
    show(small("own"))
    qtbot.waitUntil(lambda: app.settings.on_device.model == "whisper-small")


def test_the_selected_model_is_loaded_after_its_download(app, qtbot, show):
    show(base("", downloading=True))
    show(base("own"))
    qtbot.waitUntil(lambda: bool(app.calls))
    assert app.calls == [("on_device.model", "whisper-base")]


def test_a_second_downloaded_model_is_not_selected(app, models, show):
    show(small("", downloading=True))
    show(small("own"))
    assert app.settings.on_device.model == "whisper-base"
    assert models.rows["whisper-small"].radio.isEnabled()
