"""Settings, Recognition: where a server is, and whether it may be spoken to in the open."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLineEdit

from ....core.problems import Problem, ProblemError, untyped_problem
from ....core.settings.urls import host_of, websocket_url
from ...widgets.rows import Row, Switch, scaled
from ..page import Page

NO_ADDRESS = untyped_problem("There is no server address.", "Enter it here.", "recognition")
EXAMPLE_URL = "http://192.168.1.20:8000/v1"


class AddressRows:
    """Two rows; text that is no address stays in the field, to be put right."""

    def __init__(self, page: Page, width: int, shown: Callable[[], bool]) -> None:
        """`shown`: whether the rows are; a field that is hidden loses the focus too."""
        self._page, self._is_shown = page, shown
        self.url = QLineEdit()
        self.url.setFixedWidth(scaled(width))
        self.url.setMinimumHeight(scaled(30))
        self.url.editingFinished.connect(lambda: self.apply())
        scheme = page.context.scheme
        self.row = page.add_row("endpoint.url", Row(scheme, "&Address", " ", self.url))
        self.allow_switch = Switch(scheme)
        self.allow_switch.clicked.connect(self._on_allow_clicked)
        self.allow_row = page.add_row(
            "endpoint.allow_insecure",
            Row(scheme, "Allow this server without &encryption", " ", self.allow_switch),
        )

    def refresh(self, url: str, example: str, about: str) -> None:
        """Show what is set, unless somebody is writing or has to put it right."""
        self.url.setPlaceholderText(example or EXAMPLE_URL)
        self.row.set_help(about or "Ends in /v1 on most servers.")
        if not self.url.hasFocus() and self.row.note.isHidden():
            self.url.setText(url)
            self.url.setCursorPosition(0)
        self._show_allow_row(self.url.text())

    def reset(self, url: str) -> None:
        """It is about another server now."""
        self.row.note.show_problem(None)
        self.url.setText(url)

    def apply(self) -> bool:
        """Take what stands in the field; whether it is in force now."""
        if not self._is_shown():
            return False
        text = self.url.text().strip()
        self._show_allow_row(text)
        problem = self._problem_with(text)
        self.row.note.show_problem(problem)
        if problem:
            return False
        if text == self._page.settings.endpoint.url:
            return True
        return self._page.change("endpoint.url", text) is None

    def focus(self) -> None:
        """Wait for it."""
        self.url.setFocus()

    def _problem_with(self, text: str) -> Problem | None:
        if not text:
            return NO_ADDRESS
        try:
            websocket_url(text, self._page.settings.endpoint.allow_insecure)
        except ProblemError as error:
            return error.problem
        return None

    def _show_allow_row(self, text: str) -> None:
        """The switch, only where an address needs it."""
        host = unencrypted_host(text)
        self.allow_row.setVisible(bool(host))
        self.allow_row.set_help(
            f"Anyone on the network between you and {host} could hear what you say."
        )
        allowed = self._page.settings.endpoint.allow_insecure
        self.allow_switch.setChecked(bool(host) and allowed == host)

    @Slot()
    def _on_allow_clicked(self) -> None:
        text = self.url.text().strip()
        host = unencrypted_host(text) if self.allow_switch.isChecked() else ""
        if not self._page.change("endpoint.allow_insecure", host):
            self.apply()


def host_or_empty(url: str) -> str:
    """What names the key; '' where there is no address yet."""
    try:
        return host_of(url)
    except ProblemError:
        return ""


def is_usable(url: str, allow_insecure: str) -> bool:
    """Whether a server can be spoken to at that address."""
    try:
        websocket_url(url, allow_insecure)
    except ProblemError:
        return False
    return True


def unencrypted_host(url: str) -> str:
    """The host, where the address is right but for the encryption it lacks; else ''."""
    name = host_or_empty(url)
    return name if is_usable(url, name) and not is_usable(url, "") else ""
