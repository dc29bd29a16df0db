"""Settings, Recognition: who recognises a recording when the chosen one could not."""

from __future__ import annotations

from ....core.settings.endpoint import ON_DEVICE
from ....core.settings.settings import Settings
from ...widgets.rows import Group, Row
from ..page import Page, make_combo, select_value
from .address import host_or_empty

TITLES = ("If it &fails, use", "If that fails too, use", "And if that fails, use")
"""Of the rows; what a longer order has beyond them stays."""
NO_FALLBACK = "Nobody"
THIS_COMPUTER = "This computer"


class FallbackRows:
    """One row more than there are helpers, up to three; `group` holds them."""

    def __init__(self, page: Page, width: int) -> None:
        self._page = page
        self.combos = [make_combo(page.context, [], width) for _ in TITLES]
        self.rows: list[Row] = []
        for at, combo in enumerate(self.combos):
            combo.activated.connect(lambda _, at=at: self._on_selected(at))
            self.rows.append(Row(page.context.scheme, TITLES[at], " ", combo))
        page.add_row("fallback", self.rows[0])
        self.group = Group(page.context.scheme, "If something goes wrong", list(self.rows))

    def refresh(self, settings: Settings) -> None:
        names = [ON_DEVICE, *(one.name for one in settings.endpoints)]
        free = [name for name in names if name != settings.selected_engine]
        order = fallback_engines(settings)
        for at, (row, combo) in enumerate(zip(self.rows, self.combos, strict=True)):
            before = order[:at]
            row.setVisible(len(before) == at and len(free) > at)
            value = order[at] if at < len(order) else ""
            combo.clear()
            combo.addItem(NO_FALLBACK, "")
            for name in free:
                if name not in before:
                    combo.addItem(THIS_COMPUTER if name == ON_DEVICE else name, name)
            select_value(combo, value)
            row.set_help(_help_text(settings, value))

    def _on_selected(self, at: int) -> None:
        settings, value = self._page.settings, self.combos[at].currentData()
        order = fallback_engines(settings)
        rest = [name for name in order[at + 1 :] if name != value]
        order = [*order[:at], *([value] if value else []), *rest]
        unseen = [name for name in settings.fallback if name == settings.selected_engine]
        self._page.change("fallback", (*order, *unseen))


def fallback_engines(settings: Settings) -> list[str]:
    """Who may help out now, in order."""
    return [name for name in settings.fallback if name != settings.selected_engine]


def _help_text(settings: Settings, name: str) -> str:
    if not name:
        return "The recording is kept, to try again."
    if name == ON_DEVICE:
        return "Needs a model on this computer."
    endpoint = settings.endpoint_named(name)
    return f"The recording is sent to {host_or_empty(endpoint.url) if endpoint else name} then."
