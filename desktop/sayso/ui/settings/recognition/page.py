"""Settings, Recognition: where words are recognised, and what that needs."""

from __future__ import annotations

import attrs
from PySide6.QtWidgets import QComboBox, QWidget

from ....core.problems import Problem, ProblemError
from ....core.settings import settings as settings_of
from ....core.settings.endpoint import unique_name
from ....core.settings.engine_choice import select_engine, with_endpoint, without_endpoint
from ....core.settings.languages import language_choices
from ....core.settings.settings import Endpoint, Settings
from ....stt.server.presets import Preset
from ...widgets.rows import Group, Row
from ...widgets.text_row import TextRow
from ..page import Page, PageContext, make_combo, select_value
from .address import is_usable
from .engine_picker import EnginePicker
from .fallback import FallbackRows
from .local_models import ModelList
from .server import ServerRows
from .vocabulary import VocabularyRows, takes_language

UNLOAD_TIMES = ((5, "5 minutes"), (10, "10 minutes"), (30, "30 minutes"), (0, "Never"))
CONTROL_WIDTH = 300


class RecognitionPage(Page):
    """A server that is added is shown as if it was in use, and is so once it has an address."""

    def __init__(self, context: PageContext, settings: Settings) -> None:
        super().__init__(context, settings)
        self._saved_settings = settings
        """What is in force, without the server that has no address yet."""
        self._draft: Endpoint | None = None
        self._language_rows = [self._language_row(), self._language_row()]
        self.engine_picker = EnginePicker(context, self._select_engine, self.add_server)
        self.server = ServerRows(self, CONTROL_WIDTH, self._language_rows[0], self._remove)
        self._on_device_group = self._make_on_device_group()
        self.vocabulary = VocabularyRows(self, CONTROL_WIDTH)
        self.fallback = FallbackRows(self, CONTROL_WIDTH)
        self.add_groups(
            *(
                self.engine_picker.group,
                self.server.group,
                self._on_device_group,
                self.vocabulary.group,
            ),
            self.fallback.group,
        )
        self.refresh()

    def on_settings(self, settings: Settings) -> None:
        self._saved_settings = settings
        super().on_settings(self._with_draft(settings))

    def refresh(self) -> None:
        settings = self.settings
        here = settings.engine == "on-device"
        self.engine_picker.refresh(settings)
        self._on_device_group.setVisible(here)
        self.server.group.setVisible(not here)
        self.server.refresh()
        self.vocabulary.refresh(settings)
        self.fallback.refresh(settings)
        self.show_value("on_device.unload_minutes")
        for told in self.vocabulary_rows:
            told.refresh()
        self._language_rows[0].setVisible(takes_language(settings.endpoint))
        self.rows["language"] = self._language_rows[1 if here else 0]
        for row in self._language_rows:
            if isinstance(row.control, QComboBox):
                select_value(row.control, settings.language)
        self.models.set_selected(settings.on_device.model)

    def change(self, key: str, value: object) -> Problem | None:
        """As every page does; what is said of a server that has no address yet is kept here."""
        if self._draft is None or not key.startswith("endpoint."):
            return super().change(key, value)
        problem = None
        try:
            self._draft = settings_of.put(self.settings, key, value).endpoint
        except ProblemError as error:
            problem = error.problem
        self.rows[key].note.show_problem(problem)
        if problem is None and is_usable(self._draft.url, self._draft.allow_insecure):
            problem = self._save_draft(self._draft)
            self.rows[key].note.show_problem(problem)
        elif problem is None:
            self.on_settings(self._saved_settings)
        return problem

    def add_server(self, preset: Preset) -> None:
        """Show one more server of that kind; in use as soon as it can be spoken to."""
        self._discard_draft()
        endpoint = preset.create_endpoint()
        taken = (one.name for one in self.settings.endpoints)
        endpoint = attrs.evolve(endpoint, name=unique_name(endpoint.name, taken))
        self.server.preset = preset
        if is_usable(endpoint.url, ""):
            self._save_draft(endpoint)
        else:
            self._draft = endpoint
            self.on_settings(self._saved_settings)
            self.server.address.focus()

    def _remove(self) -> Problem | None:
        if self._draft is not None:
            self._discard_draft()
            return None
        name = self.settings.profile
        return self.context.actions.settings.edit(lambda now: without_endpoint(now, name))

    def _select_engine(self, name: str) -> None:
        if self._draft is not None and name == self._draft.name:
            return
        self._discard_draft()
        self.context.actions.settings.edit(lambda now: select_engine(now, name))
        self.refresh()

    # The server that has no address yet

    def _save_draft(self, endpoint: Endpoint) -> Problem | None:
        """Add it, in use from now on."""

        def with_it(now: Settings) -> Settings:
            now = with_endpoint(now, endpoint)
            return select_engine(now, now.endpoints[-1].name)

        draft, self._draft = self._draft, None
        problem = self.context.actions.settings.edit(with_it)
        if problem:
            self._draft = draft
        return problem

    def _with_draft(self, settings: Settings) -> Settings:
        if self._draft is None:
            return settings
        shown = with_endpoint(settings, self._draft)
        return select_engine(shown, shown.endpoints[-1].name)

    def _discard_draft(self) -> None:
        if self._draft is not None:
            self._draft = None
            self.on_settings(self._saved_settings)

    # On this computer, and what all have

    def _make_on_device_group(self) -> Group:
        self.models = ModelList(
            self.context,
            self.settings.on_device.model,
            lambda name: self.change("on_device.model", name),
        )
        model = self.add_row(
            "on_device.model",
            Row(self.context.scheme, "Model", "Larger is surer and slower.", None, self.models),
        )
        minutes = self.settings.on_device.unload_minutes
        own = () if minutes in dict(UNLOAD_TIMES) else ((minutes, f"{minutes} minutes"),)
        unload = self.combo_row(
            "on_device.unload_minutes",
            "&Free memory after",
            "The first dictation after that starts more slowly.",
            [*UNLOAD_TIMES, *own],
            CONTROL_WIDTH,
        )
        self.vocabulary_rows = [
            TextRow(
                self,
                "on_device.keywords",
                "Na&mes and terms",
                "With commas between them.",
                CONTROL_WIDTH,
            ),
            TextRow(
                self,
                "on_device.prompt",
                "What it is a&bout",
                "In a sentence or two.",
                CONTROL_WIDTH,
            ),
        ]
        rows: list[QWidget] = [model, self._language_rows[1], *self.vocabulary_rows, unload]
        return Group(self.context.scheme, "On this computer", rows)

    def _language_row(self) -> Row:
        combo = make_combo(
            self.context, list(language_choices(self.settings.language)), CONTROL_WIDTH
        )
        combo.activated.connect(lambda _: self.change("language", combo.currentData()))
        return Row(self.context.scheme, "&Language", "Naming it is faster and surer.", combo)
