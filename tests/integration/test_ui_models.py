"""The list of models in the settings, as a person uses it."""

from __future__ import annotations

import attrs
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from integration.settings_window import recognition, settings_window
from integration.ui_fakes import FakeApp
from sayso.core.problems import untyped_problem
from sayso.stt.ondevice.models.catalog import MODELS, ModelStatus, Speed, by_name
from sayso.ui.settings.recognition.local_models import (
    ModelList,
    ModelRow,
    available_action,
    status_text,
)
from sayso.ui.settings.window import SettingsWindow

TINY, SMALL, UNPINNED = by_name("tiny"), by_name("small"), by_name("distil-medium.en")


@pytest.fixture
def models(window: SettingsWindow, qtbot: QtBot) -> ModelList:
    window.resize(780, 1000)
    page = recognition(window)
    qtbot.waitUntil(lambda: len(page.models.rows) == len(MODELS))
    return page.models


def row_of(models: ModelList, name: str) -> ModelRow:
    return models.rows[name]


def set_entries(app: FakeApp, models: ModelList, qtbot: QtBot, **entries: ModelStatus) -> None:
    """Something happened to models; the list looks again."""
    for entry in entries.values():
        app.model_list[entry.model.name] = entry
    models.reload()
    qtbot.waitUntil(lambda: all(row_of(models, e.model.name).entry == e for e in entries.values()))


STATUS_TEXTS = {
    "not here": (ModelStatus(model=SMALL, location=""), "486 MB", "Download"),
    "here": (ModelStatus(model=SMALL, location="own"), "486 MB", "Remove"),
    "in use": (ModelStatus(model=TINY, location="own"), "78 MB", ""),
    "arriving": (ModelStatus(model=SMALL, location="", downloaded_bytes=218_000_000, downloading=True),  # noqa: E501
                 "218 MB of 486 MB", "Cancel"),
    "broken off": (ModelStatus(model=SMALL, location="", downloaded_bytes=5_000_000), "5 MB of 486 MB",  # noqa: E501
                   "Download"),
    "in a package": (ModelStatus(model=SMALL, location="package"), "486 MB, installed", ""),
    "another's": (ModelStatus(model=SMALL, location="hub"), "486 MB, from another program", ""),
    "measured": (ModelStatus(model=TINY, location="own", speed=Speed(0.16, measured=True)),
                 "0.2 s, 78 MB", ""),
    "reckoned": (ModelStatus(model=SMALL, location="", speed=Speed(1.03, measured=False)),
                 "about 1.0 s, 486 MB", "Download"),
    "not pinned": (ModelStatus(model=UNPINNED, location=""), "792 MB, not offered yet", ""),
}  # fmt: skip


@pytest.mark.parametrize(("entry", "beside", "button"), STATUS_TEXTS.values(), ids=STATUS_TEXTS)
def test_what_is_said_of_a_model_and_done_with_it(
    entry: ModelStatus, beside: str, button: str
) -> None:
    assert status_text(entry) == beside
    assert available_action(entry, in_use="whisper-tiny") == button


def test_all_models_are_listed_and_the_one_in_use_is_chosen(models: ModelList) -> None:
    assert [line.radio.text() for line in models.rows.values()][:6] == [
        *("Tiny, fastest", "Base, quick", "Small, surer", "Medium, sure, slow"),
        *("Large, surest, slowest", "Large turbo, best"),
    ]
    assert [name for name, line in models.rows.items() if line.radio.isChecked()] == [
        "whisper-base"
    ]
    assert [name for name, line in models.rows.items() if line.radio.isEnabled()] == [
        "whisper-base"
    ]
    assert row_of(models, "whisper-small").radio.accessibleDescription() == "486 MB, all languages"
    assert row_of(models, "whisper-small").button.accessibleName() == "Download Small"
    assert not models.empty.isVisible()


def test_a_model_that_is_here_is_used_at_a_click(
    app: FakeApp, models: ModelList, qtbot: QtBot
) -> None:
    set_entries(app, models, qtbot, tiny=ModelStatus(model=TINY, location="own"))
    qtbot.mouseClick(row_of(models, "whisper-tiny").radio, Qt.MouseButton.LeftButton)
    assert app.settings.on_device.model == "whisper-tiny"
    assert row_of(models, "whisper-tiny").button.isHidden()
    app.change("on_device.model", "whisper-base")
    assert row_of(models, "whisper-base").radio.isChecked()
    assert row_of(models, "whisper-tiny").button.text() == "Remove"


def test_what_the_seconds_are_is_said_below_where_there_are_any(
    app: FakeApp, models: ModelList, qtbot: QtBot
) -> None:
    assert models.wait_help.isHidden()
    speed = Speed(0.3, measured=True)
    set_entries(app, models, qtbot, tiny=ModelStatus(model=TINY, location="own", speed=speed))
    assert models.wait_help.isVisible()
    assert row_of(models, "whisper-tiny").status.text() == "0.3 s, 78 MB"
    order = models.layout()
    assert order is not None
    last = order.itemAt(order.count() - 1)
    assert last is not None
    assert last.widget() is models.wait_help


SIZES = {"normal": 13, "half as large again": 19, "twice as large": 26}


