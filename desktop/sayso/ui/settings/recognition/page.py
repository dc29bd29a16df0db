"""Settings page "Recognition": the engine, its options and its fallbacks."""

from __future__ import annotations

from functools import partial

import attrs

from ....core.problems import Problem, ProblemError
from ....core.settings import settings as s
from ....core.settings.capabilities import capabilities
from ....core.settings.endpoint import ON_DEVICE, unique_name
from ....core.settings.engine_choice import select_engine, with_endpoint, without_endpoint
from ....core.settings.languages import language_choices
from ....core.settings.settings import Endpoint, Settings
from ....stt.server.presets import Preset
from ...translate import tr
from ...widgets.controls import make_combo
from ...widgets.rows import Group, Row
from ..page import Page, PageContext
from .engine_picker import EnginePicker, FallbackRows
from .local_models import ModelList
from .server import ServerRows, is_usable

OPTIONS = ("keywords", "prompt", "delay", "noise")


class RecognitionPage(Page):
    """Shows a new server as if it was selected, and saves it as soon as it has an address.

    Until then it is the *draft*, which is not in the settings.
    """

    control_width = 300

    def __init__(self, context: PageContext, settings: Settings) -> None:
        super().__init__(context, settings)
        self._saved_settings = settings
        self._draft: Endpoint | None = None
        self._server_language, self._on_device_language = self._language_row(), self._language_row()
        self.engine_picker = EnginePicker(context, self._select_engine, self.add_server)
        self.server = ServerRows(self, self._server_language, self._remove_server)
        self._on_device_group = self._make_on_device_group()
        self.vocabulary_group = self._make_vocabulary_group()
        self.fallback = FallbackRows(self)
        self.add_groups(
            self.engine_picker.group,
            self.server.group,
            self._on_device_group,
            self.vocabulary_group,
            self.fallback.group,
        )
        self.refresh()

    def on_settings(self, settings: Settings) -> None:
        self._saved_settings = settings
        super().on_settings(self._with_draft(settings))

    def refresh(self) -> None:
        settings = self.settings
        available = capabilities(settings.endpoint)
        is_on_device = settings.engine == ON_DEVICE
        self.engine_picker.refresh(settings)
        self._on_device_group.setVisible(is_on_device)
        self.server.group.setVisible(not is_on_device)
        self.server.refresh(available)
        has_options = not available.settings.isdisjoint(OPTIONS)
        self.vocabulary_group.setVisible(has_options and not is_on_device)
        self.fallback.refresh(settings)
        self.rows["language"] = self._on_device_language if is_on_device else self._server_language
        super().refresh()
        self.models.set_selected(settings.on_device.model)

    def change(self, key: str, value: object) -> Problem | None:
        """Change a setting. Changes of the draft are kept here until it has an address."""
        if self._draft is None or not key.startswith("endpoint."):
            return super().change(key, value)
        problem = None
        try:
            self._draft = s.put(self.settings, key, value).endpoint
        except ProblemError as error:
            problem = error.problem
        if problem is None and is_usable(self._draft.url, self._draft.allow_insecure):
            problem = self._save_draft(self._draft)
        elif problem is None:
            self.on_settings(self._saved_settings)
        self.rows[key].note.show_problem(problem)
        return problem

    def add_server(self, preset: Preset) -> None:
        """Add a server of this kind and select it, or show it as draft if it has no address."""
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
            self.server.address.url.setFocus()

    def _remove_server(self) -> Problem | None:
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

    def _save_draft(self, endpoint: Endpoint) -> Problem | None:
        draft, self._draft = self._draft, None
        problem = self.context.actions.settings.edit(lambda now: _add_and_select(now, endpoint))
        if problem:
            self._draft = draft
        return problem

    def _with_draft(self, settings: Settings) -> Settings:
        return settings if self._draft is None else _add_and_select(settings, self._draft)

    def _discard_draft(self) -> None:
        if self._draft is not None:
            self._draft = None
            self.on_settings(self._saved_settings)

    def _make_on_device_group(self) -> Group:
        select = partial(self.change, "on_device.model")
        self.models = ModelList(self.context, self.settings.on_device.model, select)
        rows = [
            self.add_row("on_device.model", None, self.models),
            self._on_device_language,
            self.text_row("on_device.keywords"),
            self.text_row("on_device.prompt"),
            self.setting_row("on_device.unload_minutes"),
        ]
        return Group(self.context.scheme, tr("On this computer"), rows)

    def _make_vocabulary_group(self) -> Group:
        rows = [
            self.text_row("endpoint.keywords"),
            self.text_row("endpoint.prompt"),
            self.setting_row("endpoint.delay"),
            self.setting_row("endpoint.noise"),
        ]
        return Group(self.context.scheme, tr("Vocabulary and context"), rows)

    def _language_row(self) -> Row:
        choices = {code: tr(name) for code, name in language_choices(self.settings.language)}
        combo = make_combo(self.context.scheme, choices, self.control_width)
        combo.activated.connect(lambda _: self.change("language", combo.currentData()))
        return self.add_row("language", combo)


def _add_and_select(settings: Settings, endpoint: Endpoint) -> Settings:
    settings = with_endpoint(settings, endpoint)
    return select_engine(settings, settings.endpoints[-1].name)
