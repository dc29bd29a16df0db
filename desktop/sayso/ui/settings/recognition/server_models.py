"""Settings, Recognition: which of a server's models is asked for.

OpenAI's are known, with what they cost and when they end; any other server is asked for its
list, and until it answers, or if it has none, the name is written.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QComboBox

from ....core.problems import Problem
from ....core.settings.settings import Endpoint
from ....stt.server import models
from ....stt.server.urls import OPENAI
from ...widgets.rows import Row
from ..page import Page, make_combo, select
from .address import host, usable
from .vocabulary import about

TITLES = {model.name: model.title for model in models.offered()}


class ServerModels:
    """Two rows, of which one is seen."""

    def __init__(self, page: Page, width: int) -> None:
        self._page = page
        self._asked: tuple[str, str] | None = None
        """Of whom the list is, or will be."""
        self.openai = make_combo(page.context, list(TITLES.items()), width)
        self.openai.view().setMinimumWidth(self.openai.view().sizeHintForColumn(0) + 24)
        self.openai.activated.connect(
            lambda _: page.change("endpoint.model", self.openai.currentData())
        )
        scheme = page.context.scheme
        self.openai_row = Row(scheme, "&Model", " ", self.openai)
        self.own = make_combo(page.context, [], width)
        self.own.setEditable(True)
        self.own.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.own_row = Row(scheme, "&Model", "As the server calls it.", self.own)
        edit = self.own.lineEdit()
        if edit is not None:
            edit.editingFinished.connect(self._edited)
            edit.setAccessibleName("Model")
        self.own.activated.connect(lambda _: self._edited())

    def refresh(self, endpoint: Endpoint, example: str) -> None:
        """Show the chosen model, unless somebody is writing."""
        openai = host(endpoint.url) == OPENAI
        self.openai_row.setVisible(openai)
        self.own_row.setVisible(not openai)
        self._page.rows["endpoint.model"] = self.openai_row if openai else self.own_row
        if openai:
            select(self.openai, endpoint.model)
            self.openai_row.set_help(about(models.named(endpoint.model)))
        edit = self.own.lineEdit()
        if edit is not None:
            edit.setPlaceholderText(example)
        if not self.own.hasFocus() and self.own.currentText() != endpoint.model:
            self.own.setEditText(endpoint.model)

    def start_over(self, endpoint: Endpoint) -> None:
        """It is about another server now."""
        self.own.setEditText(endpoint.model)

    def ask(self, endpoint: Endpoint, *, again: bool = False) -> None:
        """Ask the server for its list; silence where it does not say, and the field is written."""
        whose = (endpoint.url, endpoint.auth)
        if not usable(endpoint.url, endpoint.allow_insecure):
            return
        if whose == self._asked and not again:
            return
        self._asked = whose
        self._offer(endpoint, ())

        def answered(names: Sequence[str]) -> None:
            if self._asked == whose:
                self._offer(endpoint, names)

        def silent(_: Problem) -> None:
            """The table and the written name stay."""

        self._page.context.background.run(
            lambda: self._page.context.actions.server_models(endpoint), answered, silent
        )

    def _offer(self, endpoint: Endpoint, names: Sequence[str]) -> None:
        if host(endpoint.url) == OPENAI:
            for name in names:
                if self.openai.findData(name) < 0:
                    self.openai.addItem(models.named(name).title, name)
            return
        text = self.own.currentText()
        self.own.clear()
        self.own.addItems(list(names))
        self.own.setEditText(text)

    def _edited(self) -> None:
        text = self.own.currentText().strip()
        if self.own_row.isVisibleTo(self._page) and text != self._page.settings.endpoint.model:
            self._page.change("endpoint.model", text)
