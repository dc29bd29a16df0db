"""The Recognition page: what one server takes, its keys and the list of its models."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from integration.settings_window import (
    LOCAL_URL,
    add_custom_server,
    combo_texts,
    enter_text,
    leave_field,
    select_item,
)
from integration.ui_fakes import FakeApp
from sayso.core.problems import Problem
from sayso.core.settings import settings as s
from sayso.core.settings.settings import Endpoint
from sayso.stt.server.presets import find_preset
from sayso.ui.background import Background
from sayso.ui.settings.recognition.advanced import AUTHS, KEEP_OPEN_TIMES
from sayso.ui.settings.recognition.page import RecognitionPage
from sayso.ui.settings.recognition.server import TRANSPORTS

# Only what the server and its model take

VISIBLE_ROWS = {
    "openai": {"endpoint.transport", "language"},
    "azure": {"endpoint.transport", "endpoint.dialect", "language"},
    "cloudflare": {"endpoint.transport", "endpoint.dialect", "language"},
    "vllm": {"endpoint.transport", "endpoint.dialect"},
    "speaches": {"endpoint.transport", "endpoint.dialect", "language"},
    "groq": {"endpoint.transport", "language"},
}
ADVANCED_ROWS = {
    "openai": {"endpoint.keep_open_s", "endpoint.headers", "secrets"},
    "azure": {
        *("endpoint.auth", "endpoint.model_in_url", "endpoint.keep_open_s", "endpoint.headers"),
        "secrets",
    },
    "vllm": {"endpoint.auth", "endpoint.keep_open_s", "endpoint.headers"},
    "groq": {"endpoint.auth", "endpoint.headers"},
}
ALWAYS_VISIBLE = {"endpoint.name", "endpoint.url", "endpoint.model", "fallback"}


def visible_rows(page: RecognitionPage) -> set[str]:
    shown = {key for key, row in page.rows.items() if row.isVisibleTo(page)}
    secrets = {"secrets"} if page.server.advanced.ephemeral_row.isVisibleTo(page) else set[str]()
    return (
        (shown | secrets) - ALWAYS_VISIBLE - {key for key in shown if key.startswith("on_device")}
    )


@pytest.mark.parametrize("kind", VISIBLE_ROWS)
def test_the_page_shows_only_what_the_kind_of_server_takes(
    page: RecognitionPage, kind: str
) -> None:
    page.add_server(find_preset(kind))
    if not find_preset(kind).endpoint.url:
        enter_text(page.server.address.url, LOCAL_URL)
    hints = {row.objectName() for row in page.vocabulary.rows.values() if row.isVisibleTo(page)}
    assert visible_rows(page) - hints == VISIBLE_ROWS[kind]
    assert page.server.gateway.isVisibleTo(page) == (kind == "cloudflare")
    if kind in ADVANCED_ROWS:
        page.server.advanced.toggle_button.click()
        assert visible_rows(page) - hints == VISIBLE_ROWS[kind] | ADVANCED_ROWS[kind]
        page.server.advanced.toggle_button.click()
        assert visible_rows(page) - hints == VISIBLE_ROWS[kind]


def test_compressed_sound_is_offered_where_it_may_be(page: RecognitionPage) -> None:
    page.engine_picker.radios["OpenAI"].click()
    combo = page.rows["endpoint.transport"].control
    assert isinstance(combo, QComboBox)
    every = [title for _, title in TRANSPORTS]
    assert combo_texts(combo) == every
    select_item(page.server.models.openai_combo, "gpt-transcribe")  # not over WebRTC
    assert combo_texts(combo) == [every[0], every[2]]
    select_item(page.server.models.openai_combo, "gpt-live-transcribe")
    assert combo_texts(combo) == every
    page.add_server(find_preset("speaches"))
    assert combo_texts(combo) == [every[0], every[2]]


@pytest.mark.parametrize(
    ("key", "offered"),
    [("endpoint.auth", AUTHS), ("endpoint.keep_open_s", KEEP_OPEN_TIMES)],
    ids=str,
)
def test_every_choice_is_one_of_the_settings(
    page: RecognitionPage, app: FakeApp, key: str, offered: tuple[tuple[object, str], ...]
) -> None:
    add_custom_server(page)
    for value, _ in offered:
        select_item(page.rows[key].control, value)
        assert s.get(app.settings, key) == value
    assert page.server.key_row.isVisibleTo(page) == (app.settings.endpoint.auth != "none")


def test_keys_that_expire_come_from_the_server_or_the_company(
    page: RecognitionPage, app: FakeApp, qtbot: QtBot
) -> None:
    add_custom_server(page)
    advanced = page.server.advanced
    advanced.toggle_button.click()
    select_item(advanced.ephemeral_combo, "openai")
    assert app.settings.endpoint.secrets_url == "openai"
    assert not advanced.ephemeral_url.isVisibleTo(page)
    select_item(advanced.ephemeral_combo, "https://")
    assert advanced.ephemeral_url.isVisibleTo(page)
    enter_text(advanced.ephemeral_url.control, "http://keys.example/ephemeral")
    assert "for all to read" in advanced.ephemeral_url.note.text.text()
    assert app.settings.endpoint.secrets_url == "openai"
    enter_text(advanced.ephemeral_url.control, "https://keys.example/ephemeral")
    assert app.settings.endpoint.secrets_url == "https://keys.example/ephemeral"
    enter_text(advanced.ephemeral_key.field, "team-secret")
    qtbot.waitUntil(lambda: app.stored_keys == {"keys.example": "team-secret"})
    select_item(advanced.ephemeral_combo, "")
    assert app.settings.endpoint.secrets_url == ""
    assert not advanced.ephemeral_key.isVisibleTo(page)
    assert not advanced.ephemeral_url.isVisibleTo(page)


def test_headers_are_in_force_when_the_field_is_left(page: RecognitionPage, app: FakeApp) -> None:
    add_custom_server(page)
    advanced = page.server.advanced
    advanced.toggle_button.click()
    advanced.headers.setPlainText("X-Team: sound\nX-Room: 7\n")
    leave_field(advanced.headers)
    assert app.settings.endpoint.headers == "X-Team: sound\nX-Room: 7"
    advanced.headers.setPlainText("Authorization: Bearer sk-secret")
    leave_field(advanced.headers)
    said = advanced.headers_row.note.text.text()
    assert said == "Authorization contains a secret. Enter it as the API key."
    assert app.settings.endpoint.headers == "X-Team: sound\nX-Room: 7"
    advanced.headers.setPlainText("X-Team: sound\nX-Room: 7")
    leave_field(advanced.headers)
    assert advanced.headers_row.note.isHidden()


# Keys


def test_a_gateways_key_is_kept_beside_the_providers(
    page: RecognitionPage, app: FakeApp, qtbot: QtBot
) -> None:
    page.add_server(find_preset("cloudflare"))
    enter_text(
        page.server.gateway.field, "cf-secret"
    )  # before the address: kept when that is there
    enter_text(page.server.address.url, "https://gateway.ai.cloudflare.com/v1/a/g/openai")
    enter_text(page.server.key_row.field, "sk-secret")
    host = "gateway.ai.cloudflare.com"
    both = {host: "sk-secret", f"{host}/cf-aig-authorization": "cf-secret"}
    qtbot.waitUntil(lambda: app.stored_keys == both)
    assert (page.server.gateway.field.text(), page.server.key_row.field.text()) == ("", "")


def test_a_key_that_is_being_written_goes_to_no_other_server(
    page: RecognitionPage, app: FakeApp, qtbot: QtBot
) -> None:
    page.add_server(find_preset("custom"))
    page.server.key_row.field.setText("sk-for-mine")
    page.engine_picker.radios["OpenAI"].click()
    assert page.server.key_row.field.text() == ""
    page.server.key_row.field.editingFinished.emit()
    qtbot.waitUntil(lambda: page.server.key_row.help_label.text() == "Kept in the system keyring.")
    assert app.stored_keys == {}


def test_where_a_key_is_kept_is_asked_for_each_server(
    page: RecognitionPage, app: FakeApp, qtbot: QtBot
) -> None:
    app.key_locations["localhost:8000"] = "run"
    page.engine_picker.radios["OpenAI"].click()
    qtbot.waitUntil(lambda: page.server.key_row.field.placeholderText() == "")
    add_custom_server(page)
    qtbot.waitUntil(lambda: page.server.key_row.help_label.text() == "Kept until Sayso quits.")
    assert page.server.key_row.forget_button.isVisibleTo(page)
    page.engine_picker.radios["OpenAI"].click()
    qtbot.waitUntil(lambda: not page.server.key_row.forget_button.isVisibleTo(page))


# Models


@attrs.frozen
class RecordingBackground:
    """A background that writes down the answers that were dealt with."""

    background: Background
    answers: list[object] = attrs.field(factory=list)

    def run(
        self,
        function: Callable[[], Any],
        then: Callable[[Any], None],
        otherwise: Callable[[Any], None],
    ) -> None:
        def noted(deal: Callable[[Any], None]) -> Callable[[Any], None]:
            def with_it(answer: object) -> None:
                deal(answer)
                self.answers.append(answer)

            return with_it

        self.background.run(function, noted(then), noted(otherwise))


def record_answers(page: RecognitionPage, models: Callable[[Endpoint], list[str]]) -> list[object]:
    """What comes from the background from now on, where servers have these models."""
    background = RecordingBackground(page.context.background)
    page.context.actions.settings.fetch_models = models  # type: ignore[method-assign]
    page.context = attrs.evolve(page.context, background=background)
    return background.answers


def test_the_servers_own_list_of_models_is_offered(
    page: RecognitionPage, app: FakeApp, qtbot: QtBot
) -> None:
    app.models_by_url[LOCAL_URL] = ["whisper-small", "whisper-large-v3"]
    add_custom_server(page)
    combo = page.server.models.custom_combo
    qtbot.waitUntil(lambda: combo_texts(combo) == ["whisper-small", "whisper-large-v3"])
    assert app.settings.endpoint.model == ""
    combo.setCurrentIndex(1)
    combo.activated.emit(1)
    assert app.settings.endpoint.model == "whisper-large-v3"


def test_openais_table_stays_and_gets_what_is_new(
    page: RecognitionPage, app: FakeApp, qtbot: QtBot
) -> None:
    app.models_by_url[s.OPENAI_URL] = ["gpt-transcribe", "gpt-transcribe-next"]
    combo = page.server.models.openai_combo
    known = combo_texts(combo)
    page.engine_picker.radios["OpenAI"].click()
    qtbot.waitUntil(lambda: combo_texts(combo) == [*known, "gpt-transcribe-next"])
    assert combo.currentData() == "gpt-live-transcribe"


def test_a_server_without_a_list_says_nothing_of_it(
    page: RecognitionPage, app: FakeApp, qtbot: QtBot
) -> None:
    came = record_answers(page, app.fetch_models)
    add_custom_server(page)
    qtbot.waitUntil(lambda: any(isinstance(answer, Problem) for answer in came))
    edit = page.server.models.custom_combo.lineEdit()
    assert edit is not None
    edit.setText("tiny")
    edit.editingFinished.emit()
    assert app.settings.endpoint.model == "tiny"
    assert page.rows["endpoint.model"].note.isHidden()


def test_a_list_that_comes_late_is_not_another_servers(
    page: RecognitionPage, app: FakeApp, qtbot: QtBot
) -> None:
    go_on = threading.Event()

    def models(endpoint: Endpoint) -> list[str]:
        if endpoint.url == LOCAL_URL:
            assert go_on.wait(10)
            return ["of the first"]
        return ["of the second"]

    came = record_answers(page, models)
    add_custom_server(page)
    enter_text(page.server.address.url, "http://localhost:9000/v1")
    combo = page.server.models.custom_combo
    qtbot.waitUntil(lambda: combo_texts(combo) == ["of the second"])
    go_on.set()
    qtbot.waitUntil(lambda: ["of the first"] in came)
    assert combo_texts(combo) == ["of the second"]
