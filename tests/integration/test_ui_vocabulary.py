"""The Recognition page shows what the chosen model takes, and nothing else."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QComboBox, QLineEdit

from integration.settings_window import enter_text, select_item
from integration.ui_fakes import FakeApp
from sayso.core.settings import server_models as models
from sayso.core.settings import settings as s
from sayso.stt.server.presets import find_preset
from sayso.ui.settings.recognition.page import RecognitionPage
from sayso.ui.settings.recognition.vocabulary import DELAYS, DIALECTS, NOISES, model_summary

LOCAL_URL = "http://localhost:8000/v1"


def enter_model(page: RecognitionPage, name: str) -> None:
    combo = page.server.models.custom_combo
    combo.setEditText(name)
    edit = combo.lineEdit()
    assert edit is not None
    edit.editingFinished.emit()


def visible_options(page: RecognitionPage) -> set[str]:
    visible = {option for option, row in page.vocabulary.rows.items() if row.isVisibleTo(page)}
    assert page.vocabulary.group.isVisibleTo(page) == bool(visible)
    return set(visible)


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("gpt-live-transcribe", {"keywords", "prompt", "delay", "noise"}),
        ("gpt-transcribe", {"keywords", "prompt", "noise"}),
        ("gpt-realtime-whisper", {"delay", "noise"}),
        ("whisper-1", {"prompt", "noise"}),
    ],
)
def test_rows_appear_and_go_with_the_model(
    page: RecognitionPage, app: FakeApp, model: str, options: set[str]
) -> None:
    assert visible_options(page) == set()  # this computer takes none
    page.engine_picker.radios["OpenAI"].click()
    select_item(page.server.models.openai_combo, model)
    assert app.settings.endpoint.model == model
    assert visible_options(page) == options
    assert page.server.models.openai_row.help_label.text() == model_summary(models.by_name(model))


def test_models_are_listed_with_the_day_they_end(page: RecognitionPage) -> None:
    page.engine_picker.radios["OpenAI"].click()
    combo = page.server.models.openai_combo
    titles = {combo.itemData(at): combo.itemText(at) for at in range(combo.count())}
    assert next(iter(titles)) == "gpt-live-transcribe"
    assert titles["whisper-1"] == "whisper-1 (until 26 February 2027)"
    assert "gpt-4o-transcribe-diarize" not in titles  # no realtime session takes it
    assert model_summary(models.by_name("whisper-1")) == (
        "Words come when you let go. $0.006 a minute."
        " It ends on 26 February 2027; then gpt-transcribe."
    )
    assert model_summary(models.by_name("gpt-live-transcribe")).startswith(
        "Words come while you speak."
    )


def test_a_server_of_ones_own_says_how_it_speaks(page: RecognitionPage, app: FakeApp) -> None:
    page.add_server(find_preset("custom"))
    enter_text(page.server.address.url, LOCAL_URL)
    enter_model(page, "voxtral")
    assert visible_options(page) == set()  # nobody knows what it takes
    speaks = page.rows["endpoint.dialect"]
    assert page.rows["language"].isVisibleTo(page)
    select_item(speaks.control, "vllm")
    assert app.settings.endpoint.dialect == "vllm"
    assert not page.rows["language"].isVisibleTo(page)
    enter_model(page, "gpt-live-transcribe")
    assert visible_options(page) == set()  # vLLM is told nothing
    select_item(speaks.control, "auto")
    assert visible_options(page) == {"keywords", "prompt", "delay", "noise"}
    select_item(speaks.control, "vllm")
    page.engine_picker.radios["OpenAI"].click()
    assert visible_options(page) == {
        "keywords",
        "prompt",
        "delay",
        "noise",
    }  # OpenAI speaks one way


def test_a_file_is_told_what_the_model_behind_it_takes(page: RecognitionPage) -> None:
    page.engine_picker.radios["OpenAI"].click()
    select_item(page.rows["endpoint.transport"].control, "rest")
    assert visible_options(page) == {"keywords", "prompt"}  # gpt-transcribe takes the file
    select_item(page.server.models.openai_combo, "whisper-1")
    assert visible_options(page) == {"prompt"}


def test_every_choice_of_the_settings_is_offered(page: RecognitionPage) -> None:
    for key, offered in (
        ("endpoint.dialect", DIALECTS),
        ("endpoint.delay", DELAYS),
        ("endpoint.noise", NOISES),
    ):
        for value, title in offered:
            assert title
            assert s.get(s.put(s.Settings(), key, value), key) == value
        combo = page.rows[key].control
        assert isinstance(combo, QComboBox)
        assert combo.count() == len(offered)


def test_hints_are_in_force_at_once(page: RecognitionPage, app: FakeApp) -> None:
    page.engine_picker.radios["OpenAI"].click()
    enter_text(page.rows["endpoint.keywords"].control, " Xenolab, AC-42 ")
    enter_text(page.rows["endpoint.prompt"].control, "At sea.")
    select_item(page.rows["endpoint.delay"].control, "low")
    select_item(page.rows["endpoint.noise"].control, "far_field")
    endpoint = app.settings.endpoint
    assert (endpoint.keywords, endpoint.prompt) == ("Xenolab, AC-42", "At sea.")
    assert (endpoint.delay, endpoint.noise) == ("low", "far_field")


def test_this_computer_is_told_words_of_its_own(page: RecognitionPage, app: FakeApp) -> None:
    field = page.rows["on_device.keywords"].control
    assert isinstance(field, QLineEdit)
    assert field.isVisibleTo(page)
    enter_text(field, " Xenolab, Saoirse ")
    enter_text(page.rows["on_device.prompt"].control, "At sea.")
    told = app.settings.on_device
    assert (told.keywords, told.prompt) == ("Xenolab, Saoirse", "At sea.")
    assert app.settings.endpoint.keywords == ""
    enter_text(field, "a <b>")
    assert app.settings.on_device.keywords == "Xenolab, Saoirse"
    assert "Servers do not accept these" in page.rows["on_device.keywords"].note.text.text()
    assert field.text() == "a <b>"
    app.change("on_device.keywords", "Forgejo")
    assert field.text() == "a <b>"  # to be put right
    enter_text(field, "Forgejo")
    assert page.rows["on_device.keywords"].note.isHidden()


def test_a_wrong_word_stays_to_be_put_right_and_is_not_set(
    page: RecognitionPage, app: FakeApp
) -> None:
    page.engine_picker.radios["OpenAI"].click()
    row = page.rows["endpoint.keywords"]
    enter_text(row.control, "fine, <b>")
    assert app.settings.endpoint.keywords == ""
    assert row.note.isVisibleTo(page)
    assert isinstance(row.control, QLineEdit)
    assert row.control.text() == "fine, <b>"
    enter_text(row.control, "fine, b")
    assert app.settings.endpoint.keywords == "fine, b"
    assert not row.note.isVisibleTo(page)
    enter_text(row.control, "a < b")
    enter_text(row.control, "fine, b")  # as it was
    assert not row.note.isVisibleTo(page)