@pytest.mark.parametrize("pixels", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("width", [780, 640], ids=["wide", "narrow"])
def test_no_word_of_it_is_cut_off_in_any_size(
    app: FakeApp, qtbot: QtBot, qapp: QApplication, width: int, pixels: int
) -> None:
    problem = untyped_problem("There is no internet.", "What has arrived is kept. " * 3)
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


def fits(line: ModelRow) -> bool:
    """Whether everything in it has the room it takes."""
    radio, state, note = line.radio, line.status, line.note
    return (
        line.parentWidget().rect().contains(line.geometry())
        and all(line.rect().contains(part.geometry()) for part in (radio, state, note))
        and radio.width() >= radio.minimumSizeHint().width()
        and (state.wordWrap() or state.width() >= state.sizeHint().width())
        and all(part.height() >= part.heightForWidth(part.width()) for part in (state, note))
        and radio.height() >= radio.minimumSizeHint().height()
    )


def test_a_download_is_begun_followed_and_cancelled(
    app: FakeApp, models: ModelList, qtbot: QtBot
) -> None:
    small = row_of(models, "whisper-small")
    qtbot.mouseClick(small.button, Qt.MouseButton.LeftButton)
    assert app.calls == [("download", "whisper-small")]
    half = ModelStatus(
        model=SMALL, location="", downloaded_bytes=SMALL.size_bytes // 2, downloading=True
    )
    set_entries(app, models, qtbot, small=half)
    assert small.bar.isVisible()
    assert small.bar.value() == 500
    assert small.status.text() == "243 MB of 486 MB"
    app.model_list["whisper-small"] = attrs.evolve(half, downloaded_bytes=SMALL.size_bytes * 3 // 4)
    qtbot.waitUntil(lambda: small.bar.value() == 750)  # it looks by itself
    qtbot.mouseClick(small.button, Qt.MouseButton.LeftButton)
    assert app.calls[-1] == ("cancel", "whisper-small")
    set_entries(
        app, models, qtbot, small=ModelStatus(model=SMALL, location="", downloaded_bytes=7_000_000)
    )
    assert small.bar.isHidden()
    assert small.button.text() == "Download"


def test_what_stands_against_a_download_is_told_at_its_model(
    app: FakeApp, models: ModelList, qtbot: QtBot
) -> None:
    problem = untyped_problem("There is no internet.", "What has arrived is kept.")
    set_entries(app, models, qtbot, small=ModelStatus(model=SMALL, location="", problem=problem))
    note = row_of(models, "whisper-small").note
    assert note.isVisible()
    assert note.text.text() == problem.sentence
    set_entries(app, models, qtbot, small=ModelStatus(model=SMALL, location=""))
    assert note.isHidden()


def test_a_model_is_removed(app: FakeApp, models: ModelList, qtbot: QtBot) -> None:
    set_entries(app, models, qtbot, tiny=ModelStatus(model=TINY, location="own"))
    qtbot.mouseClick(row_of(models, "whisper-tiny").button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: row_of(models, "whisper-tiny").button.text() == "Download")
    assert app.calls == [("remove", "whisper-tiny")]


def test_the_model_in_use_may_go_where_there_is_no_other(
    app: FakeApp, models: ModelList, qtbot: QtBot
) -> None:
    base = ModelStatus(model=by_name("base"), location="own")
    set_entries(app, models, qtbot, base=base, small=ModelStatus(model=SMALL, location="own"))
    assert row_of(models, "whisper-base").button.isHidden()
    set_entries(app, models, qtbot, base=base, small=ModelStatus(model=SMALL, location=""))
    qtbot.mouseClick(row_of(models, "whisper-base").button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(models.empty.isVisible)
    assert app.calls == [("remove", "whisper-base")]


def test_why_a_model_could_not_be_removed_is_told(
    app: FakeApp, models: ModelList, qtbot: QtBot
) -> None:
    set_entries(app, models, qtbot, tiny=ModelStatus(model=TINY, location="own"))
    app.next_problem = untyped_problem("The model Tiny is being downloaded already.")
    tiny = row_of(models, "whisper-tiny")
    qtbot.mouseClick(tiny.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(tiny.note.isVisible)
    assert tiny.note.text.text() == "The model Tiny is being downloaded already."


def test_the_first_model_to_arrive_is_used_where_there_is_none(
    app: FakeApp, models: ModelList, qtbot: QtBot
) -> None:
    base = ModelStatus(model=by_name("base"), location="")
    set_entries(app, models, qtbot, base=base)
    assert models.empty.text() == ("No model on this computer. Small is a good first one (486 MB).")
    assert models.empty.isVisible()
    set_entries(app, models, qtbot, small=ModelStatus(model=SMALL, location="", downloading=True))
    assert models.empty.isHidden()
    set_entries(app, models, qtbot, small=ModelStatus(model=SMALL, location="own"))
    qtbot.waitUntil(lambda: app.settings.on_device.model == "whisper-small")


def test_the_chosen_model_is_tried_again_once_it_is_here(
    app: FakeApp, models: ModelList, qtbot: QtBot
) -> None:
    base = ModelStatus(model=by_name("base"), location="", downloading=True)
    set_entries(app, models, qtbot, base=base)
    set_entries(app, models, qtbot, base=ModelStatus(model=by_name("base"), location="own"))
    qtbot.waitUntil(lambda: bool(app.calls))
    assert app.calls == [("on_device.model", "whisper-base")]


def test_a_later_model_is_not_used_by_itself(app: FakeApp, models: ModelList, qtbot: QtBot) -> None:
    set_entries(app, models, qtbot, small=ModelStatus(model=SMALL, location="", downloading=True))
    set_entries(app, models, qtbot, small=ModelStatus(model=SMALL, location="own"))
    assert app.settings.on_device.model == "whisper-base"
    assert row_of(models, "whisper-small").radio.isEnabled()
