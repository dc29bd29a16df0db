"""Settings, Recognition: where words are recognised, and more servers to choose from."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QButtonGroup, QMenu, QPushButton, QRadioButton, QVBoxLayout, QWidget

from ....core.settings.endpoint import ON_DEVICE, Endpoint
from ....core.settings.settings import Settings
from ....core.settings.urls import OPENAI_HOST, is_loopback
from ....stt.server.presets import PRESETS, Preset
from ...widgets.rows import Group, Row, label, scaled
from ..page import PageContext
from .address import host_or_empty
from .fallback import fallback_engines
from .local_models import RADIO_SIZE, RADIO_SPACING

ON_DEVICE_TITLE = "On this computer"


class EnginePicker:
    """A radio for this computer and for each server; `group` holds them."""

    def __init__(
        self, context: PageContext, choose: Callable[[str], None], add: Callable[[Preset], None]
    ) -> None:
        """
        Args:
            context: Of the page.
            choose: Called with 'on-device' or an endpoint's name.
            add: Called with the kind of server that is wanted.
        """
        self._context, self._on_selected = context, choose
        self.radios: dict[str, QRadioButton] = {}
        self._entries: list[tuple[str, str]] = []
        self._buttons = QButtonGroup()
        self.add_button = QPushButton("A&dd…")
        self.add_button.setFixedWidth(scaled(86))
        self.add_button.setMinimumHeight(scaled(30))
        self.add_button.setAccessibleName("Add a server")
        self.menu = QMenu(self.add_button)
        self.menu.setToolTipsVisible(True)
        for preset in PRESETS:
            action = self.menu.addAction(preset.title)
            action.setToolTip(preset.description)
            action.setData(preset.name)
            action.triggered.connect(lambda _=False, preset=preset: add(preset))
        self.add_button.setMenu(self.menu)
        self._add_row = Row(
            context.scheme, "Another server", "OpenAI’s, a gateway’s, or your own.", self.add_button
        )
        self.group = Group(context.scheme, "Where your words are recognised", [])

    def refresh(self, settings: Settings) -> None:
        words = [
            (ON_DEVICE, _on_device_description(settings)),
            *((one.name, audio_destination(one)) for one in settings.endpoints),
        ]
        if words != self._entries:
            self._entries = words
            self._rebuild()
        self.radios[settings.selected_engine].setChecked(True)

    def _rebuild(self) -> None:
        focused = next((name for name, radio in self.radios.items() if radio.hasFocus()), "")
        for radio in self.radios.values():
            self._buttons.removeButton(radio)
        self.radios.clear()
        rows: list[QWidget] = [self._row(name, about) for name, about in self._entries]
        self.group.set_rows([*rows, self._add_row])
        if focused in self.radios:
            self.radios[focused].setFocus()

    def _row(self, name: str, about: str) -> QWidget:
        radio = QRadioButton(ON_DEVICE_TITLE if name == ON_DEVICE else name.replace("&", "&&"))
        radio.setAccessibleDescription(about)
        self.radios[name] = radio
        self._buttons.addButton(radio)
        radio.clicked.connect(lambda: self._on_selected(name))
        words = label(about, "caption", self._context.scheme.secondary_text, wrap=True)
        words.setContentsMargins(scaled(RADIO_SIZE) + RADIO_SPACING, 0, 0, 0)
        row = QWidget()
        column = QVBoxLayout(row)
        column.setContentsMargins(16, 9, 16, 9)
        column.setSpacing(1)
        column.addWidget(radio)
        column.addWidget(words)
        return row


def audio_destination(endpoint: Endpoint) -> str:
    name = host_or_empty(endpoint.url)
    if not name:
        return "It has no address yet."
    if name == OPENAI_HOST:
        return "Sound is sent to OpenAI and billed to your key. Needs the internet."
    if is_loopback(name):
        return f"Sound is sent to {name}, a server on this computer."
    return f"Sound is sent to {name}."


def _on_device_description(settings: Settings) -> str:
    if settings.selected_engine == ON_DEVICE and fallback_engines(settings):
        return "Works offline. Sound leaves this computer only if that fails."
    return "Works offline. Sound never leaves this computer."
