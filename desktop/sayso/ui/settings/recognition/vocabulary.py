"""Settings, Recognition: what a server is told beforehand, as far as its model takes it."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox

from ....core.settings import settings as settings_of
from ....core.settings.server_models import Option, ServerModel, by_name
from ....core.settings.settings import Endpoint, Settings
from ....core.settings.urls import OPENAI_HOST
from ....stt.file_upload.engine import FILE_MODEL
from ...widgets.rows import Group, Row
from ...widgets.text_row import TextRow
from ..page import Page, select_value
from .address import host_or_empty

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


class VocabularyRows:
    """Rows that appear and go with the model; `group` holds them."""

    def __init__(self, page: Page, width: int) -> None:
        self.rows: dict[Option, Row] = {
            "keywords": TextRow(
                page, "endpoint.keywords", "Na&mes and terms", "With commas between them.", width
            ),
            "prompt": TextRow(
                page, "endpoint.prompt", "What it is a&bout", "In a sentence or two.", width
            ),
            "delay": page.combo_row(
                "endpoint.delay", "&Words come", "Later words are surer.", DELAYS, width
            ),
            "noise": page.combo_row(
                "endpoint.noise", "&Noise reduction", "Where the microphone is.", NOISES, width
            ),
        }
        self._profile = page.settings.profile
        """Whose hints are shown."""
        self.group = Group(
            page.context.scheme, "What the server is told beforehand", list(self.rows.values())
        )

    def refresh(self, settings: Settings) -> None:
        """Show what counts for the chosen model; nothing where no server hears."""
        sent = settings.engine == "realtime"
        if settings.profile != self._profile:
            self._profile = settings.profile
            for row in self.rows.values():
                if isinstance(row, TextRow):
                    row.reset()
        takes = takes_of(settings.endpoint) if sent else frozenset[Option]()
        for option, row in self.rows.items():
            row.setVisible(option in takes)
        self.group.setVisible(bool(takes & self.rows.keys()))
        for row in self.rows.values():
            if isinstance(row, TextRow):
                row.refresh()
            elif isinstance(row.control, QComboBox):
                select_value(row.control, settings_of.get(settings, row.objectName()))


def takes_of(endpoint: Endpoint) -> frozenset[Option]:
    """What the chosen model is told, the way it is spoken to."""
    model = by_name(endpoint.model)
    if endpoint.transport == "rest":
        model = by_name(FILE_MODEL) if model.known and model.streams else model
        return model.options - {"delay", "noise"}
    speaks = "openai" if host_or_empty(endpoint.url) == OPENAI_HOST else endpoint.dialect
    return model.options if speaks in TAKES_HINTS else frozenset()


def takes_language(endpoint: Endpoint) -> bool:
    return (
        endpoint.transport == "rest"
        or endpoint.dialect in TAKES_LANGUAGE
        or host_or_empty(endpoint.url) == OPENAI_HOST
    )


def model_summary(model: ServerModel) -> str:
    """Below the name of a model: when words come, what it costs, until when it is there."""
    when = "while you speak" if model.streams else "when you let go"
    cost = "" if model.usd_per_minute is None else f" ${model.usd_per_minute:g} a minute."
    return f"Words come {when}.{cost} {model.deprecation_hint}".rstrip()
