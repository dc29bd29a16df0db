"""Rows for settings of a server that are rarely needed, hidden until the user expands them."""

from __future__ import annotations

from ....core.settings.capabilities import Capabilities
from ....core.settings.endpoint import FROM_SERVER, Endpoint
from ....core.settings.urls import host_or_empty, websocket_url
from ...translate import tr
from ...widgets.controls import MultiLineEdit, button, make_combo, select_value
from ...widgets.rows import Row
from ..page import Page
from .api_key import ApiKeyRow

ADVANCED = {"auth", "model_in_url", "secret_header", "headers"}
"""Names of settings that are shown only if expanded, besides the key server."""
FROM_URL = "https://"
"""Entry of the list of key sources that represents the address of any key server."""


class AdvancedRows:
    def __init__(self, page: Page) -> None:
        self._page = page
        self.expanded = False
        self._url_pending = False
        """The user chose a key server and has not entered its address yet."""
        self._shown_key_host = ""
        self.toggle_button = button("", self._toggle, flat=True)
        auth = page.setting_row("endpoint.auth")
        model_in_url = page.setting_row("endpoint.model_in_url")
        self._make_ephemeral_rows()
        secret_header = page.text_row("endpoint.secret_header")
        self.headers = MultiLineEdit()
        self.headers.setPlaceholderText("X-Team: speech")
        self.headers.editing_finished.connect(self._on_headers_edited)
        self.headers_row = page.add_row("endpoint.headers", None, self.headers)
        self.headers.setAccessibleName(self.headers_row.title)
        self.rows = [
            *(auth, model_in_url, self.ephemeral_row, self.ephemeral_url),
            *(self.ephemeral_key, secret_header, self.headers_row),
        ]

    def _make_ephemeral_rows(self) -> None:
        context = self._page.context
        sources = {"": tr("Not used"), FROM_SERVER: tr("From this server")}
        sources[FROM_URL] = tr("From a key server")
        self.ephemeral_combo = make_combo(context.scheme, sources, self._page.control_width)
        self.ephemeral_combo.activated.connect(lambda _: self._on_source_selected())
        title = tr("Short-lived ke&ys")
        help_text = tr("With a key server, the API key itself is not stored on this computer.")
        self.ephemeral_row = Row(context.scheme, title, help_text, self.ephemeral_combo)
        self.ephemeral_url = self._page.text_row("endpoint.secrets_url", check=websocket_url)
        title = tr("API key for the key server")
        self.ephemeral_key = ApiKeyRow(context, self._ephemeral_host, title=title)

    def refresh(self, endpoint: Endpoint, available: Capabilities) -> None:
        shown = self.expanded and "secrets_url" in available.settings
        from_url = self._url_pending or endpoint.secrets_url not in ("", FROM_SERVER)
        host = self._ephemeral_host()
        self.ephemeral_row.setVisible(shown)
        self.ephemeral_url.setVisible(shown and from_url)
        self.ephemeral_key.setVisible(shown and bool(host))
        self.toggle_button.setText(tr("Fewer settings") if self.expanded else tr("More settings"))
        select_value(self.ephemeral_combo, FROM_URL if from_url else endpoint.secrets_url)
        if host != self._shown_key_host:
            self._shown_key_host = host
            self.ephemeral_key.clear()
            self.ephemeral_key.refresh()
        if not self.headers.hasFocus() and self.headers_row.note.isHidden():
            self.headers.setPlainText(endpoint.headers)

    def reset(self, endpoint: Endpoint) -> None:
        """Discard what the user has entered; another server is shown now."""
        self._url_pending = False
        self.headers_row.note.show_problem(None)
        self.headers.setPlainText(endpoint.headers)

    def _ephemeral_host(self) -> str:
        return host_or_empty(self._page.settings.endpoint.secrets_url)

    def _toggle(self) -> None:
        self.expanded = not self.expanded
        self._page.refresh()

    def _on_source_selected(self) -> None:
        value = self.ephemeral_combo.currentData()
        self._url_pending = value == FROM_URL
        if not self._url_pending:
            self._page.change("endpoint.secrets_url", value)
        self._page.refresh()

    def _on_headers_edited(self) -> None:
        text = self.headers.toPlainText().strip()
        if text == self._page.settings.endpoint.headers:
            self.headers_row.note.show_problem(None)
        elif self._page.change("endpoint.headers", text):
            self.headers.setPlainText(text)  # for the user to correct
