"""Settings, Recognition: what a server seldom needs to be told; folded away."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QWidget

from ....core.problems import Problem
from ....core.settings.settings import Endpoint
from ....stt.server.urls import OPENAI, socket_url
from ...widgets.rows import Row, scaled
from ...widgets.text_row import TextRow
from ..page import Page, make_combo, select
from .address import host
from .api_key import KeyRow
from .vocabulary import TAKES_HINTS

AUTHS = (
    ("bearer", "As most servers want it"),
    ("api-key", "As Azure wants it"),
    ("cloudflare", "With Cloudflare’s beside it"),
    ("none", "No key at all"),
)
OPEN = (
    (0, "Close after each dictation"),
    (60, "1 minute"),
    (300, "5 minutes"),
    (1800, "30 minutes"),
)
ITSELF, ELSEWHERE = "openai", "https://"
SECRETS = (
    ("", "Send the key itself"),
    (ITSELF, "Ask the server for one"),
    (ELSEWHERE, "Ask my company for one"),
)
MORE, LESS = "More settings", "Fewer settings"


class Lines(QPlainTextEdit):
    """Text of several lines; Tab leaves it."""

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFixedHeight(scaled(64))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.left.emit()


class Advanced:
    def __init__(self, page: Page, width: int) -> None:
        self._page = page
        self._unfolded = False
        self._elsewhere = False
        """The person chose their company's address and has not entered it yet."""
        self._asked = ""
        """Whose key's place is known."""
        self.more = QPushButton(MORE)
        self.more.setObjectName("flat")
        self.more.setMinimumHeight(scaled(30))
        self.more.clicked.connect(self._turn)
        self.auth = page.combo_row(
            "endpoint.auth", "The key is s&hown", "Set by the kind of server.", AUTHS, width
        )
        self.in_url = page.switch_row(
            "endpoint.model_in_url",
            "Model in the a&ddress",
            "Gateways find the way by it. A few refuse it.",
        )
        self._make_secrets(width)
        self.open = page.combo_row(
            "endpoint.keep_open_s", "Stay &connected", "The next dictation starts sooner.", OPEN,
            width,
        )  # fmt: skip
        self._make_headers()
        self.rows: list[QWidget] = [
            *(self.auth, self.in_url, self.secrets_row, self.secrets_url, self.secrets_key),
            *(self.open, self.headers_row),
        ]

    def _make_secrets(self, width: int) -> None:
        """Keys that expire: who hands them out, where, and what is shown there."""
        context = self._page.context
        self.secrets = make_combo(context, SECRETS, width)
        self.secrets.activated.connect(lambda _: self._secrets_chosen())
        self.secrets_row = Row(
            context.scheme, "Keys that e&xpire", "So that the real key stays elsewhere.",
            self.secrets,
        )  # fmt: skip
        self.secrets_url = TextRow(
            self._page,
            "endpoint.secrets_url",
            "Where keys are handed &out",
            "An https address.",
            width,
            check=socket_url,
        )
        self.secrets_key = KeyRow(context, self._secrets_host, None, "Key for that address")

    def _make_headers(self) -> None:
        self.headers = Lines()
        self.headers.setPlaceholderText("X-Team: speech")
        self.headers.left.connect(self._headers_left)
        self.headers_row = self._page.keep(
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
        openai, live = host(endpoint.url) == OPENAI, endpoint.transport == "websocket"
        elsewhere = self._elsewhere or endpoint.secrets_url not in ("", ITSELF)
        speaks_openai = endpoint.dialect in TAKES_HINTS
        fit = {
            self.auth: not openai,
            self.in_url: live and speaks_openai and not openai,
            self.secrets_row: endpoint.transport != "rest" and (openai or speaks_openai),
            self.secrets_url: elsewhere and endpoint.transport != "rest",
            self.secrets_key: bool(self._secrets_host()) and endpoint.transport != "rest",
            self.open: live,
            self.headers_row: True,
        }
        for row, fits in fit.items():
            row.setVisible(self._unfolded and fits)
        self.more.setText(LESS if self._unfolded else MORE)
        self._page.show_value("endpoint.auth")
        self._page.show_value("endpoint.model_in_url")
        self._page.show_value("endpoint.keep_open_s")
        select(self.secrets, ELSEWHERE if elsewhere else endpoint.secrets_url)
        self.secrets_url.refresh()
        if (wanted := self._secrets_host()) != self._asked:
            self._asked = wanted
            self.secrets_key.clear()
            self.secrets_key.refresh()
        if not self.headers.hasFocus() and self.headers_row.note.isHidden():
            self.headers.setPlainText(endpoint.headers)

    def start_over(self, endpoint: Endpoint) -> None:
        """It is about another server now."""
        self._elsewhere = False
        self.secrets_url.start_over()
        self.headers_row.note.problem(None)
        self.headers.setPlainText(endpoint.headers)

    def _secrets_host(self) -> str:
        """Who hands out keys, where that is not the server itself; names the key it is shown."""
        return host(self._page.settings.endpoint.secrets_url)

    def _turn(self) -> None:
        self._unfolded = not self._unfolded
        self._page.refresh()

    def _secrets_chosen(self) -> None:
        value = self.secrets.currentData()
        self._elsewhere = value == ELSEWHERE
        if not self._elsewhere:
            self._page.change("endpoint.secrets_url", value)
        self._page.refresh()

    def _headers_left(self) -> None:
        text = self.headers.toPlainText().strip()
        if text == self._page.settings.endpoint.headers:
            self.headers_row.note.problem(None)
            return
        self._problem(self._page.change("endpoint.headers", text), text)

    def _problem(self, problem: Problem | None, text: str) -> None:
        """Lines that are not taken stay, to be put right; what is wrong is said without them."""
        if problem:
            self.headers_row.note.say(problem.remedy, "bad")
            self.headers.setPlainText(text)
