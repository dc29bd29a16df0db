"""Rows for the options of a server's model: vocabulary, topic, latency, noise reduction."""

from __future__ import annotations

from ....core.settings import settings as s
from ....core.settings.capabilities import Capabilities
from ....core.settings.settings import Settings
from ...translate import tr
from ...widgets.rows import Group, Row, TextRow
from ..page import Page


class VocabularyRows:
    """Rows that are shown if the model of the selected server has the option."""

    def __init__(self, page: Page, width: int) -> None:
        self._page = page
        self.rows: dict[str, Row] = {
            "keywords": page.text_row("endpoint.keywords", width),
            "prompt": page.text_row("endpoint.prompt", width),
            "delay": page.setting_row("endpoint.delay", width),
            "noise": page.setting_row("endpoint.noise", width),
        }
        self._profile = page.settings.profile
        """Name of the endpoint whose options are shown."""
        title = tr("Vocabulary and context")
        self.group = Group(page.context.scheme, title, list(self.rows.values()))

    def refresh(self, settings: Settings, available: Capabilities) -> None:
        is_other_server = settings.profile != self._profile
        self._profile = settings.profile
        shown = settings.engine == "realtime"
        for name, row in self.rows.items():
            row.setVisible(shown and name in available.settings)
            if is_other_server and isinstance(row, TextRow):
                row.reset(s.get(settings, f"endpoint.{name}"))
            self._page.show_value(f"endpoint.{name}")
        self.group.setVisible(shown and not self.rows.keys().isdisjoint(available.settings))
