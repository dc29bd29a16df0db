"""A stand-in for the rest of the program, as the interface sees it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import attrs

from sayso.core.dictation import events as e
from sayso.core.problems import Problem, ProblemError, ProblemKind
from sayso.core.settings import settings as s
from sayso.core.settings.settings import Settings
from sayso.core.usage import DailyUsage
from sayso.stt.ondevice.models.catalog import MODELS, WHISPER_BASE, ModelStatus
from sayso.ui.actions import Actions


def example_problem(message: str, remedy: str = "", code: str = "test.example") -> Problem:
    return ProblemKind(code, message, remedy)()


NO_KEYRING = example_problem("There is no keyring.", "Keep the key for this run.")


@attrs.define
class FakeScreen:
    """A screen without compositing, on which the focused window is unknown."""

    is_composited: bool = False

    def composited(self) -> bool:
        return self.is_composited

    def focus_point(self) -> tuple[int, int] | None:
        return None


class FakeApp:
    """Implements every control of `Actions`: keeps settings, and records all other calls."""

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
        """Models that servers list, by address."""
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
        return Actions(
            dictation=self, history=self, settings=self, api_keys=self, models=self, windows=self
        )

    # DictationControl

    def post(self, event: e.Event) -> None:
        self.calls.append(type(event).__name__)

    def copy_text(self) -> None:
        self.calls.append("copy_text")

    def approve_budget(self) -> None:
        self.calls.append("approve_budget")

    # WindowControl

    def open_settings(self, page: str) -> None:
        self.calls.append(("open_settings", page))

    def open_history(self) -> None:
        self.calls.append("open_history")

    def quit(self) -> None:
        self.calls.append("quit")

    # HistoryControl

    def reinsert(self, id_: str, excluded_window: int) -> None:
        self.calls.append(("reinsert", id_))

    def play(self, id_: str, on_end: Callable[[Problem | None], None]) -> None:
        self.calls.append(("play", id_))
        self.playback_ended = on_end

    def transcribe_again(self, id_: str, engine: str) -> str:
        self.calls.append(("transcribe_again", id_, engine))
        if self.next_problem:
            raise ProblemError(self.next_problem)
        return "Now it works."

    def stop_playing(self) -> None:
        self.calls.append("stop_playing")

    def copy(self, text: str) -> None:
        self.calls.append(("copy", text))

    def count_expired(self, settings: object) -> int:
        return self.expired_count

    def delete_all(self) -> None:
        self.calls.append("delete_all")

    def usage_of_month(self, month: str) -> list[DailyUsage]:
        return list(self.usage_days)

    # SettingsControl

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

    def recent_problem_codes(self) -> tuple[str, ...]:
        return ("server.key-rejected",)

    def fetch_models(self, endpoint: s.Endpoint) -> list[str]:
        if endpoint.url not in self.models_by_url:
            raise ProblemError(
                ProblemKind(
                    "test.example", "The server gives no list of its models.", "Enter one."
                )()
            )
        return self.models_by_url[endpoint.url]

    def start_level_meter(self, on_level: Callable[[float], None]) -> Callable[[], None]:
        self.on_level = on_level

        def stop() -> None:
            self.on_level = None

        return stop

    def record_hotkey(self, on_chord: Callable[[str], None]) -> Callable[[], None]:
        self.on_chord_recorded = on_chord

        def stop() -> None:
            self.on_chord_recorded = None

        return stop

    def test_connection(self) -> str:
        assert self.test_may_finish.wait(10)
        if isinstance(self.test_result, Problem):
            raise ProblemError(self.test_result)
        return self.test_result

    def microphones(self) -> dict[str, str]:
        return self.devices

    # ApiKeyControl

    def location(self, host: str) -> str:
        return self.key_locations.get(host, "")

    def store(self, host: str, key: str) -> None:
        if not self.has_keyring:
            raise ProblemError(NO_KEYRING)
        self.stored_keys[host], self.key_locations[host] = key, "keyring"

    def keep_in_memory(self, host: str, key: str) -> None:
        self.stored_keys[host], self.key_locations[host] = key, "run"

    def delete(self, host: str) -> None:
        self.key_locations.pop(host, None)

    # ModelControl

    def statuses(self) -> list[ModelStatus]:
        return list(self.model_list.values())

    def start(self, name: str) -> None:
        self.calls.append(("download", name))

    def cancel(self, name: str) -> None:
        self.calls.append(("cancel", name))

    def remove(self, name: str) -> None:
        if self.next_problem:
            raise ProblemError(self.next_problem)
        self.calls.append(("remove", name))
        self.model_list[name] = ModelStatus(model=self.model_list[name].model, location="")
