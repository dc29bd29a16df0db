"""Actions that remember what the interface asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from sayso.core.problems import Problem, ProblemError
from sayso.core.settings import settings as s
from sayso.core.settings.settings import Settings
from sayso.core.usage import Day
from sayso.stt.ondevice.models.catalog import MODELS, WHISPER_BASE, Listed
from sayso.ui.actions import Actions

NO_KEYRING = Problem("There is no keyring.", "Keep the key for this run, or set up a keyring.")


class FakeApp:
    """Keeps settings as the program does, and writes down everything else."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.asked: list[Any] = []
        self.refused: Problem | None = None
        self.going = 0
        self.days: list[Day] = []
        self.played: Callable[[Problem | None], None] = lambda _: None
        self.changed: Callable[[Settings], object] = lambda _: None
        self.chord: Callable[[str], None] | None = None
        self.level: Callable[[float], None] | None = None
        self.keys: dict[str, str] = {}
        self.stored: dict[str, str] = {}
        self.keyring = True
        self.offers: dict[str, list[str]] = {}
        """The models servers say they have, by address."""
        self.answer: str | Problem = "It works. A three-second sample came back in 0.6 s."
        self.let_test_end = threading.Event()
        self.let_test_end.set()
        self.devices = {"alsa.builtin": "Built-in", "bluez.headset": "Headset & more"}

        self.models = {
            model.name: Listed(model=model, place="package" if model is WHISPER_BASE else "")
            for model in MODELS
        }

    def actions(self) -> Actions:
        def note(what: str) -> Callable[[], None]:
            return lambda: self.asked.append(what)

        return Actions(
            start_hands_free=note("start"),
            finish=note("finish"),
            cancel=note("cancel"),
            try_again=note("try again"),
            insert_held=note("insert"),
            copy_words=note("copy"),
            dismiss=note("dismiss"),
            change=self.change,
            edit=self.edit,
            open_settings=lambda page: self.asked.append(("settings", page)),
            open_history=note("history"),
            type_again=lambda id_, window: self.asked.append(("type again", id_)),
            recognise_again=self.recognise_again,
            play=self.play,
            stop_playing=note("stop playing"),
            copy=lambda text: self.asked.append(("copy", text)),
            history_going=lambda rule: self.going,
            delete_history=note("delete history"),
            usage=lambda month: list(self.days),
            go_on=note("go on"),
            quit=note("quit"),
            microphones=lambda: self.devices,
            meter=self.meter,
            record_hotkey=self.record_hotkey,
            key_state=lambda host: self.keys.get(host, ""),
            store_key=self.store_key,
            keep_key_for_run=self.keep_key,
            forget_key=lambda host: self.keys.pop(host, None),
            test_endpoint=self.test,
            server_models=self.server_models,
            models=lambda: list(self.models.values()),
            download_model=lambda name: self.asked.append(("download", name)),
            cancel_download=lambda name: self.asked.append(("cancel", name)),
            remove_model=self.remove_model,
        )

    def change(self, key: str, value: object) -> Problem | None:
        problem = self.edit(lambda settings: s.put(settings, key, value))
        if problem is None:
            self.asked.append((key, value))
        return problem

    def edit(self, edit: Callable[[Settings], Settings]) -> Problem | None:
        if self.refused:
            return self.refused
        try:
            self.settings = edit(self.settings)
        except ProblemError as error:
            return error.problem
        self.changed(self.settings)
        return None

    def server_models(self, endpoint: s.Endpoint) -> list[str]:
        if endpoint.url not in self.offers:
            raise ProblemError(Problem("The server gives no list of its models.", "Enter one."))
        return self.offers[endpoint.url]

    def play(self, id_: str, over: Callable[[Problem | None], None]) -> None:
        self.asked.append(("play", id_))
        self.played = over

    def recognise_again(self, id_: str, engine: str) -> str:
        self.asked.append(("recognise again", id_, engine))
        if self.refused:
            raise ProblemError(self.refused)
        return "Now it works."

    def meter(self, heard: Callable[[float], None]) -> Callable[[], None]:
        self.level = heard

        def stop() -> None:
            self.level = None

        return stop

    def record_hotkey(self, done: Callable[[str], None]) -> Callable[[], None]:
        self.chord = done

        def stop() -> None:
            self.chord = None

        return stop

    def store_key(self, host: str, key: str) -> None:
        if not self.keyring:
            raise ProblemError(NO_KEYRING)
        self.stored[host], self.keys[host] = key, "keyring"

    def keep_key(self, host: str, key: str) -> None:
        self.stored[host], self.keys[host] = key, "run"

    def remove_model(self, name: str) -> None:
        if self.refused:
            raise ProblemError(self.refused)
        self.asked.append(("remove", name))
        self.models[name] = Listed(model=self.models[name].model, place="")

    def test(self) -> str:
        assert self.let_test_end.wait(10)
        if isinstance(self.answer, Problem):
            raise ProblemError(self.answer)
        return self.answer
