"""Protocols through which the interface uses the rest of the program.

`app.App` implements those that need several components; the stores implement the others.
Methods return at once unless their docstring says that they block.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import attrs

from ..core.dictation.events import Event
from ..core.problems import Problem
from ..core.settings.settings import Endpoint, HistorySettings, Settings
from ..core.usage import DailyUsage
from ..stt.ondevice.models.catalog import ModelStatus


class DictationControl(Protocol):
    def post(self, event: Event) -> None:
        """Send an intent of the user to the state machine."""

    def copy_text(self) -> None:
        """Copy the held text, or else the last text."""

    def approve_budget(self) -> None:
        """Let this month's costs exceed the budget, and retry the last failed take."""


class HistoryControl(Protocol):
    def reinsert(self, id_: str, excluded_window: int) -> None:
        """Insert the text of a take as soon as a window other than `excluded_window` has focus."""

    def transcribe_again(self, id_: str, engine: str) -> str:
        """Return the text of a take by an engine, '' for the selected one. Blocks; raises."""

    def play(self, id_: str, on_end: Callable[[Problem | None], None]) -> None:
        """Play the recording of a take; `on_end` is called in the main thread."""

    def stop_playing(self) -> None: ...

    def copy(self, text: str) -> None: ...

    def count_expired(self, settings: HistorySettings | None) -> int:
        """Return how many takes these settings would delete; None counts all takes. Blocks."""

    def delete_all(self) -> None: ...

    def usage_of_month(self, month: str) -> list[DailyUsage]:
        """Return the usage of a month written as 2026-11. Blocks."""


class SettingsControl(Protocol):
    def change(self, key: str, value: object) -> Problem | None:
        """Set, save and apply one setting by its dotted key; return the problem if it fails."""

    def edit(self, edit: Callable[[Settings], Settings]) -> Problem | None:
        """Apply a function that may raise `ProblemError`; return the problem if it fails."""

    def microphones(self) -> Mapping[str, str]:
        """Return the display names of the microphones by their value in the settings. Blocks."""

    def start_level_meter(self, on_level: Callable[[float], None]) -> Callable[[], None]:
        """Report the level in dBFS from another thread; return a function that stops."""

    def record_hotkey(self, on_chord: Callable[[str], None]) -> Callable[[], None]:
        """Report the next chord ('' for Esc) from another thread; return a function that stops."""

    def test_connection(self) -> str:
        """Test the selected endpoint and return a sentence. Blocks; raises `ProblemError`."""

    def recent_problem_codes(self) -> Sequence[str]:
        """Return the codes of the last problems, for a report."""

    def fetch_models(self, endpoint: Endpoint) -> Sequence[str]:
        """Return the names of the server's models. Blocks; raises `ProblemError`."""


class ApiKeyControl(Protocol):
    def location(self, host: str) -> str:
        """Return where the API key of a host is: keyring, run, environment or ''. Blocks."""

    def store(self, host: str, key: str) -> None:
        """Store the API key in the keyring. Blocks; raises `ProblemError`."""

    def keep_in_memory(self, host: str, key: str) -> None: ...

    def delete(self, host: str) -> None: ...


class ModelControl(Protocol):
    def statuses(self) -> list[ModelStatus]:
        """Return all models with their location and download progress. Blocks."""

    def start(self, name: str) -> None:
        """Start or resume a download."""

    def cancel(self, name: str) -> None: ...

    def remove(self, name: str) -> None:
        """Delete a downloaded model. Blocks; raises `ProblemError`."""


class WindowControl(Protocol):
    def open_settings(self, page: str) -> None:
        """Show a page of the settings by its name, or the last one for ''."""

    def open_history(self) -> None: ...

    def quit(self) -> None: ...


@attrs.frozen(kw_only=True)
class Actions:
    dictation: DictationControl
    history: HistoryControl
    settings: SettingsControl
    api_keys: ApiKeyControl
    models: ModelControl
    windows: WindowControl
