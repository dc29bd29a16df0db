"""Rows for the model of a server."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QComboBox

from ....core.settings import server_models
from ....core.settings.capabilities import Capabilities, capabilities
from ....core.settings.server_models import ServerModel
from ....core.settings.settings import Endpoint
from ...translate import tr
from ...widgets.controls import make_combo, select_value
from ..page import Page
from .address import is_usable


class ServerModelRows:
    """A list for OpenAI and an editable list for other servers, of which one is shown.

    OpenAI's models are known, with prices and shutdown dates. Other servers are asked for theirs.
    """

    def __init__(self, page: Page, width: int) -> None:
        self._page = page
        self._listed_for: tuple[str, str] | None = None
        """Address and authentication for which the list was requested."""
        labels = {model.name: model.label for model in server_models.realtime_models()}
        self.openai_combo = make_combo(page.context.scheme, labels, width)
        self.openai_combo.view().setMinimumWidth(self.openai_combo.view().sizeHintForColumn(0) + 24)
        self.openai_combo.activated.connect(
            lambda _: page.change("endpoint.model", self.openai_combo.currentData())
        )
        self.openai_row = page.add_row("endpoint.model", self.openai_combo)
        self.custom_combo = make_combo(page.context.scheme, {}, width)
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

    def fetch(self, endpoint: Endpoint, *, force: bool = False) -> None:
        """Request the server's list of models. If that fails, the user enters the name."""
        listed_for = (endpoint.url, endpoint.auth)
        if not is_usable(endpoint.url, endpoint.allow_insecure):
            return
        if listed_for == self._listed_for and not force:
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
    parts = [
        tr("Text appears while you speak.") if model.streams else tr("Text appears after release.")
    ]
    if model.usd_per_minute is not None:
        parts.append(tr("${price} a minute.").format(price=f"{model.usd_per_minute:g}"))
    return " ".join([*parts, model.deprecation_hint]).rstrip()
