"""Settings, Recognition: the server that is in use, with what its kind and model take."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QComboBox, QPushButton, QWidget

from ....core.problems import Problem
from ....core.settings.server_models import by_name
from ....core.settings.settings import Endpoint
from ....core.settings.urls import OPENAI_HOST, requires_api_key
from ....stt.server.auth import gateway_of
from ....stt.server.presets import Preset
from ...widgets.confirm import confirm_remove
from ...widgets.rows import Group, Row, scaled
from ...widgets.text_row import TextRow
from ..page import Page
from .address import AddressRows, host_or_empty
from .advanced import AdvancedRows
from .api_key import ApiKeyRow
from .server_models import ServerModelRows
from .vocabulary import DIALECTS, TAKES_HINTS

TRANSPORTS = (
    ("websocket", "While you speak"),
    ("webrtc", "While you speak, compressed"),
    ("rest", "When you let go"),
)
TRANSPORT_HELP = {
    "websocket": "About 64 KB a second.",
    "webrtc": "For slow lines. Needs sayso[webrtc].",
    "rest": "As a file, for servers that take nothing else.",
}


class ServerRows:
    """Rows that appear and go with the kind of server; `group` holds them."""

    def __init__(
        self, page: Page, width: int, language: Row, remove: Callable[[], Problem | None]
    ) -> None:
        """`remove`: the one that is shown, after it was asked for."""
        self._on_remove = remove
        self._page, self._language = page, language
        self._displayed: Endpoint | None = None
        self.preset: Preset | None = None
        """Of what has been added last, for examples."""
        self.remove_button = QPushButton("&Remove…")
        self.remove_button.setFixedWidth(scaled(86))
        self.remove_button.setMinimumHeight(scaled(30))
        self.remove_button.clicked.connect(self._on_remove_clicked)
        self.name_row = TextRow(
            page,
            "endpoint.name",
            "&Name",
            "As menus and the history call it.",
            width,
            self.remove_button,
        )
        self.address = AddressRows(page, width, lambda: self.group.isVisibleTo(page))
        context = page.context
        self.key_row = ApiKeyRow(context, self._host, self.address.apply)
        self.key_row.on_stored = self._on_key_stored
        self.gateway = ApiKeyRow(context, self._gateway, None, "&Gateway’s key")
        self.models = ServerModelRows(page, width)
        self.transport = page.combo_row(
            "endpoint.transport", "Sound is &sent", " ", TRANSPORTS, width
        )
        self.dialect = page.combo_row(
            "endpoint.dialect",
            "Server s&peaks",
            "Most speak OpenAI’s way, and vLLM is recognised.",
            DIALECTS,
            width,
        )
        self.advanced = AdvancedRows(page, width)
        rows: list[QWidget] = [
            *(self.name_row, self.address.row, self.address.allow_row, self.gateway, self.key_row),
            *(
                self.models.openai_row,
                self.models.custom_row,
                self.transport,
                self.dialect,
                language,
            ),
            *self.advanced.rows,
            Row(context.scheme, "", "", self.advanced.toggle_button),
        ]
        self.group = Group(context.scheme, " ", rows)

    def refresh(self) -> None:
        settings = self._page.settings
        endpoint = settings.endpoint
        before, self._displayed = self._displayed, endpoint
        if before is None or before.name != endpoint.name:
            self._on_other_server(endpoint)
        openai = host_or_empty(endpoint.url) == OPENAI_HOST
        preset = self.preset
        self.group.set_title(endpoint.name)
        self.name_row.refresh()
        self.remove_button.setEnabled(len(settings.endpoints) > 1)
        about = preset.description if preset and not endpoint.url else ""
        self.address.refresh(endpoint.url, preset.example_url if preset else "", about)
        self.key_row.setVisible(endpoint.auth != "none")
        self.key_row.set_placeholder(_placeholder(endpoint))
        self.gateway.setVisible(endpoint.auth == "cloudflare")
        self.models.refresh(endpoint, preset.example_model if preset else "")
        self._show_transport(endpoint)
        self._page.show_value("endpoint.dialect")
        self.dialect.setVisible(endpoint.transport == "websocket" and not openai)
        self.advanced.refresh(endpoint)
        if before is None or (host_or_empty(before.url), before.auth) != (
            host_or_empty(endpoint.url),
            endpoint.auth,
        ):
            self.refresh_keys()
        if self.group.isVisibleTo(self._page):
            self.models.fetch(endpoint)

    def refresh_keys(self) -> None:
        """Ask again where they are kept."""
        self.key_row.refresh()
        if self._page.settings.endpoint.auth == "cloudflare":
            self.gateway.refresh()

    def _on_other_server(self, endpoint: Endpoint) -> None:
        """Another server is shown: what was said about the one before is over."""
        self.name_row.reset()
        self.address.reset(endpoint.url)
        self.models.reset(endpoint)
        self.advanced.reset(endpoint)
        self.key_row.clear()
        self.gateway.clear()
        if self.preset and self.preset.title != endpoint.name.rstrip(" 0123456789"):
            self.preset = None

    def _show_transport(self, endpoint: Endpoint) -> None:
        """WebRTC where server and model may have it (PROTOCOL 2)."""
        combo, model = self.transport.control, by_name(endpoint.model)
        assert isinstance(combo, QComboBox)
        live = (model.streams or not model.known) and (
            endpoint.dialect in TAKES_HINTS or host_or_empty(endpoint.url) == OPENAI_HOST
        )
        at = combo.findData("webrtc")
        if live and at < 0:
            combo.insertItem(1, dict(TRANSPORTS)["webrtc"], "webrtc")
        elif not live and at >= 0 and endpoint.transport != "webrtc":
            combo.removeItem(at)
        self._page.show_value("endpoint.transport")
        self.transport.set_help(TRANSPORT_HELP[endpoint.transport])

    def _host(self) -> str:
        return host_or_empty(self._page.settings.endpoint.url)

    def _gateway(self) -> str:
        name = self._host()
        return gateway_of(name) if name else ""

    def _on_key_stored(self) -> None:
        self.models.fetch(self._page.settings.endpoint, force=True)

    def _on_remove_clicked(self) -> None:
        if not confirm_remove(self._page, self._page.settings.profile):
            return
        self.name_row.note.show_problem(self._on_remove())


def _placeholder(endpoint: Endpoint) -> str:
    if endpoint.auth == "cloudflare":
        return "If the gateway keeps none"
    return "" if requires_api_key(host_or_empty(endpoint.url)) else "If it needs one"
