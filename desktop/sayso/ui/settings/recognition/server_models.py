"""Settings, Recognition: which of a server's models is asked for.

OpenAI's are known, with what they cost and when they end; any other server is asked for its
list, and until it answers, or if it has none, the name is written.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QComboBox

from ....core.problems import Problem
from ....core.settings import server_models as models
from ....core.settings.settings import Endpoint
from ....core.settings.urls import OPENAI_HOST
from ...widgets.rows import Row
from ..page import Page, make_combo, select_value
from .address import host_or_empty, is_usable
from .vocabulary import model_summary

TITLES = {model.name: model.label for model in models.realtime_models()}


class ServerModelRows:
    """Two rows, of which one is seen."""

    def __init__(self, page: Page, width: int) -> None:
        self._page = page
        self._listed_for: tuple[str, str] | None = None
        """Of whom the list is, or will be."""
        self.openai_combo = make_combo(page.context, list(TITLES.items()), width)
        self.openai_combo.view().setMinimumWidth(self.openai_combo.view().sizeHintForColumn(0) + 24)
        self.openai_combo.activated.connect(
            lambda _: page.change("endpoint.model", self.openai_combo.currentData())
        )
        scheme = page.context.scheme
        self.openai_row = Row(scheme, "&Model", " ", self.openai_combo)
        self.custom_combo = make_combo(page.context, [], width)
        self.custom_combo.setEditable(True)
        self.custom_combo.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.custom_row = Row(scheme, "&Model", "As the server calls it.", self.custom_combo)
        edit = self.custom_combo.lineEdit()
        if edit is not None:
            edit.editingFinished.connect(self._edited)
            edit.setAccessibleName("Model")
        self.custom_combo.activated.connect(lambda _: self._edited())

    def refresh(self, endpoint: Endpoint, example: str) -> None:
        """Show the chosen model, unless somebody is writing."""
        openai = host_or_empty(endpoint.url) == OPENAI_HOST
        self.openai_row.setVisible(openai)
        self.custom_row.setVisible(not openai)
        self._page.rows["endpoint.model"] = self.openai_row if openai else self.custom_row
        if openai:
            select_value(self.openai_combo, endpoint.model)
            self.openai_row.set_help(model_summary(models.by_name(endpoint.model)))
        edit = self.custom_combo.lineEdit()
        if edit is not None:
            edit.setPlaceholderText(example)
        if not self.custom_combo.hasFocus() and self.custom_combo.currentText() != endpoint.model:
            self.custom_combo.setEditText(endpoint.model)

    def reset(self, endpoint: Endpoint) -> None:
        """It is about another server now."""
        self.custom_combo.setEditText(endpoint.model)

    def fetch(self, endpoint: Endpoint, *, force: bool = False) -> None:
        """Ask the server for its list; silence where it does not say, and the field is written."""
        whose = (endpoint.url, endpoint.auth)
        if not is_usable(endpoint.url, endpoint.allow_insecure):
            return
        if whose == self._listed_for and not force:
            return
        self._listed_for = whose
        self._show_models(endpoint, ())

        def answered(names: Sequence[str]) -> None:
            if self._listed_for == whose:
                self._show_models(endpoint, names)

        def silent(_: Problem) -> None:
            """The table and the written name stay."""

        self._page.context.background.run(
            lambda: self._page.context.actions.settings.fetch_models(endpoint), answered, silent
        )

    def _show_models(self, endpoint: Endpoint, names: Sequence[str]) -> None:
        if host_or_empty(endpoint.url) == OPENAI_HOST:
            for name in names:
                if self.openai_combo.findData(name) < 0:
                    self.openai_combo.addItem(models.by_name(name).label, name)
            return
        text = self.custom_combo.currentText()
        self.custom_combo.clear()
        self.custom_combo.addItems(list(names))
        self.custom_combo.setEditText(text)

    def _edited(self) -> None:
        text = self.custom_combo.currentText().strip()
        if self.custom_row.isVisibleTo(self._page) and text != self._page.settings.endpoint.model:
            self._page.change("endpoint.model", text)
