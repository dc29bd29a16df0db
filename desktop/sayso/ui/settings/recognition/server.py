"""Settings, Recognition: the server that is in use, with what its kind and model take."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QComboBox, QPushButton, QWidget

from ....core.problems import Problem
from ....core.settings.settings import Endpoint
from ....stt.server.auth import gateway_of
from ....stt.server.models import named
from ....stt.server.presets import Preset
from ....stt.server.urls import OPENAI, needs_key
from ...widgets.confirm import may_remove
from ...widgets.rows import Group, Row, scaled
from ...widgets.text_row import TextRow
from ..page import Page
from .address import Address, host
from .advanced import Advanced
from .api_key import KeyRow
from .server_models import ServerModels
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


class Server:
    """Rows that appear and go with the kind of server; `group` holds them."""

    def __init__(
        self, page: Page, width: int, language: Row, remove: Callable[[], Problem | None]
    ) -> None:
        """`remove`: the one that is shown, after it was asked for."""
        self._wanted_gone = remove
        self._page, self._language = page, language
        self._shown: Endpoint | None = None
        self.preset: Preset | None = None
        """Of what has been added last, for examples."""
        self.remove = QPushButton("&Remove…")
        self.remove.setFixedWidth(scaled(86))
        self.remove.setMinimumHeight(scaled(30))
        self.remove.clicked.connect(self._remove)
        self.name = TextRow(
            page, "endpoint.name", "&Name", "As menus and the history call it.", width, self.remove
        )
        self.address = Address(page, width, lambda: self.group.isVisibleTo(page))
        context = page.context
        self.key = KeyRow(context, self._host, self.address.take)
        self.key.stored = self._key_stored
        self.gateway = KeyRow(context, self._gateway, None, "&Gateway’s key")
        self.models = ServerModels(page, width)
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
        self.advanced = Advanced(page, width)
        rows: list[QWidget] = [
            *(self.name, self.address.row, self.address.permit_row, self.gateway, self.key),
            *(self.models.openai_row, self.models.own_row, self.transport, self.dialect, language),
            *self.advanced.rows,
            Row(context.scheme, "", "", self.advanced.more),
        ]
        self.group = Group(context.scheme, " ", rows)

    def refresh(self) -> None:
        settings = self._page.settings
        endpoint = settings.endpoint
        before, self._shown = self._shown, endpoint
        if before is None or before.name != endpoint.name:
            self._other(endpoint)
        openai = host(endpoint.url) == OPENAI
        preset = self.preset
        self.group.set_title(endpoint.name)
        self.name.refresh()
        self.remove.setEnabled(len(settings.endpoints) > 1)
        about = preset.about if preset and not endpoint.url else ""
        self.address.refresh(endpoint.url, preset.address if preset else "", about)
        self.key.setVisible(endpoint.auth != "none")
        self.key.set_placeholder(_placeholder(endpoint))
        self.gateway.setVisible(endpoint.auth == "cloudflare")
        self.models.refresh(endpoint, preset.model if preset else "")
        self._refresh_transport(endpoint)
        self._page.show_value("endpoint.dialect")
        self.dialect.setVisible(endpoint.transport == "websocket" and not openai)
        self.advanced.refresh(endpoint)
        if before is None or (host(before.url), before.auth) != (host(endpoint.url), endpoint.auth):
            self.refresh_keys()
        if self.group.isVisibleTo(self._page):
            self.models.ask(endpoint)

    def refresh_keys(self) -> None:
        """Ask again where they are kept."""
        self.key.refresh()
        if self._page.settings.endpoint.auth == "cloudflare":
            self.gateway.refresh()

    def _other(self, endpoint: Endpoint) -> None:
        """Another server is shown: what was said about the one before is over."""
        self.name.start_over()
        self.address.start_over(endpoint.url)
        self.models.start_over(endpoint)
        self.advanced.start_over(endpoint)
        self.key.clear()
        self.gateway.clear()
        if self.preset and self.preset.title != endpoint.name.rstrip(" 0123456789"):
            self.preset = None

    def _refresh_transport(self, endpoint: Endpoint) -> None:
        """WebRTC where server and model may have it (PROTOCOL 2)."""
        combo, model = self.transport.control, named(endpoint.model)
        assert isinstance(combo, QComboBox)
        live = (model.streams or not model.known) and (
            endpoint.dialect in TAKES_HINTS or host(endpoint.url) == OPENAI
        )
        at = combo.findData("webrtc")
        if live and at < 0:
            combo.insertItem(1, dict(TRANSPORTS)["webrtc"], "webrtc")
        elif not live and at >= 0 and endpoint.transport != "webrtc":
            combo.removeItem(at)
        self._page.show_value("endpoint.transport")
        self.transport.set_help(TRANSPORT_HELP[endpoint.transport])

    def _host(self) -> str:
        return host(self._page.settings.endpoint.url)

    def _gateway(self) -> str:
        name = self._host()
        return gateway_of(name) if name else ""

    def _key_stored(self) -> None:
        self.models.ask(self._page.settings.endpoint, again=True)

    def _remove(self) -> None:
        if not may_remove(self._page, self._page.settings.profile):
            return
        self.name.note.problem(self._wanted_gone())


def _placeholder(endpoint: Endpoint) -> str:
    if endpoint.auth == "cloudflare":
        return "If the gateway keeps none"
    return "" if needs_key(host(endpoint.url)) else "If it needs one"
