"""Settings, Text: how words are inserted."""

from __future__ import annotations

from ...core.settings.settings import Settings
from ..widgets.rows import Group
from .page import Page, PageContext

METHODS = (
    ("auto", "Whatever the program takes best"),
    ("type", "Typing"),
    ("paste", "Pasting"),
    ("copy", "Copying only"),
)


class InsertionPage(Page):
    def __init__(self, context: PageContext, settings: Settings) -> None:
        super().__init__(context, settings)
        self.add_groups(
            Group(
                context.scheme,
                "Inserting",
                [
                    self.combo_row(
                        "insertion.method",
                        "&Insert text by",
                        "Pasting puts your clipboard back afterwards.",
                        METHODS,
                        width=248,
                    ),
                    self.switch_row(
                        "insertion.newlines",
                        "Press &Enter for new lines",
                        "In some programs Enter sends a message. "
                        "Otherwise a new line becomes a space.",
                    ),
                ],
            )
        )
        self.refresh()

    def refresh(self) -> None:
        self.show_values()
