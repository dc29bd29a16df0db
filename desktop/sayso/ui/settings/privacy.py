"""Settings, History and privacy: what is kept, for how long, and how it goes."""

from __future__ import annotations

import attrs
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QPushButton

from ...core.settings.settings import KeepHistory, Settings
from ..widgets.confirm import confirm_delete
from ..widgets.rows import Group, Row, label, scaled
from .page import Page, PageContext

KEEP: tuple[tuple[KeepHistory, str], ...] = (
    ("never", "Nothing"),
    ("7d", "7 days"),
    ("30d", "30 days"),
    ("1y", "1 year"),
    ("always", "Until I delete it"),
)
SOUND = ((0, "Not at all"), (1, "1 day"), (7, "7 days"), (30, "30 days"), (365, "1 year"))
FOOTER = "Sayso has no account. What it counts under Usage stays on this computer."


class PrivacyPage(Page):
    def __init__(self, context: PageContext, settings: Settings) -> None:
        super().__init__(context, settings)
        self.delete_button = QPushButton("&Delete history…")
        self.delete_button.setMinimumHeight(scaled(30))
        self.delete_button.clicked.connect(self._delete)
        self._delete_row = Row(
            context.scheme,
            "Everything that is kept",
            "Words and sound. Usage stays: minutes and dollars of each day, without words.",
            self.delete_button,
        )
        keep = self.combo_row(
            "history.keep", "&Keep history", "Only on this computer.", KEEP, width=164
        )
        assert isinstance(keep.control, QComboBox)
        keep.control.activated.disconnect()
        keep.control.activated.connect(self._on_keep_selected)
        sound = self.combo_row(
            "history.sound_days",
            "Keep the &sound",
            "About 2 MB a minute, and never longer than its words.",
            SOUND,
            width=164,
        )
        groups = Group(context.scheme, "History", [keep, sound, self._delete_row])
        self.add_groups(groups, label(FOOTER, "caption", context.scheme.secondary_text, wrap=True))
        self.refresh()

    def refresh(self) -> None:
        self.show_values()

    @Slot(int)
    def _on_keep_selected(self, at: int) -> None:
        """What is in force at once deletes at once: it is asked where something would go."""
        keep = KEEP[at][0]
        rule = attrs.evolve(self.settings.history, keep=keep)

        def anyway(_: object) -> None:
            self.change("history.keep", keep)

        def asked(count: int) -> None:
            if count and not confirm_delete(self, count):
                self.refresh()
            else:
                anyway(None)

        self.context.background.run(
            lambda: self.context.actions.history.count_expired(rule), asked, anyway
        )

    @Slot()
    def _delete(self) -> None:
        def asked(count: int) -> None:
            if not count:
                self._delete_row.note.show_message("There is nothing to delete.")
            elif confirm_delete(self, count):
                self.context.actions.history.delete_all()
                self._delete_row.note.show_message("Deleted.")

        self.context.background.run(
            lambda: self.context.actions.history.count_expired(None),
            asked,
            self._delete_row.note.show_problem,
        )
