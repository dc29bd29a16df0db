"""Settings, Recognition: what a server seldom needs to be told; folded away."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QWidget

from ....core.problems import Problem
from ....core.settings.settings import Endpoint
from ....core.settings.urls import OPENAI_HOST, websocket_url
from ...widgets.rows import Row, scaled
from ...widgets.text_row import TextRow
from ..page import Page, make_combo, select_value
from .address import host_or_empty
from .api_key import ApiKeyRow
from .vocabulary import TAKES_HINTS

AUTHS = (
    ("bearer", "As most servers want it"),
    ("api-key", "As Azure wants it"),
    ("cloudflare", "With Cloudflare’s beside it"),
    ("none", "No key at all"),
)
KEEP_OPEN_TIMES = (
    (0, "Close after each dictation"),
    (60, "1 minute"),
    (300, "5 minutes"),
    (1800, "30 minutes"),
)
FROM_SERVER, FROM_URL = "openai", "https://"
EPHEMERAL_KEY_SOURCES = (
    ("", "Send the key itself"),
    (FROM_SERVER, "Ask the server for one"),
    (FROM_URL, "Ask my company for one"),
)
MORE, LESS = "More settings", "Fewer settings"


class MultiLineEdit(QPlainTextEdit):
    """Text of several lines; Tab leaves it."""

    editing_finished = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFixedHeight(scaled(64))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.editing_finished.emit()


class AdvancedRows:
    def __init__(self, page: Page, width: int) -> None:
        self._page = page
        self._expanded = False
        self._url_pending = False
        """The person chose their company's address and has not entered it yet."""
        self._shown_key_host = ""
        """Whose key's place is known."""
        self.toggle_button = QPushButton(MORE)
        self.toggle_button.setObjectName("flat")
        self.toggle_button.setMinimumHeight(scaled(30))
        self.toggle_button.clicked.connect(self._toggle)
        self.auth = page.combo_row(
            "endpoint.auth", "The key is s&hown", "Set by the kind of server.", AUTHS, width
        )
        self.model_in_url = page.switch_row(
            "endpoint.model_in_url",
            "Model in the a&ddress",
            "Gateways find the way by it. A few refuse it.",
        )
        self._make_ephemeral_rows(width)
        self.keep_open = page.combo_row(
            "endpoint.keep_open_s", "Stay &connected", "The next dictation starts sooner.", KEEP_OPEN_TIMES,  # noqa: E501
            width,
        )  # fmt: skip
        self._make_headers()
        self.rows: list[QWidget] = [
            *(
                self.auth,
                self.model_in_url,
                self.ephemeral_row,
                self.ephemeral_url,
                self.ephemeral_key,
            ),
            *(self.keep_open, self.headers_row),
        ]

    def _make_ephemeral_rows(self, width: int) -> None:
        """Keys that expire: who hands them out, where, and what is shown there."""
        context = self._page.context
        self.ephemeral_combo = make_combo(context, EPHEMERAL_KEY_SOURCES, width)
        self.ephemeral_combo.activated.connect(lambda _: self._on_source_selected())
        self.ephemeral_row = Row(
            context.scheme, "Keys that e&xpire", "So that the real key stays elsewhere.",
            self.ephemeral_combo,
        )  # fmt: skip
        self.ephemeral_url = TextRow(
            self._page,
            "endpoint.secrets_url",
            "Where keys are handed &out",
            "An https address.",
            width,
            check=websocket_url,
        )
        self.ephemeral_key = ApiKeyRow(context, self._ephemeral_host, None, "Key for that address")

    def _make_headers(self) -> None:
        self.headers = MultiLineEdit()
        self.headers.setPlaceholderText("X-Team: speech")
        self.headers.editing_finished.connect(self._on_headers_edited)
        self.headers_row = self._page.add_row(
            "endpoint.headers",
            Row(
                self._page.context.scheme,
                "Headers",
                "Sent with each request, one to a line. No keys: they belong in the field above.",
                None,
                self.headers,
            ),
        )
        self.headers.setAccessibleName("Headers")

    def refresh(self, endpoint: Endpoint) -> None:
        openai, live = host_or_empty(endpoint.url) == OPENAI_HOST, endpoint.transport == "websocket"
        elsewhere = self._url_pending or endpoint.secrets_url not in ("", FROM_SERVER)
        speaks_openai = endpoint.dialect in TAKES_HINTS
        fit = {
            self.auth: not openai,
            self.model_in_url: live and speaks_openai and not openai,
            self.ephemeral_row: endpoint.transport != "rest" and (openai or speaks_openai),
            self.ephemeral_url: elsewhere and endpoint.transport != "rest",
            self.ephemeral_key: bool(self._ephemeral_host()) and endpoint.transport != "rest",
            self.keep_open: live,
            self.headers_row: True,
        }
        for row, fits in fit.items():
            row.setVisible(self._expanded and fits)
        self.toggle_button.setText(LESS if self._expanded else MORE)
        self._page.show_value("endpoint.auth")
        self._page.show_value("endpoint.model_in_url")
        self._page.show_value("endpoint.keep_open_s")
        select_value(self.ephemeral_combo, FROM_URL if elsewhere else endpoint.secrets_url)
        self.ephemeral_url.refresh()
        if (wanted := self._ephemeral_host()) != self._shown_key_host:
            self._shown_key_host = wanted
            self.ephemeral_key.clear()
            self.ephemeral_key.refresh()
        if not self.headers.hasFocus() and self.headers_row.note.isHidden():
            self.headers.setPlainText(endpoint.headers)

    def reset(self, endpoint: Endpoint) -> None:
        """It is about another server now."""
        self._url_pending = False
        self.ephemeral_url.reset()
        self.headers_row.note.show_problem(None)
        self.headers.setPlainText(endpoint.headers)

    def _ephemeral_host(self) -> str:
        """Who hands out keys, where that is not the server itself; names the key it is shown."""
        return host_or_empty(self._page.settings.endpoint.secrets_url)

    def _toggle(self) -> None:
        self._expanded = not self._expanded
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
            return
        self._show_headers_problem(self._page.change("endpoint.headers", text), text)

    def _show_headers_problem(self, problem: Problem | None, text: str) -> None:
        """Lines that are not taken stay, to be put right; what is wrong is said without them."""
        if problem:
            self.headers_row.note.show_message(problem.remedy, "bad")
            self.headers.setPlainText(text)
