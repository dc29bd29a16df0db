"""The recognition page: adding, naming, ordering and removing servers."""

from __future__ import annotations

import attrs
import pytest
from PySide6.QtWidgets import QMessageBox

from integration.settings_window import (
    LOCAL_URL,
    add_custom_server,
    combo_texts,
    enter_text,
    leave_field,
    line_edit,
    select_item,
)
from integration.ui_fakes import example_problem
from sayso.core.settings import settings as s
from sayso.core.settings.endpoint import ON_DEVICE
from sayso.core.settings.engine_choice import select_engine, with_endpoint
from sayso.core.settings.settings import Endpoint
from sayso.stt.server.presets import PRESETS, find_preset

UNENCRYPTED_URL = "http://192.168.1.20:8000/v1"


def test_every_kind_of_server_can_be_added(page, app):
    for action, kind in zip(page.engine_picker.menu.actions(), PRESETS, strict=True):
        assert (action.text(), action.toolTip()) == (kind.title, kind.description)
        action.trigger()
        if not kind.endpoint.url:
            assert page.server.address.row.help_label.text() == kind.description
            enter_text(page.server.address.url, LOCAL_URL)
        name = app.settings.profile
        assert name == ("OpenAI 2" if kind.name == "openai" else kind.title)
        expected = attrs.evolve(kind.create_endpoint(kind.endpoint.url or LOCAL_URL), name=name)
        assert app.settings.endpoint == expected
        assert app.settings.engine == "realtime"
        assert page.engine_picker.radios[name].isChecked()


def test_a_new_server_is_saved_when_it_has_an_address(page, app):
    page.add_server(find_preset("vllm"))
    assert page.engine_picker.radios["vLLM"].isChecked()
    assert page.server.address.url.hasFocus()
    enter_text(page.rows["endpoint.name"].control, "The box")
    select_item(page.rows["endpoint.auth"].control, "none")
    assert app.settings == s.Settings()
    enter_text(page.server.address.url, "")
    assert page.rows["endpoint.url"].note.text.text() == (
        "The server has no address. Enter it here."
    )
    enter_text(page.server.address.url, LOCAL_URL)
    assert page.rows["endpoint.url"].note.isHidden()
    endpoint = app.settings.endpoint
    assert (endpoint.name, endpoint.url, endpoint.auth) == ("The box", LOCAL_URL, "none")
    assert (endpoint.dialect, app.settings.engine) == ("vllm", "realtime")


@pytest.mark.parametrize("wanted", [ON_DEVICE, "OpenAI"])
def test_a_draft_is_discarded_if_another_engine_is_selected(page, app, wanted):
    page.add_server(find_preset("litellm"))
    enter_text(page.rows["endpoint.name"].control, "Proxy")
    page.engine_picker.radios[wanted].click()
    assert "Proxy" not in page.engine_picker.radios
    assert [one.name for one in app.settings.endpoints] == ["OpenAI"]
    assert app.settings.engine == ("on-device" if wanted == ON_DEVICE else "realtime")


def test_a_draft_survives_other_changes_of_the_settings(page, app):
    page.add_server(find_preset("azure"))
    app.change("sounds", False)
    assert page.engine_picker.radios["Azure OpenAI"].isChecked()
    page.engine_picker.radios["Azure OpenAI"].click()
    assert page.engine_picker.radios["Azure OpenAI"].isChecked()
    page.add_server(find_preset("sglang"))  # instead
    assert "Azure OpenAI" not in page.engine_picker.radios
    enter_text(page.server.address.url, LOCAL_URL)
    assert [one.name for one in app.settings.endpoints] == ["OpenAI", "SGLang"]


def test_a_draft_that_cannot_be_saved_is_kept(page, app):
    page.add_server(find_preset("custom"))
    app.next_problem = example_problem("The settings were not saved.", "The disk is full.")
    enter_text(page.server.address.url, LOCAL_URL)
    assert "The disk is full." in page.rows["endpoint.url"].note.text.text()
    app.next_problem = None
    enter_text(page.server.address.url, f"{LOCAL_URL}/")
    assert app.settings.endpoint.url == f"{LOCAL_URL}/"


def test_servers_are_listed_with_the_destination_of_the_audio(page, app):
    add_custom_server(page)
    app.edit(lambda now: with_endpoint(now, Endpoint(name="R&D", url="https://speech.example/v1")))
    radios = page.engine_picker.radios
    assert list(radios) == [ON_DEVICE, "OpenAI", "Box", "R&D"]
    assert radios["R&D"].text() == "R&&D"
    assert {name: radio.accessibleDescription() for name, radio in radios.items()} == {
        ON_DEVICE: "Works offline. Audio never leaves this computer.",
        "OpenAI": "Audio is sent to OpenAI and billed to your key. Needs the internet.",
        "Box": "Audio is sent to localhost:8000, a server on this computer.",
        "R&D": "Audio is sent to speech.example.",
    }
    radios["R&D"].click()
    assert (app.settings.engine, app.settings.profile) == ("realtime", "R&D")
    radios[ON_DEVICE].click()
    assert (app.settings.engine, app.settings.profile) == ("on-device", "R&D")
    assert not page.server.group.isVisibleTo(page)


def test_a_taken_name_stays_in_the_field(page, app):
    add_custom_server(page)
    row = page.rows["endpoint.name"]
    for name, why in (("openai", "Another server has this name."), ("a, b", "no commas")):
        enter_text(row.control, name)
        assert why in row.note.text.text()
        assert app.settings.profile == "Box"
    enter_text(row.control, "The box")
    assert (app.settings.profile, row.note.isHidden()) == ("The box", True)
    assert page.server.group.accessibleName() == "The box"


