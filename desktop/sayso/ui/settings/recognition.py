"""Settings, Recognition: where words are recognised, and what that needs."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from ...core.languages import choices
from ...core.problems import Problem, ProblemError
from ...core.settings import OPENAI_URL, Settings
from ...stt import models
from ...stt.endpoints import host_of, socket_url
from ..views import ENGINES, Engine, engine_of
from .hints import DIALECTS, TAKES_LANGUAGE, Hints, about
from .key_row import KeyRow
from .models import ModelList
from .page import Context, Page, make_combo, select
from .text_row import TextRow
from .widgets import Group, Row, Switch, label, scaled

HELP: dict[Engine, str] = {
    "on-device": "Works offline. Sound never leaves this computer.",
    "openai": "Sound is sent to OpenAI and billed to your key. Needs the internet.",
    "own": "Sound is sent to the address below and nowhere else.",
}
OPENAI_MODELS = tuple(model.name for model in models.offered())
UNLOAD = ((5, "5 minutes"), (10, "10 minutes"), (30, "30 minutes"), (0, "Never"))
WIDE = 300
NO_ADDRESS = Problem("There is no server address.", "Enter it here.", "recognition")


class RecognitionPage(Page):
    def __init__(self, context: Context, settings: Settings) -> None:
        super().__init__(context, settings)
        self._own_url = settings.endpoint.url if engine_of(settings) == "own" else ""
        self._own_model = settings.endpoint.model if self._own_url else ""
        self._wants_own = False
        """The person chose their own server and has not entered its address yet."""
        self._languages: list[Row] = []
        self._groups: dict[Engine, Group] = {
            "openai": self._openai_group(),
            "own": self._own_group(),
            "on-device": self._device_group(),
        }
        self.hints = Hints(self, WIDE)
        self.spare = self._spare_group()
        self.finish(self._choice_group(), *self._groups.values(), self.hints.group, self.spare)
        self.refresh()
        self._refresh_keys()

    @property
    def picked(self) -> Engine:
        return "own" if self._wants_own else engine_of(self.settings)

    def use(self, settings: Settings) -> None:
        host = self._host(self.settings.endpoint.url)
        super().use(settings)
        if self._host(settings.endpoint.url) != host:
            self._refresh_keys()

    def refresh(self) -> None:
        endpoint, picked = self.settings.endpoint, self.picked
        if engine_of(self.settings) == "own":
            self._own_url, self._own_model = endpoint.url, endpoint.model
        self.radios[picked].setChecked(True)
        for engine, group in self._groups.items():
            group.setVisible(engine == picked)
        self.spare_switch.setChecked("on-device" in self.settings.fallback)
        self.spare.setVisible(picked != "on-device")
        for key in ("endpoint.dialect", "on_device.unload_minutes"):
            self.show_value(key)
        self._languages[1].setVisible(endpoint.dialect in TAKES_LANGUAGE)
        self.hints.refresh(self.settings, picked)
        for told in self.told:
            told.refresh()
        for row in self._languages:
            if isinstance(row.control, QComboBox):
                select(row.control, self.settings.language)
            if row.isVisibleTo(self):
                self.rows["language"] = row
        if not self.url.hasFocus():
            self.url.setText(self._own_url)
        model = endpoint.model if picked == "openai" else OPENAI_MODELS[0]
        select(self.openai_model, model)
        self.openai_model_row.set_help(about(models.named(model)))
        if not self.own_model.hasFocus():
            self.own_model.setEditText(self._own_model)
        self.models.use(self.settings.on_device.model)
        self._show_permission(self.url.text())

    def _refresh_keys(self) -> None:
        self.openai_key.refresh()
        self.own_key.refresh()

    # Where

    def _choice_group(self) -> Group:
        self.radios: dict[Engine, QRadioButton] = {}
        self._choices = QButtonGroup(self)
        rows: list[QWidget] = []
        for engine, title in ENGINES:
            radio = QRadioButton(title)
            radio.setAccessibleDescription(HELP[engine])
            self.radios[engine] = radio
            self._choices.addButton(radio)
            radio.clicked.connect(self._picked)
            words = label(HELP[engine], "caption", self.context.scheme.ink2, wrap=True)
            words.setContentsMargins(scaled(26), 0, 0, 0)
            row = QWidget()
            column = QVBoxLayout(row)
            column.setContentsMargins(16, 9, 16, 9)
            column.setSpacing(1)
            column.addWidget(radio)
            column.addWidget(words)
            rows.append(row)
        return Group(self.context.scheme, "Where your words are recognised", rows)

    @Slot()
    def _picked(self) -> None:
        engine = next(name for name, radio in self.radios.items() if radio.isChecked())
        self._wants_own = False
        match engine:
            case "on-device":
                self.change("engine", "on-device")
            case "openai":
                self._use_openai()
            case "own":
                self._use_own()
        self.refresh()

    def _use_openai(self) -> None:
        """The address first: a model that comes while it is the own server's is that server's."""
        model = self.settings.endpoint.model
        if self.change("endpoint.url", OPENAI_URL):
            return
        if model not in OPENAI_MODELS:
            self.change("endpoint.model", OPENAI_MODELS[0])
        self.change("engine", "realtime")

    def _use_own(self) -> None:
        model = self._own_model
        if not self._own_url:
            self._wants_own = True
            self.refresh()
            self.url_row.note.problem(NO_ADDRESS)
            self.url.setFocus()
        elif self._set_url(self._own_url) and model:
            self.change("endpoint.model", model)

    # OpenAI

    def _openai_group(self) -> Group:
        self.openai_key = KeyRow(self.context, lambda: self._host(OPENAI_URL), "")
        offered = [(model.name, model.title) for model in models.offered()]
        self.openai_model = make_combo(self.context, offered, WIDE)
        self.openai_model.view().setMinimumWidth(self.openai_model.view().sizeHintForColumn(0) + 24)
        self.openai_model.activated.connect(
            lambda _: self.change("endpoint.model", self.openai_model.currentData())
        )
        self.openai_model_row = Row(self.context.scheme, "&Model", " ", self.openai_model)
        rows: list[QWidget] = [self.openai_key, self.openai_model_row, self._language_row()]
        return Group(self.context.scheme, "OpenAI", rows)

    # Your own server

    def _own_group(self) -> Group:
        self.url = QLineEdit()
        self.url.setFixedWidth(scaled(WIDE))
        self.url.setMinimumHeight(scaled(30))
        self.url.setPlaceholderText("http://192.168.1.20:8000/v1")
        self.url.editingFinished.connect(lambda: self._url_edited())
        self.url_row = self.keep(
            "endpoint.url",
            Row(self.context.scheme, "Endpoint &URL", "Ends in /v1 on most servers.", self.url),
        )
        self.permit = Switch(self.context.scheme)
        self.permit.clicked.connect(self._permitted)
        self.permit_row = self.keep(
            "endpoint.allow_insecure",
            Row(self.context.scheme, "&Allow this server without encryption", " ", self.permit),
        )
        self.own_key = KeyRow(
            self.context, lambda: self._host(self._own_url), "None needed", self._url_edited
        )
        self.own_model = make_combo(self.context, [], WIDE)
        self.own_model.setEditable(True)
        self.own_model.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        edit = self.own_model.lineEdit()
        if edit is not None:
            edit.editingFinished.connect(self._model_edited)
            edit.setAccessibleName("Model")
        model = self.keep("endpoint.model", Row(self.context.scheme, "&Model", "", self.own_model))
        speaks = self.combo_row(
            "endpoint.dialect",
            "Server &speaks",
            "Most speak OpenAI’s way, and vLLM is recognised.",
            DIALECTS,
            WIDE,
        )
        return Group(
            self.context.scheme,
            "Your own server",
            [self.url_row, self.permit_row, self.own_key, model, speaks, self._language_row()],
        )

    def _url_edited(self) -> bool:
        """Take what stands in the field; whether it is in force now.

        A field that is hidden because of another choice loses the focus and comes here too.
        """
        return self.picked == "own" and self._set_url(self.url.text().strip())

    def _set_url(self, text: str) -> bool:
        self._show_permission(text)
        problem = self._wrong(text)
        self.url_row.note.problem(problem)
        if problem:
            return False
        if engine_of(self.settings) == "own" and text == self.settings.endpoint.url:
            return True
        self._own_url = text
        if self.change("endpoint.url", text) or self.change("engine", "realtime"):
            return False
        self._wants_own = False
        self.refresh()
        return True

    def _wrong(self, text: str) -> Problem | None:
        if not text:
            return NO_ADDRESS
        try:
            socket_url(text, self.settings.endpoint.allow_insecure)
        except ProblemError as error:
            return error.problem
        return None

    def _show_permission(self, text: str) -> None:
        """The check box, only where an address needs it."""
        host = self._open_host(text)
        self.permit_row.setVisible(bool(host))
        self.permit_row.set_help(
            f"Anyone on the network between you and {host} could hear what you say."
        )
        self.permit.setChecked(bool(host) and self.settings.endpoint.allow_insecure == host)

    @Slot()
    def _permitted(self) -> None:
        text = self.url.text().strip()
        host = self._open_host(text) if self.permit.isChecked() else ""
        if not self.change("endpoint.allow_insecure", host):
            self._set_url(text)

    @Slot()
    def _model_edited(self) -> None:
        text = self.own_model.currentText().strip()
        if self.picked == "own" and text and text != self.settings.endpoint.model:
            self._own_model = text
            self.change("endpoint.model", text)

    @staticmethod
    def _host(url: str) -> str:
        """What names the key; '' where there is no address yet."""
        try:
            return host_of(url)
        except ProblemError:
            return ""

    def _open_host(self, url: str) -> str:
        """The host, where the address is right but for the encryption it lacks; else ''."""
        host = self._host(url)
        try:
            socket_url(url, host)
        except ProblemError:
            return ""
        try:
            socket_url(url)
        except ProblemError:
            return host
        return ""

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
        rows: list[QWidget] = [model, self._language_row(), *self.told, unload]
        return Group(self.context.scheme, "On this computer", rows)

    def _spare_group(self) -> Group:
        self.spare_switch = Switch(self.context.scheme)
        self.spare_switch.clicked.connect(
            lambda on: self.change("fallback", ("on-device",) if on else ())
        )
        row = self.keep(
            "fallback",
            Row(
                self.context.scheme,
                "If the server &fails, use this computer",
                "Needs a model on this computer.",
                self.spare_switch,
            ),
        )
        return Group(self.context.scheme, "", [row])

    def _language_row(self) -> Row:
        combo = make_combo(self.context, list(choices(self.settings.language)), WIDE)
        combo.activated.connect(lambda _: self.change("language", combo.currentData()))
        row = Row(self.context.scheme, "&Language", "Naming it is faster and surer.", combo)
        self._languages.append(row)
        return row
