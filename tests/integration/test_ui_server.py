"""The Recognition page: what one server takes, its keys and the list of its models."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from integration.settings_window import HERE, choose, enter, entries, leave, with_box
from integration.ui_fakes import FakeApp
from sayso.core.problems import Problem
from sayso.core.settings import settings as s
from sayso.core.settings.settings import Endpoint
from sayso.stt.server.presets import preset
from sayso.ui.background import Background
from sayso.ui.settings.recognition.advanced import AUTHS, OPEN
from sayso.ui.settings.recognition.page import RecognitionPage
from sayso.ui.settings.recognition.server import TRANSPORTS

# Only what the server and its model take

SEEN = {
    "openai": {"endpoint.transport", "language"},
    "azure": {"endpoint.transport", "endpoint.dialect", "language"},
    "cloudflare": {"endpoint.transport", "endpoint.dialect", "language"},
    "vllm": {"endpoint.transport", "endpoint.dialect"},
    "speaches": {"endpoint.transport", "endpoint.dialect", "language"},
    "groq": {"endpoint.transport", "language"},
}
FOLDED = {
    "openai": {"endpoint.keep_open_s", "endpoint.headers", "secrets"},
    "azure": {
        *("endpoint.auth", "endpoint.model_in_url", "endpoint.keep_open_s", "endpoint.headers"),
        "secrets",
    },
    "vllm": {"endpoint.auth", "endpoint.keep_open_s", "endpoint.headers"},
    "groq": {"endpoint.auth", "endpoint.headers"},
}
ALWAYS = {"endpoint.name", "endpoint.url", "endpoint.model", "fallback"}


def seen(page: RecognitionPage) -> set[str]:
    shown = {key for key, row in page.rows.items() if row.isVisibleTo(page)}
    secrets = {"secrets"} if page.server.advanced.secrets_row.isVisibleTo(page) else set[str]()
    return (shown | secrets) - ALWAYS - {key for key in shown if key.startswith("on_device")}


@pytest.mark.parametrize("kind", SEEN)
def test_the_page_shows_only_what_the_kind_of_server_takes(
    page: RecognitionPage, kind: str
) -> None:
    page.add(preset(kind))
    if not preset(kind).endpoint.url:
        enter(page.server.address.url, HERE)
    hints = {row.objectName() for row in page.hints.rows.values() if row.isVisibleTo(page)}
    assert seen(page) - hints == SEEN[kind]
    assert page.server.gateway.isVisibleTo(page) == (kind == "cloudflare")
    if kind in FOLDED:
        page.server.advanced.more.click()
        assert seen(page) - hints == SEEN[kind] | FOLDED[kind]
        page.server.advanced.more.click()
        assert seen(page) - hints == SEEN[kind]


def test_compressed_sound_is_offered_where_it_may_be(page: RecognitionPage) -> None:
    page.choice.radios["OpenAI"].click()
    combo = page.rows["endpoint.transport"].control
    assert isinstance(combo, QComboBox)
    every = [title for _, title in TRANSPORTS]
    assert entries(combo) == every
    choose(page.server.models.openai, "gpt-transcribe")  # not over WebRTC
    assert entries(combo) == [every[0], every[2]]
    choose(page.server.models.openai, "gpt-live-transcribe")
    assert entries(combo) == every
    page.add(preset("speaches"))
    assert entries(combo) == [every[0], every[2]]


@pytest.mark.parametrize(
    ("key", "offered"), [("endpoint.auth", AUTHS), ("endpoint.keep_open_s", OPEN)], ids=str
)
def test_every_choice_is_one_of_the_settings(
    page: RecognitionPage, app: FakeApp, key: str, offered: tuple[tuple[object, str], ...]
) -> None:
    with_box(page)
    for value, _ in offered:
        choose(page.rows[key].control, value)
        assert s.get(app.settings, key) == value
    assert page.server.key.isVisibleTo(page) == (app.settings.endpoint.auth != "none")


def test_keys_that_expire_come_from_the_server_or_the_company(
    page: RecognitionPage, app: FakeApp, qtbot: QtBot
) -> None:
    with_box(page)
    advanced = page.server.advanced
    advanced.more.click()
    choose(advanced.secrets, "openai")
    assert app.settings.endpoint.secrets_url == "openai"
    assert not advanced.secrets_url.isVisibleTo(page)
    choose(advanced.secrets, "https://")
    assert advanced.secrets_url.isVisibleTo(page)
    enter(advanced.secrets_url.control, "http://keys.example/ephemeral")
    assert "for all to read" in advanced.secrets_url.note.text.text()
    assert app.settings.endpoint.secrets_url == "openai"
    enter(advanced.secrets_url.control, "https://keys.example/ephemeral")
    assert app.settings.endpoint.secrets_url == "https://keys.example/ephemeral"
    enter(advanced.secrets_key.field, "team-secret")
    qtbot.waitUntil(lambda: app.stored == {"keys.example": "team-secret"})
    choose(advanced.secrets, "")
    assert app.settings.endpoint.secrets_url == ""
    assert not advanced.secrets_key.isVisibleTo(page)
    assert not advanced.secrets_url.isVisibleTo(page)


def test_headers_are_in_force_when_the_field_is_left(page: RecognitionPage, app: FakeApp) -> None:
    with_box(page)
    advanced = page.server.advanced
    advanced.more.click()
    advanced.headers.setPlainText("X-Team: sound\nX-Room: 7\n")
    leave(advanced.headers)
    assert app.settings.endpoint.headers == "X-Team: sound\nX-Room: 7"
    advanced.headers.setPlainText("Authorization: Bearer sk-secret")
    leave(advanced.headers)
    said = advanced.headers_row.note.text.text()
    assert said == "Authorization is a secret. Enter it as the key."
    assert app.settings.endpoint.headers == "X-Team: sound\nX-Room: 7"
    advanced.headers.setPlainText("X-Team: sound\nX-Room: 7")
    leave(advanced.headers)
    assert advanced.headers_row.note.isHidden()


# Keys


def test_a_gateways_key_is_kept_beside_the_providers(
    page: RecognitionPage, app: FakeApp, qtbot: QtBot
) -> None:
    page.add(preset("cloudflare"))
    enter(page.server.gateway.field, "cf-secret")  # before the address: kept when that is there
    enter(page.server.address.url, "https://gateway.ai.cloudflare.com/v1/a/g/openai")
    enter(page.server.key.field, "sk-secret")
    host = "gateway.ai.cloudflare.com"
    both = {host: "sk-secret", f"{host}/cf-aig-authorization": "cf-secret"}
    qtbot.waitUntil(lambda: app.stored == both)
    assert (page.server.gateway.field.text(), page.server.key.field.text()) == ("", "")


def test_a_key_that_is_being_written_goes_to_no_other_server(
    page: RecognitionPage, app: FakeApp, qtbot: QtBot
) -> None:
    page.add(preset("custom"))
    page.server.key.field.setText("sk-for-mine")
    page.choice.radios["OpenAI"].click()
    assert page.server.key.field.text() == ""
    page.server.key.field.editingFinished.emit()
    qtbot.waitUntil(lambda: page.server.key.help.text() == "Kept in the system keyring.")
    assert app.stored == {}


def test_where_a_key_is_kept_is_asked_for_each_server(
    page: RecognitionPage, app: FakeApp, qtbot: QtBot
) -> None:
    app.keys["localhost:8000"] = "run"
    page.choice.radios["OpenAI"].click()
    qtbot.waitUntil(lambda: page.server.key.field.placeholderText() == "")
    with_box(page)
    qtbot.waitUntil(lambda: page.server.key.help.text() == "Kept until Sayso quits.")
    assert page.server.key.forget_button.isVisibleTo(page)
    page.choice.radios["OpenAI"].click()
    qtbot.waitUntil(lambda: not page.server.key.forget_button.isVisibleTo(page))


# Models


@attrs.frozen
class Watched:
    """A background that writes down the answers that were dealt with."""

    background: Background
    came: list[object] = attrs.field(factory=list)

    def run(
        self,
        function: Callable[[], Any],
        then: Callable[[Any], None],
        otherwise: Callable[[Any], None],
    ) -> None:
        def noted(deal: Callable[[Any], None]) -> Callable[[Any], None]:
            def with_it(answer: object) -> None:
                deal(answer)
                self.came.append(answer)

            return with_it

        self.background.run(function, noted(then), noted(otherwise))


def watched(page: RecognitionPage, models: Callable[[Endpoint], list[str]]) -> list[object]:
    """What comes from the background from now on, where servers have these models."""
    background = Watched(page.context.background)
    actions = attrs.evolve(page.context.actions, server_models=models)
    page.context = attrs.evolve(page.context, background=background, actions=actions)
    return background.came


def test_the_servers_own_list_of_models_is_offered(
    page: RecognitionPage, app: FakeApp, qtbot: QtBot
) -> None:
    app.offers[HERE] = ["whisper-small", "whisper-large-v3"]
    with_box(page)
    combo = page.server.models.own
    qtbot.waitUntil(lambda: entries(combo) == ["whisper-small", "whisper-large-v3"])
    assert app.settings.endpoint.model == ""
    combo.setCurrentIndex(1)
    combo.activated.emit(1)
    assert app.settings.endpoint.model == "whisper-large-v3"


def test_openais_table_stays_and_gets_what_is_new(
    page: RecognitionPage, app: FakeApp, qtbot: QtBot
) -> None:
    app.offers[s.OPENAI_URL] = ["gpt-transcribe", "gpt-transcribe-next"]
    combo = page.server.models.openai
    known = entries(combo)
    page.choice.radios["OpenAI"].click()
    qtbot.waitUntil(lambda: entries(combo) == [*known, "gpt-transcribe-next"])
    assert combo.currentData() == "gpt-live-transcribe"


def test_a_server_without_a_list_says_nothing_of_it(
    page: RecognitionPage, app: FakeApp, qtbot: QtBot
) -> None:
    came = watched(page, app.server_models)
    with_box(page)
    qtbot.waitUntil(lambda: any(isinstance(answer, Problem) for answer in came))
    edit = page.server.models.own.lineEdit()
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
        if endpoint.url == HERE:
            assert go_on.wait(10)
            return ["of the first"]
        return ["of the second"]

    came = watched(page, models)
    with_box(page)
    enter(page.server.address.url, "http://localhost:9000/v1")
    combo = page.server.models.own
    qtbot.waitUntil(lambda: entries(combo) == ["of the second"])
    go_on.set()
    qtbot.waitUntil(lambda: ["of the first"] in came)
    assert entries(combo) == ["of the second"]
