"""Rows for the engines that are used if recognition fails."""

from __future__ import annotations

from ....core.settings.endpoint import ON_DEVICE
from ....core.settings.settings import Settings
from ...translate import tr
from ...widgets.controls import make_combo, select_value
from ...widgets.rows import Group, Row
from ..page import Page
from .address import host_or_empty


class FallbackRows:
    """Up to three rows: one for each fallback engine and one to add another.

    Engines after the third one in the settings are kept. `group` contains the rows.
    """

    def __init__(self, page: Page, width: int) -> None:
        self._page = page
        titles = (tr("&Fallback engine"), tr("Second fallback"), tr("Third fallback"))
        self.combos = [make_combo(page.context.scheme, {}, width) for _ in titles]
        self.rows: list[Row] = []
        for index, (title, combo) in enumerate(zip(titles, self.combos, strict=True)):
            combo.activated.connect(lambda _, index=index: self._on_selected(index))
            self.rows.append(Row(page.context.scheme, title, " ", combo))
        page.rows["fallback"] = self.rows[0]
        self.group = Group(page.context.scheme, tr("If recognition fails"), list(self.rows))

    def refresh(self, settings: Settings) -> None:
        names = [ON_DEVICE, *(one.name for one in settings.endpoints)]
        candidates = [name for name in names if name != settings.selected_engine]
        engines = fallback_engines(settings)
        for index, (row, combo) in enumerate(zip(self.rows, self.combos, strict=True)):
            before = engines[:index]
            row.setVisible(len(before) == index and len(candidates) > index)
            value = engines[index] if index < len(engines) else ""
            combo.clear()
            combo.addItem(tr("None"), "")
            for name in candidates:
                if name not in before:
                    combo.addItem(tr("This computer") if name == ON_DEVICE else name, name)
            select_value(combo, value)
            row.set_help(_help_text(settings, value))

    def _on_selected(self, index: int) -> None:
        settings, value = self._page.settings, self.combos[index].currentData()
        engines = fallback_engines(settings)
        after = [name for name in engines[index + 1 :] if name != value]
        engines = [*engines[:index], *([value] if value else []), *after]
        selected = [name for name in settings.fallback if name == settings.selected_engine]
        self._page.change("fallback", (*engines, *selected))


def fallback_engines(settings: Settings) -> list[str]:
    """Return the fallback engines without the selected one, in order."""
    return [name for name in settings.fallback if name != settings.selected_engine]


def _help_text(settings: Settings, name: str) -> str:
    if not name:
        return tr("The recording is kept, so that you can try again.")
    if name == ON_DEVICE:
        return tr("Needs a model on this computer.")
    endpoint = settings.endpoint_named(name)
    host = host_or_empty(endpoint.url) if endpoint else name
    return tr("The recording is then sent to {host}.").format(host=host)