@pytest.mark.parametrize(("answer", "left"), [("Remove", ["OpenAI"]), ("Keep", ["OpenAI", "Box"])])
def test_removing_the_selected_server_selects_this_computer(page, app, monkeypatch, answer, left):
    add_custom_server(page)
    asked: list[str] = []

    def answered(box: QMessageBox) -> int:
        asked.append(box.text())
        button = next(b for b in box.buttons() if b.text().replace("&", "") == answer)
        button.click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", answered)
    page.server.remove_button.click()
    assert asked == ["Remove Box?"]
    assert [one.name for one in app.settings.endpoints] == left
    assert app.settings.engine == ("on-device" if answer == "Remove" else "realtime")


def test_the_only_server_cannot_be_removed_but_a_draft_can(page, app, monkeypatch):
    page.engine_picker.radios["OpenAI"].click()
    assert not page.server.remove_button.isEnabled()
    monkeypatch.setattr("sayso.ui.settings.recognition.server.confirm_remove", lambda *_: True)
    page.add_server(find_preset("vllm"))
    page.server.remove_button.click()
    assert list(page.engine_picker.radios) == [ON_DEVICE, "OpenAI"]
    assert app.settings.profile == "OpenAI"


# Addresses


def test_an_unencrypted_address_must_be_allowed(page, app):
    address = page.server.address
    page.add_server(find_preset("custom"))
    assert not address.allow_row.isVisibleTo(page)
    enter_text(address.url, UNENCRYPTED_URL)
    assert app.settings.engine == "on-device"
    assert "192.168.1.20:8000" in address.row.note.text.text()
    assert address.allow_row.isVisibleTo(page)
    address.allow_switch.click()
    assert app.settings.endpoint.allow_insecure == "192.168.1.20:8000"
    assert (app.settings.engine, app.settings.endpoint.url) == ("realtime", UNENCRYPTED_URL)
    address.allow_switch.click()
    assert app.settings.endpoint.allow_insecure == ""
    assert address.row.note.isVisibleTo(page)


@pytest.mark.parametrize("url", ["", "server", "ftp://x", "https://key@host/v1"])
def test_an_invalid_address_is_explained_and_not_saved(page, app, url):
    add_custom_server(page)
    enter_text(page.server.address.url, url)
    assert page.server.address.row.note.isVisibleTo(page)
    assert page.server.address.url.text() == url
    assert app.settings.endpoint.url == LOCAL_URL
    page.engine_picker.radios["OpenAI"].click()
    assert page.server.address.url.text() == s.OPENAI_URL
    assert page.server.address.row.note.isHidden()


def test_unfinished_text_is_not_applied_to_another_server(page, app):
    """The user may switch the server in the tray menu while a field has the focus."""
    add_custom_server(page)
    app.edit(lambda now: with_endpoint(now, Endpoint(name="Other", url="https://other.example/v1")))
    wanted = app.settings.endpoint_named("Other")
    fields = [
        *(page.server.address.url, page.rows["endpoint.name"].control),
        *(page.server.models.custom_combo.lineEdit(), page.rows["endpoint.keywords"].control),
        page.server.advanced.ephemeral_url.control,
    ]
    for field in map(line_edit, fields):
        field.setFocus()
        field.setText("https://half.example")
    page.server.advanced.headers.setPlainText("X-Half: 1")
    app.edit(lambda now: select_engine(now, "Other"))
    for field in map(line_edit, fields):
        field.editingFinished.emit()
    leave_field(page.server.advanced.headers)
    assert app.settings.endpoint == wanted


# Fallback


def test_fallback_engines_are_selected_in_order(page, app):
    add_custom_server(page)
    fallback = page.fallback
    visible = [row.isVisibleTo(page) for row in fallback.rows]
    assert visible == [True, False, False]
    assert combo_texts(fallback.combos[0]) == ["None", "This computer", "OpenAI"]
    select_item(fallback.combos[0], ON_DEVICE)
    assert app.settings.fallback == (ON_DEVICE,)
    assert combo_texts(fallback.combos[1]) == ["None", "OpenAI"]
    select_item(fallback.combos[1], "OpenAI")
    assert app.settings.fallback == (ON_DEVICE, "OpenAI")
    assert not fallback.rows[2].isVisibleTo(page)  # no engine is left
    select_item(fallback.combos[0], "OpenAI")
    assert app.settings.fallback == ("OpenAI",)
    assert fallback.rows[0].help_label.text() == "The recording is then sent to api.openai.com."
    select_item(fallback.combos[0], "")
    assert app.settings.fallback == ()
    assert fallback.rows[0].help_label.text() == "The recording is kept, so that you can try again."


def test_the_selected_engine_keeps_its_place_among_the_fallbacks(page, app):
    add_custom_server(page)
    app.change("fallback", ("OpenAI", ON_DEVICE))
    page.engine_picker.radios["OpenAI"].click()
    assert page.fallback.combos[0].currentData() == ON_DEVICE
    select_item(page.fallback.combos[1], "Box")
    assert app.settings.fallback == (ON_DEVICE, "Box", "OpenAI")


def test_this_computer_mentions_that_a_fallback_receives_audio(page, app):
    select_item(page.fallback.combos[0], "OpenAI")
    assert app.settings.fallback == ("OpenAI",)
    assert page.engine_picker.radios[ON_DEVICE].accessibleDescription() == (
        "Works offline. Audio leaves this computer only if that fails."
    )
