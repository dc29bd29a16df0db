"""The recognition page: options of the selected model."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QComboBox

from integration.settings_window import combo_texts, enter_text, select_item
from sayso.core.settings import server_models as models
from sayso.core.settings import settings as s
from sayso.stt.server.presets import find_preset
from sayso.ui.settings.recognition.page import OPTIONS, RecognitionPage
from sayso.ui.settings.recognition.server import model_summary

LOCAL_URL = "http://localhost:8000/v1"


def enter_model(page: RecognitionPage, name: str) -> None:
    combo = page.server.models.custom_combo
    combo.setEditText(name)
    edit = combo.lineEdit()
    edit.editingFinished.emit()


def visible_options(page: RecognitionPage) -> set[str]:
    visible = {name for name in OPTIONS if page.rows[f"endpoint.{name}"].isVisibleTo(page)}
    assert page.vocabulary_group.isVisibleTo(page) == bool(visible)
    return visible


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("gpt-live-transcribe", {"keywords", "prompt", "delay", "noise"}),
        ("gpt-transcribe", {"keywords", "prompt", "noise"}),
        ("gpt-realtime-whisper", {"delay", "noise"}),
        ("whisper-1", {"prompt", "noise"}),
    ],
)
def test_the_rows_depend_on_the_model(page, app, model, options):
    assert visible_options(page) == set()  # these are options of servers
    page.engine_picker.radios["OpenAI"].click()
    select_item(page.server.models.openai_combo, model)
    assert app.settings.endpoint.model == model
    assert visible_options(page) == options
    assert page.server.models.openai_row.help_label.text() == model_summary(models.by_name(model))


def test_models_are_listed_with_their_shutdown_date(page):
    page.engine_picker.radios["OpenAI"].click()
    combo = page.server.models.openai_combo
    titles = {combo.itemData(at): combo.itemText(at) for at in range(combo.count())}
    assert next(iter(titles)) == "gpt-live-transcribe"
    assert titles["whisper-1"] == "whisper-1 (until 26 February 2027)"
    assert "gpt-4o-transcribe-diarize" not in titles  # not available in realtime sessions
    assert model_summary(models.by_name("whisper-1")) == (
        "Text appears after release. $0.006 a minute."
        " Available until 26 February 2027; replaced by gpt-transcribe."
    )
    assert model_summary(models.by_name("gpt-live-transcribe")).startswith(
        "Text appears while you speak."
    )


def test_the_options_depend_on_the_protocol(page, app):
    page.add_server(find_preset("custom"))
    enter_text(page.server.address.url, LOCAL_URL)
    enter_model(page, "voxtral")
    assert visible_options(page) == set()  # the model is unknown
    protocol = page.rows["endpoint.dialect"]
    assert page.rows["language"].isVisibleTo(page)
    select_item(protocol.control, "vllm")
    assert app.settings.endpoint.dialect == "vllm"
    assert not page.rows["language"].isVisibleTo(page)
    enter_model(page, "gpt-live-transcribe")
    assert visible_options(page) == set()  # vLLM has no options
    select_item(protocol.control, "auto")
    assert visible_options(page) == {"keywords", "prompt", "delay", "noise"}
    select_item(protocol.control, "vllm")
    page.engine_picker.radios["OpenAI"].click()
    assert visible_options(page) == {"keywords", "prompt", "delay", "noise"}


def test_uploads_have_the_options_of_the_model_for_files(page):
    page.engine_picker.radios["OpenAI"].click()
    select_item(page.rows["endpoint.transport"].control, "rest")
    assert visible_options(page) == {"keywords", "prompt"}  # of gpt-transcribe
    select_item(page.server.models.openai_combo, "whisper-1")
    assert visible_options(page) == {"prompt"}


def test_every_choice_is_offered(page):
    for key in ("endpoint.dialect", "endpoint.delay", "endpoint.noise"):
        combo = page.rows[key].control
        assert isinstance(combo, QComboBox)
        assert combo_texts(combo) == list(s.describe(key).choices.values())


def test_options_take_effect_at_once(page, app):
    page.engine_picker.radios["OpenAI"].click()
    enter_text(page.rows["endpoint.keywords"].control, " Xenolab, AC-42 ")
    enter_text(page.rows["endpoint.prompt"].control, "At sea.")
    select_item(page.rows["endpoint.delay"].control, "low")
    select_item(page.rows["endpoint.noise"].control, "far_field")
    endpoint = app.settings.endpoint
    assert (endpoint.keywords, endpoint.prompt) == ("Xenolab, AC-42", "At sea.")
    assert (endpoint.delay, endpoint.noise) == ("low", "far_field")


def test_this_computer_has_its_own_vocabulary(page, app):
    field = page.rows["on_device.keywords"].control
    assert field.isVisibleTo(page)
    enter_text(field, " Xenolab, Saoirse ")
    enter_text(page.rows["on_device.prompt"].control, "At sea.")
    on_device = app.settings.on_device
    assert (on_device.keywords, on_device.prompt) == ("Xenolab, Saoirse", "At sea.")
    assert app.settings.endpoint.keywords == ""
    enter_text(field, "a <b>")
    assert app.settings.on_device.keywords == "Xenolab, Saoirse"
    assert "Servers do not accept these" in page.rows["on_device.keywords"].note.text.text()
    assert field.text() == "a <b>"
    app.change("on_device.keywords", "Forgejo")
    assert field.text() == "a <b>"  # for the user to correct
    enter_text(field, "Forgejo")
    assert page.rows["on_device.keywords"].note.isHidden()


def test_an_invalid_term_stays_in_the_field_and_is_not_set(page, app):
    page.engine_picker.radios["OpenAI"].click()
    row = page.rows["endpoint.keywords"]
    enter_text(row.control, "fine, <b>")
    assert app.settings.endpoint.keywords == ""
    assert row.note.isVisibleTo(page)
    assert row.control.text() == "fine, <b>"
    enter_text(row.control, "fine, b")
    assert app.settings.endpoint.keywords == "fine, b"
    assert not row.note.isVisibleTo(page)
    enter_text(row.control, "a < b")
    enter_text(row.control, "fine, b")  # as it was
    assert not row.note.isVisibleTo(page)
