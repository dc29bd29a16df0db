"""Actions that remember what the interface asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from sayso.core.problems import Problem, ProblemError, untyped_problem
from sayso.core.settings import settings as s
from sayso.core.settings.settings import Settings
from sayso.core.usage import DailyUsage
from sayso.stt.ondevice.models.catalog import MODELS, WHISPER_BASE, ModelStatus
from sayso.ui.actions import Actions

NO_KEYRING = untyped_problem(
    "There is no keyring.", "Keep the key for this run, or set up a keyring."
)


class FakeApp:
    """Keeps settings as the program does, and writes down everything else."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.calls: list[Any] = []
        self.next_problem: Problem | None = None
        self.expired_count = 0
        self.usage_days: list[DailyUsage] = []
        self.playback_ended: Callable[[Problem | None], None] = lambda _: None
        self.on_settings_changed: Callable[[Settings], object] = lambda _: None
        self.on_chord_recorded: Callable[[str], None] | None = None
        self.on_level: Callable[[float], None] | None = None
        self.key_locations: dict[str, str] = {}
        self.stored_keys: dict[str, str] = {}
        self.has_keyring = True
        self.models_by_url: dict[str, list[str]] = {}
        """The models servers say they have, by address."""
        self.test_result: str | Problem = "It works. A three-second sample came back in 0.6 s."
        self.test_may_finish = threading.Event()
        self.test_may_finish.set()
        self.devices = {"alsa.builtin": "Built-in", "bluez.headset": "Headset & more"}

        self.model_list = {
            model.name: ModelStatus(
                model=model, location="package" if model is WHISPER_BASE else ""
            )
            for model in MODELS
        }

    def actions(self) -> Actions:
        def note(what: str) -> Callable[[], None]:
            return lambda: self.calls.append(what)

        return Actions(
            start_hands_free=note("start"),
            stop=note("finish"),
            cancel=note("cancel"),
            retry=note("try again"),
            insert_held=note("insert"),
            copy_text=note("copy"),
            dismiss=note("dismiss"),
            change_setting=self.change,
            edit_settings=self.edit,
            open_settings=lambda page: self.calls.append(("settings", page)),
            open_history=note("history"),
            reinsert=lambda id_, window: self.calls.append(("type again", id_)),
            transcribe_again=self.transcribe_again,
            play=self.play,
            stop_playing=note("stop playing"),
            copy=lambda text: self.calls.append(("copy", text)),
            count_expired=lambda rule: self.expired_count,
            delete_history=note("delete history"),
            usage_of_month=lambda month: list(self.usage_days),
            approve_budget=note("go on"),
            quit=note("quit"),
            microphones=lambda: self.devices,
            start_level_meter=self.meter,
            record_hotkey=self.record_hotkey,
            api_key_location=lambda host: self.key_locations.get(host, ""),
            store_api_key=self.store_key,
            keep_api_key_in_memory=self.keep_key_for_run,
            delete_api_key=lambda host: self.key_locations.pop(host, None),
            test_connection=self.test_endpoint,
            fetch_models=self.server_models,
            list_models=lambda: list(self.model_list.values()),
            download_model=lambda name: self.calls.append(("download", name)),
            cancel_download=lambda name: self.calls.append(("cancel", name)),
            remove_model=self.remove_model,
        )

    def change(self, key: str, value: object) -> Problem | None:
        problem = self.edit(lambda settings: s.put(settings, key, value))
        if problem is None:
            self.calls.append((key, value))
        return problem

    def edit(self, edit: Callable[[Settings], Settings]) -> Problem | None:
        if self.next_problem:
            return self.next_problem
        try:
            self.settings = edit(self.settings)
        except ProblemError as error:
            return error.problem
        self.on_settings_changed(self.settings)
        return None

    def server_models(self, endpoint: s.Endpoint) -> list[str]:
        if endpoint.url not in self.models_by_url:
            raise ProblemError(
                untyped_problem("The server gives no list of its models.", "Enter one.")
            )
        return self.models_by_url[endpoint.url]

    def play(self, id_: str, over: Callable[[Problem | None], None]) -> None:
        self.calls.append(("play", id_))
        self.playback_ended = over

    def transcribe_again(self, id_: str, engine: str) -> str:
        self.calls.append(("recognise again", id_, engine))
        if self.next_problem:
            raise ProblemError(self.next_problem)
        return "Now it works."

    def meter(self, heard: Callable[[float], None]) -> Callable[[], None]:
        self.on_level = heard

        def stop() -> None:
            self.on_level = None

        return stop

    def record_hotkey(self, done: Callable[[str], None]) -> Callable[[], None]:
        self.on_chord_recorded = done

        def stop() -> None:
            self.on_chord_recorded = None

        return stop

    def store_key(self, host: str, key: str) -> None:
        if not self.has_keyring:
            raise ProblemError(NO_KEYRING)
        self.stored_keys[host], self.key_locations[host] = key, "keyring"

    def keep_key_for_run(self, host: str, key: str) -> None:
        self.stored_keys[host], self.key_locations[host] = key, "run"

    def remove_model(self, name: str) -> None:
        if self.next_problem:
            raise ProblemError(self.next_problem)
        self.calls.append(("remove", name))
        self.model_list[name] = ModelStatus(model=self.model_list[name].model, location="")

    def test_endpoint(self) -> str:
        assert self.test_may_finish.wait(10)
        if isinstance(self.test_result, Problem):
            raise ProblemError(self.test_result)
        return self.test_result
