"""Settings, Recognition: where words are recognised, and what that needs."""

from __future__ import annotations

import attrs
from PySide6.QtWidgets import QComboBox, QWidget

from ....core.problems import Problem, ProblemError
from ....core.settings import settings as settings_of
from ....core.settings.endpoint import free_name
from ....core.settings.engine_choice import added, in_use, without
from ....core.settings.languages import choices
from ....core.settings.settings import Endpoint, Settings
from ....stt.server.presets import Preset
from ...widgets.rows import Group, Row
from ...widgets.text_row import TextRow
from ..page import Context, Page, make_combo, select
from .address import usable
from .engine_picker import Choice
from .fallback import Order
from .local_models import ModelList
from .server import Server
from .vocabulary import Hints, takes_language

UNLOAD = ((5, "5 minutes"), (10, "10 minutes"), (30, "30 minutes"), (0, "Never"))
WIDE = 300


class RecognitionPage(Page):
    """A server that is added is shown as if it was in use, and is so once it has an address."""

    def __init__(self, context: Context, settings: Settings) -> None:
        super().__init__(context, settings)
        self._kept = settings
        """What is in force, without the server that has no address yet."""
        self._draft: Endpoint | None = None
        self._languages = [self._language_row(), self._language_row()]
        self.choice = Choice(context, self._choose, self.add)
        self.server = Server(self, WIDE, self._languages[0], self._remove)
        self._device = self._device_group()
        self.hints = Hints(self, WIDE)
        self.order = Order(self, WIDE)
        self.finish(
            *(self.choice.group, self.server.group, self._device, self.hints.group),
            self.order.group,
        )
        self.refresh()

    def use(self, settings: Settings) -> None:
        self._kept = settings
        super().use(self._with_draft(settings))

    def refresh(self) -> None:
        settings = self.settings
        here = settings.engine == "on-device"
        self.choice.refresh(settings)
        self._device.setVisible(here)
        self.server.group.setVisible(not here)
        self.server.refresh()
        self.hints.refresh(settings)
        self.order.refresh(settings)
        self.show_value("on_device.unload_minutes")
        for told in self.told:
            told.refresh()
        self._languages[0].setVisible(takes_language(settings.endpoint))
        self.rows["language"] = self._languages[1 if here else 0]
        for row in self._languages:
            if isinstance(row.control, QComboBox):
                select(row.control, settings.language)
        self.models.use(settings.on_device.model)

    def change(self, key: str, value: object) -> Problem | None:
        """As every page does; what is said of a server that has no address yet is kept here."""
        if self._draft is None or not key.startswith("endpoint."):
            return super().change(key, value)
        problem = None
        try:
            self._draft = settings_of.put(self.settings, key, value).endpoint
        except ProblemError as error:
            problem = error.problem
        self.rows[key].note.problem(problem)
        if problem is None and usable(self._draft.url, self._draft.allow_insecure):
            problem = self._keep(self._draft)
            self.rows[key].note.problem(problem)
        elif problem is None:
            self.use(self._kept)
        return problem

    def add(self, preset: Preset) -> None:
        """Show one more server of that kind; in use as soon as it can be spoken to."""
        self._drop_draft()
        endpoint = preset.made()
        taken = (one.name for one in self.settings.endpoints)
        endpoint = attrs.evolve(endpoint, name=free_name(endpoint.name, taken))
        self.server.preset = preset
        if usable(endpoint.url, ""):
            self._keep(endpoint)
        else:
            self._draft = endpoint
            self.use(self._kept)
            self.server.address.ask()

    def _remove(self) -> Problem | None:
        if self._draft is not None:
            self._drop_draft()
            return None
        name = self.settings.profile
        return self.context.actions.edit(lambda now: without(now, name))

    def _choose(self, name: str) -> None:
        if self._draft is not None and name == self._draft.name:
            return
        self._drop_draft()
        self.context.actions.edit(lambda now: in_use(now, name))
        self.refresh()

    # The server that has no address yet

    def _keep(self, endpoint: Endpoint) -> Problem | None:
        """Add it, in use from now on."""

        def with_it(now: Settings) -> Settings:
            now = added(now, endpoint)
            return in_use(now, now.endpoints[-1].name)

        draft, self._draft = self._draft, None
        problem = self.context.actions.edit(with_it)
        if problem:
            self._draft = draft
        return problem

    def _with_draft(self, settings: Settings) -> Settings:
        if self._draft is None:
            return settings
        shown = added(settings, self._draft)
        return in_use(shown, shown.endpoints[-1].name)

    def _drop_draft(self) -> None:
        if self._draft is not None:
            self._draft = None
            self.use(self._kept)

    # On this computer, and what all have

    def _device_group(self) -> Group:
        self.models = ModelList(
            self.context,
            self.settings.on_device.model,
            lambda name: self.change("on_device.model", name),
        )
        model = self.keep(
            "on_device.model",
            Row(self.context.scheme, "Model", "Larger is surer and slower.", None, self.models),
        )
        minutes = self.settings.on_device.unload_minutes
        own = () if minutes in dict(UNLOAD) else ((minutes, f"{minutes} minutes"),)
        unload = self.combo_row(
            "on_device.unload_minutes",
            "&Free memory after",
            "The first dictation after that starts more slowly.",
            [*UNLOAD, *own],
            WIDE,
        )
        self.told = [
            TextRow(
                self, "on_device.keywords", "Na&mes and terms", "With commas between them.", WIDE
            ),
            TextRow(self, "on_device.prompt", "What it is a&bout", "In a sentence or two.", WIDE),
        ]
        rows: list[QWidget] = [model, self._languages[1], *self.told, unload]
        return Group(self.context.scheme, "On this computer", rows)

    def _language_row(self) -> Row:
        combo = make_combo(self.context, list(choices(self.settings.language)), WIDE)
        combo.activated.connect(lambda _: self.change("language", combo.currentData()))
        return Row(self.context.scheme, "&Language", "Naming it is faster and surer.", combo)
