"""Choice of the engine, with a menu that adds servers, and of the fallback engines."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QButtonGroup, QMenu, QRadioButton, QVBoxLayout, QWidget

from ....core.settings.capabilities import capabilities
from ....core.settings.endpoint import ON_DEVICE, Endpoint
from ....core.settings.settings import Settings
from ....stt.server.presets import PRESETS, Preset
from ...translate import tr
from ...widgets.controls import BUTTON_WIDTH, button, label, make_combo, select_value, spaced
from ...widgets.rows import Group, Row, scaled
from ..page import Page, PageContext
from .local_models import RADIO_SIZE, RADIO_SPACING


class EnginePicker:
    """A radio button for each engine; `group` contains them."""

    def __init__(
        self,
        context: PageContext,
        on_selected: Callable[[str], None],
        on_add: Callable[[Preset], None],
    ) -> None:
        """`on_selected` is called with 'on-device' or the name of an endpoint."""
        self._context, self._on_selected = context, on_selected
        self.radios: dict[str, QRadioButton] = {}
        self._entries: list[tuple[str, str]] = []
        self._buttons = QButtonGroup()
        self.add_button = button(tr("A&dd…"), lambda: None, BUTTON_WIDTH)
        self.add_button.setAccessibleName(tr("Add a service"))
        self.menu = QMenu(self.add_button)
        self.menu.setToolTipsVisible(True)
        for preset in PRESETS:
            action = self.menu.addAction(tr(preset.title))
            action.setToolTip(tr(preset.description))
            action.triggered.connect(lambda _=False, preset=preset: on_add(preset))
        self.add_button.setMenu(self.menu)
        help_text = tr("Azure, Groq, a gateway, or a server of your own.")
        self._add_row = Row(context.scheme, tr("Add a service"), help_text, self.add_button)
        self.group = Group(context.scheme, tr("Where your speech is transcribed"), [])

    def refresh(self, settings: Settings) -> None:
        details = tr("Works offline. Audio never leaves this computer.")
        if settings.selected_engine == ON_DEVICE and fallback_engines(settings):
            details = tr("Works offline. Audio leaves this computer only if that fails.")
        entries = [(one.name, audio_destination(one)) for one in settings.endpoints]
        entries.insert(0, (ON_DEVICE, details))
        if entries != self._entries:
            self._entries = entries
            self._rebuild()
        self.radios[settings.selected_engine].setChecked(True)

    def _rebuild(self) -> None:
        focused = next((name for name, radio in self.radios.items() if radio.hasFocus()), "")
        for radio in self.radios.values():
            self._buttons.removeButton(radio)
        self.radios.clear()
        rows: list[QWidget] = [self._row(name, details) for name, details in self._entries]
        self.group.set_rows([*rows, self._add_row])
        if focused in self.radios:
            self.radios[focused].setFocus()

    def _row(self, name: str, details: str) -> QWidget:
        title = tr("On this computer") if name == ON_DEVICE else name.replace("&", "&&")
        radio = self.radios[name] = QRadioButton(title)
        radio.setAccessibleDescription(details)
        self._buttons.addButton(radio)
        radio.clicked.connect(lambda: self._on_selected(name))
        details_label = label(details, "caption", self._context.scheme.secondary_text, wrap=True)
        details_label.setContentsMargins(scaled(RADIO_SIZE) + RADIO_SPACING, 0, 0, 0)
        row = QWidget()
        column = spaced(QVBoxLayout(row), 1, (16, 9, 16, 9))
        column.addWidget(radio)
        column.addWidget(details_label)
        return row


def audio_destination(endpoint: Endpoint) -> str:
    available = capabilities(endpoint)
    if not available.host:
        return tr("It has no address yet.")
    if available.is_openai:
        return tr("Audio is sent to OpenAI and billed to your key. Needs the internet.")
    if available.is_loopback:
        text = tr("Audio is sent to {host}, a server on this computer.")
    else:
        text = tr("Audio is sent to {host}.")
    return text.format(host=available.host)


class FallbackRows:
    """Up to three rows: one for each fallback engine and one to add another."""

    def __init__(self, page: Page) -> None:
        self._page = page
        titles = (tr("&Fallback engine"), tr("Second fallback"), tr("Third fallback"))
        self.combos = [make_combo(page.context.scheme, {}, page.control_width) for _ in titles]
        self.rows: list[Row] = []
        for index, (title, combo) in enumerate(zip(titles, self.combos, strict=True)):
            combo.activated.connect(lambda _, index=index: self._on_selected(index))
            self.rows.append(Row(page.context.scheme, title, " ", combo))
        self.group = Group(page.context.scheme, tr("If recognition fails"), self.rows)

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
        problem = self._page.change("fallback", (*engines, *selected))
        self.rows[0].note.show_problem(problem)


def fallback_engines(settings: Settings) -> list[str]:
    """Return the fallback engines without the selected one, in order."""
    return [name for name in settings.fallback if name != settings.selected_engine]


def _help_text(settings: Settings, name: str) -> str:
    if not name:
        return tr("The recording is kept, so that you can try again.")
    if name == ON_DEVICE:
        return tr("Needs a model on this computer.")
    endpoint = settings.endpoint_named(name)
    host = capabilities(endpoint).host if endpoint else name
    return tr("The recording is then sent to {host}.").format(host=host)
