"""Settings page "History and privacy": what is kept, and for how long."""

from __future__ import annotations

from typing import Any

import attrs

from ...core.settings.settings import Settings
from ..translate import tr
from ..widgets.confirm import confirm_delete
from ..widgets.controls import button, label
from ..widgets.rows import Group, Row
from .page import Page, PageContext


class PrivacyPage(Page):
    control_width = 164

    def __init__(self, context: PageContext, settings: Settings) -> None:
        super().__init__(context, settings)
        self.delete_button = button(tr("&Delete history…"), self._delete)
        help_text = tr("Removes all text and recordings. The usage figures stay.")
        self.delete_row = Row(context.scheme, tr("Delete history"), help_text, self.delete_button)
        rows = [
            self.setting_row("history.keep", self._on_keep_selected),
            self.setting_row("history.sound_days"),
            self.delete_row,
        ]
        footer = tr("Sayso has no account. The figures under Usage stay on this computer.")
        self.add_groups(
            Group(context.scheme, tr("History"), rows),
            label(footer, "caption", context.scheme.secondary_text, wrap=True),
        )
        self.refresh()

    def _on_keep_selected(self, keep: Any) -> None:
        """Ask before a shorter time deletes dictations, which it does at once."""

        def on_count(count: int) -> None:
            if not count or confirm_delete(self, count):
                self.change("history.keep", keep)
            else:
                self.refresh()

        history = attrs.evolve(self.settings.history, keep=keep)
        self.context.background.run(
            lambda: self.context.actions.history.count_expired(history),
            on_count,
            lambda _: on_count(0),
        )

    def _delete(self) -> None:
        def on_count(count: int) -> None:
            if not count:
                self.delete_row.note.show_message(tr("There is nothing to delete."))
            elif confirm_delete(self, count):
                self.context.actions.history.delete_all()
                self.delete_row.note.show_message(tr("Deleted."))

        self.context.background.run(
            lambda: self.context.actions.history.count_expired(None),
            on_count,
            self.delete_row.note.show_problem,
        )
