"""The recognition page: settings, API keys and models of one server."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from integration.settings_window import (
    LOCAL_URL,
    add_custom_server,
    combo_texts,
    enter_text,
    leave_field,
    select_item,
)
from sayso.core.problems import Problem
from sayso.core.settings import settings as s
from sayso.core.settings.settings import Endpoint
from sayso.stt.server.presets import find_preset
from sayso.ui.background import Background
from sayso.ui.settings.recognition.page import OPTIONS, RecognitionPage

VISIBLE_ROWS = {
    "openai": {"endpoint.transport", "language"},
    "azure": {"endpoint.transport", "endpoint.dialect", "language"},
    "cloudflare": {"endpoint.transport", "endpoint.dialect", "language"},
    "vllm": {"endpoint.transport", "endpoint.dialect"},
    "speaches": {"endpoint.transport", "endpoint.dialect", "language"},
    "groq": {"endpoint.transport", "language"},
}
ADVANCED_ROWS = {
    "openai": {"endpoint.headers", "ephemeral keys"},
    "azure": {
        *("endpoint.auth", "endpoint.model_in_url", "endpoint.secret_header"),
        *("endpoint.headers", "ephemeral keys"),
    },
    "vllm": {"endpoint.auth", "endpoint.secret_header", "endpoint.headers"},
    "groq": {"endpoint.auth", "endpoint.secret_header", "endpoint.headers"},
}
ALWAYS_VISIBLE = {"endpoint.name", "endpoint.url", "endpoint.model"}


def visible_rows(page: RecognitionPage) -> set[str]:
    shown = {key for key, row in page.rows.items() if row.isVisibleTo(page)}
    if page.server.advanced.ephemeral_row.isVisibleTo(page):
        shown.add("ephemeral keys")
    shown -= {f"endpoint.{option}" for option in OPTIONS}
    return shown - ALWAYS_VISIBLE - {key for key in shown if key.startswith("on_device")}


@pytest.mark.parametrize("kind", VISIBLE_ROWS)
def test_the_rows_depend_on_the_kind_of_server(page, app, kind):
    page.add_server(find_preset(kind))
    if not find_preset(kind).endpoint.url:
        enter_text(page.server.address.url, LOCAL_URL)
    assert visible_rows(page) == VISIBLE_ROWS[kind]
    assert page.server.secret_row.isVisibleTo(page) == bool(app.settings.endpoint.secret_header)
    if kind in ADVANCED_ROWS:
        page.server.advanced.toggle_button.click()
        assert visible_rows(page) == VISIBLE_ROWS[kind] | ADVANCED_ROWS[kind]
        page.server.advanced.toggle_button.click()
        assert visible_rows(page) == VISIBLE_ROWS[kind]


def test_webrtc_is_offered_if_server_and_model_support_it(page):
    page.engine_picker.radios["OpenAI"].click()
    combo = page.rows["endpoint.transport"].control
    every = list(s.describe("endpoint.transport").choices.values())
    assert combo_texts(combo) == every
    select_item(page.server.models.openai_combo, "gpt-transcribe")  # not available over WebRTC
    assert combo_texts(combo) == [every[0], every[2]]
    select_item(page.server.models.openai_combo, "gpt-live-transcribe")
    assert combo_texts(combo) == every
    page.add_server(find_preset("speaches"))
    assert combo_texts(combo) == [every[0], every[2]]


def test_every_kind_of_authentication_can_be_selected(page, app):
    add_custom_server(page)
    for value in s.describe("endpoint.auth").choices:
        select_item(page.rows["endpoint.auth"].control, value)
        assert app.settings.endpoint.auth == value
        assert page.server.key_row.isVisibleTo(page) == (app.settings.endpoint.auth != "none")


def test_short_lived_keys_come_from_the_server_or_a_key_server(page, app, qtbot):
    add_custom_server(page)
    advanced = page.server.advanced
    advanced.toggle_button.click()
    select_item(advanced.ephemeral_combo, "openai")
    assert app.settings.endpoint.secrets_url == "openai"
    assert not advanced.ephemeral_url.isVisibleTo(page)
    select_item(advanced.ephemeral_combo, "https://")
    assert advanced.ephemeral_url.isVisibleTo(page)
    enter_text(advanced.ephemeral_url.control, "http://keys.example/ephemeral")
    assert advanced.ephemeral_url.note.isVisibleTo(page)
    assert app.settings.endpoint.secrets_url == "openai"
    enter_text(advanced.ephemeral_url.control, "https://keys.example/ephemeral")
    assert app.settings.endpoint.secrets_url == "https://keys.example/ephemeral"
    enter_text(advanced.ephemeral_key.field, "team-secret")
    qtbot.waitUntil(lambda: app.stored_keys == {"keys.example": "team-secret"})
    select_item(advanced.ephemeral_combo, "")
    assert app.settings.endpoint.secrets_url == ""
    assert not advanced.ephemeral_key.isVisibleTo(page)
    assert not advanced.ephemeral_url.isVisibleTo(page)


def test_headers_take_effect_when_the_field_is_left(page, app):
    add_custom_server(page)
    advanced = page.server.advanced
    advanced.toggle_button.click()
    advanced.headers.setPlainText("X-Team: sound\nX-Room: 7\n")
    leave_field(advanced.headers)
    assert app.settings.endpoint.headers == "X-Team: sound\nX-Room: 7"
    advanced.headers.setPlainText("Authorization: Bearer sk-secret")
    leave_field(advanced.headers)
    note = advanced.headers_row.note.text.text()
    assert note == "Authorization contains a secret. Enter it as the API key."
    assert app.settings.endpoint.headers == "X-Team: sound\nX-Room: 7"
    advanced.headers.setPlainText("X-Team: sound\nX-Room: 7")
    leave_field(advanced.headers)
    assert advanced.headers_row.note.isHidden()


# Keys


def test_the_key_of_a_secret_header_is_stored_separately(page, app, qtbot):
    page.add_server(find_preset("custom"))
    page.server.advanced.toggle_button.click()
    enter_text(page.rows["endpoint.secret_header"].control, "CF-AIG-Authorization")
    enter_text(page.server.secret_row.field, "cf-secret")  # stored as soon as there is an address
    enter_text(page.server.address.url, "https://gateway.ai.cloudflare.com/v1/a/g/openai")
    enter_text(page.server.key_row.field, "sk-secret")
    host = "gateway.ai.cloudflare.com"
    both = {host: "sk-secret", f"{host}/cf-aig-authorization": "cf-secret"}
    qtbot.waitUntil(lambda: app.stored_keys == both)
    assert (page.server.secret_row.field.text(), page.server.key_row.field.text()) == ("", "")


def test_an_unfinished_key_is_not_stored_for_another_server(page, app, qtbot):
    page.add_server(find_preset("custom"))
    page.server.key_row.field.setText("sk-for-mine")
    page.engine_picker.radios["OpenAI"].click()
    assert page.server.key_row.field.text() == ""
    page.server.key_row.field.editingFinished.emit()
    qtbot.waitUntil(lambda: page.server.key_row.help_label.text() == "Kept in the system keyring.")
    assert app.stored_keys == {}


def test_the_location_of_the_key_is_shown_for_each_server(page, app, qtbot):
    app.key_locations["localhost:8000"] = "run"
    page.engine_picker.radios["OpenAI"].click()
    qtbot.waitUntil(lambda: page.server.key_row.field.placeholderText() == "")
    add_custom_server(page)
    qtbot.waitUntil(lambda: page.server.key_row.help_label.text() == "Kept until Sayso quits.")
    assert page.server.key_row.delete_button.isVisibleTo(page)
    page.engine_picker.radios["OpenAI"].click()
    qtbot.waitUntil(lambda: not page.server.key_row.delete_button.isVisibleTo(page))


# Models


@attrs.frozen
class RecordingBackground:
    """Records the answers that have been handled."""

    background: Background
    answers: list[object] = attrs.field(factory=list)

    def run(
        self,
        function: Callable[[], Any],
        then: Callable[[Any], None],
        otherwise: Callable[[Any], None],
    ) -> None:
        def recorded(handle: Callable[[Any], None]) -> Callable[[Any], None]:
            def handle_and_record(answer: object) -> None:
                handle(answer)
                self.answers.append(answer)

            return handle_and_record

        self.background.run(function, recorded(then), recorded(otherwise))


def record_answers(page: RecognitionPage, models: Callable[[Endpoint], list[str]]) -> list[object]:
    """Replace the lists of models, and return the answers of the background from now on."""
    background = RecordingBackground(page.context.background)
    page.context.actions.settings.fetch_models = models  # type: ignore[method-assign]
    page.context = attrs.evolve(page.context, background=background)
    return background.answers


def test_the_models_of_the_server_are_listed(page, app, qtbot):
    app.models_by_url[LOCAL_URL] = ["whisper-small", "whisper-large-v3"]
    add_custom_server(page)
    combo = page.server.models.custom_combo
    qtbot.waitUntil(lambda: combo_texts(combo) == ["whisper-small", "whisper-large-v3"])
    assert app.settings.endpoint.model == ""
    combo.setCurrentIndex(1)
    combo.activated.emit(1)
    assert app.settings.endpoint.model == "whisper-large-v3"


def test_new_models_are_appended_to_the_known_ones_of_openai(page, app, qtbot):
    app.models_by_url[s.OPENAI_URL] = ["gpt-transcribe", "gpt-transcribe-next"]
    combo = page.server.models.openai_combo
    known = combo_texts(combo)
    page.engine_picker.radios["OpenAI"].click()
    qtbot.waitUntil(lambda: combo_texts(combo) == [*known, "gpt-transcribe-next"])
    assert combo.currentData() == "gpt-live-transcribe"


def test_a_missing_list_of_models_is_not_a_problem(page, app, qtbot):
    answers = record_answers(page, app.fetch_models)
    add_custom_server(page)
    qtbot.waitUntil(lambda: any(isinstance(answer, Problem) for answer in answers))
    edit = page.server.models.custom_combo.lineEdit()
    edit.setText("tiny")
    edit.editingFinished.emit()
    assert app.settings.endpoint.model == "tiny"
    assert page.rows["endpoint.model"].note.isHidden()


def test_a_late_list_of_models_is_not_shown_for_another_server(page, app, qtbot):
    may_finish = threading.Event()

    def models(endpoint: Endpoint) -> list[str]:
        if endpoint.url == LOCAL_URL:
            assert may_finish.wait(10)
            return ["of the first"]
        return ["of the second"]

    answers = record_answers(page, models)
    add_custom_server(page)
    enter_text(page.server.address.url, "http://localhost:9000/v1")
    combo = page.server.models.custom_combo
    qtbot.waitUntil(lambda: combo_texts(combo) == ["of the second"])
    may_finish.set()
    qtbot.waitUntil(lambda: ["of the first"] in answers)
    assert combo_texts(combo) == ["of the second"]
