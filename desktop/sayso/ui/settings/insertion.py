"""Settings page "Text": how text is inserted."""

from __future__ import annotations

from ...core.settings.settings import Settings
from ..translate import tr
from ..widgets.rows import Group
from .page import Page, PageContext


class InsertionPage(Page):
    def __init__(self, context: PageContext, settings: Settings) -> None:
        super().__init__(context, settings)
        rows = [self.setting_row("insertion.method"), self.setting_row("insertion.newlines")]
        self.add_groups(Group(context.scheme, tr("Insertion"), list(rows)))
        self.refresh()
