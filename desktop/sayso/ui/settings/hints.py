"""Settings, Recognition: what a server is told beforehand, as far as its model takes it."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QLineEdit

from ...core import settings as settings_of
from ...core.settings import Settings
from ...stt.models import Model, Option, named
from ..views import Engine
from .page import Page, select
from .widgets import Group, Row, scaled

DIALECTS = (
    ("auto", "Find out"),
    ("openai", "OpenAI’s way"),
    ("vllm", "vLLM"),
    ("speaches", "speaches"),
    ("lemonade", "Lemonade"),
    ("together", "Together"),
)
TAKES_HINTS = frozenset({"auto", "openai"})
TAKES_LANGUAGE = TAKES_HINTS | {"speaches"}
DELAYS = (
    ("", "As the model likes"),
    ("minimal", "At once"),
    ("low", "Soon"),
    ("medium", "In between"),
    ("high", "Late"),
    ("xhigh", "Latest, and surest"),
)
NOISES = (
    ("", "None"),
    ("near_field", "For a headset"),
    ("far_field", "For a laptop or a room"),
)


class Hints:
    """Rows that appear and go with the model; `group` holds them."""

    def __init__(self, page: Page, width: int) -> None:
        self._page = page
        self._fields: dict[str, QLineEdit] = {}
        self._refused: set[str] = set()
        """Fields whose text was not taken: it stays, to be put right."""
        self.rows: dict[Option, Row] = {
            "keywords": self._text_row(
                "endpoint.keywords", "Na&mes and terms", "With commas between them.", width
            ),
            "prompt": self._text_row(
                "endpoint.prompt", "What it is a&bout", "In a sentence or two.", width
            ),
            "delay": page.combo_row(
                "endpoint.delay", "&Words come", "Later words are surer.", DELAYS, width
            ),
            "noise": page.combo_row(
                "endpoint.noise", "&Noise reduction", "Where the microphone is.", NOISES, width
            ),
        }
        self.group = Group(
            page.context.scheme, "What the server is told beforehand", list(self.rows.values())
        )

    def refresh(self, settings: Settings, picked: Engine) -> None:
        """Show what counts for the chosen model; nothing where no server hears."""
        endpoint = settings.endpoint
        hinting = picked == "openai" or (picked == "own" and endpoint.dialect in TAKES_HINTS)
        takes = named(endpoint.model).takes if hinting else frozenset()
        for option, row in self.rows.items():
            row.setVisible(option in takes)
        self.group.setVisible(bool(takes & self.rows.keys()))
        for row in self.rows.values():
            value = settings_of.get(settings, row.objectName())
            if isinstance(row.control, QComboBox):
                select(row.control, value)
        for key, field in self._fields.items():
            if not field.hasFocus() and key not in self._refused:
                field.setText(settings_of.get(settings, key))

    def _text_row(self, key: str, title: str, help_text: str, width: int) -> Row:
        field = QLineEdit()
        field.setFixedWidth(scaled(width))
        field.setMinimumHeight(scaled(30))
        field.editingFinished.connect(lambda: self._edited(key))
        self._fields[key] = field
        return self._page.keep(key, Row(self._page.context.scheme, title, help_text, field))

    def _edited(self, key: str) -> None:
        text = self._fields[key].text().strip()
        self._refused.add(key)  # until it is known that it was taken
        if text == settings_of.get(self._page.settings, key):
            self._page.rows[key].note.problem(None)
            self._refused.discard(key)
        elif self._page.change(key, text) is None:
            self._refused.discard(key)


def about(model: Model) -> str:
    """Below the name of a model: when words come, what it costs, until when it is there."""
    when = "while you speak" if model.streams else "when you let go"
    cost = "" if model.usd_per_minute is None else f" ${model.usd_per_minute:g} a minute."
    return f"Words come {when}.{cost} {model.until}".rstrip()
