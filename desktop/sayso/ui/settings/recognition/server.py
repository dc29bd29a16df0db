"""Rows for the selected server, which depend on its kind and its model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QComboBox

from ....core.problems import Problem, ProblemError
from ....core.problems.settings import ADDRESS_MISSING
from ....core.settings import server_models
from ....core.settings import settings as s
from ....core.settings.capabilities import Capabilities, capabilities
from ....core.settings.server_models import ServerModel
from ....core.settings.settings import Endpoint
from ....core.settings.urls import host_or_empty, websocket_url
from ....stt.server.auth import secret_header_id
from ....stt.server.presets import Preset
from ...translate import tr
from ...widgets.confirm import confirm_remove
from ...widgets.controls import BUTTON_WIDTH, Switch, button, make_combo, select_value
from ...widgets.rows import Group, Row, TextRow
from ..page import Page
from .advanced import ADVANCED, AdvancedRows
from .api_key import ApiKeyRow


class ServerRows:
    """`group` contains the rows."""

    def __init__(self, page: Page, language: Row, on_remove: Callable[[], Problem | None]) -> None:
        """`on_remove` is called after the user has confirmed that the server is removed."""
        self._page, self._language, self._on_remove = page, language, on_remove
        self._displayed: Endpoint | None = None
        self.preset: Preset | None = None
        """The preset that was added last. It provides the examples."""
        self.remove_button = button(tr("&Remove…"), self._on_remove_clicked, BUTTON_WIDTH)
        self.name_row = page.text_row("endpoint.name", self.remove_button)
        self.address = AddressRows(page)
        context = page.context
        self.models = ServerModelRows(page)
        self.key_row = ApiKeyRow(context, self._host, self.address.row.commit, self.models.refetch)
        self.secret_row = ApiKeyRow(context, self._secret_id, title=tr("Second API key"))
        self.transport = page.setting_row("endpoint.transport")
        dialect = page.setting_row("endpoint.dialect")
        self.advanced = AdvancedRows(page)
        rows = [
            *(self.name_row, self.address.row, self.address.allow_row),
            *(self.secret_row, self.key_row, self.models.openai_row, self.models.custom_row),
            *(self.transport, dialect, language, *self.advanced.rows),
            Row(context.scheme, "", "", self.advanced.toggle_button),
        ]
        self.group = Group(context.scheme, " ", rows)

    def refresh(self, available: Capabilities) -> None:
        settings = self._page.settings
        endpoint = settings.endpoint
        before, self._displayed = self._displayed, endpoint
        if before is None or before.name != endpoint.name:
            self._on_other_server(endpoint)
        self.group.set_title(endpoint.name)
        self.remove_button.setEnabled(len(settings.endpoints) > 1)
        self._show_address(endpoint, available)
        self.key_row.setVisible(endpoint.auth != "none")
        self.key_row.set_placeholder("" if available.requires_api_key else tr("If it needs one"))
        self.secret_row.setVisible(bool(endpoint.secret_header))
        self.models.refresh(endpoint, available, self.preset.example_model if self.preset else "")
        self._show_transport(endpoint, available)
        self._language.setVisible("language" in available.settings)
        self.advanced.refresh(endpoint, available)
        hidden = set() if self.advanced.expanded else ADVANCED
        for key, row in self._page.rows.items():
            group, _, name = key.rpartition(".")
            if group == "endpoint" and name not in ("allow_insecure", "secrets_url"):
                row.setVisible(name in available.settings - hidden)
        if before is None or _key_names(before) != _key_names(endpoint):
            self.key_row.refresh()
            self.secret_row.refresh()
        if self.group.isVisibleTo(self._page):
            self.models.fetch(endpoint)

    def _on_other_server(self, endpoint: Endpoint) -> None:
        """Discard what the user has entered for the server that was shown before."""
        for key, row in self._page.rows.items():
            if key.startswith("endpoint.") and isinstance(row, TextRow):
                row.reset(s.get(self._page.settings, key))
        self.models.custom_combo.setEditText(endpoint.model)
        self.advanced.reset(endpoint)
        self.key_row.clear()
        self.secret_row.clear()
        if self.preset and self.preset.title != endpoint.name.rstrip(" 0123456789"):
            self.preset = None

    def _show_address(self, endpoint: Endpoint, available: Capabilities) -> None:
        help_text = "" if available.is_openai else tr("Ends in /v1 on most servers.")
        if self.preset and not endpoint.url:
            help_text = tr(self.preset.description)
        example = self.preset.example_url if self.preset else ""
        self.address.refresh(endpoint.url, example, help_text)

    def _show_transport(self, endpoint: Endpoint, available: Capabilities) -> None:
        combo = self.transport.control
        assert isinstance(combo, QComboBox)
        offered = "webrtc" in available.transports or endpoint.transport == "webrtc"
        index = combo.findData("webrtc")
        if offered and index < 0:
            label = s.describe("endpoint.transport").choices["webrtc"]
            combo.insertItem(1, tr(label), "webrtc")
        elif not offered and index >= 0:
            combo.removeItem(index)
        help_texts = {
            "websocket": tr("About 64 KB a second."),
            "webrtc": tr("For slow connections. Needs sayso[webrtc]."),
            "rest": tr("For servers that only accept files."),
        }
        self.transport.set_help(help_texts[endpoint.transport])

    def _host(self) -> str:
        return capabilities(self._page.settings.endpoint).host

    def _secret_id(self) -> str:
        header, host = self._page.settings.endpoint.secret_header, self._host()
        return secret_header_id(host, header) if header and host else ""

    def _on_remove_clicked(self) -> None:
        if confirm_remove(self._page, self._page.settings.profile):
            self.name_row.note.show_problem(self._on_remove())


def _key_names(endpoint: Endpoint) -> tuple[str, str, str]:
    return capabilities(endpoint).host, endpoint.auth, endpoint.secret_header


class AddressRows:
    def __init__(self, page: Page) -> None:
        self._page = page
        self.row = page.text_row("endpoint.url", check=self._check)
        self.url = self.row.field
        self.allow_switch = Switch(page.context.scheme)
        self.allow_switch.clicked.connect(lambda _: self._on_allow_clicked())
        self.allow_row = page.add_row("endpoint.allow_insecure", self.allow_switch)

    def refresh(self, url: str, example: str, help_text: str) -> None:
        self.url.setPlaceholderText(example or "http://192.168.1.20:8000/v1")
        self.row.set_help(help_text)
        self.row.show_text(url)
        self._show_allow_row(self.url.text())

    def _check(self, text: str) -> None:
        self._show_allow_row(text)
        if not text:
            raise ProblemError(ADDRESS_MISSING())
        websocket_url(text, self._page.settings.endpoint.allow_insecure)

    def _show_allow_row(self, text: str) -> None:
        host = unencrypted_host(text)
        self.allow_row.setVisible(bool(host))
        warning = tr("Anyone on the network between you and {host} could hear what you say.")
        self.allow_row.set_help(warning.format(host=host))
        allowed = self._page.settings.endpoint.allow_insecure
        self.allow_switch.setChecked(bool(host) and allowed == host)

    def _on_allow_clicked(self) -> None:
        host = unencrypted_host(self.url.text().strip())
        allowed = host if self.allow_switch.isChecked() else ""
        if not self._page.change("endpoint.allow_insecure", allowed):
            self.row.commit()


def is_usable(url: str, allow_insecure: str) -> bool:
    """Return whether the address is valid and its connection encrypted or allowed."""
    try:
        websocket_url(url, allow_insecure)
    except ProblemError:
        return False
    return True


def unencrypted_host(url: str) -> str:
    """Return the host of a valid address that must be allowed explicitly, else ''."""
    host = host_or_empty(url)
    return host if is_usable(url, host) and not is_usable(url, "") else ""


class ServerModelRows:
    """A list for OpenAI and an editable list for other servers, of which one is shown.

    OpenAI's models are known, with prices and shutdown dates. Other servers are asked for theirs.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self._listed_for: tuple[str, str] | None = None
        labels = {model.name: model.label for model in server_models.realtime_models()}
        self.openai_combo = make_combo(page.context.scheme, labels, page.control_width)
        self.openai_combo.view().setMinimumWidth(self.openai_combo.view().sizeHintForColumn(0) + 24)
        self.openai_combo.activated.connect(
            lambda _: page.change("endpoint.model", self.openai_combo.currentData())
        )
        self.openai_row = page.add_row("endpoint.model", self.openai_combo)
        self.custom_combo = make_combo(page.context.scheme, {}, page.control_width)
        self.custom_combo.setEditable(True)
        self.custom_combo.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.custom_row = page.add_row("endpoint.model", self.custom_combo)
        if edit := self.custom_combo.lineEdit():
            edit.editingFinished.connect(self._on_edited)
            edit.setAccessibleName(self.custom_row.title)
        self.custom_combo.activated.connect(lambda _: self._on_edited())

    def refresh(self, endpoint: Endpoint, available: Capabilities, example: str) -> None:
        is_openai = available.is_openai
        self.openai_row.setVisible(is_openai)
        self.custom_row.setVisible(not is_openai)
        self._page.rows["endpoint.model"] = self.openai_row if is_openai else self.custom_row
        if is_openai:
            select_value(self.openai_combo, endpoint.model)
            self.openai_row.set_help(model_summary(server_models.by_name(endpoint.model)))
        if edit := self.custom_combo.lineEdit():
            edit.setPlaceholderText(example)
        if not self.custom_combo.hasFocus() and self.custom_combo.currentText() != endpoint.model:
            self.custom_combo.setEditText(endpoint.model)

    def refetch(self) -> None:
        self._listed_for = None
        self.fetch(self._page.settings.endpoint)

    def fetch(self, endpoint: Endpoint) -> None:
        """Request the server's list of models. If that fails, the user enters the name."""
        listed_for = (endpoint.url, endpoint.auth)
        usable = is_usable(endpoint.url, endpoint.allow_insecure)
        if listed_for == self._listed_for or not usable:
            return
        self._listed_for = listed_for
        self._show_models(endpoint, ())

        def on_models(names: Sequence[str]) -> None:
            if self._listed_for == listed_for:
                self._show_models(endpoint, names)

        self._page.context.background.run(
            lambda: self._page.context.actions.settings.fetch_models(endpoint),
            on_models,
            lambda _: None,  # the list is optional
        )

    def _show_models(self, endpoint: Endpoint, names: Sequence[str]) -> None:
        if capabilities(endpoint).is_openai:
            for name in names:
                if self.openai_combo.findData(name) < 0:
                    self.openai_combo.addItem(server_models.by_name(name).label, name)
            return
        text = self.custom_combo.currentText()
        self.custom_combo.clear()
        self.custom_combo.addItems(list(names))
        self.custom_combo.setEditText(text)

    def _on_edited(self) -> None:
        text = self.custom_combo.currentText().strip()
        if self.custom_row.isVisibleTo(self._page) and text != self._page.settings.endpoint.model:
            self._page.change("endpoint.model", text)


def model_summary(model: ServerModel) -> str:
    """Return when the text appears, what the model costs, and when it is shut down."""
    text = (
        tr("Text appears while you speak.") if model.streams else tr("Text appears after release.")
    )
    if model.usd_per_minute is not None:
        text += " " + tr("${price} a minute.").format(price=f"{model.usd_per_minute:g}")
    return f"{text} {model.deprecation_hint}".rstrip()
