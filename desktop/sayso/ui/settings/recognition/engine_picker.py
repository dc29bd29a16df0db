"""Settings, Recognition: where words are recognised, and more servers to choose from."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QButtonGroup, QMenu, QPushButton, QRadioButton, QVBoxLayout, QWidget

from ....core.settings.endpoint import ON_DEVICE, Endpoint
from ....core.settings.settings import Settings
from ....stt.server.presets import PRESETS, Preset
from ....stt.server.urls import OPENAI, is_this_computer
from ...widgets.rows import Group, Row, label, scaled
from ..page import Context
from .address import host
from .fallback import helpers
from .local_models import DOT, SPACE

HERE = "On this computer"


class Choice:
    """A radio for this computer and for each server; `group` holds them."""

    def __init__(
        self, context: Context, choose: Callable[[str], None], add: Callable[[Preset], None]
    ) -> None:
        """
        Args:
            context: Of the page.
            choose: Called with 'on-device' or an endpoint's name.
            add: Called with the kind of server that is wanted.
        """
        self._context, self._choose = context, choose
        self.radios: dict[str, QRadioButton] = {}
        self._words: list[tuple[str, str]] = []
        self._buttons = QButtonGroup()
        self.add = QPushButton("A&dd…")
        self.add.setFixedWidth(scaled(86))
        self.add.setMinimumHeight(scaled(30))
        self.add.setAccessibleName("Add a server")
        self.menu = QMenu(self.add)
        self.menu.setToolTipsVisible(True)
        for preset in PRESETS:
            action = self.menu.addAction(preset.title)
            action.setToolTip(preset.about)
            action.setData(preset.name)
            action.triggered.connect(lambda _=False, preset=preset: add(preset))
        self.add.setMenu(self.menu)
        self._last = Row(
            context.scheme, "Another server", "OpenAI’s, a gateway’s, or your own.", self.add
        )
        self.group = Group(context.scheme, "Where your words are recognised", [])

    def refresh(self, settings: Settings) -> None:
        words = [
            (ON_DEVICE, _here(settings)),
            *((one.name, where_sound_goes(one)) for one in settings.endpoints),
        ]
        if words != self._words:
            self._words = words
            self._rebuild()
        self.radios[settings.chosen].setChecked(True)

    def _rebuild(self) -> None:
        focused = next((name for name, radio in self.radios.items() if radio.hasFocus()), "")
        for radio in self.radios.values():
            self._buttons.removeButton(radio)
        self.radios.clear()
        rows: list[QWidget] = [self._row(name, about) for name, about in self._words]
        self.group.set_rows([*rows, self._last])
        if focused in self.radios:
            self.radios[focused].setFocus()

    def _row(self, name: str, about: str) -> QWidget:
        radio = QRadioButton(HERE if name == ON_DEVICE else name.replace("&", "&&"))
        radio.setAccessibleDescription(about)
        self.radios[name] = radio
        self._buttons.addButton(radio)
        radio.clicked.connect(lambda: self._choose(name))
        words = label(about, "caption", self._context.scheme.ink2, wrap=True)
        words.setContentsMargins(scaled(DOT) + SPACE, 0, 0, 0)
        row = QWidget()
        column = QVBoxLayout(row)
        column.setContentsMargins(16, 9, 16, 9)
        column.setSpacing(1)
        column.addWidget(radio)
        column.addWidget(words)
        return row


def where_sound_goes(endpoint: Endpoint) -> str:
    name = host(endpoint.url)
    if not name:
        return "It has no address yet."
    if name == OPENAI:
        return "Sound is sent to OpenAI and billed to your key. Needs the internet."
    if is_this_computer(name):
        return f"Sound is sent to {name}, a server on this computer."
    return f"Sound is sent to {name}."


def _here(settings: Settings) -> str:
    if settings.chosen == ON_DEVICE and helpers(settings):
        return "Works offline. Sound leaves this computer only if that fails."
    return "Works offline. Sound never leaves this computer."
