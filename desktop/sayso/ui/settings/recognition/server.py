"""Rows for the selected server, which depend on its kind and its model."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QComboBox, QWidget

from ....core.problems import Problem
from ....core.settings import settings as s
from ....core.settings.capabilities import Capabilities, capabilities
from ....core.settings.settings import Endpoint
from ....stt.server.auth import secret_header_id
from ....stt.server.presets import Preset
from ...translate import tr
from ...widgets.confirm import confirm_remove
from ...widgets.controls import BUTTON_WIDTH, button
from ...widgets.rows import Group, Row, TextRow
from ..page import Page
from .address import AddressRows
from .advanced import ADVANCED, AdvancedRows
from .api_key import ApiKeyRow
from .server_models import ServerModelRows

SHOWN_IF_NEEDED = {"allow_insecure", "secrets_url"}


class ServerRows:
    """`group` contains the rows."""

    def __init__(
        self, page: Page, width: int, language: Row, on_remove: Callable[[], Problem | None]
    ) -> None:
        """`on_remove` removes the server; it is called after the user has confirmed it."""
        self._page, self._language, self._on_remove = page, language, on_remove
        self._displayed: Endpoint | None = None
        self.preset: Preset | None = None
        """The preset that was added last. It provides the examples."""
        self.remove_button = button(tr("&Remove…"), self._on_remove_clicked, BUTTON_WIDTH)
        self.name_row = page.text_row("endpoint.name", width, self.remove_button)
        self.address = AddressRows(page, width)
        context = page.context
        self.key_row = ApiKeyRow(context, self._host, self.address.row.commit, self._on_key_stored)
        self.secret_row = ApiKeyRow(context, self._secret_id, title=tr("Second API key"))
        self.models = ServerModelRows(page, width)
        self.transport = page.setting_row("endpoint.transport", width)
        dialect = page.setting_row("endpoint.dialect", width)
        self.advanced = AdvancedRows(page, width)
        rows: list[QWidget] = [
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
            if group == "endpoint" and name not in SHOWN_IF_NEEDED:
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
        """Offer WebRTC only if it is available or selected."""
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
        """Return the name in the keyring of the secret header's value."""
        header, host = self._page.settings.endpoint.secret_header, self._host()
        return secret_header_id(host, header) if header and host else ""

    def _on_key_stored(self) -> None:
        self.models.fetch(self._page.settings.endpoint, force=True)

    def _on_remove_clicked(self) -> None:
        if confirm_remove(self._page, self._page.settings.profile):
            self.name_row.note.show_problem(self._on_remove())


def _key_names(endpoint: Endpoint) -> tuple[str, str, str]:
    """Return the values that determine which API keys are shown."""
    return capabilities(endpoint).host, endpoint.auth, endpoint.secret_header
