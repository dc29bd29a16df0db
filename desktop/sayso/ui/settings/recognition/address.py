"""Rows for the address of a server and for unencrypted connections to it."""

from __future__ import annotations

from ....core.problems import ProblemError
from ....core.problems.settings import ADDRESS_MISSING
from ....core.settings.urls import host_or_empty, websocket_url
from ...translate import tr
from ...widgets.controls import Switch
from ..page import Page

EXAMPLE_URL = "http://192.168.1.20:8000/v1"


class AddressRows:
    def __init__(self, page: Page, width: int) -> None:
        self._page = page
        self.row = page.text_row("endpoint.url", width, check=self._check)
        self.url = self.row.field
        self.allow_switch = Switch(page.context.scheme)
        self.allow_switch.clicked.connect(lambda _: self._on_allow_clicked())
        self.allow_row = page.add_row("endpoint.allow_insecure", self.allow_switch)

    def refresh(self, url: str, example: str, help_text: str) -> None:
        self.url.setPlaceholderText(example or EXAMPLE_URL)
        self.row.set_help(help_text)
        self.row.show_text(url)
        self._show_allow_row(self.url.text())

    def _check(self, text: str) -> None:
        self._show_allow_row(text)
        if not text:
            raise ProblemError(ADDRESS_MISSING())
        websocket_url(text, self._page.settings.endpoint.allow_insecure)

    def _show_allow_row(self, text: str) -> None:
        """Show the switch only if the address needs it."""
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
