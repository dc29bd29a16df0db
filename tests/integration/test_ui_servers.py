"""The Recognition page: servers are added from kinds, named, set up, put in order, removed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import attrs
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QMessageBox, QWidget
from pytestqt.qtbot import QtBot
from uifakes import FakeApp

from sayso.core import settings as s
from sayso.core.choice import added, in_use
from sayso.core.endpoint import ON_DEVICE
from sayso.core.problems import Problem
from sayso.core.settings import Endpoint
from sayso.stt.presets import PRESETS, preset
from sayso.ui.background import Background
from sayso.ui.settings.advanced import AUTHS, OPEN
from sayso.ui.settings.recognition import RecognitionPage
from sayso.ui.settings.server import TRANSPORTS
from sayso.ui.settings.window import SettingsWindow

HERE = "http://localhost:8000/v1"
OPEN_ROAD = "http://192.168.1.20:8000/v1"


@pytest.fixture
def app() -> FakeApp:
    return FakeApp()


@pytest.fixture
def window(app: FakeApp, qtbot: QtBot) -> Iterator[SettingsWindow]:
    background = Background()
    made = SettingsWindow(app.actions(), background, app.settings)
    app.changed = made.show_settings
    qtbot.addWidget(made)
    made.open()
    qtbot.waitExposed(made)
    yield made
    made.hide()
    background.stop(wait=True)


@pytest.fixture
def page(window: SettingsWindow) -> RecognitionPage:
    window.open("recognition")
    page = window.pages["recognition"]
    assert isinstance(page, RecognitionPage)
    return page


def choose(combo: QWidget | None, value: object) -> None:
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


def with_box(page: RecognitionPage, name: str = "Box") -> None:
    page.add(preset("custom"))
    enter(page.server.address.url, HERE)
    enter(page.rows["endpoint.name"].control, name)


def test_every_kind_of_server_can_be_added(page: RecognitionPage, app: FakeApp) -> None:
    for action, kind in zip(page.choice.menu.actions(), PRESETS, strict=True):
        assert (action.text(), action.toolTip()) == (kind.title, kind.about)
        action.trigger()
        if not kind.endpoint.url:
            assert page.server.address.row.help.text() == kind.about
            enter(page.server.address.url, HERE)
        name = app.settings.profile
        assert name == ("OpenAI 2" if kind.name == "openai" else kind.title)
        made = attrs.evolve(kind.made(kind.endpoint.url or HERE), name=name)
        assert app.settings.endpoint == made
        assert app.settings.engine == "realtime"
        assert page.choice.radios[name].isChecked()


def test_a_new_server_is_used_only_when_it_has_an_address(
    page: RecognitionPage, app: FakeApp
) -> None:
    page.add(preset("vllm"))
    assert page.choice.radios["vLLM"].isChecked()
    assert page.server.address.url.hasFocus()
    enter(page.rows["endpoint.name"].control, "The box")
    choose(page.rows["endpoint.auth"].control, "none")
    assert app.settings == s.Settings()
    enter(page.server.address.url, "")
    assert page.rows["endpoint.url"].note.text.text() == (
        "There is no server address. Enter it here."
    )
    enter(page.server.address.url, HERE)
    assert page.rows["endpoint.url"].note.isHidden()
    endpoint = app.settings.endpoint
    assert (endpoint.name, endpoint.url, endpoint.auth) == ("The box", HERE, "none")
    assert (endpoint.dialect, app.settings.engine) == ("vllm", "realtime")


@pytest.mark.parametrize("wanted", [ON_DEVICE, "OpenAI"])
def test_a_new_server_is_forgotten_if_another_is_chosen_first(
    page: RecognitionPage, app: FakeApp, wanted: str
) -> None:
    page.add(preset("litellm"))
    enter(page.rows["endpoint.name"].control, "Proxy")
    page.choice.radios[wanted].click()
    assert "Proxy" not in page.choice.radios
    assert [one.name for one in app.settings.endpoints] == ["OpenAI"]
    assert app.settings.engine == ("on-device" if wanted == ON_DEVICE else "realtime")


def test_a_new_server_outlives_what_changes_elsewhere(page: RecognitionPage, app: FakeApp) -> None:
    page.add(preset("azure"))
    app.change("sounds", False)
    assert page.choice.radios["Azure OpenAI"].isChecked()
    page.choice.radios["Azure OpenAI"].click()
    assert page.choice.radios["Azure OpenAI"].isChecked()
    page.add(preset("sglang"))  # instead
    assert "Azure OpenAI" not in page.choice.radios
    enter(page.server.address.url, HERE)
    assert [one.name for one in app.settings.endpoints] == ["OpenAI", "SGLang"]


def test_a_refusal_keeps_the_new_server_to_be_tried_again(
    page: RecognitionPage, app: FakeApp
) -> None:
    page.add(preset("custom"))
    app.refused = Problem("The settings were not saved.", "The disk is full.")
    enter(page.server.address.url, HERE)
    assert "The disk is full." in page.rows["endpoint.url"].note.text.text()
    app.refused = None
    enter(page.server.address.url, f"{HERE}/")
    assert app.settings.endpoint.url == f"{HERE}/"


def test_servers_are_chosen_by_name_and_say_where_sound_goes(
    page: RecognitionPage, app: FakeApp
) -> None:
    with_box(page)
    app.edit(lambda now: added(now, Endpoint(name="R&D", url="https://speech.example/v1")))
    radios = page.choice.radios
    assert list(radios) == [ON_DEVICE, "OpenAI", "Box", "R&D"]
    assert radios["R&D"].text() == "R&&D"
    assert {name: radio.accessibleDescription() for name, radio in radios.items()} == {
        ON_DEVICE: "Works offline. Sound never leaves this computer.",
        "OpenAI": "Sound is sent to OpenAI and billed to your key. Needs the internet.",
        "Box": "Sound is sent to localhost:8000, a server on this computer.",
        "R&D": "Sound is sent to speech.example.",
    }
    radios["R&D"].click()
    assert (app.settings.engine, app.settings.profile) == ("realtime", "R&D")
    radios[ON_DEVICE].click()
    assert (app.settings.engine, app.settings.profile) == ("on-device", "R&D")
    assert not page.server.group.isVisibleTo(page)


def test_a_name_that_is_taken_stays_to_be_put_right(page: RecognitionPage, app: FakeApp) -> None:
    with_box(page)
    row = page.rows["endpoint.name"]
    for name, why in (("openai", "Another endpoint has this name."), ("a, b", "no commas")):
        enter(row.control, name)
        assert why in row.note.text.text()
        assert app.settings.profile == "Box"
    enter(row.control, "The box")
    assert (app.settings.profile, row.note.isHidden()) == ("The box", True)
    assert page.server.group.accessibleName() == "The box"


@pytest.mark.parametrize(("answer", "left"), [("Remove", ["OpenAI"]), ("Keep", ["OpenAI", "Box"])])
def test_removing_asks_once_and_uses_this_computer_then(
    page: RecognitionPage,
    app: FakeApp,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    left: list[str],
) -> None:
    with_box(page)
    asked: list[str] = []

    def answered(box: QMessageBox) -> int:
        asked.append(box.text())
        button = next(b for b in box.buttons() if b.text().replace("&", "") == answer)
        button.click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", answered)
    page.server.remove.click()
    assert asked == ["Remove Box?"]
    assert [one.name for one in app.settings.endpoints] == left
    assert app.settings.engine == ("on-device" if answer == "Remove" else "realtime")


def test_the_only_server_cannot_be_removed_and_a_new_one_is_dropped(
    page: RecognitionPage, app: FakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.choice.radios["OpenAI"].click()
    assert not page.server.remove.isEnabled()
    monkeypatch.setattr("sayso.ui.settings.server.may_remove", lambda *_: True)
    page.add(preset("vllm"))
    page.server.remove.click()
    assert list(page.choice.radios) == [ON_DEVICE, "OpenAI"]
    assert app.settings.profile == "OpenAI"


# Addresses


def test_an_address_without_encryption_has_to_be_allowed(
    page: RecognitionPage, app: FakeApp
) -> None:
    address = page.server.address
    page.add(preset("custom"))
    assert not address.permit_row.isVisibleTo(page)
    enter(address.url, OPEN_ROAD)
    assert app.settings.engine == "on-device"
    assert "192.168.1.20:8000" in address.row.note.text.text()
    assert address.permit_row.isVisibleTo(page)
    address.permit.click()
    assert app.settings.endpoint.allow_insecure == "192.168.1.20:8000"
    assert (app.settings.engine, app.settings.endpoint.url) == ("realtime", OPEN_ROAD)
    address.permit.click()
    assert app.settings.endpoint.allow_insecure == ""
    assert address.row.note.isVisibleTo(page)


@pytest.mark.parametrize("url", ["", "server", "ftp://x", "https://key@host/v1"])
def test_an_address_that_is_none_is_explained_and_not_taken(
    page: RecognitionPage, app: FakeApp, url: str
) -> None:
    with_box(page)
    enter(page.server.address.url, url)
    assert page.server.address.row.note.isVisibleTo(page)
    assert page.server.address.url.text() == url
    assert app.settings.endpoint.url == HERE
    page.choice.radios["OpenAI"].click()
    assert page.server.address.url.text() == s.OPENAI_URL
    assert page.server.address.row.note.isHidden()


def test_what_is_being_written_is_not_taken_for_another_server(
    page: RecognitionPage, app: FakeApp
) -> None:
    """The tray may switch while a field has the focus."""
    with_box(page)
    app.edit(lambda now: added(now, Endpoint(name="Other", url="https://other.example/v1")))
    wanted = app.settings.endpoint_named("Other")
    fields = [
        *(page.server.address.url, page.rows["endpoint.name"].control),
        *(page.server.models.own.lineEdit(), page.rows["endpoint.keywords"].control),
        page.server.advanced.secrets_url.control,
    ]
    for field in map(line, fields):
        field.setFocus()
        field.setText("https://half.example")
    page.server.advanced.headers.setPlainText("X-Half: 1")
    app.edit(lambda now: in_use(now, "Other"))
    for field in map(line, fields):
        field.editingFinished.emit()
    leave(page.server.advanced.headers)
    assert app.settings.endpoint == wanted


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


def leave(field: QWidget) -> None:
    QApplication.sendEvent(
        field, QFocusEvent(QFocusEvent.Type.FocusOut, Qt.FocusReason.TabFocusReason)
    )


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
    asked = threading.Event()
    actions = page.context.actions

    def models(endpoint: Endpoint) -> list[str]:
        asked.set()
        return app.server_models(endpoint)

    page.context = attrs.evolve(page.context, actions=attrs.evolve(actions, server_models=models))
    with_box(page)
    qtbot.waitUntil(asked.is_set)
    edit = page.server.models.own.lineEdit()
    assert edit is not None
    edit.setText("tiny")
    edit.editingFinished.emit()
    assert app.settings.endpoint.model == "tiny"
    assert page.rows["endpoint.model"].note.isHidden()


def test_a_list_that_comes_late_is_not_another_servers(
    page: RecognitionPage, app: FakeApp, qtbot: QtBot
) -> None:
    go_on, first = threading.Event(), threading.Event()
    actions = page.context.actions

    def models(endpoint: Endpoint) -> list[str]:
        if endpoint.url == HERE:
            assert go_on.wait(10)
            first.set()
            return ["of the first"]
        return ["of the second"]

    page.context = attrs.evolve(page.context, actions=attrs.evolve(actions, server_models=models))
    with_box(page)
    enter(page.server.address.url, "http://localhost:9000/v1")
    go_on.set()
    combo = page.server.models.own
    qtbot.waitUntil(lambda: first.is_set() and entries(combo) == ["of the second"])


# Who helps out


def test_helpers_are_put_in_order(page: RecognitionPage, app: FakeApp) -> None:
    with_box(page)
    order = page.order
    visible = [row.isVisibleTo(page) for row in order.rows]
    assert visible == [True, False, False]
    assert entries(order.combos[0]) == ["Nobody", "This computer", "OpenAI"]
    choose(order.combos[0], ON_DEVICE)
    assert app.settings.fallback == (ON_DEVICE,)
    assert entries(order.combos[1]) == ["Nobody", "OpenAI"]
    choose(order.combos[1], "OpenAI")
    assert app.settings.fallback == (ON_DEVICE, "OpenAI")
    assert not order.rows[2].isVisibleTo(page)  # nobody is left
    choose(order.combos[0], "OpenAI")
    assert app.settings.fallback == ("OpenAI",)
    assert order.rows[0].help.text() == "The recording is sent to api.openai.com then."
    choose(order.combos[0], "")
    assert app.settings.fallback == ()
    assert order.rows[0].help.text() == "The recording is kept, to try again."


def test_whoever_is_chosen_does_not_help_itself_and_is_remembered(
    page: RecognitionPage, app: FakeApp
) -> None:
    with_box(page)
    app.change("fallback", ("OpenAI", ON_DEVICE))
    page.choice.radios["OpenAI"].click()
    assert page.order.combos[0].currentData() == ON_DEVICE
    choose(page.order.combos[1], "Box")
    assert app.settings.fallback == (ON_DEVICE, "Box", "OpenAI")


def test_this_computer_says_if_sound_may_leave_it(page: RecognitionPage, app: FakeApp) -> None:
    choose(page.order.combos[0], "OpenAI")
    assert app.settings.fallback == ("OpenAI",)
    assert page.choice.radios[ON_DEVICE].accessibleDescription() == (
        "Works offline. Sound leaves this computer only if that fails."
    )
